"""What a hint says to write is right: written in the place of what was wrong, it has no mistake.

`bad/other-languages` is the table of lines and hints; each line is what somebody writes who comes
from another language, template or vendor.
"""

import re
from pathlib import Path
from typing import Final

import pytest

from forwardc.compile.language.load import load_files
from forwardc.compile.pipeline import compile_loaded
from forwardc.core.diagnostics.diagnostic import Diagnostic
from forwardc.core.diagnostics.sink import Sink

TABLE: Final = Path(__file__).parent / "bad" / "other-languages" / "destination.yaml"
TEXT: Final = TABLE.read_text(encoding="utf-8")
LINES: Final = TEXT.split("\n")
_HOLE: Final = re.compile(r"""\$\{.*?\}(?="|$)|\{\{.*\}\}""")
WITHOUT: Final = frozenset(
    "texts two_texts clock less replaced whole setting length loop condition negation signed"
    " signed_raw".split()
)
"""Lines that have no one replacement: their hints say how it is done instead."""


def check(folder: Path, text: str) -> list[Diagnostic]:
    (folder / "shop.yaml").write_text(text, encoding="utf-8")
    sink = Sink()
    compile_loaded(load_files(folder, ["shop.yaml"], sink), sink)
    return [one for one in sink.sorted() if one.span is not None]


def line_of(one: Diagnostic) -> int:
    assert one.span is not None
    return one.span.start.line


def mended(line: str, one: Diagnostic) -> str:
    """A line with what its hint says to write: all up to its first `;`, `to` or `, and`."""
    hint, code = one.hint or "", line.partition("  # error")[0]
    if near := re.fullmatch(r"did you mean (.+)\?", hint):
        return code.replace(re.findall("`(.+)`", one.message)[0], near[1])
    assert hint.startswith("write "), (line, hint)
    written = re.split(r"; |, and |, in the order| to leave ", hint.removeprefix("write "))[0]
    if written.startswith('"'):
        return f"{code[: code.index(':') + 1]} {written}"
    written = written if written.startswith("${") else f"${{{written}}}"
    return _HOLE.sub(lambda _: written, code)


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> list[Diagnostic]:
    return check(tmp_path_factory.mktemp("table"), TEXT)


def test_a_line_is_one_finding_with_a_hint(findings: list[Diagnostic]) -> None:
    lines = [line_of(one) for one in findings]
    assert len(lines) == len(set(lines))
    assert [one.message for one in findings if not one.hint] == []


def test_what_each_hint_says_to_write_is_right(findings: list[Diagnostic], tmp_path: Path) -> None:
    lines = list(LINES)
    for one in findings:
        number = line_of(one) - 1
        name = lines[number].strip().partition(":")[0]
        if name in WITHOUT:
            lines[number] = f"{lines[number].partition(':')[0]}: fine"
        else:
            lines[number] = mended(lines[number], one)
    # What stands for a missing value is said once, where the param is declared.
    text = "\n".join(lines).replace("nickname?", "nickname")
    text = text.replace("{type: string, optional: true}", "{type: string, default: 'nobody'}")
    assert [
        (one.code, one.message, lines[line_of(one) - 1])
        for one in check(tmp_path, text)
        if one.severity == "error"
    ] == []
