"""A copy of a destination with an integration, under another name, works like the first."""

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

import gate
from forwardc.cli.main import run as cli
from forwardc.cli.sandbox.project import project_data
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.outcome import Outcome
from forwardc.integrations.registry import INTEGRATIONS, callback_routes, callback_secrets
from forwardc.integrations.rocketpay.callback_runs import CallbackRuns
from forwardc.integrations.rocketpay.callbacks import PATH
from forwardc.integrations.rocketpay.signers import signers_in
from forwardc.integrations.rocketpay.token_tables import TokenTables
from forwardc.plan.build_folder import read_plans
from forwardc.plan.lock import Lock
from forwardc.plan.model import Plan
from forwardc.runtime.history.store import Store, open_store
from forwardc.sandbox.project import read
from forwardc.sandbox.serve import RunningSandbox, start_in_thread
from forwardc.sandbox.world import World
from loopback import served
from patience import until

ROOT = Path(__file__).resolve().parent.parent.parent
ORIGINAL = (ROOT / "destinations" / "rocketpay.yaml").read_text(encoding="utf-8")
SECRET = "rocketpay_secret: {"
PROJECT = """forwardc: 1
environments:
  sandbox:
    settings:
      rocketpay: {project_id: 123}
      paygate: {project_id: 456}
"""
BOTH = ("paygate", "rocketpay")


def write_project(root: Path, *, shared: bool) -> list[Plan]:
    """Both destinations, built: each with a secret of its own, or with one of a vendor's."""
    copy, original, project = (
        ORIGINAL.replace("name: rocketpay", "name: paygate"),
        ORIGINAL,
        PROJECT,
    )
    if shared:
        project += "vendors:\n  acquirer: {secrets: [rocketpay_secret]}\n"
        original, copy = (
            text.replace(SECRET, f"{SECRET}owner: acquirer, ") for text in (original, copy)
        )
    else:
        copy = copy.replace("rocketpay_secret", "paygate_key")
    (root / "destinations").mkdir()
    (root / "destinations" / "rocketpay.yaml").write_text(original, encoding="utf-8")
    (root / "destinations" / "paygate.yaml").write_text(copy, encoding="utf-8")
    (root / "forwardc.yaml").write_text(project, encoding="utf-8")
    assert cli(["build", "--project", str(root)]) == 0
    return list(read_plans(root / "build", Sink(), "sandbox"))


@dataclass
class House:
    """A project with its history, a sandbox that calls back, and the command line."""

    root: Path
    history: Store
    sandbox: RunningSandbox
    capture: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str) -> tuple[int, dict[str, object]]:
        self.capture.readouterr()
        where = ("--build", str(self.root / "build"), "--sandbox", self.sandbox.url, "--json")
        code = cli([*arguments, *where])
        return code, json.loads(self.capture.readouterr().out)

    @property
    def recorded(self) -> tuple[str, ...]:
        return ("--history", str(self.root / "history.db"), "--env", "sandbox")

    @property
    def tokens(self) -> TokenTables:
        return TokenTables(self.history, emulated=True)

    def make_token(self, destination: str) -> str:
        customer = ("--customer-id", f"customer-of-{destination}")
        code, answer = self("tokens", "create", destination, "--card", "visa-test", *customer)
        assert code == 0
        token = str(answer["token"])
        until(lambda: self.tokens.token(token) is not None)
        return token

    def pay(self, destination: str, token: str, payment: str) -> str:
        params = {
            "customer_id": f"customer-of-{destination}",
            "ip_address": "198.51.100.47",
            "token": token,
            "payment_id": payment,
            "amount": "700",
            "currency": "EUR",
        }
        given = [part for name, value in params.items() for part in ("-p", f"{name}={value}")]
        operation = f"{destination}.payout"
        code, answer = self("run", operation, "--via", "direct", *self.recorded, *given)
        assert code == 14
        return str(answer["run_id"])

    def outcome(self, run_id: str) -> str | None:
        run = self.history.load(run_id)
        assert run is not None
        return run.summary.outcome


@pytest.fixture(params=[False, True], ids=["own-secrets", "one-secret"])
def house(
    tmp_path: Path, request: pytest.FixtureRequest, capfd: pytest.CaptureFixture[str]
) -> Iterator[House]:
    plans = write_project(tmp_path, shared=request.param)
    data = project_data(plans, Lock(), date(2026, 11, 30))
    with open_store(str(tmp_path / "history.db")) as history:
        routes = callback_routes(history, plans, "sandbox", {}.get, emulated=True)
        with (
            served(Starlette(routes=routes)) as merchant,
            start_in_thread(World(project=read(data))) as sandbox,
        ):
            sandbox.world.callback_url = merchant + PATH
            yield House(tmp_path, history, sandbox, capfd)


