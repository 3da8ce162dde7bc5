"""What names every vault and is no code is made from the vaults' folders, and is fresh."""

from pathlib import Path

from compiled import read_program
from forwardc.compile.vaults.registry import vaults
from forwardc.core.diagnostics.sink import Sink
from generated_files import GENERATED, replaced

MISSPELT = ("elsewhere:\n    vault: stripe", "elsewhere:\n    vault: strpe")
ROOT = Path(__file__).resolve().parent.parent.parent


def test_what_is_committed_is_fresh() -> None:
    stale = [path for path, made in GENERATED.items() if made(ROOT) != (ROOT / path).read_text()]
    assert stale == [], "`make generated` writes them"


def test_all_else_stays_as_it_was_written() -> None:
    text = '{"a": {"b" : [1,2],\n "c": {"}": "]"}}, "d": 1}\n'
    assert replaced(text, ("a", "b"), "[]") == text.replace("[1,2]", "[]")
    assert replaced(text, ("a", "c"), "{}") == text.replace('{"}": "]"}', "{}")
    assert replaced(text, ("d",), "2") == text.replace("1}", "2}")


def test_a_vault_that_there_is_not_is_answered_with_those_that_there_are() -> None:
    """No file of a case may name them all: a new vault would change it."""
    case = ROOT / "tests/cases/bad/arrangement-of-nothing/destination.yaml"
    text = case.read_text("utf-8").replace(*MISSPELT)
    sink = Sink()
    read_program(text.encode(), sink)
    names = ", ".join(vault.name for vault in vaults() if "source_kinds" in vault.facts.data)
    found = next(one for one in sink.sorted() if one.pointer == "/arrangements/elsewhere/vault")
    assert (found.code, found.message) == ("FC0204", f"`vault` must be one of {names}")
    assert found.hint == "did you mean `stripe`?"
