"""Checks `clientWalletAccountEmailAddressHash` of Visa Token Service against its address.

Knows no HTTP. Two public forms exist, and Visa's specification is not public: SHA-256 of the
address in lower case (aws-samples, shopping concierge blueprint), and HMAC-SHA256 of the address as
it is, by a secret of the merchant (Visa's own client, github.com/visa/mcp).
"""

import hashlib
import hmac
from collections.abc import Sequence

from forwardc.sandbox.crypto.jwe import b64


def is_hash_of(given: str, address: str, credentials: Sequence[str]) -> bool:
    """Whether a hash is one of the two forms. `credentials` are what the caller may key it with."""
    plain = b64(hashlib.sha256(address.lower().encode()).digest())
    keyed = (b64(hmac.digest(one.encode(), address.encode(), "sha256")) for one in credentials)
    return any(hmac.compare_digest(given, one) for one in (plain, *keyed))
