"""Whether payment references can be guessed, estimated from how they differ.

An estimate takes whatever looks random for random: a digest of a counting number passes. It errs
towards a warning where references are few, and never tells one. Data that nobody reads whole is
judged once, by the first references that callers find in it.
"""

import logging
import math
import re
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Final

from forwardc.server.directory.payment_directory import (
    DirectoryColumns,
    Instrument,
    PaymentDirectory,
)

# Bits that must differ at random: at `misses_per_hour` a guesser of a million payments needs
# millions of years with 60.
ENOUGH_BITS: Final = 60
# References that are judged: more take longer and change the estimate little.
SAMPLE: Final = 10_000

_HEX: Final = tuple("0123456789abcdefABCDEF")
_ENDS_IN_DIGITS = re.compile(r"(.*?)([0-9]+)", re.DOTALL)
_CLOCK_UUID = re.compile(
    r"[0-9a-f]{8}-?[0-9a-f]{4}-?[126][0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}"
)
# Sizes of the alphabets that references are written in.
_ALPHABETS: Final = (
    (re.compile(r"[0-9]*"), 10),
    (re.compile(r"[0-9a-f]*|[0-9A-F]*"), 16),
    (re.compile(r"[a-z]*|[A-Z]*"), 26),
    (re.compile(r"[0-9a-z]*|[0-9A-Z]*"), 36),
    (re.compile(r"[A-Za-z]*"), 52),
)
# The size of an alphabet that none of the others is: letters, digits and two more, as base64url.
_OTHER: Final = 64
# From so many references on, what stands at a place tells how random the place is.
_COUNTABLE: Final = 64
# Numbers that fill one in so many of their range are hit by trying.
_DENSE: Final = 1_000


def low_entropy_reason(references: Collection[str]) -> str | None:
    """Why these references can be guessed, without showing any; None where nothing says so."""
    distinct = list(dict.fromkeys(references))[:SAMPLE]
    if not distinct:
        return None
    if all(_CLOCK_UUID.fullmatch(reference.lower()) for reference in distinct):
        return "they are UUIDs made from the time and the machine: only version 4 is random"
    varying = _varying(distinct)
    if (
        all(reference.isascii() and reference.isdigit() for reference in varying)
        and len(varying) > 1
    ):
        numbers = sorted(int(reference[-40:]) for reference in varying)
        if numbers[-1] - numbers[0] < _DENSE * len(numbers):
            return "they are numbers that count up, or lie close together"
    bits = math.floor(_bits(varying))
    if bits < ENOUGH_BITS:
        return f"only about {bits} bits of them differ; {ENOUGH_BITS} bits or more must be random"
    return None


def _varying(references: Sequence[str]) -> list[str]:
    """References without what all begin or end with; of a single one, the digits that end it."""
    if len(references) == 1:
        numbered = _ENDS_IN_DIGITS.fullmatch(references[0])
        return [numbered[2] if numbered and not numbered[1].endswith(_HEX) else references[0]]
    start = _shared(references)
    rest = [reference[start:] for reference in references]
    end = _shared([reference[::-1] for reference in rest])
    return [reference[: len(reference) - end] for reference in rest]


def _shared(texts: Sequence[str]) -> int:
    """How many characters all texts begin with alike."""
    first, last = min(texts), max(texts)
    pairs = enumerate(zip(first, last, strict=False))
    return next((at for at, (left, right) in pairs if left != right), min(len(first), len(last)))


def _bits(texts: Sequence[str]) -> float:
    """How many bits a text has at most, were every place of it independent of the others.

    The shortest text counts: a long one is no harder to guess for beginning like it.
    """
    places = min(len(text) for text in texts)
    if len(texts) < _COUNTABLE:
        return places * math.log2(_alphabet("".join(texts)))
    return sum(_place([text[place] for text in texts]) for place in range(places))


def _alphabet(characters: str) -> int:
    # Hyphens and underscores between groups are punctuation, not letters.
    plain = re.sub(r"[-_]", "", characters)
    return next((size for shape, size in _ALPHABETS if shape.fullmatch(plain)), _OTHER)


def _place(characters: Sequence[str]) -> float:
    """The entropy of one place, by Miller and Madow's estimate from a sample."""
    counts = Counter(characters)
    if len(counts) == 1:
        return 0.0
    total = len(characters)
    plain = -sum(count / total * math.log2(count / total) for count in counts.values())
    corrected = plain + (len(counts) - 1) / (2 * total * math.log(2))
    return min(corrected, math.log2(_alphabet("".join(counts))))


# References before the judgement: from 64 on places are counted one by one.
ENOUGH: Final = 100

_LOG = logging.getLogger(__name__)


class EntropyCheckedDirectory:
    """A lookup in data that nobody reads whole. Keeps the first hundred references in memory."""

    def __init__(self, directory: PaymentDirectory) -> None:
        self._directory = directory
        self._references: set[str] | None = set()

    async def find(self, reference: str) -> Instrument | None:
        """The instrument of a reference."""
        instrument = await self._directory.find(reference)
        if instrument is not None and self._references is not None:
            self._references.add(reference)
            if len(self._references) >= ENOUGH:
                self._judge()
        return instrument

    async def ready(self) -> None:
        """Ask without a reference."""
        await self._directory.ready()

    async def supplies(self) -> DirectoryColumns | None:
        """What the lookup can tell."""
        return await self._directory.supplies()

    async def close(self) -> None:
        """Give connections back."""
        await self._directory.close()

    def _judge(self) -> None:
        reason = low_entropy_reason(self._references or ())
        self._references = None
        if reason:
            _LOG.warning("FC0831 payment references can be guessed: %s", reason)
