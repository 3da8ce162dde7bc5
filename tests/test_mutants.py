"""The mutants themselves: what is made, what is drawn, and that the lists fit the code."""

import ast
from functools import cache
from pathlib import Path

import pytest

from mutants.lists import entries, equivalents, known
from mutants.mutant import Mutant, mutants, sample, written
from mutants.targets import TARGETS
from mutants.workshop import Fate, Workshop
from one_rule import one_rule

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "compiler" / "forwardc"


@cache
def made(file: str) -> list[Mutant]:
    return mutants(file, (PACKAGE / file).read_text(encoding="utf-8"))


CODE = '''
"""A docstring that nobody pins."""

LIMIT: int = 3


def told(text: str, given: bool = False) -> str | None:
    """Another one."""
    if not given and len(text) >= LIMIT:
        raise ValueError("a message that nobody pins")
    return text.strip().removeprefix("a") if text else None
'''


def test_what_is_made_of_a_function() -> None:
    found = {(one.scope, one.new) for one in mutants("a.py", CODE)}
    head = "if not given and len(text) >= LIMIT:"
    for new in (
        "if True:",
        "if False:",
        head.replace("and", "or"),
        head.replace(">=", ">"),
        head.replace("not given", "given"),
        "if len(text) >= LIMIT:",
        "if not given:",
        "pass",
        'return text.removeprefix("a") if text else None'.replace('"', "'"),
        "return text.strip() if text else None",
        "return None",
        "return",
    ):
        assert ("told", new) in found
    assert ("", "LIMIT: int = 4") in found
    assert not [new for _, new in found if "pins" in new]


@one_rule("file", TARGETS)
def test_every_mutant_has_a_key_of_its_own(file: str) -> None:
    found = made(file)
    assert found
    assert len({one.key for one in found}) == len(found)


@pytest.mark.parametrize("file", ["core/terms/escaping.py", "runtime/http/circuit_breaker.py"])
def test_every_mutant_is_a_program_of_its_own(file: str) -> None:
    source = (PACKAGE / file).read_text(encoding="utf-8")
    plain = ast.unparse(ast.parse(source))
    for one in made(file)[::5]:
        text = written(one, source)
        assert text != plain
        compile(text, file, "exec")


def test_a_sample_stays_where_another_function_changes() -> None:
    more = CODE + "\n\ndef other(a: int) -> int:\n    return a + 1\n"
    drawn = sample(mutants("a.py", CODE), 10, 12)
    later = sample(mutants("a.py", more), 10, 12)
    assert [one.key for one in drawn] == [one.key for one in sample(mutants("a.py", CODE), 10, 12)]
    assert {one.key for one in later if one.scope == "told"} <= {one.key for one in drawn}
    assert sample(mutants("a.py", CODE), 11, 12) != drawn


@one_rule("file", TARGETS)
def test_the_nearest_tests_are_there(file: str) -> None:
    assert (PACKAGE / file).is_file()
    assert [test for test in TARGETS[file] if not (ROOT / test).is_file()] == []


def test_a_mutant_that_is_called_equivalent_exists_and_has_its_reason() -> None:
    files = sorted({one["file"] for one in entries("equivalent")})
    there = {one.key for file in files for one in made(file)}
    assert sorted(equivalents() - there) == []
    assert len(equivalents()) == len(entries("equivalent"))
    assert all(len(one["why"].split()) > 3 for one in entries("equivalent"))


def test_a_mistake_that_was_once_unseen_can_still_be_made() -> None:
    assert {one["file"] for one in entries("known")} <= set(TARGETS)
    for file in TARGETS:
        for _, text in known(file, (PACKAGE / file).read_text(encoding="utf-8")):
            compile(text, file, "exec")


CHECK = """
from forwardc.told import told


def test_told():
    assert told() == 1
"""


@pytest.mark.parametrize(
    ("source", "fate"),
    [
        ("def told(): return 1", Fate.SURVIVED),
        ("def told(): return 2", Fate.KILLED),
        ("def told(): return", Fate.KILLED),
        ("def told(: return 1", Fate.KILLED),
        ("import time\ndef told(): time.sleep(60)", Fate.TIMEOUT),
    ],
)
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_mutant_is_tried_in_a_copy(tmp_path: Path, source: str, fate: Fate) -> None:
    copy = tmp_path / "checkout"
    (copy / "compiler" / "forwardc").mkdir(parents=True)
    (copy / "compiler" / "forwardc" / "__init__.py").touch()
    real = copy / "compiler" / "forwardc" / "told.py"
    real.write_text("def told(): return 1\n", encoding="utf-8")
    (copy / "test_told.py").write_text(CHECK, encoding="utf-8")
    (copy / "conftest.py").write_text(PROFILE, encoding="utf-8")
    # A machine that others keep busy must not make a time-out of what ends.
    limit_s = 2.0 if fate is Fate.TIMEOUT else 60.0
    found = Workshop(copy).tried("told.py", source, ("test_told.py",), limit_s)
    assert (found, (tmp_path / "log").read_text(encoding="utf-8")[-2000:])[0] is fate
    assert real.read_text(encoding="utf-8") == "def told(): return 1\n"


PROFILE = """
from hypothesis import settings

settings.register_profile("mutants", max_examples=5)
"""
