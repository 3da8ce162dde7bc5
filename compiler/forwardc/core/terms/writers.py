"""Writes an evaluated tree as JSON, form or XML in pieces, escaping every value by construction.

Pieces of a vault's own syntax stay apart, so that the caller can nest or audit them. Knows
values and syntaxes only: no terms, no scope, no vault.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import TypeAlias

from forwardc.core.terms import escaping as escape
from forwardc.core.terms.terms import Encoding
from forwardc.core.terms.values import Fragment, Template, Value

_PUBLIC_ID = re.compile(r"[A-Za-z0-9 '()+,./:=?;!*#@$_%-]+")
_SYSTEM_ID = re.compile(r"[!#-;=?-z|~]+")
_LONGEST = 128
"""Powers of ten that are written out in digits; `1E999999` stays, as no memory holds it."""
Parts: TypeAlias = tuple[str | Fragment, ...]
Pieces: TypeAlias = Iterator[str | Fragment]


def text_of(value: Value) -> str:
    """A scalar as plain text: how it is written in a form, a header, or interpolated text.

    Raises `NotExpressibleError` for a map or list.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return _digits(value)
    if isinstance(value, int):
        return str(value)
    if value is None:
        return ""
    raise escape.NotExpressibleError("only a scalar has a text form")


def _digits(value: Decimal) -> str:
    """A number without an exponent, which a form or a header does not know.

    One of an answer can have an exponent that no memory holds in digits: it stays.
    """
    is_short = abs(int(value.as_tuple().exponent)) <= _LONGEST if value.is_finite() else False
    return format(value, "f") if is_short else str(value)


def parts_of(value: Value) -> Parts:
    """A value as pieces of text and of vault syntax."""
    if isinstance(value, Template):
        return value.parts
    return (value,) if isinstance(value, Fragment) else (text_of(value),)


def raw_text(piece: str | Fragment) -> str:
    """A piece as it is written."""
    return piece.text if isinstance(piece, Fragment) else piece


def scalar_pieces(value: Value, encoding: Encoding, *, templated: bool) -> Pieces:
    """One scalar with every plain piece escaped for `encoding`."""
    for part in parts_of(value):
        if isinstance(part, Fragment):
            yield part
        else:
            yield escape.escape(encoding, part, templated=templated)


def json_pieces(value: Value, *, templated: bool) -> Pieces:
    """Compact JSON; numbers keep their digits."""
    pieces: list[str | Fragment] = []
    _add_json(pieces, value, templated=templated)
    return iter(pieces)


def _add_json(pieces: list[str | Fragment], value: Value, *, templated: bool) -> None:
    # One list for all levels: a generator at each would hand every piece up through all of them.
    if isinstance(value, str):
        pieces.append(f'"{escape.escape(Encoding.JSON, value, templated=templated)}"')
    elif isinstance(value, dict):
        pieces.append("{")
        for index, (key, item) in enumerate(value.items()):
            comma = "," if index else ""
            pieces.append(f'{comma}"{escape.json_text(key, templated=templated)}":')
            _add_json(pieces, item, templated=templated)
        pieces.append("}")
    elif isinstance(value, list):
        pieces.append("[")
        for index, item in enumerate(value):
            if index:
                pieces.append(",")
            _add_json(pieces, item, templated=templated)
        pieces.append("]")
    elif isinstance(value, Fragment) and value.number:
        pieces.append(value)
    elif isinstance(value, Fragment | Template):
        scalar = scalar_pieces(value, Encoding.JSON, templated=templated)
        pieces += ('"', *scalar, '"')
    else:
        pieces.append("null" if value is None else text_of(value))


def flatten_form(value: Value, name: str = "") -> Iterator[tuple[str, Value]]:
    """Name and scalar pairs: `card[number]`, `items[0]`; an empty map or list gives none."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from flatten_form(item, f"{name}[{key}]" if name else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from flatten_form(item, f"{name}[{index}]")
    else:
        yield name, value


def form_pieces(value: Value, *, templated: bool) -> Pieces:
    """Form text. Brackets of names are written as they are, as the field's clients do."""
    for index, (name, item) in enumerate(flatten_form(value)):
        yield f"{'&' if index else ''}{_form_name(name)}="
        yield from scalar_pieces(item, Encoding.FORM, templated=templated)


def _form_name(name: str) -> str:
    return escape.form_text(name).replace("%5B", "[").replace("%5D", "]")


def xml_pieces(value: Value, doctype: tuple[str, str] | None, *, templated: bool) -> Pieces:
    """An XML document with one root. `.name` keys are attributes, `.` is the element's text.

    Raises `NotExpressibleError`.
    """
    if not isinstance(value, dict) or len(value) != 1:
        raise escape.NotExpressibleError("an XML body has exactly one root element")
    ((root, content),) = value.items()
    if isinstance(content, list):
        raise escape.NotExpressibleError("an XML body has exactly one root element")
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    if doctype:
        yield _doctype(root, *doctype)
    yield from _element_pieces(root, content, templated=templated)


def _doctype(root: str, public: str, system: str) -> str:
    """A document type declaration (XML 1.0, section 2.8): nothing in its literals is escaped."""
    if not (_PUBLIC_ID.fullmatch(public) and _SYSTEM_ID.fullmatch(system)):
        raise escape.NotExpressibleError("a document type holds a character that it may not hold")
    return f'<!DOCTYPE {root} PUBLIC "{public}" "{system}">'


def _element_pieces(name: str, content: Value, *, templated: bool) -> Pieces:
    if isinstance(content, list):
        for item in content:
            yield from _element_pieces(name, item, templated=templated)
    elif isinstance(content, dict):
        yield f"<{name}"
        for key, item in content.items():
            if _is_attribute(key):
                yield f' {key[1:]}="'
                yield from scalar_pieces(item, Encoding.XML, templated=templated)
                yield '"'
        yield ">"
        for key, item in content.items():
            if key == ".":
                yield from scalar_pieces(item, Encoding.XML, templated=templated)
            elif not _is_attribute(key):
                yield from _element_pieces(key, item, templated=templated)
        yield f"</{name}>"
    elif content is None:
        yield f"<{name}/>"
    else:
        yield f"<{name}>"
        yield from scalar_pieces(content, Encoding.XML, templated=templated)
        yield f"</{name}>"


def _is_attribute(key: str) -> bool:
    return key.startswith(".") and key != "."
