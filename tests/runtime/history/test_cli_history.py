"""`forwardc history`: what a person sees of what was recorded."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from forwardc.cli.main import cli
from forwardc.core.outcome import Outcome
from forwardc.runtime.history.store import Store, open_store
from stored_runs import OWNER, complete, intent_of, new_run

History = Callable[..., tuple[int, str, str]]


@pytest.fixture
def url(tmp_path: Path) -> str:
    return str(tmp_path / "history.db")


@pytest.fixture
def history(url: str) -> History:
    def call(*arguments: str) -> tuple[int, str, str]:
        done: Result = CliRunner().invoke(
            cli, ["history", *arguments], env={"FORWARDC_HISTORY": url}, standalone_mode=False
        )
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.return_value or 0, done.stdout, done.stderr

    return call


@pytest.fixture
def store(url: str) -> Store:
    return open_store(url)


def test_a_list_has_the_newest_first(store: Store, history: History) -> None:
    complete(store, new_run(reference="first"))
    complete(store, new_run(reference="second"), outcome=Outcome.DECLINED)
    code, out, _ = history()
    head, one, two = out.splitlines()
    assert (code, head.split()[0]) == (0, "BEGAN")
    assert "second" in one
    assert "declined" in one
    assert "first" in two


def test_filters_and_the_limit(store: Store, history: History) -> None:
    for number in range(3):
        complete(store, new_run(reference=f"ORDER-{number}"))
    complete(store, new_run(reference="other", destination="rokt"), outcome=Outcome.DECLINED)
    for arguments, expected in (
        (["--reference", "ORDER-1"], ["ORDER-1"]),
        (["--search", "ORDER"], ["ORDER-2", "ORDER-1", "ORDER-0"]),
        (["--outcome", "declined"], ["other"]),
        (["--destination", "rokt"], ["other"]),
        (["--via", "checkout"], []),
        (["--limit", "2"], ["other", "ORDER-2"]),
    ):
        _, out, _ = history("--json", *arguments)
        assert [run["reference"] for run in json.loads(out)["runs"]] == expected
    assert "--limit shows more" in history("--limit", "2")[2]
    assert history("--destination", "rokte") == (
        *(0, ""),
        "no run fits; no run has this destination: did you mean rokt?\n",
    )
    assert history("--reference", "none") == (0, "", "no run fits\n")


def test_what_is_deleted_goes_by_age_only(store: Store, url: str) -> None:
    run = complete(store, new_run(destination="adyen"))
    typed = ["history", "--history", url, "--keep", "30d", "--destination", "rokt"]
    done = CliRunner().invoke(cli, typed)
    assert done.exit_code == 2
    assert "go without filters" in done.stderr
    assert store.load(run.id)


@pytest.mark.parametrize(
    "sign", ["=", "+", "-", "@", "\t=", "\r=", "\n=", "  =", "\uff1d", "\u200b@"]
)
def test_csv_has_no_formula_and_one_line_a_run(store: Store, history: History, sign: str) -> None:
    complete(store, new_run(reference=sign + '1+1,\n"x"\u2028\x85'))
    shown = history("--csv")[1]
    assert len(shown.split("\n")) == 3
    assert len(shown.splitlines()) == 2
    (row,) = csv.DictReader(io.StringIO(shown))
    assert row["reference"].startswith(("'", "\N{REPLACEMENT CHARACTER}"))
    assert row["reference"].rstrip().endswith('1+1, "x"')
    assert row["outcome"] == "approved"


def test_all_of_one_run(store: Store, history: History) -> None:
    run = new_run(source_id="pm_7")
    store.begin(run)
    first = intent_of(run)
    store.not_sent(run.id, "pay", store.intent(run.id, OWNER, first), "the server is not there")
    second = intent_of(run)
    store.intent(run.id, OWNER, second)
    code, out, _ = history("show", run.id)
    assert code == 0
    for told in (
        "adyen.payment via stripe (sandbox)",
        "pm_7",
        first.keys.destination,
        second.keys.vault,
        "not sent, the server is not there",
        f"forwardc reconcile {run.id}",
    ):
        assert told in out
    # A key that nobody got is no key to ask for.
    assert first.keys.vault not in out
    data = json.loads(history("show", run.id, "--json")[1])
    assert [one["state"] for one in data["steps"][0]["attempts"]] == ["not_sent", "intent"]


def test_a_reference_cannot_move_the_cursor(store: Store, history: History) -> None:
    run = complete(store, new_run(reference="\x1b[2Jgone"))
    assert "\x1b" not in history()[1] + history("show", run.id)[1]


def test_a_settled_run_tells_who_did_it(store: Store, history: History) -> None:
    run = complete(store, new_run(), outcome=Outcome.UNKNOWN, status=None)
    store.resolve(run.id, Outcome.APPROVED, "ann")
    out = history("show", run.id)[1]
    assert "resolve by ann" in out
    assert out.rstrip().endswith("approved: settled by ann")
    (event,) = json.loads(history("show", run.id, "--json")[1])["events"]
    assert list(event) == ["seq", "at", "kind", "run_id", "by", "what"]


def test_an_unknown_run_and_no_history_are_told(store: Store, history: History, url: str) -> None:
    code, _, err = history("show", "nobody")
    assert (code, "FC0820" in err) == (1, True)
    code, _, err = history("--history", f"{url}.nowhere")
    assert (code, "FC0867" in err) == (1, True)
    assert not Path(f"{url}.nowhere").exists()


def test_what_is_older_is_deleted(store: Store, history: History) -> None:
    complete(store, new_run())
    assert history("--keep", "30d")[1].startswith("0 runs deleted")
    assert len(json.loads(history("--json")[1])["runs"]) == 1


@pytest.mark.parametrize("keep", ["0d", "30", "-1d", "d", "1.5d", "٣d"])
def test_a_strange_age_deletes_nothing(keep: str) -> None:
    done = CliRunner().invoke(cli, ["history", "--keep", keep])
    assert done.exit_code == 2
    assert "such as 30d" in done.stderr
