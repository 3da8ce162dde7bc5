"""A spent CVC through the emulated Stripe: what the run, history, dashboard and partner say."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dashboards import Browser, fresh_settings
from emulated_cards import new_method, new_token
from forwardc.cli.main import run as cli
from forwardc.dashboard.app import create
from forwardc.dashboard.login import Role
from forwardc.runtime.history.database import Transaction
from forwardc.runtime.history.records import RunFilter, StoredRun
from forwardc.runtime.history.store import open_store
from forwardc.sandbox.serve import RunningSandbox, start_in_thread

ROOT = Path(__file__).resolve().parents[3]
BUILD = ("--env", "sandbox", "--build", str(ROOT / "build"))
PAY = ("-p", "amount=1000", "-p", "currency=EUR", "-p", "reference=O-1")
ADYEN = ("adyen.card_cit", *BUILD, *PAY, "-p", "return_url=https://shop.example/return")
KEEP = ("token_vault.tokenize", *BUILD, "-p", "customer=customer-1")
PARTS = ("line1", "line2", "city", "state", "postal_code", "country")
NO_ADDRESS = [word for part in PARTS for word in ("--without", f"billing.{part}")]
ROKT = ("rokt.share", *BUILD, "-p", "reference=O-1", *NO_ADDRESS)
DECLINED = "4000000000000002"
WHY = "sent without: card.cvc, which may be why: ask the customer for the CVC again"

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    with start_in_thread() as running:
        yield running


@pytest.fixture
def forwardc(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Call:
    monkeypatch.setenv("FORWARDC_HISTORY", str(tmp_path / "history.db"))

    def call(*arguments: str) -> tuple[int, str, str]:
        code = cli(arguments)
        return (code, *capfd.readouterr())

    return call


@pytest.fixture
def pay(forwardc: Call, sandbox: RunningSandbox) -> Call:
    def call(
        source: str, *more: str, what: tuple[str, ...] = KEEP, via: str = "stripe"
    ) -> tuple[int, str, str]:
        arguments = ("--via", via, "--source", source, "--sandbox", sandbox.url)
        return forwardc("run", *what, *arguments, *more)

    return call


@pytest.fixture
def spent(pay: Call, sandbox: RunningSandbox) -> Callable[..., str]:
    """A payment method whose CVC has served once."""

    def make(**more: str) -> str:
        method = new_method(sandbox.url, **more)
        _, out, _ = pay(method)
        assert "sent without" not in out
        return method

    return make


def newest(tmp_path: Path) -> StoredRun:
    with open_store(str(tmp_path / "history.db")) as store:
        found = store.load(store.search(RunFilter()).runs[0].id)
    assert found is not None
    return found


def test_a_spent_cvc_is_named_in_every_door(
    pay: Call, forwardc: Call, spent: Callable[..., str], tmp_path: Path
) -> None:
    method = spent()
    code, out, err = pay(method, "--reference", "order-1")
    assert code == 0, err
    assert "  sent without: card.cvc\n" in out
    assert "does not tell" not in out
    run = newest(tmp_path)
    assert (run.losses, run.untold, run.summary.losses) == (("card.cvc",), (), ("card.cvc",))
    _, listed, _ = forwardc("history", "--reference", "order-1")
    assert "approved, sent without: card.cvc" in listed
    _, shown, _ = forwardc("history", "show", run.id)
    assert "  sent without: card.cvc\n" in shown
    _, as_json, _ = forwardc("history", "--json", "--reference", "order-1")
    assert json.loads(as_json)["runs"][0]["losses"] == ["card.cvc"]
    _, as_csv, _ = forwardc("history", "--csv", "--reference", "order-1")
    (row,) = csv.DictReader(io.StringIO(as_csv))
    assert row["losses"] == "card.cvc"
    page, table = pages(tmp_path, run)
    assert "sent without: card.cvc" in page
    assert "sent without: card.cvc" in table


def pages(tmp_path: Path, run: StoredRun) -> tuple[str, str]:
    """The dashboard's page of a run, and its list."""
    settings = fresh_settings()
    with open_store(str(tmp_path / "history.db")) as store:
        browser = Browser(create(store, settings), settings).sign_in(Role.VIEWER)
        return browser.page(f"/runs/{run.id}"), browser.page("/history?time=all")


@pytest.mark.parametrize(("what", "exits"), [(ROKT, 10), (ADYEN, 12)], ids=["rokt", "adyen"])
def test_a_refusal_after_one_says_what_to_do(
    pay: Call,
    forwardc: Call,
    spent: Callable[..., str],
    tmp_path: Path,
    what: tuple[str, ...],
    exits: int,
) -> None:
    method = spent(**{"card[number]": DECLINED})
    code, out, err = pay(method, what=what)
    assert code == exits, out + err
    assert WHY in out
    assert "--without" in out
    run = newest(tmp_path)
    _, shown, _ = forwardc("history", "show", run.id)
    assert WHY in shown
    page, table = pages(tmp_path, run)
    assert WHY in page
    assert "sent without: card.cvc" in table
    code, out, _ = pay(method, "--without", "card.cvc", what=what)
    assert code == 10
    assert "left out on purpose: " in out
    assert "sent without" not in out


