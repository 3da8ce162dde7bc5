"""Removes PCI data from what the vault answers and keeps.

Knows no destination. The vendor's mask is not documented: here it is `***redacted***`, which its
SDKs show for headers.
"""

import re
from collections.abc import Mapping

from forwardc.sandbox.checkout.forward_request import ForwardRequest
from forwardc.sandbox.checkout.placeholders import SENSITIVE, Values
from forwardc.sandbox.masking import is_secret_header
from forwardc.sandbox.world import Answer

REDACTED = "***redacted***"
_CVV_NAME = r"(?:cvc2?|cvv2?|csc|security_?code|card_cvv)"


def destination_response(answer: Answer, values: Values) -> dict[str, object]:
    """The destination's answer as the vault shows it: int status, arrays, body without PCI data."""
    headers: dict[str, list[str]] = {}
    for name, value in answer.headers:
        headers.setdefault(name.title(), []).append(strip(value, values))
    body = strip(answer.body.decode("utf-8", "replace"), values)
    return {"status": answer.status, "headers": headers, "body": body}


def strip(text: str, values: Values) -> str:
    """Text without this request's card number, network token number and CVV."""
    for name in SENSITIVE:
        number = values.get(name)
        if number:
            text = re.sub("[ -]?".join(number), REDACTED, text)
    cvv = values.get("card_cvv")
    if cvv:
        # Three digits mean nothing by themselves: only under a name they are a CVV.
        field = rf'({_CVV_NAME}(?:\]|%5D)?(?:\\*"\s*:\s*\\*"?|=|(?:\s[^>]*)?>)){cvv}(?!\d)'
        text = re.sub(field, rf"\g<1>{REDACTED}", text, flags=re.IGNORECASE)
    return text


def shown_headers(request: ForwardRequest, encrypted: Mapping[str, str]) -> dict[str, str]:
    """The request's headers as GET shows them: sensitive and encrypted values are redacted."""
    raw = {
        name: REDACTED if is_secret_header(name) or "secret_" in value else value
        for name, value in request.raw_headers
    }
    return raw | dict.fromkeys(encrypted, REDACTED)
