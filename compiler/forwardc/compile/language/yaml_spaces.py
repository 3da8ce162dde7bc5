"""Finds spaces that YAML takes for letters: no-break spaces and others, where only a space fits.

Inside quotes, block text and comments, and in a plain text that stays one, they are data.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from forwardc.compile.language.source import InputFile
from forwardc.compile.language.yaml_scalars import resolve
from forwardc.core.diagnostics.diagnostic import Diagnostic
from forwardc.core.diagnostics.text_file import ODD_SPACE, named

_STRUCTURE = frozenset(":-?,[{")


@dataclass(frozen=True, slots=True)
class _Piece:
    """A token by its offsets; `style` is "" for a plain scalar, "-" for what is no scalar."""

    start: int
    end: int
    style: str = "-"
    is_key: bool = False


def misplaced(source: InputFile, loader: Any) -> Diagnostic | None:
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
        f"{named(source.text[start])} where YAML needs a plain space{more}",
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
