"""ARCHITECTURE.md describes the house that stands: its tests, rooms and files exist."""

import ast
import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

from one_rule import one_rule

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "compiler" / "forwardc"
TEXT = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)))
INVARIANTS = re.findall(r"(?m)^\*\*(.+?)\*\*[^\n]*\n(.*)$", TEXT)


@one_rule(("path", "test"), NAMED)
def test_a_named_test_exists(path: str, test: str) -> None:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert test in names


def test_every_invariant_names_its_tests() -> None:
    assert len(INVARIANTS) > 10
    without = [name for name, tests in INVARIANTS if not re.search(r"`tests/[\w/]+\.py::", tests)]
    assert not without


def test_named_files_exist() -> None:
    files = set(re.findall(r"`((?:[\w]+/)*\w+\.py)`", TEXT))
    assert files
    assert not [name for name in files if not any((at / name).exists() for at in (PACKAGE, ROOT))]


def _floors() -> ModuleType:
    spec = importlib.util.spec_from_file_location("floors", ROOT / "tests" / "test_floors.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    # A dataclass looks its module up while it is made.
    sys.modules["floors"] = module
    spec.loader.exec_module(module)
    return module


def test_the_rooms_are_those_of_the_floors() -> None:
    rooms = _floors().ROOMS
    rows = re.findall(r"(?m)^\| [\d-] \| `([\w/]+?)(?:/|\.py)` \| .* \| (.*) \|$", TEXT)
    documented = {name.replace("/", "."): imports.replace("/", ".") for name, imports in rows}
    assert set(documented) == set(rooms) - {"", "__main__", "version", "compile"}
    for name, imports in documented.items():
        if name != "cli":
            may = set() if imports == "-" else set(imports.split(", "))
            assert may == rooms[name].may - {name}, name
