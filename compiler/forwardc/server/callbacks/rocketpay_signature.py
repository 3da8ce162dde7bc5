"""Verifies the signature of a callback of Rocketpay Gate. Reads nothing else out of it.

The signature stands at the root or in `general` and covers every member, known or not, but those
named `signature` or `frame_mode`: nothing may be read from these (facts of the Gate's SDKs).
"""

import hmac
from hashlib import sha256
from typing import Any

from forwardc.core.terms.escaping import NotExpressibleError
from forwardc.core.terms.values import Secret
from forwardc.runtime.run.signing import gate_signature, gate_text


class NotSigned(ValueError):  # noqa: N818 - the callback's property
    """A callback is not signed by the Gate. The message tells the rule, never a value."""


def verified_digest(document: dict[str, Any], secret: Secret) -> str:
    """SHA-256 of the signed text, in hexadecimal, once the signature is right. Raises `NotSigned`.

    The text identifies a callback better than its bytes do: two bodies of one text have the same
    signature, so that whoever has seen a callback could send it in another form.
    """
    given = _signatures(document)
    if not given:
        raise NotSigned("it has no signature")
    try:
        text = gate_text(document)
        right = gate_signature(document, str(secret.reveal())).encode()
    except NotExpressibleError:
        raise NotSigned("it holds a number that cannot be signed") from None
    # All are compared, each in constant time.
    if not any([hmac.compare_digest(right, one.encode()) for one in given]):  # noqa: C419
        raise NotSigned("its signature is wrong")
    return sha256(text.encode()).hexdigest()


def _signatures(document: dict[str, Any]) -> list[str]:
    general = document.get("general")
    places = (document, general if isinstance(general, dict) else {})
    found = (place.get("signature") for place in places)
    return [one for one in found if isinstance(one, str) and one]
