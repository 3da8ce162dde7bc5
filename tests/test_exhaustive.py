"""Every match over a closed union names all of its kinds: a new kind is forgotten nowhere.

A union is closed where this package lists its classes, as `Term` does. A match over one ends in
`case _: assert_never(...)`, behind which mypy reports each kind that no case names; a match without
such a last case is reported by mypy itself (`exhaustive-match`).
"""

import ast
from collections.abc import Iterable, Iterator
from functools import cache

import pytest

from syntax import PACKAGE, files, nodes_of, tree_of

pytestmark = pytest.mark.xdist_group("syntax")


@cache
def classes() -> frozenset[str]:
    """The classes of this package."""
    nodes = (node for path in files() for node in nodes_of(path))
    return frozenset(node.name for node in nodes if isinstance(node, ast.ClassDef))


def _members(value: ast.expr) -> Iterator[str]:
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.BitOr):
        yield from _members(value.left)
        yield from _members(value.right)
    elif isinstance(value, ast.Name):
        yield value.id
    else:
        yield ""


@cache
def kinds() -> frozenset[str]:
    """The classes of all closed unions: aliases `A | B` of classes of ours, and of nothing else."""
    found: set[str] = set()
    for path in files():
        for node in tree_of(path).body:
            if isinstance(node, ast.AnnAssign) and node.value is not None:
                members = set(_members(node.value))
                if len(members) > 1 and members <= classes():
                    found |= members
    return frozenset(found)


def _matched(pattern: ast.pattern) -> Iterator[str]:
    """The classes that a case is for."""
    if isinstance(pattern, ast.MatchClass):
        yield ast.unparse(pattern.cls).rpartition(".")[2]
    elif isinstance(pattern, ast.MatchOr):
        for inner in pattern.patterns:
            yield from _matched(inner)
    elif isinstance(pattern, ast.MatchAs) and pattern.pattern is not None:
        yield from _matched(pattern.pattern)


def _takes_all(case: ast.match_case) -> bool:
    return isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None


def forgetful(nodes: Iterable[ast.AST]) -> Iterator[int]:
    """The lines of catch-alls that hide a kind which no case names."""
    for node in nodes:
        if not isinstance(node, ast.Match):
            continue
        named = {name for case in node.cases for name in _matched(case.pattern)}
        for case in node.cases:
            if named & kinds() and _takes_all(case) and "assert_never(" not in ast.unparse(case):
                yield case.pattern.lineno


def test_the_union_of_terms_is_closed() -> None:
    assert {"Lit", "Amount"} <= kinds()


def test_a_catch_all_over_a_closed_union_is_found() -> None:
    hidden = (
        "match term:\n    case If() | Limit():\n        pass\n    case _ if True:\n        pass\n"
    )
    assert list(forgetful(ast.walk(ast.parse(hidden)))) == [4]
    shown = "match term:\n    case If():\n        pass\n    case _:\n        assert_never(term)\n"
    assert not list(forgetful(ast.walk(ast.parse(shown))))


def test_no_match_over_a_closed_union_forgets_a_kind() -> None:
    wrong = {path.name: lines for path in files() if (lines := list(forgetful(nodes_of(path))))}
    assert not wrong, "name the remaining kinds, and end in `case _: assert_never(...)`"


def test_mypy_reports_a_match_without_an_end() -> None:
    text = (PACKAGE.parent.parent / "pyproject.toml").read_text(encoding="utf-8")
    assert "exhaustive-match" in text