def test_what_was_left_out_is_asked_for_by_nobody(
    pay: Call, forwardc: Call, spent: Callable[..., str], sandbox: RunningSandbox, tmp_path: Path
) -> None:
    method = spent()
    code, out, _ = pay(method, "--without", "card.cvc", "--json")
    result = json.loads(out)
    assert (code, result["without"], result["losses"]) == (0, ["card.cvc"], [])
    body = json.loads(sandbox.world.received[-1].body)
    assert "cvc" not in body["card"]
    run = newest(tmp_path)
    assert (run.without, run.losses, run.untold) == (("card.cvc",), (), ())
    _, shown, _ = forwardc("history", "show", run.id)
    assert "left out on purpose: card.cvc" in shown
    page, table = pages(tmp_path, run)
    assert "left out on purpose card.cvc" in page
    assert "sent without" not in page + table


def test_json_names_them_by_step(pay: Call, spent: Callable[..., str]) -> None:
    _, out, _ = pay(spent(), "--json")
    result = json.loads(out)
    assert (result["losses"], result["untold"]) == (["card.cvc"], [])
    assert result["steps"][0]["losses"] == ["card.cvc"]


def test_a_repeat_says_what_was_recorded(pay: Call, spent: Callable[..., str]) -> None:
    key = ("--idempotency-key", "order-7")
    method = spent()
    _, first, _ = pay(method, *key)
    _, again, _ = pay(method, *key)
    assert "recorded before" in again
    assert "sent without: card.cvc" in first
    assert "sent without: card.cvc" in again


def test_a_request_that_is_found_later_tells_too(
    pay: Call, forwardc: Call, spent: Callable[..., str], sandbox: RunningSandbox, tmp_path: Path
) -> None:
    pay(spent())
    run = newest(tmp_path)
    with open_store(str(tmp_path / "history.db")) as store:
        store.database.write(_forget)
    assert newest(tmp_path).losses == ()
    code, out, err = forwardc("reconcile", run.id, *BUILD[2:], "--sandbox", sandbox.url)
    assert code == 0, out + err
    assert "sent without: card.cvc" in out
    found = newest(tmp_path)
    assert (found.losses, found.untold, found.summary.losses) == (("card.cvc",), (), ("card.cvc",))


def _forget(tx: Transaction) -> None:
    """As if the process had died before the answer was recorded."""
    tx.run("UPDATE steps SET state = 'intent', outcome = NULL, status = NULL, losses = NULL")
    tx.run("UPDATE attempts SET state = 'intent'")
    tx.run(
        "UPDATE runs SET state = 'running', outcome = NULL, losses = NULL, owner = '',"
        " lease_until = 0"
    )


def test_what_checkout_does_not_tell_is_shown_and_no_loss(
    pay: Call, forwardc: Call, tmp_path: Path, sandbox: RunningSandbox
) -> None:
    code, out, err = pay(new_token(sandbox.url), via="checkout")
    assert code == 0, out + err
    assert "checkout does not tell whether it sent: card.cvc, card.holder_name\n" in out
    assert "sent without" not in out
    run = newest(tmp_path)
    assert (run.losses, run.untold) == ((), ("card.cvc", "card.holder_name"))
    _, listed, _ = forwardc("history")
    assert "sent without" not in listed
    assert "tell" not in listed
    page, table = pages(tmp_path, run)
    assert "checkout does not tell whether it sent: card.cvc, card.holder_name" in page
    assert "sent without" not in page + table
    assert "does not tell" not in table


def test_no_digit_of_an_echo_is_kept(
    pay: Call, forwardc: Call, spent: Callable[..., str], tmp_path: Path
) -> None:
    _, out, err = pay(spent(), "--json")
    _, shown, _ = forwardc("history", "show", newest(tmp_path).id, "--json")
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("history.db*"))
    for digits in ("424242", "4242424242424242"):
        assert digits not in out + err + shown
        assert digits.encode() not in kept


def test_nowhere_is_it_said_that_nothing_was_lost(pay: Call, spent: Callable[..., str]) -> None:
    for out in (pay(spent())[1], pay("pm_card_visa")[1]):
        assert "nothing was lost" not in out.lower()


def test_of_a_card_without_a_cvc_none_is_said_to_be_used_up(
    pay: Call, spent: Callable[..., str]
) -> None:
    """Stripe's 402 has no echo, so that nobody knows whether there was one."""
    method = spent(**{"card[number]": "5000186622346654"})
    code, out, _ = pay(method)
    assert code == 11
    assert "sent nothing to the destination; a CVC, if the vault had one, is used up" in out
    code, out, _ = pay(method, "--without", "card.cvc")
    assert code == 11
    assert "used up" not in out
