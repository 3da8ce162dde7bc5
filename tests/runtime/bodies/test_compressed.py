"""A compression that nobody asked for is undone, within a limit; what is cut is no answer."""

import gzip
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forwardc.runtime.http.bodies.decoding import UndecodableBodyError, uncompressed

TEXT = b'{"state": "paid"}'
LIMIT = 1000


def packed(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("sent", "encodings"),
    [
        (TEXT, []),
        (TEXT, ["identity"]),
        (TEXT, [""]),
        (TEXT, ["utf-8"]),
        (TEXT, ["none, identity"]),
        (TEXT, ["gzip"]),
        (packed(TEXT), ["gzip"]),
        (packed(TEXT), ["X-GZip"]),
        (packed(TEXT), ["identity, gzip"]),
        (packed(TEXT), []),
        (packed(TEXT) + b"\0" * 8, ["gzip"]),
        (packed(TEXT[:5]) + packed(TEXT[5:]), ["gzip"]),
        (zlib.compress(TEXT), ["deflate"]),
        (raw_deflate(TEXT), ["deflate"]),
    ],
)
def test_what_was_compressed_or_said_to_be(sent: bytes, encodings: list[str]) -> None:
    assert uncompressed(sent, encodings, LIMIT) == TEXT


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "identity", ""])
def test_nothing_is_nothing(encoding: str) -> None:
    assert uncompressed(b"", [encoding], LIMIT) == b""


@pytest.mark.parametrize(
    ("sent", "encodings", "why"),
    [
        (packed(TEXT)[:-9], ["gzip"], "without a whole answer"),
        (packed(TEXT)[:-9], [], "without a whole answer"),
        (packed(TEXT)[:-8] + bytes(8), ["gzip"], "damaged"),
        (packed(b"") * 101, ["gzip"], "damaged"),
        (zlib.compress(TEXT)[:-5], ["deflate"], "without a whole answer"),
        (TEXT, ["deflate"], "damaged"),
        (b"\x0b\x02\x80", ["br"], "was not asked for"),
        (packed(packed(TEXT)), ["gzip, gzip"], "was not asked for"),
        (packed(b"0" * 1001), ["gzip"], "larger than 1000 bytes"),
        (packed(b"0" * 600) * 2, [], "larger than 1000 bytes"),
        (packed(b"0" * 100_000_000), ["gzip"], "larger than 1000 bytes"),
    ],
)
def test_what_cannot_be_undone(sent: bytes, encodings: list[str], why: str) -> None:
    with pytest.raises(UndecodableBodyError, match=why):
        uncompressed(sent, encodings, LIMIT)


@pytest.mark.fuzz
@given(
    st.binary() | st.binary().map(lambda data: b"\x1f\x8b\x08" + data),
    st.lists(st.sampled_from(["gzip", "deflate", "br", "identity", "x", ","]), max_size=2),
)
def test_nothing_else_raises(data: bytes, encodings: list[str]) -> None:
    with suppress(UndecodableBodyError):
        assert len(uncompressed(data, encodings, LIMIT)) <= max(LIMIT, len(data))
