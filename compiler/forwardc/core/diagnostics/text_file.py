"""Reads a text file, UTF-8 with or without a byte order mark, and reports what cannot be read.

All rooms read their text files through here, so that one rule holds for all.
"""

import re
from typing import Final

from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.diagnostics.span import Position, Span
from forwardc.core.files.kinds import NO_PLAIN_FILE, TOO_LARGE, FileRefusedError

BOM: Final = "\ufeff"
"""Windows editors put it before UTF-8 text. It is dropped once, at the start of a file."""

# How tomllib says where it is; json says it in attributes.
_AT: Final = re.compile(r"\(at line (\d+), column (\d+)\)$")
_WIDER: Final = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
# Spaces and marks that look like a space or like nothing, and that no format takes for a space.
ODD_SPACE: Final = re.compile(
    "[\u00a0\u00ad\u1680\u180e\u2000-\u200d\u202f\u205f\u2060-\u2064\u3000\ufeff]"
)


class NotTextError(ForwardcError, ValueError):
    """A file is not text in UTF-8. `reason` completes "the file is ..."; `start` is a byte."""

    def __init__(self, reason: str, start: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.start = start


def decoded(data: bytes) -> str:
    """The text of a file, without the byte order mark before it. Raises `NotTextError`."""
    for mark, name in _WIDER:
        if data.startswith(mark):
            raise NotTextError(f"{name}, not UTF-8")
    # Two characters of ASCII in UTF-16 without a mark: every other byte is zero.
    if len(data) >= 4 and (data[0] == data[2] == 0 or data[1] == data[3] == 0):
        raise NotTextError("UTF-16, not UTF-8")
    problem = None
    try:
        return data.decode("utf-8").removeprefix(BOM)
    except UnicodeDecodeError as error:
        problem = NotTextError("not UTF-8", error.start)
    # Raised out here: the codec's error carries the whole file.
    raise problem


def character_name(char: str) -> str:
    """A character that cannot be seen, for a message: `a no-break space (U+00A0)`."""
    import unicodedata

    name = unicodedata.name(char, "character").lower().replace("zero width", "zero-width")
    name = "byte order mark" if char == BOM else name
    article = "an" if name[0] in "aeio" else "a"
    return f"{article} {name} (U+{ord(char):04X})"


def odd_space_at(text: str, offset: int) -> str | None:
    """The name of an odd space where a parser gave up, or behind plain spaces there; else None."""
    while offset < len(text) and text[offset] in " \t":
        offset += 1
    space = ODD_SPACE.match(text, offset)
    return character_name(space[0]) if space else None


def parse_error_place(text: str, problem: ValueError) -> str:
    """Where a parser of JSON or TOML gave up: `line 2, column 1`, and an odd space there.

    Empty where the parser does not say. Its own words may quote the text, so they are not told.
    """
    line, column = getattr(problem, "lineno", 0), getattr(problem, "colno", 0)
    if not line and (position := _AT.search(str(problem))):
        line, column = int(position[1]), int(position[2])
    if not line:
        return ""
    start = sum(len(earlier) + 1 for earlier in text.split("\n")[: line - 1]) + column - 1
    odd = odd_space_at(text, start)
    return f"line {line}, column {column}" + (f": {odd}" if odd else "")


# A file that cannot be read at all: the system's reason, or what it is instead of a plain file.

_SOURCE = "files of a project are plain files inside it: put the file itself there"
BUILT = "put the folder itself there; for a server to which it is mounted: [plans] mounted = true"
_START = Position(1, 1)


def unreadable(
    problem: OSError,
    path: str,
    code: str,
    sink: Sink,
    span: Span | None = None,
    *,
    pointer: str = "",
    hint: str = _SOURCE,
) -> None:
    """Report FC0118 or FC0103 for what a checkout must not hold, else `code`."""
    message = f"{path} cannot be read: {problem.strerror}"
    if not isinstance(problem, FileRefusedError):
        sink.error(code, message, span, pointer=pointer)
    elif problem.code == TOO_LARGE:
        where = span or Span(path, _START, _START)
        sink.error(TOO_LARGE, message, where, pointer=pointer)
    else:
        sink.error(NO_PLAIN_FILE, message, span, pointer=pointer, hint=hint)
