"""Hide what was filled in, in all that Stripe stores of a request and its answer.

Knows no endpoint. By value, so that no name of a field can give it away. Shapes of the API
reference (January 2026): `424242******4242` and `***`; expiry, name and reference stay clear.
"""

from forwardc.sandbox.filled import mask_filled
from forwardc.sandbox.masking import HIDDEN, mask_headers, mask_pan
from forwardc.sandbox.stripe.filling import FilledBody
from forwardc.sandbox.world import Pairs


def redact(text: str, filled: FilledBody, *, is_document: bool = True) -> str:
    """Text without the card's number and CVC, wherever they stand and however they are written."""
    hidden = ((filled.cvc, HIDDEN), (filled.cryptogram, HIDDEN))
    for value, shown in ((filled.number, mask_pan(filled.number or "")), *hidden):
        if value is not None:
            text = mask_filled(text, [value], shown, is_document=is_document)
    return text


def redact_headers(headers: Pairs, filled: FilledBody) -> list[dict[str, str]]:
    """Headers as name and value, credentials hidden whole."""
    return [
        {"name": name, "value": redact(value, filled, is_document=False)}
        for name, value in mask_headers(headers)
    ]
