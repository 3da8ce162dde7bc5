"""Reads the bytes of one YAML file into nodes with exact positions, in bounded time and memory.

The bytes become text, whose odd spaces are looked for first; then the parser's events go to the
builder. Where YAML breaks an expression apart, the expression is hidden and the text parsed again.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Any

import yaml

from forwardc.compile.language import yaml_scalars
from forwardc.compile.language.input_file import InputFile
from forwardc.compile.language.nodes import Node
from forwardc.compile.language.yaml_builder import Builder
from forwardc.compile.language.yaml_scalars import BrokenInterpolation, resolve
from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.diagnostic import Diagnostic, Related
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.diagnostics.span import Position, Span
from forwardc.core.diagnostics.text_file import (
    BOM,
    ODD_SPACE,
    NotTextError,
    character_name,
    decoded,
)

MAX_BYTES = 1024 * 1024
"""Bytes of a file: a hundred times the largest shipped destination; one MiB takes some seconds."""

# Stands for one character of an expression that is hidden from the YAML parser.
MASK = "\ue000"

# Reading again after a repair costs as much as the first time: in sum at most this many characters.
_REPAIR_BUDGET = 4 * MAX_BYTES

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# Characters outside YAML's printable set, and those that make editors and parsers disagree about
# lines or hide text from a reviewer (https://trojansource.codes). U+E000 is MASK.
_FORBIDDEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\ue000\ufffe\uffff]"
    r"|\r(?!\n)|[\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
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
    if odd := misplaced_space(source, _LOADER):
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
    except NotTextError as problem:
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
        hole = yaml_scalars.broken_at(source, _offset(error)) if error else None
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
    # What `yaml.parse` does, without its generator between each two events.
    loader = _LOADER(text)
    try:
        while not isinstance(event := loader.get_event(), yaml.StreamEndEvent):
            if not builder.take(event):
                break
    except yaml.MarkedYAMLError as error:
        return error
    finally:
        loader.dispose()
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


# Spaces that YAML takes for letters: inside quotes, blocks and comments they are data

_STRUCTURE = frozenset(":-?,[{")


@dataclass(frozen=True, slots=True)
class _Piece:
    """A token by its offsets; `style` is "" for a plain scalar, "-" for what is no scalar."""

    start: int
    end: int
    style: str = "-"
    is_key: bool = False


def misplaced_space(source: InputFile, loader: Any) -> Diagnostic | None:
    """FC0117 at the first space that YAML does not take for one, or None. `loader` is PyYAML's.

    Where it changes neither the structure nor what a value is, such a space is data.
    """
    text = source.text
    if not ODD_SPACE.search(text):
        return None
    pieces, scanned = _pieces(ODD_SPACE.sub(" ", text), loader)
    written = _pieces(text, loader)
    is_readable = scanned == written[1] == len(text) and _is_parsed(text, loader)
    if is_readable and _alike(text, pieces, written[0]):
        pieces = [piece for piece in written[0] if not _keeps_its_meaning(text, piece)]
        places = [run.span() for run in _runs(text) if _in_any(run.start(), pieces)]
        return _diagnostic(source, places)
    starts = [piece.start for piece in pieces]
    runs = (
        run for run in _runs(text) if _is_misplaced(source, run.start(), pieces, starts, scanned)
    )
    return _diagnostic(source, [run.span() for run in runs])


def _diagnostic(source: InputFile, places: Sequence[tuple[int, int]]) -> Diagnostic | None:
    if not places:
        return None
    start, end = places[0]
    more = f", and at {len(places) - 1} more places" if len(places) > 1 else ""
    return Diagnostic(
        "FC0117",
        f"{character_name(source.text[start])} where YAML needs a plain space{more}",
        source.span(start, end),
        hint="write a plain space; inside quotes it stays what it is",
    )


def _is_parsed(text: str, loader: Any) -> bool:
    try:
        for _ in yaml.parse(text, Loader=loader):
            pass
    except yaml.MarkedYAMLError:
        return False
    return True


def _alike(text: str, meant: Sequence[_Piece], written: Sequence[_Piece]) -> bool:
    """Whether the tokens are the same with plain spaces, but for the edges of plain values."""
    empty = [piece for piece in written if piece.style == "" and not _stripped(text, piece)]
    rest = [piece for piece in written if piece not in empty]
    return len(rest) == len(meant) and all(
        (intended.style, intended.is_key) == (other.style, other.is_key)
        and (intended.style != "" or _stripped(text, intended) == _stripped(text, other))
        for intended, other in zip(meant, rest, strict=True)
    )


def _stripped(text: str, piece: _Piece) -> str:
    return ODD_SPACE.sub(" ", text[piece.start : piece.end]).strip(" ")


def _keeps_its_meaning(text: str, piece: _Piece) -> bool:
    """Whether a token is a plain text with and without odd spaces around it, and no key."""
    if piece.style not in ("", "-"):
        return True
    inner = _stripped(text, piece)
    edge = len(inner) < piece.end - piece.start
    is_text = not inner or (isinstance(resolve(inner), str) and "${" not in inner)
    return piece.style == "" and not piece.is_key and (not edge or is_text)


def _in_any(at: int, pieces: Sequence[_Piece]) -> bool:
    return any(piece.start <= at < piece.end for piece in pieces)


def _runs(text: str) -> Iterator["re.Match[str]"]:
    return re.finditer(f"(?:{ODD_SPACE.pattern})+", text)


def _pieces(text: str, loader: Any) -> tuple[list[_Piece], int]:
    """The tokens of what the author meant, and up to where they are known."""
    pieces: list[_Piece] = []
    is_key = False
    try:
        for token in yaml.scan(text, Loader=loader):
            start, end = token.start_mark.index, token.end_mark.index
            if isinstance(token, yaml.ScalarToken):
                style = "" if token.plain else str(token.style or "")
                pieces.append(_Piece(start, end, style, is_key))
            elif end > start:
                pieces.append(_Piece(start, end))
            is_key = isinstance(token, yaml.KeyToken)
    except yaml.MarkedYAMLError as error:
        if "quoted scalar" in str(error.context) and error.context_mark:
            # All that follows may belong to the text whose quote is not closed.
            return [*pieces, _Piece(error.context_mark.index, len(text), '"')], len(text)
        return pieces, error.problem_mark.index if error.problem_mark else 0
    return pieces, len(text)


def _is_misplaced(
    source: InputFile, at: int, pieces: Sequence[_Piece], starts: Sequence[int], scanned: int
) -> bool:
    line, line_end = source.line_around(at)
    place = bisect_right(starts, at) - 1
    piece = pieces[place] if place >= 0 else None
    if piece and at < piece.end:
        return _is_misplaced_in(piece, source, at, line)
    if at > scanned:
        before = source.text[line:at]
        return "#" not in before and (_is_edge(source, at, line, line_end) or _opens(before))
    gap = source.text[max(line, piece.end if piece else 0) : at]
    return "#" not in gap


def _is_misplaced_in(piece: _Piece, source: InputFile, at: int, line: int) -> bool:
    match piece.style:
        case "":
            return piece.is_key or _is_edge(source, at, line, source.line_around(at)[1])
        case "|" | ">":
            return _is_blank(source.text[line:at]) and at - line < _block_indent(piece, source)
        case "-":
            return True
        case _:
            return False


def _block_indent(piece: _Piece, source: InputFile) -> int:
    """The columns before the first line of a block that holds more than plain spaces."""
    for line in source.text[piece.start : piece.end].split("\n")[1:]:
        if line.strip(" \r"):
            return len(line) - len(line.lstrip(" ")) or 1
    return 0


def _is_edge(source: InputFile, at: int, line: int, line_end: int) -> bool:
    """Whether only spaces stand before a place on its line, or only spaces behind it."""
    return _is_blank(source.text[line:at]) or _is_blank(source.text[at:line_end])


def _is_blank(text: str) -> bool:
    return not ODD_SPACE.sub("", text).strip()


def _opens(before: str) -> bool:
    """Whether a line's text ends with a sign that a plain space must follow."""
    return before.rstrip()[-1:] in _STRUCTURE
