"""Undoes a compression that nobody asked for, within a limit.

Some servers compress all the same, some say so and do not, some do and say nothing.
"""

import zlib
from collections.abc import Iterable
from typing import Final

from forwardc.core.diagnostics.errors import ForwardcError

_GZIP: Final = frozenset({"gzip", "x-gzip"})
# What is registered for Content-Encoding, and cannot be undone here. Other words (`utf-8`, `none`)
# name no compression, so that the body is what it is.
_OTHERS: Final = frozenset(
    {"br", "compress", "x-compress", "dcb", "dcz", "exi", "zstd", "aes128gcm", "pack200-gzip"}
)
_MAGIC: Final = b"\x1f\x8b"
_MOST_MEMBERS: Final = 100


class UndecodableBodyError(ForwardcError):
    """A body cannot be decompressed. The text says why."""


def uncompressed(data: bytes, encodings: Iterable[str], max_bytes: int) -> bytes:
    """A body as it was before it was compressed. `encodings` are the values of Content-Encoding.

    Raises `UndecodableBodyError` where it is cut, damaged, larger than `max_bytes`, or compressed
    in another way than gzip and deflate.
    """
    labels = [label.strip().lower() for value in encodings for label in value.split(",")]
    labels = [label for label in labels if label in _GZIP | _OTHERS | {"deflate"}]
    if len(labels) > 1 or _OTHERS.intersection(labels):
        raise UndecodableBodyError("the answer is compressed, which was not asked for")
    if data.startswith(_MAGIC) and "deflate" not in labels:
        return _inflated(data, 31, max_bytes)
    if "deflate" not in labels or not data:
        return data
    # RFC 9110, section 8.4.1.2: some leave out the frame that zlib puts around it.
    return _inflated(data, 15 if _has_frame(data) else -15, max_bytes)


def _has_frame(data: bytes) -> bool:
    """Whether data begin as RFC 1950 says: method 8, and a header divisible by 31."""
    return len(data) > 1 and data[0] & 15 == 8 and int.from_bytes(data[:2], "big") % 31 == 0


def _inflated(data: bytes, window: int, max_bytes: int) -> bytes:
    whole = b""
    # A body may be several members of gzip (RFC 1952, section 2.2); what else follows is none.
    for _ in range(_MOST_MEMBERS):
        reader = zlib.decompressobj(window)
        try:
            whole += reader.decompress(data, max_bytes - len(whole) + 1)
        except zlib.error:
            raise UndecodableBodyError("the answer is compressed, and damaged") from None
        if len(whole) > max_bytes:
            raise UndecodableBodyError(f"the answer is larger than {max_bytes} bytes")
        if not reader.eof:
            raise UndecodableBodyError("the connection ended without a whole answer")
        data = reader.unused_data
        if not data.startswith(_MAGIC):
            return whole
    raise UndecodableBodyError("the answer is compressed, and damaged")
