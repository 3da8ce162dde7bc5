"""All mutants of a file, and the sample of them that is tried."""

import ast
from collections import Counter
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from hashlib import sha256

from mutants.operators import instead

# Fields that hold what no test should pin, or what is not run.
_LEFT_ALONE = frozenset({"annotation", "returns", "decorator_list", "type_params", "ctx"})


@dataclass(frozen=True, slots=True)
class Mutant:
    """One mistake. `file` is below the package, `old` and `new` show the code around it."""

    file: str
    scope: str
    old: str
    new: str
    turn: int
    line: int

    @property
    def key(self) -> tuple[str, str, str, str, int]:
        """What names it for as long as the code around it stays; lines may move."""
        return self.file, self.scope, self.old, self.new, self.turn


def sample(found: list[Mutant], seed: int, most: int) -> list[Mutant]:
    """As many of the mutants as wanted. A change of one function moves no other's in or out."""

    def lot(mutant: Mutant) -> str:
        return sha256(repr((seed, mutant.key)).encode()).hexdigest()

    return sorted(sorted(found, key=lot)[:most], key=lambda mutant: (mutant.line, lot(mutant)))


def mutants(file: str, source: str) -> list[Mutant]:
    """Every mutant of a source text, in the order of its lines."""
    found = [mutant for mutant, _ in _made(file, ast.parse(source))]
    return sorted(found, key=lambda mutant: mutant.line)


def written(mutant: Mutant, source: str) -> str:
    """The source text with the mistake in it. Raises `StopIteration` where it has no place."""
    tree = ast.parse(source)
    # Written while the mistake is in the tree: it goes out of it with the next one.
    return next(ast.unparse(tree) for one, _ in _made(mutant.file, tree) if one.key == mutant.key)


def _made(file: str, tree: ast.Module) -> Iterator[tuple[Mutant, ast.AST]]:
    """Each mutant and its node, which is in the tree until the next one is asked for."""
    turns: Counter[tuple[str, str, str]] = Counter()
    for place in _places(tree, "", tree):
        for node in instead(place.node):
            old = _shown(place.around)
            place.put(node)
            new = _shown(place.around_now())
            if old != new:
                named = (place.scope, old, new)
                yield Mutant(file, *named, turns[named], place.node.lineno), node
                turns[named] += 1
            place.put(place.node)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a node stands: in a field of its parent, perhaps at an index."""

    node: ast.expr | ast.stmt
    parent: ast.AST
    field: str
    index: int | None
    scope: str
    around: ast.AST

    def put(self, node: ast.AST) -> None:
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node

    def around_now(self) -> ast.AST:
        if self.around is not self.node:
            return self.around
        now = getattr(self.parent, self.field)
        found: ast.AST = now if self.index is None else now[self.index]
        return found


def _places(node: ast.AST, scope: str, around: ast.AST) -> Iterator[_Place]:
    for field, value in ast.iter_fields(node):
        if field in _LEFT_ALONE or (isinstance(node, ast.Raise) and field != "cause"):
            continue
        listed = isinstance(value, list)
        for index, child in enumerate(value if listed else [value]):
            if not isinstance(child, ast.AST) or _is_left_alone(child):
                continue
            inside = _inner(child, scope)
            unit = child if isinstance(child, ast.stmt | ast.match_case) else around
            if isinstance(child, ast.expr | ast.stmt):
                yield _Place(child, node, field, index if listed else None, scope, unit)
            yield from _places(child, inside, unit)


def _is_left_alone(node: ast.AST) -> bool:
    match node:
        case ast.Expr(value=ast.Constant()) | ast.JoinedStr() | ast.Import() | ast.ImportFrom():
            return True
        case ast.AnnAssign(annotation=ast.Name(id="TypeAlias")):
            return True
        case ast.Assign(targets=[ast.Name(id="__all__" | "T")]):
            return True
        case ast.Expr(value=ast.Call(func=ast.Name(id="assert_never"))):
            return True
        case ast.Call(func=ast.Attribute(value=ast.Name(id="_log"))):
            return True
        case _:
            return False


def _inner(node: ast.AST, scope: str) -> str:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return f"{scope}.{node.name}".removeprefix(".")
    return scope


def _shown(node: ast.AST) -> str:
    """A statement in one line: of one with a body its head."""
    if getattr(node, "body", None) is None:
        return ast.unparse(node)
    head = copy(node)
    head.body, head.decorator_list = [ast.Pass()], []  # type: ignore[attr-defined]
    return ast.unparse(head).partition("\n")[0]
