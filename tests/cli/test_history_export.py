"""`forwardc history export`: every run that fits, and a clear word where none does."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import output_schemas
from forwardc.cli.main import run as cli
from forwardc.core.outcome import Outcome
from forwardc.runtime.history.export import COLUMNS
from forwardc.runtime.history.store import open_store
from stored_runs import Clock, complete, new_run

Export = Callable[..., tuple[int, str, str]]


@pytest.fixture
def export(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Export:
    url, clock = str(tmp_path / "history.db"), Clock()
    with open_store(url, now=clock) as store:
        complete(store, new_run(reference="first", emulated=True))
        clock.turn(days=1)
        complete(store, new_run(reference="second", operation="hold"), outcome=Outcome.DECLINED)
        clock.turn(days=1)
        complete(store, new_run(reference="=third\x1b", destination="rokt", vault="checkout"))

    def call(*arguments: str) -> tuple[int, str, str]:
        code = cli(["history", "export", "--history", url, *arguments])
        return (code, *capfd.readouterr())

    return call


def references(shown: tuple[int, str, str]) -> list[str]:
    code, out, err = shown
    assert (code, err) == (0, "")
    document = json.loads(out)
    assert output_schemas.mistakes("history export", document) == []
    assert document["count"] == len(document["runs"])
    assert "\x1b" not in out
    return [run["reference"] for run in document["runs"]]


def test_all_of_it_as_csv(export: Export) -> None:
    code, out, err = export()
    assert (code, err) == (0, "")
    rows = list(csv.DictReader(io.StringIO(out, newline="")))
    assert tuple(rows[0]) == COLUMNS
    assert [row["reference"] for row in rows] == [
        "'=third\N{REPLACEMENT CHARACTER}",
        "second",
        "first",
    ]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ((), ["=third\x1b", "second", "first"]),
        (("--destination", "rokt"), ["=third\x1b"]),
        (("--via", "stripe"), ["second", "first"]),
        (("--operation", "hold"), ["second"]),
        (("--outcome", "declined"), ["second"]),
        (("--env", "sandbox"), ["=third\x1b", "second"]),
        (("--emulated",), ["first"]),
        (("--env", "sandbox", "--emulated"), ["first"]),
        (("--from", "2026-11-21"), ["=third\x1b", "second"]),
        (("--to", "2026-11-20"), ["first"]),
        (("--from", "2026-11-21", "--to", "2026-11-21"), ["second"]),
        (("--search", "sec"), ["second"]),
        (("--status", "200", "--via", "checkout"), ["=third\x1b"]),
    ],
)
def test_filters(export: Export, filters: tuple[str, ...], expected: list[str]) -> None:
    assert references(export("--format", "json", *filters)) == expected


@pytest.mark.parametrize(
    ("filters", "hint"),
    [
        (("--destination", "roktt"), "no run has this destination: did you mean rokt?"),
        (("--via", "braintree"), "no run has this vault: there are: checkout, stripe"),
        (("--operation", "holt"), "no run has this operation: did you mean hold?"),
        (("--env", "production"), "no run has this environment: there are: sandbox"),
        (("--reason", "No Funds"), "no run has this reason"),
        (("--destination", "rokt", "--outcome", "declined"), "no run has all of this at once"),
        (("--from", "2030-01-01"), "no run has all of this at once"),
        (("--env", "sandbox", "--account", "us"), "no run has this environment"),
    ],
)
@pytest.mark.parametrize("form", ["csv", "json"])
def test_a_filter_that_fits_nothing_is_told(
    export: Export, filters: tuple[str, ...], hint: str, form: str
) -> None:
    code, out, err = export("--format", form, *filters)
    assert (code, out) == (1, "")
    assert "FC0869 no run fits, and nothing was written" in err
    assert hint in err


def test_an_empty_history_has_nothing_to_write(tmp_path: Path, capfd: object) -> None:
    url = str(tmp_path / "empty.db")
    open_store(url).close()
    assert cli(["history", "export", "--history", url]) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        ("--from", "2026-13-01"),
        ("--from", "2026-11-21", "--to", "2026-11-20"),
        ("--to", "9999-12-31"),
        ("--reason", "..."),
        ("--reason", "x" * 400),
        ("--status", "99"),
        ("--account", "us"),
        ("--format", "xml"),
    ],
)
def test_what_is_no_filter_is_a_mistake_of_the_command_line(
    export: Export, wrong: tuple[str, ...]
) -> None:
    code, out, err = export(*wrong)
    assert (code, out) == (2, "")
    assert "Error: " in err
    assert "FC9901" not in err


def test_filters_stand_behind_the_subcommand(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    open_store(str(tmp_path / "h.db")).close()
    before = ("history", "--history", str(tmp_path / "h.db"), "--outcome", "approved")
    assert cli([*before, "export"]) == 2
    assert "options of the list go without export" in capfd.readouterr().err


def test_the_schema_has_the_columns() -> None:
    schema = output_schemas.schema("history export")
    Draft202012Validator.check_schema(schema)
    assert tuple(schema["properties"]["runs"]["items"]["properties"]) == COLUMNS
