"""The one recogniser of card numbers, however they are spelled; docs/card-numbers.md says the rule.

Knows no file format and no use: who refuses, who masks, is told elsewhere. Takes linear time. A
match holds its place, never the number.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from forwardc.core.recognizer.card_ranges import LONGEST, SHORTEST, doubled, lengths_of
from forwardc.core.recognizer.flat import Flat, flat, may_hold_escapes, unescaped


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
_NO_CARD: Final = re.compile(
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
    found: set[tuple[int, int]] = set()
    plain = text.isascii()
    if plain or _ENOUGH.match(text):
        found.update(_found(flat(text)))
        if may_hold_escapes(text) and (not plain or _ENOUGH_PLAIN.match(text)):
            decoded = unescaped(text)
            found.update(_found(decoded) if decoded else ())
    return [Match(start, end, "card-number") for start, end in sorted(found)]


def holds_card(text: str) -> bool:
    """Whether a card number stands in a text, in any spelling."""
    return bool(find_cards(text))


def _found(seen: Flat) -> list[tuple[int, int]]:
    spans = list(_spans(seen.text))
    if spans:
        # Looked for last, since few texts have a number that needs an excuse.
        barred = _NO_CARD.sub(_barred, seen.text)
        spans = spans if barred == seen.text else list(_spans(barred))
    return seen.places(spans)


def _barred(found: re.Match[str]) -> str:
    """A text of the same length that ends runs, for a UUID, a digest or a time; else itself."""
    text = found[0]
    match found.lastgroup:
        case "uuid":
            known = bool(_LETTERS.search(text)) or bool(_VERSIONED.match(text))
        case "digest":
            digits = text.removeprefix("0x")
            # A card with a few letters around it is no digest: of those, one in thousands has less.
            known = len(digits) in _DIGEST_SIZES
            known = known and len(_LETTERS.findall(digits)) * 8 >= len(digits)
        case _:
            known = True
    return "x" * len(text) if known else text


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Where card numbers stand in flat text."""
    for stretch in _STRETCH.finditer(text):
        for run in _RUN.finditer(text, *stretch.span()):
            yield from _in_run(run[0], run.start())


def _in_run(run: str, offset: int) -> Iterator[tuple[int, int]]:
    """The windows of a run that are card numbers: from a group's border or behind zeros, to one."""
    groups = _SEPARATOR.split(run)
    digits = "".join(groups)
    found = list(_windows(digits, groups))
    if found:
        places = [place for place, char in enumerate(run, offset) if "0" <= char <= "9"]
        yield from ((places[first], places[end - 1] + 1) for first, end in found)


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
