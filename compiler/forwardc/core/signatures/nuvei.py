"""Nuvei's checksum: fields of the body in the order of the operation, then the secret.

docs.nuvei.com, Authentication; lower-case hexadecimal of SHA-256. Each field is hashed as the text
that is sent; one that is left out is empty.
"""

from collections.abc import Mapping
from hashlib import sha256
from types import MappingProxyType
from typing import Final

from forwardc.core.signatures.keys import text_key
from forwardc.core.signatures.request_text import RequestText

_WHO: Final = ("merchantId", "merchantSiteId", "clientRequestId")
_PAYMENT: Final = (*_WHO, "amount", "currency", "timeStamp")
_LATER: Final = (
    *(*_WHO, "clientUniqueId", "amount", "currency"),
    *("relatedTransactionId", "timeStamp"),
)
ORDERS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "getSessionToken": (*_WHO, "timeStamp"),
        "openOrder": _PAYMENT,
        "payment": _PAYMENT,
        "settleTransaction": _LATER,
        "refundTransaction": _LATER,
        "voidTransaction": _LATER,
        "getTransactionDetails": (
            *("merchantId", "merchantSiteId", "transactionId", "clientUniqueId", "timeStamp"),
        ),
    }
)
"""What is hashed, in this order, by the name of the operation in Nuvei's documents."""
OPTIONAL: Final = frozenset({"clientUniqueId", "transactionId"})
"""What a request may be without."""


def checksum(request: RequestText, secret: str) -> str:
    """The member `checksum`. Raises `SigningError`."""
    fields = (request.fields.get(name, "") for name in ORDERS[request.option("request")])
    return sha256("".join(fields).encode() + text_key(secret)).hexdigest()
