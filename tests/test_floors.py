"""The rooms of the house: who may import whom, and how large a file or function may grow.

Imports are read from the source, so that a late import counts as much as one at the top.
"""

import ast
import re
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from itertools import chain
from pathlib import Path

import pytest

from syntax import PACKAGE, files, nodes_of, tree_of

pytestmark = pytest.mark.xdist_group("syntax")
PYPROJECT = tomllib.loads((PACKAGE.parent.parent / "pyproject.toml").read_text(encoding="utf-8"))
# The import names of the dependencies in pyproject.toml.
DECLARED = {
    {"pyyaml": "yaml"}.get(name, name.replace("-", "_"))
    for text in (
        *PYPROJECT["project"]["dependencies"],
        *chain.from_iterable(PYPROJECT["project"]["optional-dependencies"].values()),
    )
    for name in re.findall(r"^[a-z0-9-]+", text)
}
# Where boto3 keeps its errors and limits, as its own documents have it.
DECLARED |= {"botocore"} if "boto3" in DECLARED else set()
DECLARED |= {"opentelemetry"} if "opentelemetry_sdk" in DECLARED else set()
# Lines: one thought is about 130, and what is longer than the second says why it stays whole.
LONGEST_FILE, LONG_FILE = 500, 400
REASON = "One file, since"
LONGEST_FUNCTION = 60


@dataclass(frozen=True)
class Room:
    """Which rooms a room may import beside itself and the ground, and why no others."""

    may: frozenset[str]
    because: str


def room(*may: str, because: str) -> Room:
    return Room(frozenset(may), because)


# Modules that every room but the sandbox may import. They import nothing of ours.
GROUND = {"version"}
COMPILER = tuple(
    f"compile.{part}"
    for part in (
        "language",
        "ir",
        "passes",
        "vaults",
        "review",
        "stages",
        "compiled",
        "store",
        "pipeline",
    )
)
ABOVE_STAGES = ("compile.compiled", "compile.store", "compile.pipeline")

ROOMS = {
    "core": room(because="every wing shares it: what it imported, all of them would carry"),
    "plan": room(
        "core", because="it is the bridge of compiler and runtime, which carry what it imports"
    ),
    "compile.language": room(
        "core", "plan", "compile.ir", because="what a destination says depends on no vault"
    ),
    "compile.ir": room(
        "core", "plan", because="every vault compiles from it, whatever language it was read from"
    ),
    "compile.passes": room(
        "core",
        "plan",
        "compile.ir",
        "compile.language",
        because="a vault's tables reach a pass as values",
    ),
    "compile.vaults": room(
        "core",
        "plan",
        "compile.ir",
        because="a vault lowers programs and never sees the YAML of one",
    ),
    "compile.review": room(
        "core",
        "plan",
        "compile.ir",
        "compile.language",
        "compile.vaults",
        because="it describes what was compiled",
    ),
    "compile.stages": room(
        "core",
        "plan",
        *(part for part in COMPILER if part not in ("compile.stages", *ABOVE_STAGES)),
        because="it is the order of the stages, and knows one destination only",
    ),
    "compile.compiled": room(
        "core",
        "plan",
        *(part for part in COMPILER if part not in ABOVE_STAGES),
        because="it is what the stages made, whatever is done with it",
    ),
    "compile.store": room(
        "core",
        "plan",
        *(part for part in COMPILER if part not in ("compile.store", "compile.pipeline")),
        because="it keeps what stays of a destination, and knows no order of them",
    ),
    "compile.pipeline": room(
        "core",
        "plan",
        *COMPILER,
        because="it compares destinations, and the runtime must work without it",
    ),
    "runtime": room(
        "core", "plan", because="it knows plans only: production has no compiler and no YAML"
    ),
    "server": room(
        "core",
        "plan",
        "runtime",
        "dashboard",
        because="it serves what was run, where production has no compiler and no YAML",
    ),
    "dashboard": room(
        "core", "plan", "runtime", because="it shows what was run, and serves without a partner API"
    ),
    "integrations": room(
        "core",
        "plan",
        "runtime",
        "dashboard",
        because="what one destination needs beyond YAML hooks into runs, and adds its pages",
    ),
    "sandbox": room(because="it judges compiler and runtime, so it shares no code with them"),
    "cli": room(
        "core",
        "plan",
        *COMPILER,
        "runtime",
        "server",
        "dashboard",
        "integrations",
        "sandbox",
        because="it is the door to every room",
    ),
    "__main__": room("cli", because="it starts the command line"),
    "version": room(because="the ground knows no room"),
    "compile": room(because="the folder of the compiler's rooms holds nothing itself"),
    "": room(because="the top of the package gives the version only"),
}
# The modules of a room that may import other rooms, as a registry of what it carries.
REGISTRIES = {
    "forwardc.server.wiring.mounts": {"dashboard", "integrations"},
    # The hooks of its journal.
    "forwardc.server.wiring.components": {"integrations"},
}

