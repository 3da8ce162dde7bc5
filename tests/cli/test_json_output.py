"""`--json`: who lists something has it, and each document is one, as its schema says.

That every other test's documents are so, too, `tests/conftest.py` sees to.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import output_schemas
from command_tree import commands, takes
from forwardc.cli.main import run as cli
from forwardc.core.outcome import Outcome
from forwardc.runtime.history.store import open_store
from one_rule import one_rule
from shop_project import ACCOUNTS, SHOP
from stored_runs import complete, new_run

# What a person watches, what serves until it is interrupted, and what is a file in itself.
WITHOUT = {"completion", "dashboard", "watch", "sandbox", "demo", "history export"}
JSON = {name for name, command in commands().items() if takes(command, "--json")}
ERROR = {"severity": "error"}
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FORWARDC_HISTORY", raising=False)
    return tmp_path


@pytest.fixture
def call(folder: Path, capfd: pytest.CaptureFixture[str]) -> Call:
    def made(*arguments: str) -> tuple[int, str, str]:
        code = cli(arguments)
        return (code, *capfd.readouterr())

    return made


@pytest.fixture
def project(folder: Path) -> Path:
    (folder / "forwardc.yaml").write_text(ACCOUNTS)
    (folder / "destinations").mkdir()
    (folder / "destinations/shop.yaml").write_text(SHOP)
    return folder


def document(shown: tuple[int, str, str], words: str) -> dict[str, Any]:
    """The one document on standard output, which is as its schema says and has no colour."""
    _, out, err = shown
    assert "\x1b" not in out
    found: dict[str, Any] = json.loads(out)
    assert output_schemas.mistakes(words, found) == []
    assert next(iter(found)) == "forwardc"
    assert list(found)[-1] == "problems"
    for one in found["problems"]:
        assert one["message"] not in err
    return found


def test_every_command_has_it_and_a_schema() -> None:
    assert set(commands()) - JSON == WITHOUT
    assert set(output_schemas.names()) == {*JSON, "history export"}


@one_rule("words", sorted(JSON))
def test_a_schema_is_sound(words: str) -> None:
    schema = output_schemas.schema(words)
    Draft202012Validator.check_schema(schema)
    assert schema["title"] == f"forwardc {words} --json"
    assert schema["$id"] == f"urn:forwardc:schema:output:{words.replace(' ', '-')}:1"
    # What any document has is one in all of them.
    assert schema["$defs"]["problem"] == output_schemas.schema("check")["$defs"]["problem"]
    assert schema["required"] == ["forwardc", "problems"]
    used = {one["$ref"].removeprefix("#/$defs/") for _, one in subschemas(schema) if "$ref" in one}
    assert used == set(schema["$defs"])
    for path, one in subschemas(schema):
        if "properties" in one and "/oneOf" not in path:
            assert one["additionalProperties"] is False, path
            names = {name for name, of in one["properties"].items() if not of.get("description")}
            described = {
                name
                for name in names
                if "$ref" in one["properties"][name]
                and schema["$defs"][one["properties"][name]["$ref"][8:]].get("description")
            }
            assert names == described, path


def subschemas(schema: object, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, dict):
        if not path.endswith(("/properties", "/$defs")):
            yield path, schema
        for key, value in schema.items():
            yield from subschemas(value, f"{path}/{key}")
    elif isinstance(schema, list):
        for index, value in enumerate(schema):
            yield from subschemas(value, f"{path}/{index}")


def test_a_history_lists_none_one_and_many(call: Call, folder: Path) -> None:
    url = str(folder / "history.db")
    at = ("--history", url, "--json")
    assert document(call("history", "begin", *at), "history begin")["before"] == 0
    assert document(call("history", *at), "history")["runs"] == []
    assert document(call("audit", *at), "audit")["events"] == []
    assert document(call("clients", "list", *at), "clients list")["clients"] == []
    tokens = ("tokens", "show", "rocketpay", "--env", "sandbox")
    assert document(call(*tokens, *at), "tokens show")["tokens"] == []
    assert document(call("pause", *at), "pause")["pauses"] == []
    assert document(call("reconcile", *at), "reconcile")["runs"] == []
    with open_store(url) as store:
        done = complete(store, new_run(reference="done"))
        lost = complete(store, new_run(reference="lost"), outcome=Outcome.UNKNOWN, status=None)
        store.pause("stripe", "ann", "incident")
    listed = document(call("history", *at), "history")
    assert [one["reference"] for one in listed["runs"]] == ["lost", "done"]
    assert not listed["more"]
    assert document(call("history", "--limit", "1", *at), "history")["more"]
    assert document(call("history", "show", done.id, *at), "history show")["id"] == done.id
    paused = document(call("pause", *at), "pause")["pauses"]
    assert [one["name"] for one in paused] == ["stripe"]
    assert document(call("audit", *at), "audit")["events"][0]["kind"] == "pause"
    verified = call("audit", "--verify", *at)
    assert document(verified, "audit")["first_wrong"] is None
    asked = document(call("resolve", lost.id, *at), "resolve")
    assert (asked["outcome"], asked["resolved"]) == ("unknown", False)
    settled = call("resolve", lost.id, "--as", "approved", "--by", "ann", *at)
    assert document(settled, "resolve")["resolved"]
    again = call("resolve", lost.id, "--as", "approved", *at)
    assert (again[0], document(again, "resolve")["resolved"]) == (1, False)
    assert document(call("unpause", "stripe", *at), "unpause")["resumed"]
    assert document(call("history", "--keep", "30d", *at), "history")["deleted"] == 0
    assert document(call("history", "upgrade", *at), "history upgrade")["before"] > 0


def test_what_a_run_leaves_unknown_is_asked_of_whom(call: Call, folder: Path) -> None:
    url = str(folder / "history.db")
    with open_store(url) as store:
        lost = complete(store, new_run(), outcome=Outcome.UNKNOWN, status=None)
    shown = call("reconcile", "--history", url, "--json")
    (found,) = (told := document(shown, "reconcile"))["runs"]
    assert (shown[0], found["run"], found["told_by"]) == (1, lost.id, None)
    assert [one["code"] for one in told["problems"]] == ["FC0824"]


def test_a_project_lists_and_so_do_its_mistakes(call: Call, project: Path) -> None:
    assert document(call("check", "--json"), "check")["destinations"] == ["shop"]
    stale = call("build", "--check", "--json")
    assert (stale[0], len(document(stale, "build")["written"]) > 3) == (3, True)
    assert document(call("build", "--json"), "build")["removed"] == []
    assert document(call("build", "--check", "--json"), "build")["written"] == []
    rows = document(call("coverage", "--json"), "coverage")["coverage"]
    assert {(one["operation"], one["level"]) for one in rows if one["vault"] == "stripe"} == {
        ("payment", "degraded")
    }
    listed = document(call("approvals", "--json"), "approvals")["approvals"]
    assert [one["own"]["state"] for one in listed] == ["never"]
    since = document(call("diff", "--against", "approved", "--json"), "diff")
    as_before = document(call("diff", "--against", "approved", "--format", "json"), "diff")
    assert since == as_before
    target = ("stripe", "shop.payment", "--env", "production")
    approved = call("approve", *target, "--by", "ann", "--json")
    assert document(approved, "approve")["approved"][0]["operation"] == "payment"
    why = ("--by", "ann", "--reason", "a test")
    gone = call("approvals", "revoke", *target, *why, "--json")
    assert document(gone, "approvals revoke")["withdrawn"][0]["whose"] == "own"
    made_by = call("explain", "build/stripe/shop/sandbox.plan.json#/destination", "--json")
    assert document(made_by, "explain").keys() >= {"made_by"}
    makes = call("explain", "destinations/shop.yaml:20", "--json")
    assert document(makes, "explain")["makes"]


def test_codes_are_listed_and_explained(call: Call) -> None:
    codes = document(call("explain", "--json"), "explain")["codes"]
    assert len(codes) > 100
    (one,) = document(call("explain", "fc0867", "--json"), "explain")["codes"]
    assert one["name"] == "no-history"
    assert one["page"].startswith("# FC0867 no-history")


@pytest.mark.parametrize(
    ("words", "arguments"),
    [
        ("check", ()),
        ("build", ()),
        ("build", ("--check",)),
        ("coverage", ()),
        ("diff", ("--against", "approved")),
        ("diff", ("--against", "approved", "--format", "json")),
        ("explain", ("destinations/shop.yaml:3",)),
        ("approve", ("stripe", "shop", "--env", "production", "--by", "ann")),
        ("approve", ("--renew",)),
        ("secrets list", ("--via", "stripe", "--env", "sandbox")),
    ],
)
def test_a_project_with_a_mistake_says_it_in_the_document(
    words: str, arguments: tuple[str, ...], call: Call, project: Path
) -> None:
    text = SHOP.replace("card.number", "card.nubmer")
    (project / "destinations/shop.yaml").write_text(text)
    shown = call(*words.split(), *arguments, "--json")
    found = document(shown, words)
    assert shown[0] == 1
    wrong = next(one for one in found["problems"] if one["severity"] == "error")
    assert wrong["path"] == "destinations/shop.yaml"
    assert "card.number" in wrong["hint"]
    assert "nubmer" not in shown[2]


@pytest.mark.parametrize("format_", ["concise", "sarif", "github"])
def test_the_format_of_findings_changes_no_document(
    format_: str, call: Call, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = call("check", "--json")
    monkeypatch.setenv("FORWARDC_FORMAT", format_)
    assert call("check", "--json") == plain


def test_no_plans_and_no_lock_are_told_in_the_document(call: Call, folder: Path) -> None:
    for words, arguments in (
        ("approvals", ()),
        ("run", ("shop", "--via", "stripe", "--env", "sandbox", "--sandbox")),
        ("serve", ("--check",)),
        ("tokens create", ("rocketpay", "--card", "visa-test")),
    ):
        shown = call(*words.split(), *arguments, "--json")
        found = document(shown, words)
        assert shown[0] == 1
        assert set(found) == {"forwardc", "problems"}, words
        assert found["problems"]


def test_a_mistake_of_the_command_line_is_text_beside_no_document(call: Call) -> None:
    for arguments in (
        ("check", "--json"),
        ("history", "--json", "--csv"),
        ("pause", "stripe", "--json"),
        ("serve", "--json"),
        ("run", "--json"),
    ):
        code, out, err = call(*arguments)
        assert (code, out) == (2, "")
        assert "Error" in err
