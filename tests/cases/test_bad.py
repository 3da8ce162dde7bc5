"""One folder for each mistake: the marked lines, and no others, have the marked codes.

`pytest --snapshot-update` writes `expected.txt`, which is what `forwardc check` prints.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from forwardc.compile.language.load import load_files
from forwardc.compile.pipeline import compile_loaded, compile_project
from forwardc.core.diagnostics.codes import CODES
from forwardc.core.diagnostics.diagnostic import Diagnostic
from forwardc.core.diagnostics.excerpt_lines import ExcerptLines
from forwardc.core.diagnostics.render.render import DiagnosticFormat, render
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.recognizer.cards import find_cards
from forwardc.core.recognizer.scan import find_secrets

BAD = Path(__file__).parent / "bad"
EXPECTED = "expected.txt"
DESTINATION = "destination.yaml"
PROJECT = "forwardc.yaml"

_MARK = re.compile(r"# error(?P<below> below)?: (?P<codes>FC\d{4}(?:, FC\d{4})*)$")

Places = dict[tuple[str, int], Counter[str]]
"""Codes by path and line."""


@dataclass(frozen=True, slots=True)
class Case:
    """One folder. A single destination, or a project with `forwardc.yaml`."""

    folder: Path

    @property
    def is_project(self) -> bool:
        """Whether the case needs more than one file."""
        return (self.folder / PROJECT).is_file()

    @property
    def sources(self) -> list[Path]:
        """The YAML files of the case."""
        if not self.is_project:
            return [self.folder / DESTINATION]
        return [self.folder / PROJECT, *sorted((self.folder / "destinations").glob("*.yaml"))]

    @property
    def expected(self) -> Path:
        """What is printed for the case."""
        return self.folder / EXPECTED

    def marks(self) -> Places:
        """The codes that `# error: FC0302, FC0303` and `# error below: ...` expect."""
        found: Places = {}
        for path in self.sources:
            name = path.relative_to(self.folder).as_posix()
            for number, mark in _marks(path):
                line = number + 1 if mark["below"] else number
                found[name, line] = Counter(mark["codes"].split(", "))
        return found


def _marks(path: Path) -> Iterator[tuple[int, re.Match[str]]]:
    lines = path.read_text(encoding="utf-8").split("\n")
    for number, line in enumerate(lines, 1):
        if mark := _MARK.search(line):
            yield number, mark


def cases(folder: Path) -> list[Case]:
    """Every case below a folder, by name."""
    return [Case(path) for path in sorted(folder.iterdir()) if path.is_dir()]


def orphans(folder: Path) -> list[str]:
    """Files that no case reads, and cases that lack one."""
    read = {path for case in cases(folder) for path in (*case.sources, case.expected)}
    there = {path for path in folder.rglob("*") if path.is_file()}
    return sorted(path.relative_to(folder).as_posix() for path in read ^ there)


CASES = cases(BAD)

# What no committed file can show, with the test that does.
ELSEWHERE = {
    "FC0101": "test_bounds.py",
    "FC0102": "test_bounds.py",
    "FC0103": "test_bounds.py",
    "FC0118": "test_attacks.py",
    "FC0124": "test_fmt.py",
}


def check(case: Case) -> list[Diagnostic]:
    sink = Sink()
    if case.is_project:
        compile_project(case.folder, sink)
    else:
        compile_loaded(load_files(case.folder, [DESTINATION], sink), sink)
    return sink.sorted()


def places(found: list[Diagnostic]) -> Places:
    by_line: Places = {}
    for one in found:
        assert one.span is not None, one
        key = one.span.path, one.span.start.line
        by_line.setdefault(key, Counter())[one.code] += 1
    return by_line


@pytest.mark.parametrize("case", CASES, ids=[case.folder.name for case in CASES])
def test_every_marked_line_and_no_other(case: Case, request: pytest.FixtureRequest) -> None:
    found = check(case)
    marks = case.marks()
    assert marks, "a case marks at least one line"
    assert places(found) == marks
    shown = render(found, DiagnosticFormat.TEXT, ExcerptLines(case.folder))
    assert not find_secrets(shown)
    assert not find_cards(shown)
    if request.config.option.update_snapshots:
        case.expected.write_text(shown, encoding="utf-8")
    assert shown == case.expected.read_text(encoding="utf-8")


def test_no_file_is_orphaned() -> None:
    assert orphans(BAD) == []


def test_every_code_of_a_file_has_a_case() -> None:
    of_files = {code for code in CODES if code[2:4] in ("01", "02", "03", "04", "05")}
    marked = {code for case in CASES for codes in case.marks().values() for code in codes}
    assert of_files - marked == set(ELSEWHERE)
