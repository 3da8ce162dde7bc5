"""Hides what a vault filled in, by its value, wherever a text repeats it and however it is written.

By value and not by the name of a field, because a name cannot give a value away. JSON stays JSON: a
number that is hidden becomes text. Digits of up to four are a value of their own only where no
digit stands beside them, and not inside a UUID, a time or a word of 16 letters and digits, which
identifiers are: a CVC of three digits would be found in every second one.
"""

import binascii
import json
import re
import unicodedata
from base64 import b64decode, b64encode
from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from functools import lru_cache
from html import unescape

from forwardc.sandbox.masking import card_numbers

_Span = tuple[int, int]

# Times that a text may be written inside another (JSON in base64 in a form ...).
_DEPTH = 4
# Digits of a CVC or PIN, which stand by chance in longer numbers.
_SHORT = 4
# Characters: longer texts are hidden whole, so that masking takes bounded time.
_LONGEST_TEXT = 256 * 1024
# Characters: from 16 on a word is an identifier, and digits in it are no value.
_LONGEST_WORD = 15
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*')
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
# Escapes, and what stands between characters unseen: NUL is every second byte of UTF-16.
_ESCAPES = re.compile(
    r"(?:%[0-9A-Fa-f]{2})+|\\u[0-9A-Fa-f]{4}|\\/|&#?\w{1,8};"
    "|[\x00\u00ad\u200b-\u200f\u2060-\u2064\ufeff]+"
)
_WORD = re.compile(r"[0-9A-Za-z]+")
_CODED = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+")
_UUID_OR_TIME = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    r"|\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?)(?![0-9A-Za-z])"
)


def mask_filled(
    text: str, values: Collection[str], hidden: str, *, is_document: bool = True
) -> str:
    """The text with each of `values` replaced by `hidden`.

    Found are they as they are, escaped (URL, JSON, HTML), in hexadecimal and base64, and inside a
    longer text that is written so. A text of more than 256 KiB is hidden as a whole. Where it
    is no document, as a header's value, a number by itself gets no quotes.
    """
    longest_first = sorted({value for value in values if len(value) > 1}, key=len, reverse=True)
    if not longest_first:
        return text
    if len(text) > _LONGEST_TEXT:
        return hidden
    if is_document and _NUMBER.fullmatch(text) and _is_number_of(text, longest_first):
        return json.dumps(hidden)
    return _masked(text, longest_first, hidden, _DEPTH)


def _masked(text: str, values: list[str], hidden: str, depth: int) -> str:
    try:
        is_json = text.lstrip()[:1] in ("{", "[", '"') and json.loads(text) is not None
    except (ValueError, RecursionError):
        is_json = False
    if not is_json:
        return _in_text(text, values, hidden, depth)
    return _TOKEN.sub(lambda token: _in_token(token[0], values, hidden, depth), text)


def _in_token(token: str, values: list[str], hidden: str, depth: int) -> str:
    """A string or a number of a JSON document."""
    if not token.startswith('"'):
        return json.dumps(hidden) if _is_number_of(token, values) else token
    inner: str = json.loads(token)
    shown = (_masked if depth > 0 else _in_text)(inner, values, hidden, depth - 1)
    return token if shown == inner else json.dumps(shown, ensure_ascii=False)


def _is_number_of(token: str, values: list[str]) -> bool:
    """A number is a value without its leading zeros, too."""
    if len(token) > 40:
        return False
    number = Decimal(token)
    return any(value.isdecimal() and Decimal(value) == number for value in values)


def _in_text(text: str, values: list[str], hidden: str, depth: int) -> str:
    spans = sorted({*_value_spans(text, values), *_coded(text, values, depth)})
    shown, at = "", 0
    for start, end in spans:
        if end <= at:
            continue
        shown, at = shown + (text[at:start] + hidden if start >= at else ""), end
    return shown + text[at:]


def _value_spans(text: str, values: list[str]) -> Iterator[_Span]:
    """Where values stand, with the places of the text as it is written."""
    plain, starts, ends = _decoded(text)
    digits = "".join(filter(str.isdecimal, plain))
    # Looked for with its separators only where its digits follow one another.
    if any(len(value) > _SHORT and value in digits for value in values):
        yield from ((card.start, card.end) for card in card_numbers(text) if card.digits in values)
    identifiers = [match.span() for match in _UUID_OR_TIME.finditer(plain)]
    for value in values:
        for match in _pattern(value).finditer(plain):
            start, end = match.span()
            if len(value) <= _SHORT and not _alone(plain, start, end, identifiers):
                continue
            yield starts[start], ends[end - 1]


