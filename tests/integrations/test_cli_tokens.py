"""`forwardc tokens`, as a person uses it beside a sandbox, whose callbacks are taken."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from starlette.applications import Starlette

import gate
from forwardc.cli.main import run as cli
from forwardc.integrations.rocketpay.callbacks import PATH, callback_routes
from forwardc.integrations.rocketpay.signers import shipped_signer
from forwardc.integrations.rocketpay.token_tables import TokenTables
from forwardc.runtime.history.store import Store, open_store
from forwardc.runtime.secret_providers.plan_secrets import made_up_resolver
from forwardc.sandbox.destinations.rocketpay.tokens import fixed_token
from forwardc.sandbox.serve import RunningSandbox, start_in_thread
from loopback import served
from patience import until

BUILD = Path(__file__).resolve().parent.parent.parent / "build"
APPROVED = fixed_token("visa_approved")
NUMBER = "4242424242424242"


@dataclass
class TokenCommands:
    """A sandbox that sends its callbacks to a history, and the command line beside them."""

    sandbox: RunningSandbox
    history: Store
    url: str
    capture: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        name = arguments[0]
        options: tuple[str, ...] = ("--build", str(BUILD))
        if name != "create":
            options += ("--env", "sandbox", "--history", self.url)
        asks = name == "create" or arguments[1:2] not in ((), ("--json",))
        if asks and "--sandbox" not in arguments:
            options += ("--sandbox", self.sandbox.url)
        code = cli(["tokens", name, "rocketpay", *arguments[1:], *options])
        return (code, *self.capture.readouterr())

    def create(self) -> str:
        code, out, err = self("create", "--card", "visa-test", "--json")
        assert code == 0, err
        token: str = json.loads(out)["token"]
        until(lambda: self.tables.token(token) is not None)
        return token

    @property
    def tables(self) -> TokenTables:
        return TokenTables(self.history, emulated=True)


@pytest.fixture
def forwardc(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Iterator[TokenCommands]:
    url = str(tmp_path / "history.db")
    secret = made_up_resolver(shipped_signer("sandbox").secret)
    with (
        open_store(url) as history,
        served(
            Starlette(
                routes=callback_routes(
                    TokenTables(history, emulated=True), secret, [shipped_signer("sandbox")]
                )
            )
        ) as merchant,
        start_in_thread() as sandbox,
    ):
        sandbox.world.callback_url = merchant + PATH
        yield TokenCommands(sandbox, history, url, capfd)


def test_from_creating_to_revoking(forwardc: TokenCommands) -> None:
    token = forwardc.create()
    code, out, err = forwardc("show", token)
    assert (code, err) == (0, "")
    assert "state     active, told by a sandbox\n" in out
    assert "424242******4242, expires 2030-08, J*** R***" in out
    assert "asked     approved\n" in out
    code, out, err = forwardc("revoke", token)
    assert code == 14
    assert "asked     pending" in out
    assert "callback" in err
    run_id = out.split()[1]
    until(lambda: "revoke" in {one.status for one in forwardc.tables.callbacks_of(token)})
    code, out, _ = forwardc("show", token, "--offline")
    assert code == 0
    assert "state     revoke, told by a sandbox\n" in out
    assert "settled a run" in out
    run = forwardc.history.load(run_id)
    assert run
    assert (run.summary.operation, run.summary.outcome) == ("revoke", "approved")
    assert run.summary.emulated


def test_create_says_why_it_asks_the_sandbox(forwardc: TokenCommands) -> None:
    code, out, err = forwardc("create", "--card", "visa-test", "--customer-id", "c-1")
    assert code == 0
    assert "only whoever holds the number" in err
    assert "customer  c-1, project 123\n" in out
    assert NUMBER not in out + err


@pytest.mark.parametrize("by", ["purchase", "hold", "payout"])
def test_a_first_payment_by_the_card_makes_a_token(forwardc: TokenCommands, by: str) -> None:
    code, out, err = forwardc("create", "--card", "visa-test", "--by", by, "--json")
    assert code == 0, err
    token = json.loads(out)["token"]
    until(lambda: len(forwardc.tables.callbacks_of(token)) == 2)
    code, out, err = forwardc("show", token)
    assert (code, err) == (0, "")
    assert "state     active, told by a sandbox\n" in out
    assert "asked     approved\n" in out
    assert forwardc("revoke", token)[0] == 14


@pytest.mark.parametrize(
    ("by", "operation", "ends"),
    [
        ("payout", "payout", "approved"),
        ("hold", "purchase", "approved"),
        # Its callback says that it waits for a capture, which settles nothing.
        ("payout", "hold", "pending"),
        ("hold", "verify", "approved"),
    ],
)
def test_a_token_that_a_first_payment_made_pays(
    forwardc: TokenCommands, by: str, operation: str, ends: str
) -> None:
    out = forwardc("create", "--card", "mastercard-test", "--by", by, "--json")[1]
    token = json.loads(out)["token"]
    params = {"customer_id": "customer_123", "ip_address": "198.51.100.47", "token": token}
    params["payment_id"] = f"after-{by}"
    if operation != "verify":
        params |= {"amount": "700", "currency": "EUR"}
    given = [part for name, value in params.items() for part in ("-p", f"{name}={value}")]
    where = ("--env", "sandbox", "--sandbox", forwardc.sandbox.url)
    kept = ("--build", str(BUILD), "--history", forwardc.url, "--json")
    assert cli(["run", f"rocketpay.{operation}", "--via", "direct", *where, *kept, *given]) == 14
    run_id = json.loads(forwardc.capture.readouterr().out)["run_id"]
    called_back = forwardc.sandbox.world.table("rocketpay.callbacks").values()
    until(lambda: all(row["answered"] == 200 for row in called_back))
    run = forwardc.history.load(run_id)
    assert run is not None
    assert run.summary.outcome == ends


def test_a_payment_that_does_not_succeed_makes_none(forwardc: TokenCommands) -> None:
    code, out, _ = forwardc("create", "--card", "visa-declined", "--by", "payout")
    assert code == 1
    assert "token     none" in out


def test_a_fixed_token_cannot_be_revoked_and_a_callback_says_so(forwardc: TokenCommands) -> None:
    customer = ("--customer-id", "customer_123")
    code, out, _ = forwardc("revoke", APPROVED, *customer)
    assert code == 14
    run_id = out.split()[1]

    def settled() -> bool:
        run = forwardc.history.load(run_id)
        return run is not None and run.summary.outcome == "declined"

    until(settled)
    code, out, _ = forwardc("show", APPROVED, *customer)
    assert (code, "asked     approved\n" in out) == (0, True)


@pytest.mark.parametrize("card", ["visa", NUMBER])
def test_create_takes_names_of_test_cards_only(forwardc: TokenCommands, card: str) -> None:
    code, out, err = forwardc("create", "--card", card)
    assert (code, out) == (2, "")
    assert "visa-test, visa-approved" in err
    assert NUMBER not in err


@pytest.mark.parametrize("sandbox", ["http://127.0.0.1:9", "https://api.rocketpay.kz"])
def test_create_asks_a_sandbox_only(forwardc: TokenCommands, sandbox: str) -> None:
    code, _, err = forwardc("create", "--card", "visa-test", "--sandbox", sandbox)
    assert code == 2
    assert "--sandbox: " in err


def test_a_second_token_of_a_card_is_the_first_one(forwardc: TokenCommands) -> None:
    assert forwardc.create() == forwardc.create()


def test_a_token_that_no_callback_named(forwardc: TokenCommands) -> None:
    code, out, err = forwardc("show", APPROVED)
    assert code == 1
    assert "no callback has named it" in out
    assert "FC0829" in err
    assert "--customer-id" in err
    assert forwardc("show", APPROVED, "--offline")[0] == 1
    code, out, _ = forwardc("show", APPROVED, "--customer-id", "customer_123")
    assert code == 0
    assert "number = 400000******0077" in out
    assert forwardc("revoke", gate.OTHER)[0] == 1


def test_what_the_gate_does_not_know(forwardc: TokenCommands) -> None:
    for name in ("show", "revoke"):
        code, out, _ = forwardc(name, gate.OTHER, "--customer-id", "customer_123")
        assert code == 12
        assert "rejected by the destination" in out
        assert "3221" in out


def test_a_text_that_is_no_token(forwardc: TokenCommands) -> None:
    code, out, err = forwardc("revoke", NUMBER, "--customer-id", "customer_123")
    assert code == 1
    assert "FC0804" in err
    assert NUMBER not in out + err


def test_json(forwardc: TokenCommands) -> None:
    token = forwardc.create()
    code, out, _ = forwardc("show", token, "--json")
    shown = json.loads(out)
    assert code == shown["asked"]["exit_code"] == 0
    assert shown["known"]["facts"]["state"] == "active"
    assert shown["callbacks"][0]["applied"] == "first seen"
    code, out, _ = forwardc("show", gate.OTHER, "--json")
    assert code == 1
    assert json.loads(out)["problems"]
    code, out, _ = forwardc("revoke", token, "--json")
    assert code == json.loads(out)["asked"]["exit_code"] == 14


def test_tokens_are_listed(forwardc: TokenCommands) -> None:
    code, out, err = forwardc("show")
    assert (code, out) == (0, "")
    assert "No callback" in err
    token = forwardc.create()
    code, out, _ = forwardc("show")
    assert code == 0
    assert out.splitlines()[1].startswith(f"{token}  active  sandbox ")
    assert json.loads(forwardc("show", "--json")[1])["tokens"][0]["facts"]["token"] == token


def test_a_token_that_was_taken_for_an_address(forwardc: TokenCommands) -> None:
    code, _, err = forwardc("show", "--sandbox", APPROVED)
    assert code == 2
    assert "before --sandbox" in err


def test_production_needs_an_approval(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    options = ("--env", "production", "--build", str(BUILD), "--history", str(tmp_path / "h.db"))
    code = cli(["tokens", "revoke", "rocketpay", APPROVED, "--customer-id", "c", *options])
    assert code == 1
    assert "FC07" in capfd.readouterr().err


def test_a_history_that_is_not_there(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    damaged = tmp_path / "history.db"
    damaged.write_bytes(b"not a database, and long enough to be read as one" * 100)
    options = ("--env", "sandbox", "--build", str(BUILD), "--history", str(damaged))
    for command in (["show"], ["show", APPROVED], ["revoke", APPROVED]):
        assert cli(["tokens", command[0], "rocketpay", *command[1:], *options]) == 1
        assert "FC0819" in capfd.readouterr().err
