"""Finds and masks card numbers and credentials in text that the sandbox shows, however spelled.

It works on text, so that it also covers what a vendor's parser refuses. The recogniser is written
for the sandbox alone: what the sandbox judges has one of its own, and a test compares the two. The
rule is that of docs/card-numbers.md.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from forwardc.sandbox.cards import luhn

_SHORTEST, _LONGEST = 14, 19
# Ranges that brands publish for acquirers, by the whole number.
_BRAND = re.compile(
    r"4\d{15}(?:\d{3})?|49(?:0[35]|11|36)\d{14}"  # Visa; Switch
    r"|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}"  # Mastercard
    r"|3[47]\d{13}|3(?:0[0-59]\d{11,16}|[689]\d{12,17})"  # American Express; Diners
    r"|35(?:2[89]|[3-8]\d)\d{12,15}"  # JCB, and below its former ranges
    r"|3(?:08[89]|09[0-46-9]|10[0-2]|11[2-9]|120|15[89]|33[7-9]|34\d)\d{12}"
    r"|(?:1800|2131)\d{11}"
    r"|(?:5[06-9]|6[37])\d{12,17}|6\d{15,18}"  # Maestro, Discover, UnionPay, RuPay
    r"|81\d{14,17}|9558\d{15}"  # UnionPay
    r"|220[0-4]\d{12,15}|2205\d{12}|2869\d{12}"  # Mir, Borica, Carnet
    r"|82\d{14}|8600\d{12}|94\d{14}"  # RuPay, Uzcard, BC Card
    r"|9704\d{12}(?:\d{3})?"  # NAPAS
    r"|9(?:792|860|682|891|051|112|804|934)\d{12}"  # Troy, Humo, mada and national ones
    r"|1(?:00[1-9]|0[1-9]\d|[1-9]\d\d)\d{11}|(?:2014|2149)\d{11}"
)
_SEPARATORS = {
    **dict.fromkeys("\u2212\u2043\u02d7\u2796", "-"),
    **dict.fromkeys("\u2044\u2215\u29f8", "/"),
    **dict.fromkeys("\u00b7\u2022\u2027\u2219\u22c5\u3002\u30fb", "."),
}
_KINDS = {"Pd": "-", "Zs": " ", "Pc": "_"}
_UNSEEN = frozenset("\u115f\u1160\u3164\uffa0\u2065")
_UNIT = re.compile(
    r"(?P<url>(?:%[0-9A-Fa-f]{2})+)|(?P<json>(?<!\\)\\+(?:u[0-9A-Fa-f]{4}|/))"
    r"|&(?:#(?P<decimal>[0-9]{1,7})|#[xX](?P<hex>[0-9A-Fa-f]{1,6})|nbsp);|.",
    re.DOTALL,
)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_HEX = re.compile(r"(?:0x)?([0-9a-f]+|[0-9A-F]+)")
_WORD = re.compile(r"[0-9A-Za-z]+(?:-[0-9A-Za-z]+)*")
_DATE = r"(?:19|20|21)\d\d-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])|W[0-5]\d-[1-7]|[0-3]\d\d)"
_SHORT_DATE = (
    r"(?:19|20|21)\d\d(?:(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])|W[0-5]\d[1-7]|[0-3]\d\d)"
)
_HOUR = r"(?:[01]\d|2[0-4]):[0-5]\d(?::[0-6]\d(?:[.,]\d{1,12})?)?"
_SHORT_HOUR = r"(?:[01]\d|2[0-4])[0-5]\d(?:[0-6]\d(?:[.,]\d{1,12})?)?"
_OFFSET = r"(?:Z|[+-][01]\d(?::?[0-5]\d)?)?"
_TIME = re.compile(
    rf"(?<![0-9A-Za-z])(?:{_DATE}(?:[T ]{_HOUR}{_OFFSET})?|{_SHORT_DATE}T{_SHORT_HOUR}{_OFFSET}"
    rf"|{_HOUR}{_OFFSET})(?![0-9A-Za-z])",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class CardNumberMatch:
    """A card number's digits, and the range of the text that spells it."""

    start: int
    end: int
    digits: str


