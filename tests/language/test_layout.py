"""The layout of `fmt`: nothing that a file says changes, and what is laid out stays as it is."""

import os
import re
from functools import cache
from pathlib import Path
from random import Random

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from compiled import ACCOUNTS, plan_of, program_of
from forwardc.compile.language import yaml_reader
from forwardc.compile.language.layout.formatting import FormattedFile, formatted
from forwardc.compile.language.layout.tokens import comments
from forwardc.compile.language.load import load_files
from forwardc.compile.language.nodes import Node, YamlScalar, exact, walk
from forwardc.compile.pipeline import compile_loaded
from forwardc.core.diagnostics.sink import Sink
from one_rule import one_rule
from yaml_styles import YamlWriter

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT / "tests" / "cases" / "layout"
EMITTED = sorted((ROOT / "tests" / "cases" / "emit").glob("*/destination.yaml"))
FOUND_IN_COMMENTS = [
    ROOT / "tests" / "cases" / "bad" / name / "destination.yaml"
    for name in ("allow-comments", "card-number-in-comment", "secret-in-comment")
]
SHIPPED = [*sorted((ROOT / "destinations").glob("*.yaml")), ROOT / "forwardc.yaml"]
WRITTEN = sorted(
    path
    for folder in ("tests", "docs", "destinations", "benchmarks")
    for path in (ROOT / folder).rglob("*.yaml")
    if "node_modules" not in path.parts
)


def laid_out(data: bytes) -> FormattedFile | None:
    return formatted("file.yaml", data, Sink())


def tree(data: bytes) -> Node:
    root = yaml_reader.read("file.yaml", data, Sink())
    assert root is not None
    return root


def said(data: bytes) -> object:
    """Every value with its type, in order, and the style of every scalar."""
    root = tree(data)
    styles = [node.style for node in walk(root) if isinstance(node, YamlScalar)]
    return repr(exact(root)), styles


def told(data: bytes) -> list[tuple[str, int, bool]]:
    """Every comment without its spaces, behind which token it stands, and whether on its line."""
    text = data.decode("utf-8-sig").replace("\r\n", "\n")
    return [(one.text.lstrip("#").strip(), one.behind, one.same_line) for one in comments(text)]


def check(data: bytes) -> None:
    file = laid_out(data)
    assert file is not None
    assert said(file.after) == said(data)
    assert told(file.after) == told(data)
    again = laid_out(file.after)
    assert again is not None
    assert again.after == file.after
    text = file.after.decode()
    assert not text.startswith(("\n", "\ufeff"))
    assert "\r" not in text


@given(st.integers(0, 2**32))
def test_nothing_that_is_said_changes(seed: int) -> None:
    random = Random(seed)  # noqa: S311 - a text that shrinks and comes again
    data = YamlWriter(random).document().encode()
    assume(laid_out(data) is not None)
    check(data)


@cache
def of_file(path: Path) -> FormattedFile | None:
    return laid_out(path.read_bytes())


@pytest.mark.costly
@one_rule("path", WRITTEN)
def test_what_is_laid_out_stays(path: Path) -> None:
    """Whether it says the same, `formatted` looks at itself."""
    file = of_file(path)
    again = laid_out(file.after) if file else None
    assert (again and again.after) == (file and file.after)


@pytest.mark.costly
def test_most_files_are_tried() -> None:
    assert sum(of_file(path) is not None for path in WRITTEN) > 300


@one_rule("path", SHIPPED)
def test_what_is_shipped_is_laid_out(path: Path) -> None:
    file = laid_out(path.read_bytes())
    assert file is not None
    assert not file.differs


def wider(data: bytes, factor: int) -> bytes:
    """The same file in wider columns, with more space; values of several lines are not in it."""
    lines = data.decode().split("\n")
    spread = (
        " " * (factor * (len(line) - len(line.lstrip(" ")))) + line.lstrip() for line in lines
    )
    spaced = re.sub(r"^( *(?:- )?\w+:) ", r"\1   ", "\n".join(spread), flags=re.MULTILINE)
    return spaced.replace("\n\n", "  \r\n\n\n").encode()


@one_rule("path", SHIPPED)
def test_columns_do_not_count(path: Path) -> None:
    data = path.read_bytes()
    for factor in (1, 2, 3, 4):
        file = laid_out(wider(data, factor))
        assert file is not None
        assert file.differs
        assert file.after == data


@one_rule("folder", sorted(path for path in CASES.iterdir() if path.is_dir()))
def test_a_case_is_laid_out_so(folder: Path) -> None:
    file, after = laid_out((folder / "before.yaml").read_bytes()), folder / "after.yaml"
    assert file is not None
    if os.environ.get("UPDATE_CASES"):
        after.write_bytes(file.after)
    assert file.after == after.read_bytes()
    check(file.before)


@pytest.mark.costly
@one_rule("path", EMITTED)
def test_plans_stay(path: Path) -> None:
    data, settings = path.read_bytes(), {}
    if (path.parent / "runs.yaml").exists():
        settings = yaml.safe_load((path.parent / "runs.yaml").read_text()).get("settings", {})
    loose = wider(data, 2)
    file = laid_out(loose)
    if file is None or said(loose) != said(data):
        return  # It has values of several lines, which other columns change.
    plans = [
        [plan_of(program_of(written, settings=settings), vault) for vault in ACCOUNTS]
        for written in (loose, file.after)
    ]
    assert plans[0] == plans[1]


@one_rule("path", FOUND_IN_COMMENTS)
def test_what_is_found_stays(path: Path) -> None:
    """Also where a comment decides, and for a line that has moved."""
    loose = wider(path.read_bytes(), 2).replace(b"# ", b"#")
    file = laid_out(loose)
    assert file is not None
    assert _found(loose) == _found(file.after)
    assert _found(loose)


def _found(data: bytes) -> list[tuple[str, str, str]]:
    sink = Sink()
    compile_loaded(load_files(ROOT, ["<text>"], sink, {"<text>": data}), sink)
    return sorted((one.code, one.message, one.pointer) for one in sink.sorted())
