"""Finds what looks like a credential, and masks it and card numbers, in any text.

Shapes are those that vendors publish, each anchored at the edges of a word. A match holds its place
and kind, never the text.
"""

import re
from collections.abc import Iterator, Sequence

from forwardc.core.recognizer.cards import Match, find_cards

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
SHORTEST_SECRET = 16
"""Characters: `whsec_` and ten. Most texts of a file are shorter than any secret."""
_PEM_MARK = "-----BEGIN "
_PEM_BEGIN = re.compile(r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
_PEM_END = re.compile(r"-----END [A-Z0-9 ]{1,80}-----")


def find_secrets(text: str) -> list[Match]:
    """Find credentials by their shape.

    Kinds: `stripe-key`, `checkout-key`, `forwardc-client`, `jwt`, `pem-block`.
    """
    if len(text) < SHORTEST_SECRET:
        return []
    matches = [
        Match(*hit.span(), kind)
        for kind, mark, keys in _KEYS
        if mark in text
        for hit in keys.finditer(text)
    ]
    if _PEM_MARK in text:
        matches += _pem_blocks(text)
    return sorted(matches) if matches else matches


def mask(text: str) -> str:
    """Replace every credential and card number by asterisks; length and line breaks stay."""
    matches = find_secrets(text) + find_cards(text)
    if not matches:
        return text
    parts: list[str] = []
    at = 0
    for start, end in _joined(matches):
        parts += (text[at:start], _VISIBLE.sub("*", text[start:end]))
        at = end
    return "".join([*parts, text[at:]])


_VISIBLE = re.compile(r"[^\r\n\x85\u2028\u2029]")


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