@pytest.mark.parametrize("destination", BOTH)
def test_a_token_is_made_shown_and_revoked(house: House, destination: str) -> None:
    token = house.make_token(destination)
    record = house.tokens.token(token)
    assert record is not None
    assert record.facts.customer_id == f"customer-of-{destination}"
    code, shown = house("tokens", "show", destination, token, *house.recorded)
    assert (code, shown["asked"]["outcome"]) == (0, "approved")  # type: ignore[index]
    code, asked = house("tokens", "revoke", destination, token, *house.recorded)
    assert code == 14
    run_id = asked["asked"]["run_id"]  # type: ignore[index]
    until(lambda: house.outcome(run_id) == "approved")
    revoked = house.tokens.token(token)
    assert revoked is not None
    assert revoked.facts.state == "revoke"


def test_a_callback_resolves_the_run_of_its_own_destination(house: House) -> None:
    runs = [house.pay(name, house.make_token(name), f"pay-{name}") for name in BOTH]
    until(lambda: [house.outcome(run) for run in runs] == ["approved", "approved"])


@pytest.mark.parametrize("earlier", [True, False], ids=["run-first", "callback-first"])
def test_one_payment_id_at_two_gates_is_two_payments(
    tmp_path: Path, store: Store, start_run: Callable[..., str], earlier: bool
) -> None:
    """What one party tells is never taken for the other's, whichever comes first."""
    plans = write_project(tmp_path, shared=False)
    secrets = {one.secret.variable: one.destinations[0] for one in signers_in(plans, "sandbox")}
    app = Starlette(routes=callback_routes(store, plans, "sandbox", secrets.get, emulated=False))

    def start() -> list[str]:
        return [
            start_run(Outcome.PENDING, payment_id="pay-1", destination=name)
            for name in ("paygate", "rocketpay", "other")
        ]

    runs = start() if earlier else []
    for signer, status in (("paygate", "decline"), ("rocketpay", "success"), ("third", "success")):
        body = gate.body(gate.signed(gate.of_payment("pay-1", status), signer))
        assert post(app, body) == (403 if signer == "third" else 200)
    runs = runs or start()
    store.database.write(
        lambda tx: CallbackRuns(frozenset(BOTH)).resolve_waiting(tx, store.timestamp())
    )
    outcomes = [run.summary.outcome for run in map(store.load, runs) if run]
    assert outcomes == [Outcome.DECLINED, Outcome.APPROVED, Outcome.PENDING]


def test_the_same_text_of_another_party_is_another_callback(tmp_path: Path, store: Store) -> None:
    plans = write_project(tmp_path, shared=False)
    secrets = {one.secret.variable: one.destinations[0] for one in signers_in(plans, "sandbox")}
    app = Starlette(routes=callback_routes(store, plans, "sandbox", secrets.get, emulated=False))
    for signer in (*BOTH, *BOTH):
        assert post(app, gate.body(gate.signed(gate.of_payment("pay-1"), signer))) == 200
    rows = store.database.read(
        lambda tx: tx.rows("SELECT destinations FROM callbacks ORDER BY seq")
    )
    assert [row for (row,) in rows] == ["paygate", "rocketpay"]


def test_a_missing_secret_keeps_no_other_party_out(tmp_path: Path, store: Store) -> None:
    """Whoever it could be of is asked to come again; what is signed by nobody is refused."""
    plans = write_project(tmp_path, shared=False)
    secret = next(s for s in callback_secrets(plans, "sandbox") if s.owner == "rocketpay")
    app = Starlette(
        routes=callback_routes(store, plans, "sandbox", {secret.variable: "r"}.get, emulated=False)
    )
    assert post(app, gate.body(gate.signed(gate.of_payment("pay-1"), "r"))) == 200
    assert post(app, gate.body(gate.signed(gate.of_payment("pay-2"), "p"))) == 503
    assert post(app, gate.body(gate.of_payment("pay-3"))) == 403


def post(app: Starlette, body: bytes) -> int:
    async def call() -> int:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            return (await client.post(PATH, content=body)).status_code

    return asyncio.run(call())


def test_each_secret_is_asked_for(tmp_path: Path) -> None:
    plans = write_project(tmp_path, shared=False)
    assert {secret.variable for secret in callback_secrets(plans, "sandbox")} == {
        "FORWARDC_SECRET__SANDBOX__PAYGATE__PAYGATE_KEY",
        "FORWARDC_SECRET__SANDBOX__ROCKETPAY__ROCKETPAY_SECRET",
    }


def test_the_schema_names_every_integration() -> None:
    schema = json.loads((ROOT / "schemas" / "destination.schema.json").read_text(encoding="utf-8"))
    assert schema["properties"]["integration"]["enum"] == [each.name for each in INTEGRATIONS]
