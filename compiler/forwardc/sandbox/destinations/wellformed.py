"""Whether a body is what its Content-Type says: JSON, XML, a form or text.

A complaint has a place and a reason, and holds no value. What receivers read differently is refused
as well, because nobody can know which way the real one reads: names that stand twice in JSON, a
declaration against the header, an entity. A DOCTYPE that names a public document is taken, as some
gateways ask for it, and never fetched; one with declarations of its own is refused. Sources: RFC
8259, RFC 9110 (8.3, 8.4), XML 1.0 and its namespaces, RFC 7303, the URL standard's forms.
"""

import codecs
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NoReturn
from urllib.parse import unquote_to_bytes
from xml.parsers import expat

from forwardc.sandbox.destinations.endpoint import MAX_DEPTH, UnreadableBodyError, read_json
from forwardc.sandbox.errors import SandboxError

# At the start of the text, where the version stands before it (XML 1.0, production 23).
_DECLARED = re.compile(r"""<\?xml\s[^>]{0,200}?\sencoding\s*=\s*["']([A-Za-z][\w.-]{0,40})["']""")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_READ = frozenset({"utf-8", "us-ascii", "ascii", "iso-8859-1", "windows-1252", "utf-16"})
# One order of bytes of UTF-16 is UTF-16, and ASCII is UTF-8.
_FAMILIES = {"ascii": "utf-8", "utf-16-le": "utf-16", "utf-16-be": "utf-16"}
# Characters in which an XML declaration ends: it stands first, and the pattern spans fewer.
_START = 300


def read_xml(body: bytes, charset: str) -> None:
    """Raise `UnreadableBodyError` where `body` is no XML that every careful receiver reads alike.

    `charset` is the header's, in Python's name, or `""`. Takes time in proportion to the body.
    """
    mark = next((name for start, name in _MARKS if body.startswith(start)), "")
    if charset == "utf-16" and not mark:
        raise UnreadableBodyError("UTF-16 without a byte order mark")
    encoding = mark or charset or _declared(body[:_START].decode("ascii", "replace")) or "utf-8"
    try:
        text: str | None = body.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError:
        text = None
    if text is None:
        raise UnreadableBodyError("bytes that its encoding does not have")
    said = {_FAMILIES.get(name, name) for name in (mark, charset, _declared(text[:_START])) if name}
    if len(said) > 1:
        raise UnreadableBodyError(
            "byte order mark, header and declaration name different encodings"
        )
    _parse(text)


def _declared(start: str) -> str:
    """The encoding that the declaration names, as Python calls it, or `""`."""
    declaration = _DECLARED.match(start)
    if declaration is None:
        return ""
    if declaration[1].lower() not in _READ:
        raise UnreadableBodyError("a declared encoding that is not read here")
    return codecs.lookup(declaration[1]).name


_TYPE_ATTRIBUTE: Final = "http://www.w3.org/2001/XMLSchema-instance type"
"""As the parser writes it: namespace and name."""


class _Elements:
    """How deep the parser is, and which prefixes have a meaning there."""

    def __init__(self) -> None:
        self._depth = 0
        self._bound = Counter(["xml"])

    def start(self, _name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise UnreadableBodyError("nested too deeply")
        # A name as well (XML Schema 1.0, part 1, 2.6.1), of which the parser knows nothing.
        prefix, colon, _ = attributes.get(_TYPE_ATTRIBUTE, "").strip().partition(":")
        if colon and not self._bound[prefix]:
            raise UnreadableBodyError("a type with a prefix that nothing declares")

    def end(self, _name: str) -> None:
        self._depth -= 1

    def bind(self, prefix: str | None, _uri: str) -> None:
        self._bound[prefix or ""] += 1

    def unbind(self, prefix: str | None) -> None:
        self._bound[prefix or ""] -= 1


def _parse(text: str) -> None:
    elements = _Elements()

    def doctype(_name: Any, _system: Any, _public: Any, own_declarations: int) -> None:
        if own_declarations:
            raise UnreadableBodyError("a DOCTYPE with declarations of its own")

    def entity(*_: object) -> NoReturn:
        raise UnreadableBodyError("an entity")

    # The separator makes the parser judge prefixes; the encoding overrides the declaration.
    parser = expat.ParserCreate("utf-8", " ")
    parser.StartElementHandler, parser.EndElementHandler = elements.start, elements.end
    parser.StartNamespaceDeclHandler = elements.bind
    parser.EndNamespaceDeclHandler = elements.unbind
    parser.StartDoctypeDeclHandler = doctype
    parser.EntityDeclHandler = parser.SkippedEntityHandler = entity
    parser.ExternalEntityRefHandler = entity
    try:
        parser.Parse(text.encode(), True)
    except expat.ExpatError as wrong:
        reason = f"{expat.ErrorString(wrong.code)} (line {wrong.lineno}, column {wrong.offset + 1})"
    else:
        return
    raise UnreadableBodyError(reason)


# --- By Content-Type

# By what an HTTP charset may be called (IANA), and how Python calls it. No other is read.
CHARSETS: Final[dict[str, str]] = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "ascii",
    "ascii": "ascii",
    "iso-8859-1": "iso8859-1",
    "latin1": "iso8859-1",
    "windows-1252": "cp1252",
    "utf-16": "utf-16",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
}
_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_TYPE = re.compile(rf"({_WORD}/{_WORD})[ \t]*((?:;.*)?)", re.DOTALL)
_PARAMETER = re.compile(rf'[ \t]*;[ \t]*(?:({_WORD})=({_WORD}|"(?:[^"\\]|\\.)*"))?')
_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
# What no query has as it stands (RFC 3986, 3.4); brackets are taken, as many vendors write them.
_RAW = re.compile(rb"[^\x21-\x7e]|[\"#<>\\^`{|}]")
# Without a body they mean nothing by a Content-Type that a client always sends.
_BODILESS: Final = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})


