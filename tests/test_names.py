"""The words of the house: what stands once, how exceptions are called, what every number says.

Names are read from the source, so that a rule holds for what nobody imports, too.
"""

import ast
import io
import re
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from syntax import PACKAGE, files, nodes_of, tree_of

pytestmark = pytest.mark.xdist_group("syntax")
FILES = files()
FILLERS = frozenset(
    "found told known given one wanted came kept gathered seen mine thing things stuff what".split()
)
MOST_FILLERS = 0.015
"""Share of all bound names: a local of three lines may be called so, a field may not."""
ROOTS = {"sandbox": "SandboxError"}
"""The root of a room's exceptions, where it is another one: the sandbox shares no code."""


def room_of(path: Path) -> str:
    """`core`, `compile`, ...; a module beside the rooms is its own."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def name_of(path: Path) -> str:
    """A path in a message."""
    return path.relative_to(PACKAGE).as_posix()


def classes() -> Iterator[tuple[Path, ast.ClassDef]]:
    """Every class at the top of a module."""
    for path in FILES:
        for node in tree_of(path).body:
            if isinstance(node, ast.ClassDef):
                yield path, node


def test_a_public_class_name_stands_once() -> None:
    modules = defaultdict(list)
    for path, node in classes():
        if not node.name.startswith("_"):
            modules[node.name].append(name_of(path))
    assert not {name: places for name, places in modules.items() if len(places) > 1}


def _last(base: ast.expr) -> str:
    return ast.unparse(base).partition("[")[0].rpartition(".")[2]


def ancestors() -> dict[str, set[str]]:
    """Every class of ours that is an exception: the names above it, near and far."""
    bases = defaultdict(set)
    for _, node in classes():
        bases[node.name] |= {_last(base) for base in node.bases}

    def above(name: str) -> set[str]:
        direct = bases.get(name, set()) - {name}
        return direct.union(*(above(base) for base in direct)) if direct else set()

    found = {name: above(name) for name in bases}
    is_error = re.compile(r"\w*(Error|Exception)")
    return {name: names for name, names in found.items() if any(map(is_error.fullmatch, names))}


def test_an_exception_ends_in_error_and_has_the_root_above_it() -> None:
    exceptions = ancestors()
    wrong = []
    for path, node in classes():
        root = ROOTS.get(room_of(path), "ForwardcError")
        if node.name not in exceptions:
            continue
        if not node.name.endswith("Error") or root not in {node.name, *exceptions[node.name]}:
            wrong.append(f"{name_of(path)}: {node.name}")
    assert not wrong
    assert "N818" not in "".join(path.read_text(encoding="utf-8") for path in FILES)


def _public(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return not node.name.startswith("_") or node.name in ("__init__", "__call__")


def _names(path: Path) -> Iterator[str]:
    """Names of public functions, of their parameters, and of fields."""
    for node in nodes_of(path):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _public(node):
            yield node.name
            arguments = node.args
            every = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
            yield from (argument.arg for argument in every)
        elif isinstance(node, ast.ClassDef):
            for item in node.body:
                if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
                    yield item.target.id


def test_no_public_name_is_a_filler() -> None:
    names = {name_of(path): FILLERS.intersection(_names(path)) for path in FILES}
    assert not {path: fillers for path, fillers in names.items() if fillers}, (
        "say what it is: `plans`, `message`, `operation`"
    )


def _bound(path: Path) -> Iterator[str]:
    for node in nodes_of(path):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name


def test_few_names_are_fillers() -> None:
    names = [name.strip("_") for path in FILES for name in _bound(path)]
    fillers = [name for name in names if name in FILLERS]
    assert len(fillers) <= MOST_FILLERS * len(names), f"{len(fillers)} of {len(names)}"


_PARTS = (ast.Constant, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop)


def _is_number(value: ast.expr | None) -> bool:
    nodes = list(ast.walk(value)) if value is not None else []
    numbers = [
        node
        for node in nodes
        if isinstance(node, ast.Constant) and type(node.value) in (int, float)
    ]
    return bool(numbers) and all(isinstance(node, _PARTS) for node in nodes)


def _comment_lines(path: Path) -> set[int]:
    reader = io.StringIO(path.read_text(encoding="utf-8")).readline
    tokens = tokenize.generate_tokens(reader)
    return {token.start[0] for token in tokens if token.type == tokenize.COMMENT}


def _bare_numbers(path: Path) -> Iterator[str]:
    body = tree_of(path).body
    for node, after in zip(body, [*body[1:], None], strict=True):
        if not isinstance(node, ast.Assign | ast.AnnAssign) or not _is_number(node.value):
            continue
        documented = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
        beside = set(range(node.lineno - 1, (node.end_lineno or 0) + 1)) & _comment_lines(path)
        if not documented and not beside:
            yield f"{name_of(path)}:{node.lineno}"


def test_every_number_has_its_unit_and_reason() -> None:
    wrong = [place for path in FILES for place in _bare_numbers(path)]
    assert not wrong, "a comment or docstring says the unit, and the reason or the source"