def card_numbers(text: str) -> list[CardNumberMatch]:
    """Every card number of a text; ranges may overlap."""
    numbers = {(number.start, number.end): number for number in _in(_plain(text))}
    if any(mark in text for mark in "%\\&"):
        numbers |= {(number.start, number.end): number for number in _in(_decoded(text))}
    return [numbers[place] for place in sorted(numbers)]


_Units = list[tuple[str, int, int]]


def _plain(text: str) -> _Units:
    return [
        (ascii_char, at, at + 1) for at, char in enumerate(text) for ascii_char in _as_ascii(char)
    ]


def _decoded(text: str) -> _Units:
    return [
        (ascii_char, *unit.span())
        for unit in _UNIT.finditer(text)
        for char in _meant(unit)
        for ascii_char in _as_ascii(char)
    ]


def _meant(unit: re.Match[str]) -> str:
    match unit.lastgroup:
        case "url":
            return bytes.fromhex(unit[0].replace("%", "")).decode("utf-8", "replace")
        case "json":
            return "/" if unit[0].endswith("/") else chr(int(unit[0][-4:], 16))
        case "decimal" | "hex":
            code = int(unit[unit.lastgroup], 10 if unit.lastgroup == "decimal" else 16)
            return chr(code) if code < 0x110000 else "x"
        case _:
            return " " if unit[0] == "&nbsp;" else unit[0]


def _as_ascii(char: str) -> str:
    if char.isascii():
        return char
    kind = unicodedata.category(char)
    if kind in ("Cf", "Mn", "Me") or char in _UNSEEN or 0xE0000 <= ord(char) < 0xE1000:
        return ""
    written = ""
    for part in unicodedata.normalize("NFKC", char):
        value = unicodedata.digit(part, None)
        if value is not None:
            written += str(value)
        else:
            written += _SEPARATORS.get(part) or _KINDS.get(unicodedata.category(part)) or part
    return written


def _in(units: _Units) -> Iterator[CardNumberMatch]:
    flat = "".join(unit[0] for unit in units)
    if sum(map(flat.count, "0123456789")) < _SHORTEST:
        return
    flat = _without_identifiers(flat)
    for start, end in _runs(flat):
        for first, last in _windows(flat, start, end):
            digits = "".join(char for char in flat[first:last] if char.isdigit())
            if _BRAND.fullmatch(digits) and luhn(digits):
                yield CardNumberMatch(units[first][1], units[last - 1][2], digits)


def _without_identifiers(flat: str) -> str:
    """The text with letters in place of times, UUIDs and digests."""
    flat = _TIME.sub(lambda time: "x" * len(time[0]), flat)
    return _WORD.sub(lambda word: _hidden_identifiers(word[0]), flat)


def _hidden_identifiers(word: str) -> str:
    def hide(match: re.Match[str]) -> str:
        return "x" * len(match[0])

    def hide_uuid(match: re.Match[str]) -> str:
        uuid = match[0]
        letters = any(char.isalpha() for char in uuid)
        return hide(match) if letters or (uuid[14] in "12345678" and uuid[19] in "89") else uuid

    word = re.sub(rf"(?<![0-9A-Za-z]){_UUID.pattern}(?![0-9A-Za-z])", hide_uuid, word, flags=re.I)
    parts = []
    for part in word.split("-"):
        digest = _HEX.fullmatch(part)
        is_digest = digest is not None and len(digest[1]) in (32, 40, 56, 64, 96, 128)
        enough = is_digest and 8 * sum(map(str.isalpha, part.removeprefix("0x"))) >= len(part) - 2
        parts.append("x" * len(part) if enough else part)
    return "-".join(parts)


def _runs(flat: str) -> Iterator[tuple[int, int]]:
    """Digits with at most one separator between two of them."""
    start = last = -1
    for at, char in enumerate(flat):
        if char in "0123456789":
            start, last = (at if start < 0 else start), at
        elif start >= 0 and not (last == at - 1 and char in " ._/-"):
            yield start, last + 1
            start = -1
    if start >= 0:
        yield start, last + 1


