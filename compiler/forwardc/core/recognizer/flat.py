"""Writes foreign text in ASCII digits and separators, and keeps where each character came from.

Knows no card. Digits of any script and form (NFKC) become 0 to 9, spaces, dashes, dots, slashes and
underscores become the plain ones, and what nobody sees is dropped: zero-width characters, marks and
variation selectors.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

# Symbols, for which Unicode has a category that tells nothing.
_ALIKE: Final = {
    **dict.fromkeys("\u2212\u2043\u02d7\u2796", "-"),
    **dict.fromkeys("\u2044\u2215\u29f8", "/"),
    **dict.fromkeys("\u00b7\u2022\u2027\u2219\u22c5\u3002\u30fb", "."),
}
# Letters by their category that show nothing, and what no character is assigned to yet.
_BLANK: Final = frozenset("\u115f\u1160\u3164\uffa0\u2065")
_SHORT: Final = re.compile(r"[0-9]|^[ ._/-]$")
# Decoded as `html`, JSON and a URL would: so are digits and separators spelled there.
_ESCAPE: Final = re.compile(
    r"[%\\&](?:(?<=%)[0-9A-Fa-f]{2}(?:%[0-9A-Fa-f]{2})*"
    r"|(?<=\\)(?<!\\\\)\\*+(?:u[0-9A-Fa-f]{4}|/)"
    r"|(?<=&)(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|nbsp);)"
)
_MOST_KEPT: Final = 20_000

# What stands there, and from where to where.
_Piece: TypeAlias = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Flat:
    """A text as it is compared, and the original, escapes in it decoded or not."""

    text: str
    original: str
    decoded: bool = False

    def places(self, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        """Where ranges of `text`, ends excluded, stand in the original."""
        if not spans or (not self.decoded and len(self.text) == len(self.original)):
            return list(spans)
        # Few texts come here, so that only they pay for it.
        pieces = _pieces(self.original) if self.decoded else _characters(self.original)
        written = [(start, end) for piece, start, end in pieces for _ in piece.translate(_TABLE)]
        return [(written[start][0], written[end - 1][1]) for start, end in spans]


def flat(text: str) -> Flat:
    """A text in plain digits and separators."""
    return Flat(text if text.isascii() else text.translate(_TABLE), text)


def may_hold_escapes(text: str) -> bool:
    """Whether a text has what an escape of a URL, JSON or HTML begins with."""
    return "%" in text or "\\" in text or "&" in text


def unescaped(text: str) -> Flat | None:
    """The same for a text with its escapes decoded, of URLs, JSON and HTML; None without any."""
    decoded, escapes = _ESCAPE.subn(lambda escape: _decoded(escape[0]), text)
    return Flat(flat(decoded).text, text, decoded=True) if escapes else None


def _characters(text: str, start: int = 0, end: int | None = None) -> Iterator[_Piece]:
    for at in range(start, len(text) if end is None else end):
        yield text[at], at, at + 1


def _pieces(text: str) -> Iterator[_Piece]:
    at = 0
    for escape in _ESCAPE.finditer(text):
        yield from _characters(text, at, escape.start())
        yield _decoded(escape[0]), *escape.span()
        at = escape.end()
    yield from _characters(text, at)


def _decoded(escape: str) -> str:
    if escape[0] == "%":
        return bytes.fromhex(escape.replace("%", "")).decode("utf-8", "replace")
    if escape[0] == "\\":
        return "/" if escape[-1] == "/" else chr(int(escape[-4:], 16))
    if escape == "&nbsp;":
        return " "
    hexadecimal = escape[2] in "xX"
    code = int(escape[3:-1], 16) if hexadecimal else int(escape[2:-1])
    return chr(code) if code <= 0x10FFFF else "x"


class _Table(dict[int, str]):
    """What each character is written as, for `str.translate`; worked out once for each."""

    def __missing__(self, code: int) -> str:
        written = _written(chr(code))
        if len(self) < _MOST_KEPT:
            self[code] = written
        return written


_TABLE: Final = _Table()


def _written(char: str) -> str:
    if char.isascii():
        return char
    if unicodedata.category(char) in ("Cf", "Mn", "Me") or char in _BLANK:
        return ""
    if 0xE0000 <= ord(char) <= 0xE0FFF:
        return ""
    plain = "".join(map(_plain, unicodedata.normalize("NFKC", char)))
    # Most of what NFKC spreads is words: they end a run, however long they are.
    return plain if len(plain) < 2 or _SHORT.search(plain) else "x"


def _plain(char: str) -> str:
    digit = unicodedata.digit(char, None)
    if digit is not None:
        return str(digit)
    if char in _ALIKE:
        return _ALIKE[char]
    match unicodedata.category(char):
        case "Pd":
            return "-"
        case "Zs":
            return " "
        case "Pc":
            return "_"
        case _:
            return char