class NotWellFormedError(SandboxError, ValueError):
    """The body is not what the request says that it is. The text holds no value."""


@dataclass(frozen=True, slots=True)
class MediaType:
    """A Content-Type: `type/subtype` in small letters, and the charset, `""` where none stands."""

    name: str
    charset: str


def check(method: str, content_types: list[str], codings: list[str], body: bytes) -> None:
    """Raise `NotWellFormedError` where a body is not what the headers of its request say.

    `content_types` and `codings` are the values of Content-Type and Content-Encoding, one for
    each time that the header stands. Takes time in proportion to the body.
    """
    if not body and (method in _BODILESS or not content_types):
        return
    if any(coding.strip().lower() not in ("", "identity") for coding in codings):
        raise NotWellFormedError("the body has a content coding, which is not read here")
    if not content_types:
        raise NotWellFormedError("there is a body and no Content-Type")
    if len(content_types) > 1:
        raise NotWellFormedError("Content-Type stands twice")
    media = media_type(content_types[0])
    reader = _reader(media.name)
    if reader is not None:
        reader(body, media.charset)


def media_type(value: str) -> MediaType:
    """A Content-Type header (RFC 9110, 8.3.1). Raises `NotWellFormedError`."""
    whole = _TYPE.fullmatch(value.strip(" \t"))
    if whole is None:
        raise NotWellFormedError("Content-Type is not type/subtype")
    rest, at, charsets = whole[2], 0, []
    while at < len(rest):
        parameter = _PARAMETER.match(rest, at)
        if parameter is None:
            raise NotWellFormedError("Content-Type has a parameter that is not name=value")
        at = parameter.end()
        if (parameter[1] or "").lower() == "charset":
            charsets.append(parameter[2].strip('"').lower())
    if len(charsets) > 1:
        raise NotWellFormedError("Content-Type names the charset twice")
    if charsets and charsets[0] not in CHARSETS:
        raise NotWellFormedError("Content-Type names a charset that is not read here")
    return MediaType(whole[1].lower(), CHARSETS[charsets[0]] if charsets else "")


def _reader(name: str) -> Callable[[bytes, str], None] | None:
    kind, _, subtype = name.partition("/")
    if subtype == "json" or subtype.endswith("+json"):
        return _json
    if name in ("application/xml", "text/xml") or subtype.endswith("+xml"):
        return _xml
    if name == "application/x-www-form-urlencoded":
        return _form
    # Files, streams, multiparts: bytes of any kind.
    return _text if kind == "text" else None


def _json(body: bytes, charset: str) -> None:
    if charset not in ("", "utf-8", "ascii"):
        raise NotWellFormedError(
            "the body is JSON, which is UTF-8 in any case, and the header says not"
        )
    try:
        read_json(body)
    except UnreadableBodyError as wrong:
        reason = str(wrong).removeprefix("not valid JSON: ")
        raise NotWellFormedError(f"the body is not well-formed JSON: {reason}") from None
    if charset == "ascii" and not body.isascii():
        raise NotWellFormedError("the body has bytes that its charset does not have")


def _xml(body: bytes, charset: str) -> None:
    try:
        read_xml(body, charset)
    except UnreadableBodyError as wrong:
        raise NotWellFormedError(f"the body is not well-formed XML: {wrong}") from None


def _form(body: bytes, charset: str) -> None:
    if mistake := _RAW.search(body):
        raise _form_error(mistake.start(), "a character that must be written as % and two digits")
    if mistake := _ESCAPE.search(body):
        raise _form_error(mistake.start(), "% without two hexadecimal digits")
    for pair in body.split(b"&"):
        name = pair.partition(b"=")[0]
        if pair and not name:
            raise NotWellFormedError("the body is not a well-formed form: a value without a name")
    _decode(unquote_to_bytes(body), charset)


def _form_error(at: int, reason: str) -> NotWellFormedError:
    return NotWellFormedError(f"the body is not a well-formed form: {reason} (byte {at + 1})")


def _text(body: bytes, charset: str) -> None:
    _decode(body, charset)


def _decode(body: bytes, charset: str) -> None:
    try:
        body.decode(charset or "utf-8")
    except UnicodeDecodeError as wrong:
        at = wrong.start + 1
    else:
        return
    # Outside of the handler: a chained error carries the bytes.
    raise NotWellFormedError(f"the body has bytes that its charset does not have (byte {at})")
