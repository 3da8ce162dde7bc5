"""Turns the bytes of an answer into text: decompressed within a limit, then decoded.

Some servers compress though nobody asked, some say so and do not, some do and say nothing; the same
holds for charsets. So the bytes themselves count before what is declared of them. This is for bytes
that reach us, a direct step's answer and a vault's own: what a destination answered through a vault
has been decoded there, and is text already.
"""

import codecs
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from forwardc.core.diagnostics.errors import ForwardcError

_GZIP: Final = frozenset({"gzip", "x-gzip"})
# What is registered for Content-Encoding, and cannot be undone here. Other words (`utf-8`, `none`)
# name no compression, so that the body is what it is.
_OTHERS: Final = frozenset(
    {"br", "compress", "x-compress", "dcb", "dcz", "exi", "zstd", "aes128gcm", "pack200-gzip"}
)
_MAGIC: Final = b"\x1f\x8b"
# Members of one gzip body: a server sends one. An empty member has 20 bytes, so that without a
# limit a body of a megabyte were 50 000 decompressions.
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


# The longer ones first: a mark of UTF-32 begins with one of UTF-16.
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Where the zeros of the first characters stand; all syntaxes of answers begin with ASCII.
_ZEROS: Final[Mapping[tuple[bool, ...], str]] = {
    (True, True, True, False): "utf-32-be",
    (False, True, True, True): "utf-32-le",
    (True, False, True, False): "utf-16-be",
    (False, True, False, True): "utf-16-le",
}
# Encodings of text by the name that `codecs` gives them. Others (base64, rot13, idna, utf-7, ...)
# transform data, or are a way to smuggle text, and count as no declaration; nor do UTF-16 and
# UTF-32, which show in the bytes.
_TEXTUAL: Final = frozenset(
    {
        *("ascii", "utf-8"),
        *(f"iso8859-{part}" for part in (*range(1, 12), 13, 14, 15, 16)),
        *(f"cp125{page}" for page in range(9)),
        *("koi8-r", "koi8-u", "big5", "gb2312", "gbk", "gb18030", "shift_jis", "cp932"),
        *("euc_jp", "euc_kr"),
    }
)
_LABEL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9:._-]{0,39}")
_CHARSET: Final = re.compile(r";\s*charset\s*=\s*[\"']?([^\s\"';,]+)", re.IGNORECASE)
_XML: Final = re.compile(
    rb"\s*<\?xml\s[^>]{0,200}?\sencoding\s*=\s*[\"']([A-Za-z0-9._:-]{1,40})[\"']"
)


def decoded(data: bytes, content_type: str | None = None) -> str:
    """The text of a body, without a byte order mark.

    The mark decides, then the zeros of UTF-16 and UTF-32, the declaration of an XML document,
    UTF-8, and the declared charset; a declaration that cannot be true is passed over. Bytes that
    fit none of them become U+FFFD one by one, so that what is ASCII around them can still be read.
    """
    if data.isascii() and b"\0" not in data[:4]:
        # Without a mark or the zeros of UTF-16, and every encoding of text here agrees on ASCII.
        return data.decode("ascii")
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            text = _strictly(data[len(mark) :], encoding)
            if text is not None:
                return without_mark(text)
    for encoding in _guesses(data, content_type):
        text = _strictly(data, encoding)
        if text is not None:
            return without_mark(text)
    return without_mark(data.decode("utf-8", "replace"))


def without_mark(text: str) -> str:
    """A text without the byte order marks before it, which mean nothing in a text."""
    return text.lstrip("\ufeff")


def _guesses(data: bytes, content_type: str | None) -> Iterator[str]:
    zeros = _ZEROS.get(tuple(byte == 0 for byte in data[:4])) if len(data) >= 4 else None
    if zeros is not None:
        yield zeros
    declaration = _XML.match(data)
    if declaration is not None:
        yield from _codec_named(declaration[1].decode("ascii"))
    yield "utf-8"
    charset = _CHARSET.search(content_type or "")
    if charset is not None:
        yield from _codec_named(charset[1])


def _codec_named(label: str) -> Iterator[str]:
    """The codec that a label names, if it is one of text."""
    if _LABEL.fullmatch(label) is None:
        return
    try:
        name = codecs.lookup(label).name
    except (LookupError, ValueError):
        return
    if name in _TEXTUAL:
        yield name


def _strictly(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (UnicodeError, ValueError):
        return None
