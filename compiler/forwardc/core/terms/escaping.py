"""Escapes a piece of text for the syntax it is put into, or refuses it; then looks once more.

In a template every brace is escaped too, so that no value can become a placeholder. Escaping
guarantees it; the audit of a whole text keeps a mistake of ours from reaching a vault.
"""

import re
from collections.abc import Iterable
from json.encoder import encode_basestring
from urllib.parse import quote

from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.core.terms.terms import Encoding
from forwardc.core.terms.values import Fragment

UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
"""RFC 3986, section 2.3: the characters that mean themselves everywhere in a URL."""

_SURROGATE = re.compile("[\ud800-\udfff]")
# What XML 1.0, section 2.2, production 2 leaves out. `re` walks every character of a class when it
# compiles it: these few thousand, and not the million that are allowed.
_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class NotExpressibleError(ForwardcError, ValueError):
    """A value cannot be written at its place. The message names the rule, never the value."""


def json_text(text: str, *, templated: bool) -> str:
    r"""The inside of a JSON string. Escapes `{` in a template as `\u007b`.

    Raises `NotExpressibleError`.
    """
    escaped = encode_basestring(text)[1:-1]
    if _has_surrogate(text):
        raise NotExpressibleError("a lone surrogate is not text")
    return escaped.replace("{", "\\u007b").replace("}", "\\u007d") if templated else escaped


def form_text(text: str) -> str:
    """A form name or value, `application/x-www-form-urlencoded`, with a space as `+`."""
    return _quoted(text).replace("%20", "+")


def url_text(text: str) -> str:
    """One path segment. `.`, `..` and the empty segment would name another path.

    Raises `NotExpressibleError`.
    """
    if text in ("", ".", ".."):
        raise NotExpressibleError("a path segment must not be empty, '.' or '..'")
    return _quoted(text)


def query_text(text: str, *, templated: bool) -> str:
    """A query value. How a vault encodes it is not documented: unreserved characters only.

    Raises `NotExpressibleError`.
    """
    if templated and not UNRESERVED.issuperset(text):
        raise NotExpressibleError("only letters, digits, '-', '.', '_' and '~' can stand here")
    return text if templated else _quoted(text)


def header_text(text: str, *, templated: bool) -> str:
    """A header value from a run: no control characters, and at a vault unreserved only.

    Raises `NotExpressibleError`.
    """
    if templated and not UNRESERVED.issuperset(text):
        raise NotExpressibleError("only letters, digits, '-', '.', '_' and '~' can stand here")
    return header_literal(text, templated=False)


def is_printable_ascii(text: str) -> bool:
    """Whether a text has characters from the space to `~` only."""
    return text.isascii() and text.isprintable()


def header_literal(text: str, *, templated: bool) -> str:
    """A header value known at build time: printable ASCII, at a vault without braces.

    Raises `NotExpressibleError`.
    """
    if not is_printable_ascii(text):
        raise NotExpressibleError("a header holds printable ASCII only")
    if templated and ("{" in text or "}" in text):
        raise NotExpressibleError(
            "a brace cannot stand in a header that the vault reads as a template"
        )
    return text


def xml_text(text: str, *, templated: bool) -> str:
    """Character data or an attribute value of XML 1.0. Raises `NotExpressibleError`."""
    if _NOT_XML.search(text):
        raise NotExpressibleError("XML 1.0 cannot hold this control character")
    for char, entity in _XML_ENTITIES:
        text = text.replace(char, entity)
    return text.replace("{", "&#123;").replace("}", "&#125;") if templated else text


def plain_text(text: str, *, templated: bool) -> str:
    """Free text. A template has no way to escape a brace there. Raises `NotExpressibleError`."""
    if templated and ("{" in text or "}" in text):
        raise NotExpressibleError("a brace cannot be escaped in a text body")
    if _has_surrogate(text):
        raise NotExpressibleError("a lone surrogate is not text")
    return text


def escape(encoding: Encoding, text: str, *, templated: bool) -> str:
    """Escape one value for `encoding`. Raises `NotExpressibleError` where no escape exists."""
    match encoding:
        case Encoding.JSON:
            return json_text(text, templated=templated)
        case Encoding.FORM:
            return form_text(text)
        case Encoding.XML:
            return xml_text(text, templated=templated)
        case Encoding.PLAIN:
            return plain_text(text, templated=templated)
        case Encoding.HEADER:
            return header_text(text, templated=templated)
        case Encoding.QUERY:
            return query_text(text, templated=templated)
        case Encoding.URL:
            return url_text(text)


def _quoted(text: str) -> str:
    try:
        return quote(text, safe="~")
    except UnicodeEncodeError:
        # Not chained: the codec's error carries the whole text.
        raise NotExpressibleError("a lone surrogate is not text") from None


def _has_surrogate(text: str) -> bool:
    return not text.isascii() and _SURROGATE.search(text) is not None


_XML_ENTITIES = (
    ("&", "&amp;"),
    ("<", "&lt;"),
    (">", "&gt;"),
    ('"', "&quot;"),
    ("\r", "&#13;"),
    ("\n", "&#10;"),
    ("\t", "&#9;"),
)


# The audit: only our own syntax may open in a text that a vault reads as a template.

_OPENING = re.compile(r"\{(?=[{%#])")


def audited(pieces: Iterable[str | Fragment]) -> str:
    """Join the pieces.

    Raises `NotExpressibleError` where a template would open outside a fragment.
    """
    written: list[str] = []
    ours = 0
    for piece in pieces:
        if isinstance(piece, Fragment):
            ours += openings(piece.text)
            written.append(piece.text)
        else:
            written.append(piece)
    return with_openings("".join(written), ours)


def with_openings(text: str, ours: int) -> str:
    """The text itself, which holds fragments with so many openings, and must hold no others.

    Those of the fragments are among all that there are: as many means the same ones.

    Raises `NotExpressibleError`.
    """
    if openings(text) != ours:
        raise NotExpressibleError("this text would open a template at the vault")
    return text


def openings(text: str) -> int:
    """How often a template opens in a text, `{{`, `{%` or `{#`, each place counted."""
    return len(_OPENING.findall(text))
