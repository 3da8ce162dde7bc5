"""Each sentence of the threat model is held by a test, or accepted with a reason."""

import ast
import re
from functools import cache
from pathlib import Path

from forwardc.version import __version__
from one_rule import one_rule

ROOT = Path(__file__).resolve().parent.parent
MODEL = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
DOCUMENTS = ("SECURITY.md", "docs/threat-model.md", "docs/pci-scope.md", "docs/hardening.md")
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
_ROW = re.compile(r"(?m)^\| (?!-)(.+) \|$")
# The numbers of requirements in PCI DSS 4.0.1, and how many sections each has.
REQUIREMENTS = {
    1: 5, 2: 3, 3: 7, 4: 2, 5: 4, 6: 5, 7: 3, 8: 6, 9: 5, 10: 7, 11: 6, 12: 10
}  # fmt: skip


def rows(heading: str) -> list[list[str]]:
    """The rows of every table whose head begins so, without the head."""
    found: list[list[str]] = []
    for table in re.split(r"\n\n", MODEL):
        lines = [match[1].split(" | ") for match in _ROW.finditer(table)]
        if lines and lines[0][0] == heading:
            found += lines[1:]
    return found


THREATS = rows("threat")
ATTACKS = rows("attack")
NAMED = sorted({found for name in DOCUMENTS for found in _TEST.findall((ROOT / name).read_text())})


@cache
def defined_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def test_there_are_threats_of_every_actor_and_attacks() -> None:
    assert len(THREATS) >= 25
    assert len(ATTACKS) >= 20
    assert all(len(row) == 2 for row in THREATS)
    assert all(len(row) == 4 for row in ATTACKS)


@one_rule("row", [*THREATS, *ATTACKS])
def test_a_row_names_its_test_or_its_reason(row: list[str]) -> None:
    held = row[-1]
    assert _TEST.search(held) or re.match(r"accepted, because \S+ \S+", held)


@one_rule(("path", "test"), NAMED)
def test_a_named_test_exists(path: str, test: str) -> None:
    assert test in defined_in(path)


def test_every_requirement_has_a_number_of_the_standard() -> None:
    table = (ROOT / "docs" / "pci-scope.md").read_text(encoding="utf-8")
    told = re.findall(r"(?m)^\| ([\d., to]+) \| .* \| .* \| .* \| .* \| .* \|$", table)
    assert {int(number.split(".")[0]) for cell in told for number in numbers(cell)} == set(
        REQUIREMENTS
    )
    for cell in told:
        for number in numbers(cell):
            major, *minor = map(int, number.split("."))
            assert not minor or 1 <= minor[0] <= REQUIREMENTS[major]


def numbers(cell: str) -> list[str]:
    return re.findall(r"\d+(?:\.\d+)*", cell)


def test_the_version_of_now_is_among_the_supported() -> None:
    told = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    assert f"| {'.'.join(__version__.split('.')[:2])} " in told
