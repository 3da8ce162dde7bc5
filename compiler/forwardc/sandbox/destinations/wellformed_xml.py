"""Reads XML as a receiver that trusts nobody: well-formed, with namespaces, without entities.

Knows no vendor and keeps nothing. A DOCTYPE that names a public document is taken, as some
gateways ask for it, and never fetched; one with declarations of its own is refused.
"""

import codecs
import re
from typing import Any, NoReturn
from xml.parsers import expat

from forwardc.sandbox.destinations.bodies import MAX_DEPTH, UnreadableBodyError

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
    found = _DECLARED.match(start)
    if found is None:
        return ""
    if found[1].lower() not in _READ:
        raise UnreadableBodyError("a declared encoding that is not read here")
    return codecs.lookup(found[1]).name


def _parse(text: str) -> None:
    depth = 0

    def start(*_: object) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise UnreadableBodyError("nested too deeply")

    def end(*_: object) -> None:
        nonlocal depth
        depth -= 1

    def doctype(_name: Any, _system: Any, _public: Any, own_declarations: int) -> None:
        if own_declarations:
            raise UnreadableBodyError("a DOCTYPE with declarations of its own")

    def entity(*_: object) -> NoReturn:
        raise UnreadableBodyError("an entity")

    # The separator makes the parser judge prefixes; the encoding overrides the declaration.
    parser = expat.ParserCreate("utf-8", " ")
    parser.StartElementHandler, parser.EndElementHandler = start, end
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
