"""The syntax of the package's files, parsed once for all rules that ask it.

The rules run in one worker (`xdist_group("syntax")`), so that they share the trees.
"""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "compiler" / "forwardc"


@cache
def files() -> tuple[Path, ...]:
    """Every module of the package, in the order of its path."""
    return tuple(sorted(PACKAGE.rglob("*.py")))


@cache
def tree_of(path: Path) -> ast.Module:
    """The syntax of a file. Nobody changes it."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    """Every node of a file, as `ast.walk` gives them."""
    return tuple(ast.walk(tree_of(path)))