def _windows(flat: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """What begins and ends with a group of a run, the zeros before one left out or not."""
    groups = [
        (start + group_match.start(), start + group_match.end())
        for group_match in _DIGITS(flat[start:end])
    ]
    for at, (first, last) in enumerate(groups):
        zeros = len(flat[first:last]) - len(flat[first:last].lstrip("0"))
        for begin in {first, first + zeros} - {last}:
            size = 0
            for group, (_, stop) in enumerate(groups[at:], at):
                size += stop - (begin if group == at else groups[group][0])
                if size > _LONGEST:
                    break
                if size >= _SHORTEST:
                    yield begin, stop


_DIGITS = re.compile(r"[0-9]+").finditer


# --- Masking

HIDDEN = "***"

_NAME = (
    r"(?:[\w\[\]%.-]*"
    r"(?:cvc2?|cvv2?|csc|security_?code|securityCode|cryptogram|signature|"
    r"tokenAuthenticationVerificationValue|pin)"
    r"(?:\]|%5D)?)"
)
# The value of such a field in JSON (also in a JSON string, with \"), in a form and in XML,
# where a name may have a prefix.
_FIELDS = (
    re.compile(rf'(\\*"{_NAME}\\*"\s*:\s*)(\\*"[^"\\]*\\*"|-?\d+)', re.IGNORECASE),
    re.compile(
        rf"((?:^|[&?])(?:{_NAME}|[\w.-]*(?:api_?key|secret|token))=)([^&\s]*)", re.IGNORECASE
    ),
    re.compile(rf"(<(?:[\w.-]+:)?{_NAME}(?:\s[^>]*)?>)([^<]*)", re.IGNORECASE),
    re.compile(rf'(\s(?:[\w.-]+:)?{_NAME}\s*=\s*)("[^"<]*")', re.IGNORECASE),
)
_CREDENTIAL = re.compile(
    r"\b(?:sbx_[0-9a-f]{8,}|(?:sk|rk|pk)_(?:test|live|sbox)_[\w*#$=]+"
    r"|xv2:\d+:[0-9a-f]+|(?<=Signature: )[0-9a-f]{64})"
)
_SECRET_HEADER = re.compile(
    r"authorization|cookie|secret|credential|password|signature|pay-token|"
    r"(?:api|access|auth|private|trans|app)[-_]?key|token$|x-login",
    re.IGNORECASE,
)


def mask_pan(number: str) -> str:
    """First six and last four digits, the rest hidden (PCI DSS 4.0, requirement 3.4)."""
    return f"{number[:6]}{'*' * max(len(number) - 10, 0)}{number[-4:]}"


def mask_text(text: str) -> str:
    """Text with every card number, CVC, PIN, cryptogram and known credential hidden."""
    for pattern in _FIELDS:
        text = pattern.sub(_hide_value, text)
    text = _CREDENTIAL.sub(HIDDEN, text)
    return _hide_pans(text)


def mask_headers(headers: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Header pairs for showing: a credential's value is hidden whole, the rest is masked text."""
    return [
        [name, HIDDEN if is_secret_header(name) else mask_text(value)] for name, value in headers
    ]


def is_secret_header(name: str) -> bool:
    """Whether a header of this name usually carries a credential."""
    return _SECRET_HEADER.search(name) is not None


def _hide_value(match: re.Match[str]) -> str:
    value = match[2]
    quote = re.match(r'\\*"', value)
    if quote is None:
        return match[1] + (HIDDEN if value else "")
    inner = value[len(quote[0]) : len(value) - len(quote[0])]
    return f"{match[1]}{quote[0]}{HIDDEN if inner else ''}{quote[0]}"


def _hide_pans(text: str) -> str:
    shown, at = "", 0
    for number in card_numbers(text):
        if number.end <= at:
            continue
        # Two numbers that share digits: what is left of the second is hidden whole.
        over = number.start < at
        hidden = (
            "*" * (number.end - at) if over else text[at : number.start] + mask_pan(number.digits)
        )
        shown, at = shown + hidden, number.end
    return shown + text[at:]
