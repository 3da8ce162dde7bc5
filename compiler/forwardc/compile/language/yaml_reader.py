"""Reads the bytes of one YAML file into nodes with exact positions, in bounded time and memory.

Reports every mistake that YAML lets it see, and knows nothing of what the file is about.
"""

import re
from collections.abc import Iterator

import yaml

from forwardc.compile.language import yaml_holes, yaml_spaces
from forwardc.compile.language.nodes import Node
from forwardc.compile.language.source import InputFile
from forwardc.compile.language.yaml_builder import Builder
from forwardc.compile.language.yaml_holes import BrokenInterpolation
from forwardc.core.diagnostics.diagnostic import Diagnostic, Related
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.diagnostics.span import Position, Span
from forwardc.core.diagnostics.text_file import BOM, NotText, decoded

MAX_BYTES = 1024 * 1024

# Stands for one character of an expression that is hidden from the YAML parser.
MASK = "\ue000"

# Reading again after a repair costs as much as the first time: in sum at most this many characters.
_REPAIR_BUDGET = 4 * MAX_BYTES

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# Characters outside YAML's printable set, and those that make editors and parsers disagree about
# lines or hide text from a reviewer (https://trojansource.codes). U+E000 is MASK.
_FORBIDDEN = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue001-\ufffd\U00010000-\U0010ffff]"
    "|\r(?!\n)|[\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
)
_TAB = re.compile(r"\t")
_TAB_INDENT = re.compile(r"^ *\t", re.MULTILINE)

_HINTS = {
    "mapping values are not allowed": "put quotes around a value that holds a colon and a space",
    "could not find expected ':'": "write key: value, with a space behind the colon",
    "cannot start any token": "put quotes around a value that starts with @, ` or %",
    "unknown escape character": "use single quotes, or double the backslash",
    "did not find expected key": "check the indentation and the quotes of this line",
    "block sequence entries are not allowed": "start the list on a new line",
    "unexpected end of stream": "close the quote or the bracket",
    "did not find expected ',' or": "separate with commas, and close the bracket",
}


def read(path: str, data: bytes, sink: Sink) -> Node | None:
    """The tree of one file, or None where there is none.

    `path` is the name to print. A tree may come back although the sink has errors: scalars that
    were reported carry `faulty`. Reports FC0102 to FC0117.
    """
    text = _decode(path, data, sink)
    if text is None:
        return None
    source = InputFile(path, text)
    if odd := yaml_spaces.misplaced(source, _LOADER):
        sink.add(odd)
        return None
    root, findings = _build(source)
    for finding in findings:
        sink.add(finding)
    if root is None and not findings:
        sink.error("FC0114", "the file is empty", source.span(0, 0))
    return root


def _decode(path: str, data: bytes, sink: Sink) -> str | None:
    start = Position(1, 1)
    if len(data) > MAX_BYTES:
        message = f"the file is larger than {MAX_BYTES:,} bytes"
        sink.error("FC0103", message, Span(path, start, start))
        return None
    try:
        text = decoded(data)
    except NotText as problem:
        before = InputFile(path, data[: problem.start].decode("utf-8").removeprefix(BOM))
        span = before.span(len(before.text), len(before.text))
        sink.error("FC0102", f"the file is {problem.reason}", span, hint="save the file as UTF-8")
        return None
    if forbidden := _FORBIDDEN.search(text):
        span = InputFile(path, text).span(*forbidden.span())
        message = f"the character U+{ord(forbidden[0]):04X} may not stand here"
        hint = "remove it, or write it as an escape inside double quotes"
        sink.error("FC0104", message, span, hint=hint)
        return None
    return text


def _build(source: InputFile) -> tuple[Node | None, list[Diagnostic]]:
    """Parse; where YAML breaks an expression apart, hide the expression and parse again."""
    text, budget = source.text, _REPAIR_BUDGET
    holes: dict[int, BrokenInterpolation] = {}
    while True:
        builder = Builder(source, holes.values())
        error = _feed(builder, text)
        budget -= len(text)
        hole = yaml_holes.broken_at(source, _offset(error)) if error else None
        if hole is None or hole.start in holes:
            break
        holes[hole.start] = hole
        if budget < 0:
            builder.hide(hole)
            break
        text = text[: hole.start] + MASK * (hole.end - hole.start) + text[hole.end :]
    builder.finish()
    findings = builder.report.findings
    if error is None:
        return None if builder.report.stopped else builder.root, findings
    if not any(_same_line(source, error, hole) for hole in holes.values()):
        findings.append(_explain(source, error))
    return None, findings


def _same_line(source: InputFile, error: yaml.MarkedYAMLError, hole: BrokenInterpolation) -> bool:
    start, end = source.line_around(hole.start)
    return start <= _offset(error) <= end


def _feed(builder: Builder, text: str) -> yaml.MarkedYAMLError | None:
    events: Iterator[yaml.Event] = yaml.parse(text, Loader=_LOADER)
    try:
        for event in events:
            if not builder.take(event):
                break
    except yaml.MarkedYAMLError as error:
        return error
    return None


def _offset(error: yaml.MarkedYAMLError) -> int:
    """Where the mistake begins: the token that was being scanned, else the one that surprised."""
    scanning = (error.context or "").startswith("while scanning a")
    mark = error.context_mark if scanning and error.context_mark else error.problem_mark
    return mark.index if mark else 0


def _explain(source: InputFile, error: yaml.MarkedYAMLError) -> Diagnostic:
    offset = min(_offset(error), len(source.text))
    line_end = source.line_around(offset)[1]
    if tab := _tab(source, error):
        span = source.span(tab.end() - 1, tab.end())
        return Diagnostic("FC0108", "a tab in the indentation", span, hint="indent with spaces")
    problem = str(error.problem or "the parser gave up")
    hint = next((hint for part, hint in _HINTS.items() if part in problem), None)
    end = min(offset + 1, max(line_end, offset))
    return Diagnostic(
        "FC0104",
        f"not YAML: {problem}",
        source.span(offset, end),
        hint=hint,
        related=_context(source, error),
    )


def _tab(source: InputFile, error: yaml.MarkedYAMLError) -> re.Match[str] | None:
    """The first indenting tab on the lines that the parser complains of."""
    marks = [mark.index for mark in (error.context_mark, error.problem_mark) if mark]
    start = source.line_around(_offset(error))[0]
    end = source.line_around(max(marks, default=0))[1]
    if "tab" in str(error.problem):
        end = min(len(source.text), source.line_around(min(end + 1, len(source.text)))[1])
    return _TAB.match(source.text, _offset(error)) or _TAB_INDENT.search(source.text, start, end)


def _context(source: InputFile, error: yaml.MarkedYAMLError) -> tuple[Related, ...]:
    context, mark = str(error.context or ""), error.context_mark
    if mark is None or not context.startswith("while parsing a"):
        return ()
    return (Related(source.span(mark.index, mark.index + 1), context),)