def _decoded(text: str) -> tuple[str, Sequence[int], Sequence[int]]:
    """The text without its escapes and in ASCII digits; where each character begins and ends."""
    plain = text
    starts: Sequence[int] = range(len(text))
    ends: Sequence[int] = range(1, len(text) + 1)
    for _ in range(_DEPTH):
        escapes = list(_ESCAPES.finditer(plain))
        if not escapes:
            break
        pieces: list[str] = []
        begin: list[int] = []
        stop: list[int] = []
        at = 0
        for escape in escapes:
            first, last = escape.span()
            meant = _meant(escape[0])
            pieces += [plain[at:first], meant]
            begin += [*starts[at:first], *[starts[first]] * len(meant)]
            stop += [*ends[at:first], *[ends[last - 1]] * len(meant)]
            at = last
        plain = "".join((*pieces, plain[at:]))
        starts, ends = [*begin, *starts[at:]], [*stop, *ends[at:]]
    if not plain.isascii():
        plain = "".join(_digit(char) for char in plain)
    return plain, starts, ends


def _meant(escape: str) -> str:
    if escape.startswith("%"):
        return bytes.fromhex(escape.replace("%", "")).decode("utf-8", "replace")
    if escape.startswith("&"):
        return unescape(escape)
    if not escape.startswith("\\"):
        return ""
    return "/" if escape == "\\/" else chr(int(escape[2:], 16))


def _digit(char: str) -> str:
    digit = unicodedata.digit(char, None)
    return char if digit is None else str(digit)


@lru_cache(maxsize=64)
def _pattern(value: str) -> re.Pattern[str]:
    written = re.escape(value)
    coded = [b64encode(value.encode()).decode().rstrip("="), value.encode().hex()]
    with_binary = [*coded, *_of_base64(value)]
    others = "|".join(rf"(?<![0-9A-Za-z]){re.escape(form)}(?![0-9A-Za-z])" for form in with_binary)
    return re.compile(f"{written}|{others}", re.IGNORECASE if not value.isdecimal() else 0)


def _of_base64(value: str) -> list[str]:
    """Other ways to write bytes that the value writes in base64, as cryptograms are."""
    try:
        raw = b64decode(value, validate=True) if len(value) > 16 else b""
    except binascii.Error:
        return []
    return [raw.hex(), value.translate({43: "-", 47: "_"}).rstrip("=")] if raw else []


def _alone(plain: str, start: int, end: int, identifiers: list[_Span]) -> bool:
    """Whether few digits at a place are a value, and no part of a longer one."""
    before, after = plain[max(start - 2, 0) : start], plain[end : end + 2]
    if re.search(r"\d\.?$", before) or re.match(r"\.?\d", after):
        return False
    if any(first <= start and end <= last for first, last in identifiers):
        return False
    first, last = start, end
    while first > 0 and _is_word(plain[first - 1]) and end - first <= _LONGEST_WORD:
        first -= 1
    while last < len(plain) and _is_word(plain[last]) and last - first <= _LONGEST_WORD:
        last += 1
    return last - first <= _LONGEST_WORD


def _is_word(char: str) -> bool:
    return char.isascii() and char.isalnum()


def _coded(text: str, values: list[str], depth: int) -> Iterator[_Span]:
    """Words that are base64 or hexadecimal of a text with a value in it."""
    if depth <= 0:
        return
    for word in _CODED.finditer(text):
        for inner in _readable(word[0]):
            if _masked(inner, values, "", depth - 1) != inner:
                yield word.span()


def _readable(word: str) -> Iterator[str]:
    bare = word.rstrip("=").translate({45: "+", 95: "/"})
    candidates = [_bytes(bare + "=" * (-len(bare) % 4))]
    if _HEX.fullmatch(word):
        candidates.append(bytes.fromhex(word))
    for raw in candidates:
        try:
            inner = raw.decode("utf-8") if raw else ""
        except UnicodeDecodeError:
            continue
        if inner and all(char.isprintable() or char.isspace() for char in inner):
            yield inner


def _bytes(word: str) -> bytes:
    try:
        return b64decode(word, validate=True)
    except binascii.Error:
        return b""
