"""Runs whose fate is unknown, paused vaults, and continued runs, as a person settles them."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

import gate
from forwardc.cli.main import run as cli
from forwardc.core.outcome import Outcome
from forwardc.integrations.rocketpay.callback_format import read_callback
from forwardc.integrations.rocketpay.token_tables import TokenTables
from forwardc.plan.model import Plan, load_plan
from forwardc.runtime.history.records import Intent, NewRun, PlannedStep, RunFilter, StoredRun
from forwardc.runtime.history.store import open_store
from forwardc.runtime.http.request import ShownRequest
from forwardc.runtime.run.request import IdempotencyKeys
from forwardc.runtime.run.store_journal import StoreJournal, this_process
from forwardc.sandbox.serve import RunningSandbox, start_in_thread

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / "build"
ADYEN = ("adyen.card_cit", "--env", "sandbox", "--via")
CUSTOMER = ("-p", "customer=customer-1")
PAY = ("-p", "amount=1000", "-p", "currency=EUR")

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def sandbox():
    with start_in_thread() as running:
        yield running


@pytest.fixture
def history(history_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("FORWARDC_HISTORY", history_url)
    return history_url


@pytest.fixture
def forwardc(history: str, capfd: pytest.CaptureFixture[str]) -> Call:
    def call(*arguments: str) -> tuple[int, str, str]:
        code = cli(arguments)
        return (code, *capfd.readouterr())

    return call


def newest(history: str) -> StoredRun:
    with open_store(history) as store:
        found = store.load(store.search(RunFilter()).runs[0].id)
    assert found is not None
    return found


def unsettle(history: str, run: StoredRun) -> None:
    """Forget the answer of the last step: as if the process had died before it was recorded."""
    with open_store(history) as store:

        def work(tx) -> None:
            tx.run("UPDATE steps SET state = 'intent', outcome = NULL, status = NULL")
            tx.run("UPDATE attempts SET state = 'intent'")
            tx.run("UPDATE runs SET state = 'running', outcome = NULL, owner = '', lease_until = 0")

        store.database.write(work)


def stripe_run(call: Call, sandbox: RunningSandbox, source: str) -> int:
    arguments = (
        "token_vault.tokenize",
        "--env",
        "sandbox",
        "--via",
        "stripe",
        "--source",
        source,
        *CUSTOMER,
    )
    code, _, _ = call("run", *arguments, "--build", str(BUILD), "--sandbox", sandbox.url)
    return code


def test_a_lost_answer_is_found_in_the_list_of_the_vault(
    forwardc: Call, history: str, sandbox: RunningSandbox
) -> None:
    assert stripe_run(forwardc, sandbox, "pm_sandbox_visa") == 0
    assert stripe_run(forwardc, sandbox, "pm_sandbox_mastercard") == 0
    run = newest(history)
    unsettle(history, run)
    asked = ("--build", str(BUILD), "--sandbox", sandbox.url)
    code, out, err = forwardc("reconcile", run.id, *asked)
    assert (code, err) == (0, ""), out
    settled = newest(history)
    assert settled.summary.outcome is Outcome.APPROVED
    assert settled.steps[0].outputs == run.steps[0].outputs
    with open_store(history) as store:
        assert store.events(run.id)[0].kind == "reconcile"


def test_a_request_is_found_by_the_id_of_its_answer(
    forwardc: Call, history: str, sandbox: RunningSandbox
) -> None:
    source = "src_visa_adyen_approved0000000"
    shared = ("--build", str(BUILD), "--sandbox", sandbox.url)
    code, out, err = forwardc("run", *ADYEN, "checkout", "--source", source, *needs(), *shared)
    assert code == 0, out + err
    run = newest(history)
    unsettle(history, run)
    code, out, _ = forwardc("reconcile", *shared)
    assert code == 0, out
    assert newest(history).summary.outcome is Outcome.APPROVED


def test_an_old_name_of_a_secret_is_refused_and_the_vault_is_not_asked(
    forwardc: Call, history: str, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stripe_run(forwardc, sandbox, "pm_sandbox_visa") == 0
    with open_store(history) as store:
        store.database.write(lambda tx: tx.run("UPDATE runs SET emulated = 0"))
    run = newest(history)
    unsettle(history, run)
    monkeypatch.setenv("FORWARDC_VAULT_STRIPE_API_KEY", "sk_test_1")
    for command in (("reconcile", run.id), ("run", "--resume", run.id)):
        code, out, err = forwardc(*command, "--build", str(BUILD))
        assert code not in (0, 13), out
        assert "FORWARDC_VAULT_STRIPE_API_KEY is of the old form" in out + err


def needs() -> tuple[str, ...]:
    """Every param of the operation, by its example."""
    return tuple(
        part
        for name, value in {
            "amount": "1000",
            "currency": "EUR",
            "reference": "order-1",
            "return_url": "https://shop.example/return",
        }.items()
        if name in plan_of("checkout/adyen").operations["card_cit"].params
        for part in ("-p", f"{name}={value}")
    )


def plan_of(name: str) -> Plan:
    return load_plan((BUILD / name / "sandbox.plan.json").read_bytes())


def test_what_the_vault_does_not_know_is_asked_of_the_destination(
    forwardc: Call, history: str, sandbox: RunningSandbox
) -> None:
    assert stripe_run(forwardc, sandbox, "pm_sandbox_visa") == 0
    run = newest(history)
    unsettle(history, run)
    sandbox.world.tables["stripe.forwarding_requests"].clear()
    asked = ("--build", str(BUILD), "--sandbox", sandbox.url)
    code, out, err = forwardc("reconcile", *asked)
    assert code == 1
    assert "FC0824" in err
    assert "quote      customer-1, sent as /metadata/customer" in out
    # The token vault honours no key, so that it got none.
    assert run.steps[0].destination_key is not None
    assert run.steps[0].destination_key not in out
    assert f"forwardc resolve {run.id}" in out
    code, out, _ = forwardc("resolve", run.id)
    assert code == 0
    assert "ask token_vault whether it did step" in out
    code, _, _ = forwardc("resolve", run.id, "--as", "not_sent", "--by", "Ann", "--reason", "phone")
    assert code == 0
    settled = newest(history)
    assert settled.summary.outcome is Outcome.REJECTED
    assert forwardc("resolve", run.id, "--as", "approved", "--by", "Ann")[0] == 1
    assert newest(history).summary.outcome is Outcome.REJECTED
    with open_store(history) as store:
        assert [(one.kind, one.by) for one in store.events(run.id)] == [("resolve", "Ann")]


def test_a_run_past_every_vault_cannot_be_reconciled(
    forwardc: Call, history: str, sandbox: RunningSandbox
) -> None:
    source = "src_visa_approved0000000000000"
    shared = ("--build", str(BUILD), "--sandbox", sandbox.url)
    payment = ("stripe.payment", "--env", "sandbox", "--via", "checkout", "--source", source, *PAY)
    assert forwardc("run", *payment, *shared)[0] == 0
    run = newest(history)
    with open_store(history) as store:
        store.database.write(
            lambda tx: tx.run(
                "UPDATE attempts SET state = 'intent' WHERE run_seq = ? AND step = 'confirm'",
                run.summary.seq,
            )
        )
        store.database.write(
            lambda tx: tx.run(
                "UPDATE steps SET state = 'intent', outcome = NULL WHERE name = 'confirm'"
            )
        )
    code, _, err = forwardc("reconcile", run.id, *shared)
    assert code == 1
    assert "went past every vault" in err


@pytest.mark.parametrize("destination", ["token_vault", "adyen"])
def test_a_sandbox_that_does_not_answer_is_told_for_each_run(
    forwardc: Call, history: str, sandbox: RunningSandbox, destination: str
) -> None:
    shared = ("--build", str(BUILD), "--sandbox")
    if destination == "token_vault":
        assert stripe_run(forwardc, sandbox, "pm_sandbox_visa") == 0
    else:
        source = ("--source", "src_visa_adyen_approved0000000")
        code, _, _ = forwardc("run", *ADYEN, "checkout", *source, *needs(), *shared, sandbox.url)
        assert code == 0
    run = newest(history)
    unsettle(history, run)
    code, out, err = forwardc("reconcile", *shared, "http://127.0.0.1:9")
    assert code == 1
    assert f"FC0824 run {run.id} stays unknown: the s" in err
    assert f"{run.id}  unknown" in out
    code, _, err = forwardc("reconcile", *shared, "https://api.stripe.com")
    assert code == 2
    assert "--sandbox: " in err


@pytest.mark.parametrize("named", [False, True])
def test_what_a_callback_has_told_already_needs_no_question(
    forwardc: Call, history: str, named: bool
) -> None:
    run_id = str(uuid4())
    names = (run_id, "sandbox", "direct", "rocketpay", "payout", "payout", "digest", run_id)
    steps = (PlannedStep("payout", "direct"),)
    with open_store(history) as store:
        store.begin(NewRun(*names, steps, "another", params={"payment_id": "payment-1"}))
        shown = ShownRequest("POST", "https://api.rocketpay.kz/", (), None)
        store.intent(run_id, "another", Intent("payout", IdempotencyKeys("a", "b"), "POST", shown))
        TokenTables(store).receive(
            read_callback(gate.of_payment("payment-1"), "digest", gate.DESTINATIONS)
        )
        # The process that has the run dies before it records an answer.
        store.lease(run_id, "another", -1)
    code, out, err = forwardc("reconcile", *([run_id] if named else []), "--build", str(BUILD))
    assert (code, err) == (0, "")
    assert out.startswith(f"{run_id}  settled by a callback\n")
    assert newest(history).summary.outcome is Outcome.APPROVED


def test_a_pause_is_seen_by_every_run_until_it_ends(
    forwardc: Call, history: str, sandbox: RunningSandbox
) -> None:
    build = ("--build", str(BUILD))
    assert forwardc("history", "begin")[0] == 0
    assert forwardc("pause", "stripe", "--by", "Ann", "--reason", "incident", *build)[0] == 0
    assert forwardc("pause")[1].split()[4:6] == ["stripe", "Ann"]
    assert stripe_run(forwardc, sandbox, "pm_sandbox_visa") == 1
    assert sandbox.world.received == []
    with open_store(history) as store:
        assert store.search(RunFilter()).runs == ()
    assert forwardc("unpause", "stripe", "--by", "Ann")[0] == 0
    assert forwardc("unpause", "stripe", "--by", "Ann")[0] == 1
    assert "nothing is paused" in forwardc("pause")[2]
    assert stripe_run(forwardc, sandbox, "pm_sandbox_visa") == 0
    code, _, err = forwardc("pause", "strpe", *build)
    assert code == 2
    assert "did you mean stripe?" in err


def waiting_run(history: str, **changes: object) -> NewRun:
    """A run of the committed plan that was recorded, and nothing more."""
    from forwardc.plan.digests import approval_digest

    plan = plan_of("checkout/stripe")
    digest = approval_digest(plan, "payment")
    run = NewRun(
        id="00000000-0000-4000-8000-000000000001",
        environment="sandbox",
        vault="checkout",
        destination="stripe",
        operation="payment",
        asked_operation="payment",
        reference="order-1",
        steps=tuple(
            PlannedStep(step.name, step.deliver, step.idempotent)
            for step in plan.operations["payment"].steps
        ),
        source_kind="src_",
        source_id="src_visa_approved0000000000000",
        params={"amount": "1000", "currency": "EUR"},
        **{"owner": "", "emulated": True, "digest": digest, **changes},  # type: ignore[arg-type]
    )
    with open_store(history) as store:
        store.begin(run)
    return run


def test_a_run_that_was_only_recorded_is_continued(
    forwardc: Call, history: str, sandbox: RunningSandbox
) -> None:
    run = waiting_run(history)
    shared = ("--build", str(BUILD), "--sandbox", sandbox.url)
    code, out, err = forwardc("run", "--resume", run.id, *shared, "--json")
    assert code == 0, err
    result = json.loads(out)
    assert result["run_id"] == run.id
    assert [step["outcome"] for step in result["steps"]] == ["approved"] * 3
    assert {dict(one.headers)["idempotency-key"] for one in sandbox.world.received} == {
        step["keys"]["destination"] for step in result["steps"]
    }
    code, _, err = forwardc("run", "--resume", run.id, *shared)
    assert code == 1
    assert "FC0821" in err


def test_another_process_keeps_its_run(
    forwardc: Call, history: str, sandbox: RunningSandbox
) -> None:
    run = waiting_run(history, owner="another-host/1/abcd")
    shared = ("--build", str(BUILD), "--sandbox", sandbox.url)
    code, _, err = forwardc("run", "--resume", run.id, *shared)
    assert code == 1
    assert "FC0823" in err
    assert sandbox.world.received == []
    code, _, err = forwardc("resolve", run.id, "--as", "declined", "--by", "Ann")
    assert code == 1
    assert "FC0823" in err


def test_a_process_that_lives_keeps_its_run(
    forwardc: Call, history: str, sandbox: RunningSandbox
) -> None:
    run = waiting_run(history, owner=this_process())
    shared = ("--build", str(BUILD), "--sandbox", sandbox.url)
    assert "FC0823" in forwardc("run", "--resume", run.id, *shared)[2]


@pytest.mark.parametrize(
    ("changes", "more", "told"),
    [
        ({"digest": "sha256:" + "0" * 64}, (), "has changed since"),
        ({"emulated": False}, (), "is no sandbox's"),
        ({"sensitive_params": ("params.description",)}, (), "give description in --params FILE"),
        ({}, ("-p", "amount=2000"), "params.amount is not to be given again"),
    ],
)
def test_what_is_not_as_it_was_is_not_continued(
    forwardc: Call,
    history: str,
    sandbox: RunningSandbox,
    changes: dict[str, object],
    more: tuple[str, ...],
    told: str,
) -> None:
    run = waiting_run(history, **changes)
    shared = ("--build", str(BUILD), "--sandbox", sandbox.url)
    code, _, err = forwardc("run", "--resume", run.id, *shared, *more)
    assert code == 1
    assert "FC0821" in err
    assert told in err
    assert sandbox.world.received == []


def test_a_run_that_nobody_recorded(forwardc: Call) -> None:
    assert forwardc("history", "begin")[0] == 0
    for command in (("run", "--resume", "x"), ("reconcile", "x"), ("resolve", "x")):
        code, _, err = forwardc(*command)
        assert code == 1
        assert "FC0820" in err


def test_resume_takes_the_run_as_it_was(forwardc: Call) -> None:
    code, _, err = forwardc("run", "stripe", "--resume", "x")
    assert code == 2
    assert "--resume takes the run as it was recorded" in err


def test_nothing_is_recorded_where_nobody_wants_it(
    forwardc: Call, history: str, sandbox: RunningSandbox
) -> None:
    arguments = ("token_vault.tokenize", "--env", "sandbox", "--via", "stripe", *CUSTOMER)
    shared = ("--build", str(BUILD), "--sandbox", sandbox.url, "--no-history")
    assert forwardc("run", *arguments, "--source", "pm_sandbox_visa", *shared)[0] == 0
    with open_store(history) as store:
        assert store.search(RunFilter()).runs == ()


def test_a_history_that_cannot_be_opened_stops_the_run(
    forwardc: Call, sandbox: RunningSandbox, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"no database at all, but long enough to be looked at" * 10)
    arguments = ("token_vault.tokenize", "--env", "sandbox", "--via", "stripe", *CUSTOMER)
    shared = ("--build", str(BUILD), "--sandbox", sandbox.url, "--history", str(broken))
    code, _, err = forwardc("run", *arguments, "--source", "pm_sandbox_visa", *shared)
    assert code == 1
    assert "FC0819" in err
    assert sandbox.world.received == []
    assert httpx.get(f"{sandbox.url}/_sandbox/health").status_code == 200


def test_of_many_that_continue_a_dead_process_run_one_wins(history: str) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    holder = this_process().replace(f"/{os.getpid()}/", f"/{gone.pid}/")
    run = waiting_run(history, owner=holder)

    def take(_: int) -> bool:
        with open_store(history) as store:
            return asyncio.run(StoreJournal(store).take(run.id, holder))

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(take, range(8))) == [False] * 7 + [True]
