"""The one recogniser of card numbers, however they are spelled; docs/card-numbers.md says the rule.

A text is looked at in three steps, each in linear time: it is written in plain digits and
separators (`FlatText`, which keeps where each character came from), runs of 14 digits or more are
cut into windows at their groups, and a window counts whose first digits and length a brand
publishes and whose check digit is right. A match holds its place, never the number.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from itertools import accumulate
from typing import Final, TypeAlias

from forwardc.core.dataclass import dataclass

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
"""Characters whose plain form is kept: of each script in use the few hundred that occur."""

# What stands there, and from where to where.
_Piece: TypeAlias = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class FlatText:
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


def flat(text: str) -> FlatText:
    """A text in plain digits and separators."""
    return FlatText(text if text.isascii() else text.translate(_TABLE), text)


def may_hold_escapes(text: str) -> bool:
    """Whether a text has what an escape of a URL, JSON or HTML begins with."""
    # A quote of JSON in JSON is no escape of these, and stands in most bodies.
    return "%" in text or "&" in text or "\\u" in text or "\\/" in text


def unescaped(text: str) -> FlatText | None:
    """The same for a text with its escapes decoded, of URLs, JSON and HTML; None without any."""
    decoded, escapes = _ESCAPE.subn(lambda escape: _decoded(escape[0]), text)
    return FlatText(flat(decoded).text, text, decoded=True) if escapes else None


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


# The first digits, lengths and check digit of card numbers. ISO/IEC 7812 leaves the ranges to the
# brands: these are the ones that they publish for acquirers, from 14 digits on. Numbers of 12 and
# 13 digits are left out: nobody issues such cards any more, and every tenth order number, barcode
# or telephone number would look like one.

SHORTEST: Final = 14
"""Digits of a number: Diners Club issues the shortest (see above)."""
LONGEST: Final = 19
"""Digits of a number: the most that ISO/IEC 7812-1 allows."""

_ANY: Final = frozenset(range(14, 20))
_FROM_16: Final = frozenset(range(16, 20))
_15: Final = frozenset({15})
_16: Final = frozenset({16})
_16_19: Final = frozenset({16, 19})

# Brand, first and last leading digits, lengths. Four digits at most, see `lengths_of`.
BRANDS: Final[tuple[tuple[str, str, str, frozenset[int]], ...]] = (
    ("visa", "4", "4", _16_19),
    # Switch, later Maestro UK, within Visa's range.
    *(("switch", first, first, frozenset({18})) for first in ("4903", "4905", "4911", "4936")),
    ("mastercard", "51", "55", _16),
    ("mastercard", "2221", "2720", _16),
    ("amex", "34", "34", _15),
    ("amex", "37", "37", _15),
    ("diners", "300", "305", _ANY),
    ("diners", "309", "309", _ANY),
    ("diners", "36", "36", _ANY),
    ("diners", "38", "39", _ANY),
    ("jcb", "3528", "3589", _FROM_16),
    # Of an earlier time, and still in what gateways publish for tests.
    ("jcb", "3088", "3094", _16),
    ("jcb", "3096", "3102", _16),
    ("jcb", "3112", "3120", _16),
    ("jcb", "3158", "3159", _16),
    ("jcb", "3337", "3349", _16),
    ("jcb", "1800", "1800", _15),
    ("jcb", "2131", "2131", _15),
    ("discover", "6011", "6011", _FROM_16),
    ("discover", "644", "659", _FROM_16),
    ("unionpay", "62", "62", _FROM_16),
    ("unionpay", "81", "81", _FROM_16),
    ("unionpay", "9558", "9558", frozenset({19})),
    # Elo, Verve, Dankort, Cabal, Naranja and Hipercard stand within Maestro's ranges.
    ("maestro", "50", "50", _ANY),
    ("maestro", "56", "59", _ANY),
    ("maestro", "63", "63", _ANY),
    ("maestro", "67", "67", _ANY),
    # Shorter ones are telephone numbers of Indonesia and its neighbours.
    ("maestro", "60", "69", _FROM_16),
    ("mir", "2200", "2204", _FROM_16),
    ("borica", "2205", "2205", _16),
    ("carnet", "2869", "2869", _16),
    ("rupay", "82", "82", _16),
    ("uzcard", "8600", "8600", _16),
    ("troy", "9792", "9792", _16),
    ("napas", "9704", "9704", _16_19),
    ("humo", "9860", "9860", _16),
    ("mada", "9682", "9682", _16),
    ("bccard", "94", "94", _16),
    # Dina, ArCa, Belkart, Elcart, Prostir, Altyn Asyr.
    *(("national", at, at, _16) for at in ("9891", "9051", "9112", "9417", "9804", "9934")),
    # The digits after the 1 are those of an airline: none has 000.
    ("uatp", "1001", "1999", _15),
    ("enroute", "2014", "2014", _15),
    ("enroute", "2149", "2149", _15),
)

_DOUBLED: Final = str.maketrans("0123456789", "0246813579")


@lru_cache(maxsize=10_000)
def lengths_of(first_four: str) -> frozenset[int]:
    """How many digits card numbers have that begin with these four ASCII digits."""
    return frozenset().union(
        *(
            lengths
            for _brand, first, last, lengths in BRANDS
            if first <= first_four[: len(first)] <= last
        )
    )


def passes_luhn(digits: str) -> bool:
    """Whether a run of ASCII digits has a right check digit (ISO/IEC 7812-1, annex B)."""
    return sum(map(int, digits[-1::-2] + doubled(digits[-2::-2]))) % 10 == 0


def doubled(digits: str) -> str:
    """Each digit as it counts at every second place from the right: twice, in one digit."""
    return digits.translate(_DOUBLED)


# Where card numbers stand in a text.


@dataclass(frozen=True, slots=True, order=True)
class Match:
    """A range of a text, `start` included and `end` excluded, in code points, and what it is."""

    start: int
    end: int
    kind: str


# A run of fourteen digits or more, parted by one separator at most, stands in such a stretch; most
# texts have none, and a set of characters is looked for ten times faster than a run.
_STRETCH: Final = re.compile(r"[0-9][0-9 ._/-]{13,}+")
_RUN: Final = re.compile(r"[0-9](?:[ ._/-]?[0-9]){13,}")
_SEPARATOR: Final = re.compile(r"[ ._/-]")
# Fourteen digits of any kind stand in it somewhere: `\d` is a script's own, the rest is by form.
_DIGIT: Final = (
    r"\d\u00b2\u00b3\u00b9\u00bc-\u00be\u1369-\u1371\u19da\u2070-\u2089\u2150-\u2189\u2460-\u24ff"
    r"\u2776-\u2793\u3220-\u33ff\U00010a40-\U0001f10a"
)
# One character, such as a number in a circle, can be two digits.
_ENOUGH: Final = re.compile(rf"(?:[^{_DIGIT}]*+[{_DIGIT}]){{7}}")
_ENOUGH_PLAIN: Final = re.compile(r"(?:[^0-9]*+[0-9]){7}")
_BEFORE, _BEHIND = r"(?<![0-9A-Za-z])", r"(?![0-9A-Za-z])"
_UUID: Final = "-".join(f"[0-9A-Fa-f]{{{size}}}" for size in (8, 4, 4, 4, 12))
_DIGEST: Final = r"(?:0x)?(?:[0-9a-f]{32,128}+|[0-9A-F]{32,128}+)"
_YEAR: Final = r"(?:19|20|21)[0-9]{2}"
_MONTH, _OF_MONTH = r"(?:0[1-9]|1[0-2])", r"(?:0[1-9]|[12][0-9]|3[01])"
_DAY: Final = rf"{_YEAR}(?:-{_MONTH}-{_OF_MONTH}|-W[0-5][0-9]-[1-7]|-[0-3][0-9]{{2}})"
# Without dashes only before a T: eight digits alone do not tell that they are a day.
_PLAIN_DAY: Final = rf"{_YEAR}(?:{_MONTH}{_OF_MONTH}|W[0-5][0-9][1-7]|[0-3][0-9]{{2}})"
_FRACTION: Final = r"(?:[.,][0-9]{1,12}+)?"
_CLOCK: Final = rf"(?:[01][0-9]|2[0-4]):[0-5][0-9](?::[0-6][0-9]{_FRACTION})?"
_PLAIN_CLOCK: Final = rf"(?:[01][0-9]|2[0-4])[0-5][0-9](?:[0-6][0-9]{_FRACTION})?"
_ZONE: Final = r"(?:Z|[+-][01][0-9](?::?[0-5][0-9])?)?"
_NO_CARD: Final = (
    rf"{_BEFORE}(?:(?P<uuid>{_UUID})|(?P<digest>{_DIGEST})"
    rf"|(?:{_DAY}(?:[T ]{_CLOCK}{_ZONE})?|{_PLAIN_DAY}T{_PLAIN_CLOCK}{_ZONE}|{_CLOCK}{_ZONE})"
    rf"){_BEHIND}"
)
# MD5, SHA-1, SHA-224, SHA-256, SHA-384 and SHA-512.
_DIGEST_SIZES: Final = frozenset({32, 40, 56, 64, 96, 128})
_LETTERS: Final = re.compile(r"[A-Fa-f]")
_VERSIONED: Final = re.compile(r".{14}[1-8].{4}[89ABab]")


def find_cards(text: str) -> list[Match]:
    """Find card numbers in any spelling: matches of the kind `card-number`, sorted."""
    if len(text) < SHORTEST:
        return []
    plain = text.isascii()
    # Most texts are looked at no further: every value of a run comes here several times.
    if plain and _STRETCH.search(text) is None and not may_hold_escapes(text):
        return []
    spans: set[tuple[int, int]] = set()
    if plain or _ENOUGH.match(text):
        spans.update(_spans_in(flat(text)))
        if may_hold_escapes(text) and (not plain or _ENOUGH_PLAIN.match(text)):
            decoded = unescaped(text)
            spans.update(_spans_in(decoded) if decoded else ())
    return [Match(start, end, "card-number") for start, end in sorted(spans)]


def holds_card(text: str) -> bool:
    """Whether a card number stands in a text, in any spelling."""
    return bool(find_cards(text))


def _spans_in(flattened: FlatText) -> list[tuple[int, int]]:
    spans = list(_spans(flattened.text))
    if spans:
        # Looked for last, since few texts have a number that needs an excuse.
        barred = _no_card().sub(_barred, flattened.text)
        spans = spans if barred == flattened.text else list(_spans(barred))
    return flattened.places(spans)


@cache
def _no_card() -> re.Pattern[str]:
    # Compiled when the first text needs it: that takes a fiftieth of the start of a command.
    return re.compile(_NO_CARD)


def _barred(match: re.Match[str]) -> str:
    """A text of the same length that ends runs, for a UUID, a digest or a time; else itself."""
    text = match[0]
    match match.lastgroup:
        case "uuid":
            excused = bool(_LETTERS.search(text)) or bool(_VERSIONED.match(text))
        case "digest":
            digits = text.removeprefix("0x")
            # A card with a few letters around it is no digest: of those, one in thousands has less.
            excused = len(digits) in _DIGEST_SIZES
            excused = excused and len(_LETTERS.findall(digits)) * 8 >= len(digits)
        case _:
            excused = True
    return "x" * len(text) if excused else text


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Where card numbers stand in flat text."""
    for stretch in _STRETCH.finditer(text):
        for run in _RUN.finditer(text, *stretch.span()):
            yield from _in_run(run[0], run.start())


