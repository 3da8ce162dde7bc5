"""Ogone's SHASIGN: every field of the form that is not empty, sorted by name, each with the secret.

Ingenico e-Commerce, SHA-IN signature; upper-case hexadecimal. Names are sorted and written in
capitals, by their bytes. Texts are hashed as UTF-8: an account of another charset takes ASCII only.
"""

import hashlib
from typing import Final

from forwardc.core.signatures.keys import text_key
from forwardc.core.signatures.request_text import RequestText

HASHES: Final = ("sha1", "sha256", "sha512")
FIELD: Final = "SHASIGN"


def shasign(request: RequestText, secret: str) -> str:
    """The field `SHASIGN`. Raises `SigningError`."""
    passphrase = text_key(secret)
    fields = sorted((name.upper().encode(), value) for name, value in request.fields.items())
    text = b"".join(
        name + b"=" + value.encode() + passphrase for name, value in fields if value != ""
    )
    chosen = request.option("hash") or "sha512"
    return hashlib.new(chosen, text, usedforsecurity=False).hexdigest().upper()
