"""Turns the bytes of an answer into text. Never raises, whatever a server declares.

For bytes that reach us: a direct step's answer, and a vault's own. What a destination answered
through a vault has been decoded there, and is text already.
"""

import codecs
import re
from collections.abc import Iterator, Mapping
from typing import Final

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
        yield from _known(declaration[1].decode("ascii"))
    yield "utf-8"
    charset = _CHARSET.search(content_type or "")
    if charset is not None:
        yield from _known(charset[1])


def _known(label: str) -> Iterator[str]:
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