def _in_run(run: str, offset: int) -> Iterator[tuple[int, int]]:
    """The windows of a run that are card numbers: from a group's border or behind zeros, to one."""
    groups = _SEPARATOR.split(run)
    digits = "".join(groups)
    windows = list(_windows(digits, groups))
    if windows:
        places = [place for place, char in enumerate(run, offset) if "0" <= char <= "9"]
        yield from ((places[first], places[end - 1] + 1) for first, end in windows)


def _windows(digits: str, groups: Sequence[str]) -> Iterator[tuple[int, int]]:
    ends = list(accumulate(map(len, groups)))
    luhn: _Luhn | None = None
    nearest = 0
    for first in _starts(groups):
        while nearest < len(ends) and ends[nearest] - first < SHORTEST:
            nearest += 1
        lengths = lengths_of(digits[first : first + 4])
        for end in ends[nearest : nearest + 1 + LONGEST - SHORTEST] if lengths else ():
            if end - first in lengths:
                luhn = luhn or _Luhn(digits)
                if luhn.passes(first, end):
                    yield first, end


def _starts(groups: Sequence[str]) -> Iterator[int]:
    start = 0
    for group in groups:
        yield start
        behind = group.lstrip("0")
        if behind and len(behind) < len(group):
            yield start + len(group) - len(behind)
        start += len(group)


class _Luhn:
    """Check digits of all windows of a run, each in the same time however many there are."""

    __slots__ = ("_sums",)

    def __init__(self, digits: str) -> None:
        plain, twice = (list(map(int, text)) for text in (digits, doubled(digits)))
        mixed = ([*plain], [*plain])
        mixed[0][1::2], mixed[1][0::2] = twice[1::2], twice[0::2]
        self._sums = [list(accumulate(values, initial=0)) for values in mixed]

    def passes(self, start: int, end: int) -> bool:
        """Whether the digits from `start` to before `end` have a right check digit."""
        sums = self._sums[(end - 1) % 2]
        return (sums[end] - sums[start]) % 10 == 0
