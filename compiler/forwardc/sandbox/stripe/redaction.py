"""Hide the forwarded card in what Stripe stores of a request and its answer.

Knows no endpoint. Shapes of the API reference (January 2026): `424242******4242` and `***`;
expiry, name and reference stay clear.
"""

import re

from forwardc.sandbox.masking import HIDDEN, mask_headers, mask_pan
from forwardc.sandbox.stripe.filling import CardData
from forwardc.sandbox.world import Pairs

_CVC_NAME = r"(?:cvc2?|cvv2?|csc|cid|\w*security_?code|\w*verification_?value)"
_BETWEEN = r"[\\\"'\]>%:=\sD5]{1,12}"


def redact(text: str, card: CardData) -> str:
    """Text without the card's number, and without its CVC in fields named as one."""
    text = text.replace(card.number, mask_pan(card.number))
    if card.cvc is None:
        return text
    pattern = rf"({_CVC_NAME}{_BETWEEN}){re.escape(card.cvc)}(?!\d)"
    return re.sub(pattern, rf"\g<1>{HIDDEN}", text, flags=re.IGNORECASE)


def redact_headers(headers: Pairs, card: CardData) -> list[dict[str, str]]:
    """Headers as name and value, credentials hidden whole."""
    return [{"name": name, "value": redact(value, card)} for name, value in mask_headers(headers)]
