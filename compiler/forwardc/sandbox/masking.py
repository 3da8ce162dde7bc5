"""Masks card data and credentials in text that the sandbox shows.

Knows no message format: it works on text, so that it also covers what a vendor's parser refuses.
"""

import re
from collections.abc import Iterable

from forwardc.sandbox.card_numbers import card_numbers

HIDDEN = "***"

_NAME = (
    r"(?:[\w\[\]%.-]*"
    r"(?:cvc2?|cvv2?|csc|security_?code|securityCode|cryptogram|signature|"
    r"tokenAuthenticationVerificationValue|pin)"
    r"(?:\]|%5D)?)"
)
# The value of such a field in JSON (also in a JSON string, with \"), in a form and in XML.
_FIELDS = (
    re.compile(rf'(\\*"{_NAME}\\*"\s*:\s*)(\\*"[^"\\]*\\*"|-?\d+)', re.IGNORECASE),
    re.compile(
        rf"((?:^|[&?])(?:{_NAME}|[\w.-]*(?:api_?key|secret|token))=)([^&\s]*)", re.IGNORECASE
    ),
    re.compile(rf"(<{_NAME}(?:\s[^>]*)?>)([^<]*)", re.IGNORECASE),
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
    for found in card_numbers(text):
        if found.end <= at:
            continue
        # Two numbers that share digits: what is left of the second is hidden whole.
        over = found.start < at
        hidden = "*" * (found.end - at) if over else text[at : found.start] + mask_pan(found.digits)
        shown, at = shown + hidden, found.end
    return shown + text[at:]
