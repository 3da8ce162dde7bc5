"""What names every vault and is no code is made from the vaults' folders, and is fresh."""

from pathlib import Path

from generated_files import GENERATED, replaced

ROOT = Path(__file__).resolve().parent.parent.parent


def test_what_is_committed_is_fresh() -> None:
    stale = [path for path, made in GENERATED.items() if made(ROOT) != (ROOT / path).read_text()]
    assert stale == [], "`make generated` writes them"


def test_all_else_stays_as_it_was_written() -> None:
    text = '{"a": {"b" : [1,2],\n "c": {"}": "]"}}, "d": 1}\n'
    assert replaced(text, ("a", "b"), "[]") == text.replace("[1,2]", "[]")
    assert replaced(text, ("a", "c"), "{}") == text.replace('{"}": "]"}', "{}")
    assert replaced(text, ("d",), "2") == text.replace("1}", "2}")