NETWORK = {"httpx", "httpcore", "uvicorn", "starlette", "anyio", "socket", "ssl", "http", "urllib3"}
# jsonschema_rs is none: a run checks params by their schemas and patterns with it.
TOOLS_OF_THE_COMPILER = {"yaml", "jsonschema", "jinja2"}

# Packages of others that a room, or a part of one, must not import, and why.
NOT_HERE = {
    "core.diagnostics": (
        NETWORK | TOOLS_OF_THE_COMPILER | {"jsonschema_rs", "pydantic", "jwcrypto"},
        "it is loaded by every command",
    ),
    "core": (NETWORK | TOOLS_OF_THE_COMPILER | {"pydantic"}, "every wing carries it"),
    "plan": (
        NETWORK | TOOLS_OF_THE_COMPILER | {"pydantic"},
        "the runtime carries it, and every command that looks at a plan starts with it",
    ),
    "compile.passes": (NETWORK | {"yaml"}, "the compiler needs no network; language reads YAML"),
    "compile": (NETWORK, "the compiler needs no network"),
    "runtime": (TOOLS_OF_THE_COMPILER, "production has no compiler"),
    "server": (TOOLS_OF_THE_COMPILER, "production has no compiler"),
    "dashboard": (TOOLS_OF_THE_COMPILER - {"jinja2"}, "production has no compiler"),
    "integrations": (TOOLS_OF_THE_COMPILER, "production has no compiler"),
    "sandbox": ({"jinja2", "click"}, "it serves, and the command line starts it"),
}


@dataclass(frozen=True)
class Import:
    """One imported name: the module, its line, and whether it is imported with the file."""

    module: str
    line: int
    at_top: bool


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


FILES = files()
NAMES = {name_of(path): path for path in FILES}


def each_file(check: Callable[[Path], None]) -> Callable[[], None]:
    """A test that asks a check of every file: one for each would be a third of all tests."""

    def test() -> None:
        wrong: dict[str, str] = {}
        for path in FILES:
            try:
                check(path)
            except AssertionError as problem:
                wrong[path.relative_to(PACKAGE).as_posix()] = str(problem)
        assert not wrong

    test.__name__, test.__doc__ = check.__name__, check.__doc__
    return test


def room_of(module: str) -> str:
    """The first part below the package; the compiler's rooms are one floor deeper."""
    parts = module.split(".")[1:]
    return ".".join(parts[: 2 if parts[:1] == ["compile"] else 1])


@cache
def imports_of(path: Path) -> tuple[Import, ...]:
    return tuple(_imports(tree_of(path), at_top=True))


def _imports(outer: ast.AST, *, at_top: bool) -> Iterator[Import]:
    for node in ast.iter_child_nodes(outer):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno, at_top)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield Import(inner if inner in NAMES else node.module, node.lineno, at_top)
        elif isinstance(node, ast.stmt):
            is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            yield from _imports(node, at_top=at_top and not is_function)
        elif isinstance(node, ast.ExceptHandler | ast.match_case):
            yield from _imports(node, at_top=at_top)


def ours(path: Path) -> list[Import]:
    return [found for found in imports_of(path) if found.module.split(".")[0] == "forwardc"]


@each_file
def test_a_room_imports_only_from_the_rooms_below(path: Path) -> None:
    here = room_of(name_of(path))
    assert here in ROOMS, f"{here} is a new room: give it a line in ROOMS, with its reason"
    ground = set() if here == "sandbox" else GROUND | REGISTRIES.get(name_of(path), set())
    wrong = [
        f"line {found.line}: {found.module}"
        for found in ours(path)
        if room_of(found.module) not in ROOMS[here].may | ground | {here}
    ]
    assert not wrong, f"{here} may import {sorted(ROOMS[here].may)}: {ROOMS[here].because}"


@each_file
def test_a_room_imports_no_package_that_it_must_do_without(path: Path) -> None:
    parts = name_of(path).split(".")[1:]
    inside = [".".join(parts[:depth]) for depth in (2, 1)]
    packages, reason = next((NOT_HERE[part] for part in inside if part in NOT_HERE), (set(), ""))
    wrong = [
        f"line {found.line}: {found.module}"
        for found in imports_of(path)
        if found.module.split(".")[0] in packages
    ]
    assert not wrong, reason


