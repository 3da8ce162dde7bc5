"""Ids and times as Checkout.com writes them.

Knows no endpoint.
"""

import secrets
from base64 import b32encode
from datetime import UTC, datetime
from hashlib import sha256

ID_LENGTH = 26
# Instruments show the state of their network token, which another module keeps.
NETWORK_TOKENS = "checkout.network_tokens"
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


def new_id(prefix: str) -> str:
    """A fresh id: prefix, underscore and 26 word characters."""
    return f"{prefix}_{''.join(secrets.choice(_ALPHABET) for _ in range(ID_LENGTH))}"


def fixed_id(prefix: str, label: str) -> str:
    """The id of a fixed source: its label, filled up to 26 word characters."""
    return f"{prefix}_{label.ljust(ID_LENGTH, '0')}"


def fingerprint(number: str) -> str:
    """A card's fingerprint, `^[a-z0-9]{26}$`, the same for the same number."""
    return b32encode(sha256(f"fingerprint:{number}".encode()).digest()).decode().lower()[:26]


def utc(seconds: float) -> str:
    """Seconds since 1970 as `2024-01-02T15:04:05Z`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def utc_offset(seconds: float) -> str:
    """Seconds since 1970 as ISO 8601 with milliseconds and offset, `+00:00`."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
