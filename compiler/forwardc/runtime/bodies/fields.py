"""A body field by field: each value with the JSON Pointer to it, in the order of the body.

What a syntax is said to be decides first; where it is not, JSON comes before XML and that before a
form. Anything else is one text. Masks nothing.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

from forwardc.plan.values import CONTRADICTION, Leaf
from forwardc.runtime.bodies.body import SYNTAXES, Body
from forwardc.runtime.bodies.nothing import NOTHING
from forwardc.runtime.bodies.page import is_page
from forwardc.runtime.kept import Field, Fields, Kind

MOST_FIELDS: Final = 1000
"""More of them are no answer to a payment; those behind are cut."""
LONGEST: Final = 2000
"""Characters of one value that are kept."""
# A text that is itself a document, such as the body inside a vault's request, is read so deep.
_DEEPEST: Final = 3
_TWICE: Final = "(given twice, with different values)"
_JSON_BEGINS: Final = ("{", "[")
_FORM: Final = re.compile(r"[\w.\[\]%-]{1,200}=[^\s&=]*(?:&[\w.\[\]%-]{1,200}=[^\s&=]*)+", re.ASCII)


class Value(NamedTuple):
    """A value and the names that lead to it; `text` as in a `Field`."""

    names: tuple[str, ...]
    value: str
    text: bool


def fields_of(body: str, answer: str = "any", *, inner: bool = True) -> Fields:
    """A body that may be shown as it is, field by field. `answer` is its kind, where known.

    Without `inner`, a document that stands in it as text is one value.
    """
    kind, document = read(Body(body), body, answer)
    rows: list[Field] = []
    for value in values_of(document, inside=0 if inner else _DEEPEST):
        if len(rows) == MOST_FIELDS:
            return Fields(kind, tuple(rows), whole=False)
        rows.append(Field(pointer(value.names), value.value, value.text))
    return Fields(kind, tuple(rows))


def read(body: Body, text: str, answer: str = "any") -> tuple[Kind, Any]:
    """How a body reads, and what it holds; of text and of nothing, the text itself."""
    if body.reads_as("empty"):
        return "empty", {}
    first = [name for name in SYNTAXES if name == answer]
    for syntax in (*first, *SYNTAXES):
        # Almost any text with `=` in it reads as a form: only one that looks so is taken for one.
        if syntax == "form" and not first and not _FORM.fullmatch(text.strip()):
            continue
        found = body.read(syntax)
        if found is not NOTHING and (found is not None or syntax == "json"):
            return _kind(syntax), found
    return "text", text


def values_of(document: Any, names: tuple[str, ...] = (), inside: int = 0) -> Iterator[Value]:
    """Every value of a document, and of the documents that stand in it as text."""
    match document:
        case Leaf():
            yield from _text(str(document), names, inside)
            for name, value in document.attributes():
                yield from values_of(value, (*names, name), inside)
        case str():
            yield from _text(document, names, inside)
        case Mapping() if document:
            for name, value in document.items():
                yield from values_of(value, (*names, str(name)), inside)
        case list() if document:
            for at, value in enumerate(document):
                yield from values_of(value, (*names, str(at)), inside)
        case Mapping():
            yield Value(names, "{}", text=False)
        case list():
            yield Value(names, "[]", text=False)
        case _:
            yield Value(names, _literal(document), text=False)


def pointer(names: tuple[str, ...]) -> str:
    """Names as a JSON Pointer (RFC 6901)."""
    return "".join("/" + name.replace("~", "~0").replace("/", "~1") for name in names)


def _text(text: str, names: tuple[str, ...], inside: int) -> Iterator[Value]:
    document = _inner(text) if inside < _DEEPEST and names else None
    if document is None:
        yield Value(names, text, text=True)
    else:
        yield from values_of(document, names, inside + 1)


def _inner(text: str) -> Any:
    """The document that a text is; None where it is none."""
    begins = text.lstrip()[:1]
    if begins in _JSON_BEGINS:
        found = Body(text).read("json")
    elif begins == "<" and not is_page(text):
        found = Body(text).read("xml")
    elif "&" in text and _FORM.fullmatch(text):
        found = Body(text).read("form")
    else:
        return None
    return found if isinstance(found, dict | list) else None


def _literal(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Decimal() | int():
            return str(value)
        case _ if value is CONTRADICTION:
            return _TWICE
        case _:
            raise TypeError("a body holds nothing else")


def _kind(syntax: str) -> Kind:
    match syntax:
        case "json":
            return "json"
        case "xml":
            return "xml"
        case _:
            return "form"