def test_jsonschema_is_imported_late_in_the_runtime() -> None:
    early = [
        f"{path.name}:{found.line}"
        for path in FILES
        if room_of(name_of(path)) == "runtime"
        for found in imports_of(path)
        if found.at_top and found.module.split(".")[0] == "jsonschema"
    ]
    assert not early, "only a param of type json needs it"


def test_what_runs_loads_nothing_of_a_program() -> None:
    """The compiler's own form of a destination is none of a run's: plans are what it knows."""
    graph = {name: {found.module for found in ours(path)} for name, path in NAMES.items()}
    reached = {name for name in NAMES if room_of(name) in {"runtime", "server", "dashboard"}}
    waiting = list(reached)
    while waiting:
        more = graph.get(waiting.pop(), set()) - reached
        reached |= more
        waiting += more
    assert "forwardc.core.outcome" in reached
    assert "forwardc.compile.ir.program" not in reached


@each_file
def test_vaults_do_not_import_each_other(path: Path) -> None:
    parts = path.relative_to(PACKAGE).parts
    if parts[:2] != ("compile", "vaults") or len(parts) < 4:
        return
    folders = (PACKAGE / "compile" / "vaults").iterdir()
    siblings = {folder.name for folder in folders if folder.is_dir()}
    wrong = [
        f"line {found.line}: {found.module}"
        for found in ours(path)
        if found.module.split(".")[1:3] == ["compile", "vaults"]
        and set(found.module.split(".")[3:4]) & (siblings - {parts[2]})
    ]
    assert not wrong, "what two vaults share stands beside them, in compile/vaults/"


@each_file
def test_the_server_mounts_other_rooms_in_one_place(path: Path) -> None:
    """Whoever reads the server's own code meets neither a page nor a destination."""
    module = name_of(path)
    if room_of(module) == "server" and module != "forwardc.server.wiring.mounts":
        assert not [found for found in ours(path) if room_of(found.module) == "dashboard"]


@each_file
def test_imports_are_absolute(path: Path) -> None:
    nodes = [node for node in nodes_of(path) if isinstance(node, ast.ImportFrom)]
    assert not [node.lineno for node in nodes if node.level]


def test_there_is_no_import_cycle() -> None:
    graph = {
        name: {found.module for found in ours(path) if found.at_top and found.module != name}
        for name, path in NAMES.items()
    }
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the modules


@each_file
def test_a_package_holds_a_docstring_and_nothing_else(path: Path) -> None:
    if path.name == "__init__.py" and path.parent != PACKAGE:
        assert len(tree_of(path).body) == 1, "a name has one address: import it from its module"


@each_file
def test_a_file_says_what_it_is_for_and_stays_short(path: Path) -> None:
    says = ast.get_docstring(tree_of(path)) or ""
    assert says, "the first line says the job of the file"
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST_FILE
    assert lines <= LONG_FILE or REASON in " ".join(says.split()), f"{lines} lines: `{REASON} ...`"


@each_file
def test_functions_stay_short(path: Path) -> None:
    long = [
        f"{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for node in nodes_of(path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno >= LONGEST_FUNCTION
    ]
    assert not long


@each_file
def test_only_the_command_line_writes_to_the_terminal(path: Path) -> None:
    calls = [node for node in nodes_of(path) if isinstance(node, ast.Call)]
    prints = [
        node.lineno
        for node in calls
        if isinstance(node.func, ast.Name) and node.func.id in {"print", "input", "breakpoint"}
    ]
    assert not prints, "a command writes, with cli/output.py"


@each_file
def test_every_import_is_ours_standard_or_a_declared_dependency(path: Path) -> None:
    known = DECLARED | {"forwardc"} | sys.stdlib_module_names
    wrong = [found.module for found in imports_of(path) if found.module.split(".")[0] not in known]
    assert not wrong, "a package is declared in pyproject.toml and in docs/decisions/ first"


@each_file
def test_no_group_is_possessive(path: Path) -> None:
    """Python before 3.11.5 matches them wrongly (python/cpython#106052), and 3.11 is supported."""
    # `()*+,;=` are the delimiters of RFC 3986, inside a character class.
    assert not re.findall(r"\)[*+?]\+(?!,;=)", path.read_text(encoding="utf-8"))
