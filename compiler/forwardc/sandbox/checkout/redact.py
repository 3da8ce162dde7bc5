"""Removes PCI data from what the vault answers and keeps: by the values that it put in.

Knows no destination. The vendor's mask is not documented: here it is `***redacted***`, which its
SDKs show for headers.
"""

from collections.abc import Collection, Mapping

from forwardc.sandbox.checkout.forward_request import ForwardRequest
from forwardc.sandbox.filled import mask_filled
from forwardc.sandbox.masking import is_secret_header
from forwardc.sandbox.world import EmulatedAnswer

REDACTED = "***redacted***"
# What a message is framed by: an answer could not be read without it.
_FRAMING = ("content-length", "date")


def destination_response(answer: EmulatedAnswer, filled: Collection[str]) -> dict[str, object]:
    """The destination's answer as the vault shows it: int status, arrays, and nothing `filled`."""
    headers: dict[str, list[str]] = {}
    for name, value in answer.headers:
        shown = value if name.lower() in _FRAMING else _hide(value, filled)
        headers.setdefault(_hide(name.title(), filled), []).append(shown)
    body = mask_filled(answer.body.decode("utf-8", "replace"), filled, REDACTED)
    return {"status": answer.status, "headers": headers, "body": body}


def _hide(text: str, filled: Collection[str]) -> str:
    return mask_filled(text, filled, REDACTED, is_document=False)


def shown_headers(request: ForwardRequest, encrypted: Mapping[str, str]) -> dict[str, str]:
    """The request's headers as GET shows them: sensitive and encrypted values are redacted."""
    raw = {
        name: REDACTED if is_secret_header(name) or "secret_" in value else value
        for name, value in request.raw_headers
    }
    return raw | dict.fromkeys(encrypted, REDACTED)
