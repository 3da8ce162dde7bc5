"""Finds and masks what looks like a credential or a card number, in any text.

Knows no file format and prints nothing. A match holds its place and kind, never the text.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Match:
    """A range of a text, `start` included and `end` excluded, in code points, and what it is."""

    start: int
    end: int
    kind: str


# A word may begin after an escape such as \n or %20, whose last character is a letter or digit.
_WORD = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt])|(?<=%[0-9A-Fa-f]{2}))"

# Every quantifier is bounded or possessive, so that no input takes more than linear time.
# A text without a key's mark, the substring beside its kind, does not hold one.
_KEYS: tuple[tuple[str, str, re.Pattern[str]], ...] = (
    # docs.stripe.com/keys: secret (sk), restricted (rk) and webhook signing (whsec) keys.
    ("stripe-key", "k_live_", re.compile(_WORD + r"[sr]k_live_[A-Za-z0-9]{10,}+")),
    ("stripe-key", "k_test_", re.compile(_WORD + r"[sr]k_test_[A-Za-z0-9]{10,}+")),
    ("stripe-key", "whsec_", re.compile(_WORD + r"whsec_[A-Za-z0-9]{10,}+")),
    # checkout-sdk 4.8.1, key patterns of its present and its earlier platform.
    (
        "checkout-key",
        "sk_",
        re.compile(_WORD + r"sk_(?:sbox_)?[a-z2-7]{26}[a-z2-7*#$=](?![A-Za-z0-9_])"),
    ),
    (
        "checkout-key",
        "sk_",
        re.compile(_WORD + r"sk_(?:test_)?\w{8}(?:-\w{4}){3}-\w{12}(?!\w)", re.ASCII),
    ),
    # Client secrets of our own partner API, whose last six characters are a checksum.
    (
        "forwardc-client",
        "fwc_",
        re.compile(_WORD + r"fwc_[A-Za-z0-9]{49}(?![A-Za-z0-9])"),
    ),
    (
        "jwt",
        "eyJ",
        re.compile(_WORD + r"eyJ[\w-]{10,}+\.[\w-]{10,}+\.[\w-]{10,}+", re.ASCII),
    ),
)
# `whsec_` and ten characters. Most texts of a file are shorter than any secret or card number.
_SHORTEST_SECRET, _SHORTEST_CARD = 16, 12
_PEM_BEGIN = re.compile(r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
_PEM_END = re.compile(r"-----END [A-Z0-9 ]{1,80}-----")

# What every card number begins with: few texts have it, and one look for it is enough for most.
_BEGINNING = re.compile(r"[0-9]{4}(?:[0-9]{8}|[ -][0-9]{4})")
_DIGITS = re.compile(r"[0-9]{12,}+")
# The groups in which cards are printed. Looked for ahead, since groups before or after a number
# can look like a part of it.
_GROUPS = tuple(
    re.compile(rf"(?<![0-9A-Za-z])(?=({groups})(?![0-9A-Za-z]))")
    for groups in (
        r"[0-9]{4}([ -])[0-9]{4}\2[0-9]{4}\2[0-9]{1,4}",
        r"[0-9]{4}([ -])[0-9]{4}\2[0-9]{4}\2[0-9]{4}\2[0-9]{1,3}",
        r"[0-9]{4}([ -])[0-9]{6}\2[0-9]{4,5}",
    )
)

# Brand, first and last leading digits, lengths. ISO/IEC 7812 leaves the ranges to the brands:
# these are the ones that they publish for acquirers.
_BRANDS: tuple[tuple[str, str, str, frozenset[int]], ...] = (
    ("visa", "4", "4", frozenset({13, 16, 19})),
    ("mastercard", "51", "55", frozenset({16})),
    ("mastercard", "2221", "2720", frozenset({16})),
    ("amex", "34", "34", frozenset({15})),
    ("amex", "37", "37", frozenset({15})),
    ("diners", "300", "305", frozenset(range(14, 20))),
    ("diners", "309", "309", frozenset(range(14, 20))),
    ("diners", "36", "36", frozenset(range(14, 20))),
    ("diners", "38", "39", frozenset(range(14, 20))),
    ("jcb", "3528", "3589", frozenset(range(16, 20))),
    ("discover", "6011", "6011", frozenset(range(16, 20))),
    ("discover", "644", "659", frozenset(range(16, 20))),
    ("unionpay", "62", "62", frozenset(range(16, 20))),
    ("unionpay", "81", "81", frozenset(range(16, 20))),
    ("maestro", "50", "50", frozenset(range(12, 20))),
    ("maestro", "56", "58", frozenset(range(12, 20))),
    ("maestro", "60", "69", frozenset(range(12, 20))),
    ("mir", "2200", "2204", frozenset(range(16, 20))),
    ("rupay", "82", "82", frozenset({16})),
    ("uzcard", "8600", "8600", frozenset({16})),
    ("troy", "9792", "9792", frozenset({16})),
    ("humo", "9860", "9860", frozenset({16})),
)
_BY_DIGIT = {
    digit: tuple(
        (first, last, lengths)
        for _brand, first, last, lengths in _BRANDS
        if first[0] <= digit <= last[0]
    )
    for digit in "0123456789"
}


def find_secrets(text: str) -> list[Match]:
    """Find credentials by their shape.

    Kinds: `stripe-key`, `checkout-key`, `forwardc-client`, `jwt`, `pem-block`.
    """
    if len(text) < _SHORTEST_SECRET:
        return []
    found = [
        Match(*hit.span(), kind)
        for kind, mark, keys in _KEYS
        if mark in text
        for hit in keys.finditer(text)
    ]
    return sorted([*found, *_pem_blocks(text)])


def find_cards(text: str) -> list[Match]:
    """Find card numbers, as one whole run of digits or in printed groups: `card-number`."""
    if len(text) < _SHORTEST_CARD or not _BEGINNING.search(text):
        return []
    spans = [hit.span() for hit in _DIGITS.finditer(text)]
    spans += [hit.span(1) for shape in _GROUPS for hit in shape.finditer(text)]
    return sorted(
        Match(start, end, "card-number")
        for start, end in spans
        if end - start >= _SHORTEST_CARD and looks_like_card(_digits_of(text[start:end]))
    )


def looks_like_card(digits: str) -> bool:
    """Whether a string is all digits, fits a brand by first digits and length, and passes Luhn."""
    return (
        _SHORTEST_CARD <= len(digits) <= 19
        and digits.isascii()
        and digits.isdigit()
        and any(
            first <= digits[: len(first)] <= last and len(digits) in lengths
            for first, last, lengths in _BY_DIGIT[digits[0]]
        )
        and _passes_luhn(digits)
    )


def mask(text: str) -> str:
    """Replace every credential and card number by asterisks; length and line breaks stay."""
    found = [*find_secrets(text), *find_cards(text)]
    if not found:
        return text
    parts: list[str] = []
    at = 0
    for start, end in _joined(found):
        parts += (text[at:start], _VISIBLE.sub("*", text[start:end]))
        at = end
    return "".join([*parts, text[at:]])


_VISIBLE = re.compile(r"[^\r\n\x85\u2028\u2029]")


def _digits_of(text: str) -> str:
    return text.replace(" ", "").replace("-", "")


def _passes_luhn(digits: str) -> bool:
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (doubled + sum(map(int, digits[-1::-2]))) % 10 == 0


def _pem_blocks(text: str) -> Iterator[Match]:
    at = 0
    while begin := _PEM_BEGIN.search(text, at):
        end = _PEM_END.search(text, begin.end())
        # A block without its end is taken to go on: better too much masked than half a key shown.
        at = end.end() if end else len(text)
        yield Match(begin.start(), at, "pem-block")


def _joined(matches: Sequence[Match]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for match in sorted(matches):
        if joined and match.start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], match.end))
        else:
            joined.append((match.start, match.end))
    return joined
