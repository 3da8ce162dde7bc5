"""Keys and names that nobody got are shown by no page and no command, and search finds the rest."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dashboards import Browser, fresh_settings, text_of
from forwardc.cli.main import run as cli
from forwardc.core.outcome import Outcome
from forwardc.dashboard.app import create
from forwardc.dashboard.login import Role
from forwardc.runtime.history import step_texts
from forwardc.runtime.history.database import Transaction
from forwardc.runtime.history.records import Intent, PlannedStep, RunFilter, StoredRun
from forwardc.runtime.history.store import Store, open_store
from forwardc.runtime.http.request import ShownRequest
from forwardc.runtime.run.request import IdempotencyKeys
from forwardc.runtime.run.result import Party, PartyName
from stored_runs import OWNER, complete, intent_of, new_run, report_of

SHOWN = ShownRequest("POST", "https://vault.example/forward", (), "{}")
KEYS = IdempotencyKeys("key-of-the-destination", "key-of-the-vault")
SHOP = PartyName(Party.DESTINATION, "sent", "/reference", "SHOP-ORDER-2")
RUN = PartyName(Party.VAULT, "sent", "reference", "ORDER-1")
GIVEN = PartyName(Party.DESTINATION, "given", "/pspReference", "PSP-9")


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("FORWARDC_HISTORY", str(tmp_path / "history.db"))
    return str(tmp_path / "history.db")


@pytest.fixture
def told(url: str, capfd: pytest.CaptureFixture[str]) -> Callable[[StoredRun], list[str]]:
    """Everything that is said of a run."""

    def texts(run: StoredRun) -> list[str]:
        found = []
        for command in (["history", "show", run.id], ["resolve", run.id], ["reconcile", run.id]):
            cli(command)
            found.append(capfd.readouterr().out)
        with open_store(url) as store:
            settings = fresh_settings()
            browser = Browser(create(store, settings), settings).sign_in(Role.VIEWER)
            pages = (f"/runs/{run.id}", "/unknown", "/history")
            found += [text_of(browser.get(path).text) for path in pages]
        return found

    return texts


def loaded(store: Store, run_id: str) -> StoredRun:
    run = store.load(run_id)
    assert run is not None
    return run


@pytest.mark.parametrize(
    ("deliver", "keyed", "sent", "shown"),
    [
        ("vault", (Party.DESTINATION,), True, {KEYS.destination, SHOP.value}),
        ("vault", (Party.VAULT,), True, {KEYS.vault, SHOP.value}),
        ("vault", (), True, {SHOP.value}),
        ("direct", (Party.DESTINATION,), True, {KEYS.destination, SHOP.value}),
        ("direct", (), True, {SHOP.value}),
        ("vault", tuple(Party), False, set()),
        ("direct", tuple(Party), False, set()),
    ],
)
def test_no_key_is_shown_that_nobody_got(
    url: str, told, deliver: str, keyed: tuple[Party, ...], sent: bool, shown: set[str]
) -> None:
    new = new_run(reference="OURS-1", steps=(PlannedStep("pay", deliver, bool(keyed)),))
    with open_store(url) as store:
        store.begin(new)
        intent = Intent("pay", KEYS, "POST https://a.example/", SHOWN, (SHOP,), keyed)
        number = store.intent(new.id, OWNER, intent)
        if sent:
            store.unknown(new.id, "pay", number, "no answer")
        else:
            store.not_sent(new.id, "pay", number, "the connection was refused")
        run = loaded(store, new.id)
    texts = told(run)
    for value in (KEYS.destination, KEYS.vault, SHOP.value):
        assert any(value in text for text in texts) == (value in shown), value


def test_a_refusal_of_the_vault_shows_nothing_as_sent_to_the_destination(url: str, told) -> None:
    new = new_run(reference="OURS-1")
    refused = report_of(
        outcome=Outcome.REJECTED,
        rejected_by=Party.VAULT,
        status=None,
        vault_status=403,
        names=(RUN,),
        keyed=(Party.VAULT,),
    )
    with open_store(url) as store:
        complete(store, new, **{field: getattr(refused, field) for field in CHANGED})
        run = loaded(store, new.id)
    shown = told(run)[0]
    assert "ORDER-1, sent to stripe as reference" in shown
    assert run.steps[0].destination_key is not None
    assert run.steps[0].destination_key not in shown


CHANGED = ("outcome", "rejected_by", "status", "vault_status", "names", "keyed")


def without_recorded_names(tx: Transaction) -> None:
    """What a step sent, as a history of before names were recorded has it."""
    for sample, sent in tx.rows("SELECT sample, sent FROM steps"):
        known = step_texts.sample_text(tx, sample)
        text = step_texts.unpack(sent, known)
        assert text is not None
        tx.run("UPDATE steps SET sent = ?", step_texts.pack(step_texts.without_names(text), known))


def test_of_a_run_of_an_older_history_nothing_is_claimed(url: str, told) -> None:
    new = new_run(reference="OURS-1")
    with open_store(url) as store:
        store.begin(new)
        store.unknown(new.id, "pay", store.intent(new.id, OWNER, intent_of(new)), "no answer")
        store.database.write(without_recorded_names)
        run = loaded(store, new.id)
    texts = told(run)
    assert "what it got by name was not recorded by this older history" in texts[1]
    assert "What it got by name was not recorded by an older history." in texts[3]
    # The step's destination honours a key, so that it was sent one; whether a vault was, who knows.
    assert run.steps[0].destination_key in texts[1]
    assert run.steps[0].attempts[0].vault_key not in "".join(texts)
    assert not any("quote      OURS-1" in text or "Quote OURS-1" in text for text in texts)


def test_where_a_file_names_nothing_it_is_not_said_that_nothing_was_sent(url: str, told) -> None:
    """The request may well hold a reference: who wrote the file has not said which it is."""
    new = new_run(reference="OURS-1")
    with open_store(url) as store:
        store.begin(new)
        intent = Intent("pay", KEYS, "POST https://a.example/", SHOWN, (RUN,))
        store.unknown(new.id, "pay", store.intent(new.id, OWNER, intent), "no answer")
        run = loaded(store, new.id)
    texts = told(run)
    said = "payment_reference: of its file names no value that was sent there"
    for text in texts[1:4]:
        assert said in text.replace("`", "")


@pytest.mark.parametrize(
    "text", ["OURS-1", "OURS", "SHOP-ORDER-2", "SHOP", "PSP-9", "PSP", "fwdreq_1"]
)
def test_search_finds_a_run_by_any_of_its_names(
    history_url: str, text: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with open_store(history_url) as store:
        other = new_run(reference="NONE")
        complete(store, other, request_id="fwdreq_2")
        new = new_run(reference="OURS-1")
        store.begin(new)
        intent = Intent("pay", KEYS, "POST https://a.example/", SHOWN, (SHOP, RUN))
        number = store.intent(new.id, OWNER, intent)
        store.answered(new.id, number, report_of(names=(SHOP, RUN, GIVEN)))
        assert [one.id for one in store.search(RunFilter(text=text)).runs] == [new.id]
        assert [one.id for one in store.search(RunFilter(text=new.id)).runs] == [new.id]
        settings = fresh_settings()
        browser = Browser(create(store, settings), settings).sign_in(Role.VIEWER)
        assert new.id in browser.get(f"/history?find={text}").text
        assert other.id not in browser.get(f"/history?find={text}").text
    cli(["history", "--history", history_url, "--search", text, "--json"])
    assert new.id in capfd.readouterr().out


def test_what_is_deleted_is_found_no_more(url: str) -> None:
    new = new_run()
    with open_store(url) as store:
        complete(store, new, names=(SHOP,))
        store.database.write(lambda tx: tx.run("DELETE FROM runs"))
        left = store.database.write(lambda tx: tx.rows("SELECT value FROM payment_names"))
    assert left == []
