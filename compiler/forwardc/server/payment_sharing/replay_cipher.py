"""Recorded answers, readable by this server only: AES-256-GCM, bound to the share they belong to.

Knows no key's origin and no answer's form. A copied row opens under no other share's id.
"""

import os
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from forwardc.core.diagnostics.errors import ForwardcError

_FORM: Final = "1."
_NONCE: Final = 12
_KEY: Final = 32


class CannotDecryptError(ForwardcError):
    """A sealed text was made with none of the keys, or for another share, or was changed."""


@dataclass(frozen=True, slots=True)
class ReplayCipher:
    """Seals with the first key and opens with every one. Keys have 32 bytes; others: `ValueError`.

    A random nonce of 96 bits allows 2**32 answers under one key (NIST SP 800-38D, 8.3).
    """

    keys: Sequence[bytes] = field(repr=False)
    _ciphers: tuple[AESGCM, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not self.keys or any(len(key) != _KEY for key in self.keys):
            raise ValueError("a sealing key has 32 bytes")
        object.__setattr__(self, "_ciphers", tuple(AESGCM(key) for key in self.keys))

    def seal(self, plain: bytes, share_id: str) -> str:
        """The text to store."""
        nonce = os.urandom(_NONCE)
        sealed = self._ciphers[0].encrypt(nonce, plain, share_id.encode())
        return _FORM + b64encode(nonce + sealed).decode("ascii")

    def open(self, text: str, share_id: str) -> bytes:
        """What was sealed. Raises `CannotDecryptError`."""
        written = text.removeprefix(_FORM)
        try:
            data = b64decode(written, validate=True)
        except ValueError:
            raise CannotDecryptError("it is not a sealed text") from None
        # The last character may have bits that count for nothing (RFC 4648, section 3.5).
        if b64encode(data).decode("ascii") != written:
            raise CannotDecryptError("it is not a sealed text")
        for cipher in self._ciphers if text.startswith(_FORM) else ():
            try:
                return cipher.decrypt(data[:_NONCE], data[_NONCE:], share_id.encode())
            except (InvalidTag, ValueError):
                continue
        raise CannotDecryptError("no key opens it")
