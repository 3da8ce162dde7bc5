"""A body field by field: each value with the JSON Pointer to it, in the order of the body.

What a syntax is said to be decides first; where it is not, JSON comes before XML and that before a
form. Anything else is one text. Masks nothing.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, NoReturn, TypeAlias

from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.core.terms.values import CONTRADICTION, XmlLeaf
from forwardc.runtime.http.bodies.body import SYNTAXES, Body
from forwardc.runtime.http.bodies.nothing import NOTHING
from forwardc.runtime.http.bodies.page import is_page
from forwardc.runtime.run.kept import BodyField, BodyFields, BodyKind

MOST_FIELDS: Final = 1000
"""More of them are no answer to a payment; those behind are cut."""
LONGEST: Final = 2000
"""Characters of one value that are kept."""
# A text that is itself a document, such as the body inside a vault's request, is read so deep.
_DEEPEST: Final = 3
_TWICE: Final = "(given twice, with different values)"
_JSON_BEGINS: Final = ("{", "[")
_SPACE: Final = " \t\r\n"
_FORM: Final = re.compile(r"[\w.\[\]%-]{1,200}=[^\s&=]*(?:&[\w.\[\]%-]{1,200}=[^\s&=]*)+", re.ASCII)


Visit: TypeAlias = Callable[[str, str, bool, bool], None]
"""Takes a value: the pointer to it, its text, whether it was text, whether a name told of it."""
Named: TypeAlias = Callable[[str], tuple[str, bool]]
"""Takes a name: how it is shown, and whether it tells of what is below it."""


class _FullError(ForwardcError):
    """Whoever takes values takes no more."""


def fields_of(body: str, answer: str = "any", *, inner: bool = True) -> BodyFields:
    """A body that may be shown as it is, field by field. `answer` is its kind, where known.

    Without `inner`, a document that stands in it as text is one value.
    """
    kind, document = read(Body(body), body, answer)
    rows: list[BodyField] = []

    def visit(path: str, value: str, text: bool, _told: bool) -> None:
        if len(rows) == MOST_FIELDS:
            raise _FullError
        rows.append(BodyField(path, value, text))

    whole = walked(document, visit, inside=0 if inner else _DEEPEST)
    return BodyFields(kind, tuple(rows), whole)


def read(body: Body, text: str, answer: str = "any") -> tuple[BodyKind, Any]:
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


def walked(
    document: Any,
    visit: Visit,
    named: Named = lambda name: (name, False),
    *,
    inside: int = 0,
) -> bool:
    """Show every value of a document, and of the documents that stand in it as text.

    `named` says how a name is shown, and whether it tells of what is below it. False where `visit`
    took no more, which it says with `full()`.
    """
    try:
        _walk(document, visit, named, "", False, inside)
    except _FullError:
        return False
    return True


def full() -> NoReturn:
    """What a visitor says when it takes no more."""
    raise _FullError


def _walk(
    document: Any,
    visit: Visit,
    named: Named,
    path: str,
    told: bool,
    inside: int,
) -> None:
    # Most of an answer is this: what is asked first costs least.
    kind = type(document)
    if kind is dict and document:
        for name, value in document.items():
            shown, tells = named(name)
            _walk(value, visit, named, path + pointer(shown), told or tells, inside)
        return
    if kind is str and document.isalnum():
        visit(path, document, True, told)
        return
    match document:
        case str():
            inner = _inner(document) if path and inside < _DEEPEST else None
            if inner is not None:
                _walk(inner, visit, named, path, told, inside + 1)
                return
            visit(path, str(document), True, told)
            if isinstance(document, XmlLeaf):
                members = dict(document.attributes())
                if members:
                    _walk(members, visit, named, path, told, inside)
        case Mapping() if document:
            for name, value in document.items():
                shown, tells = named(name)
                _walk(value, visit, named, path + pointer(shown), told or tells, inside)
        case list() if document:
            for at, value in enumerate(document):
                _walk(value, visit, named, f"{path}/{at}", told, inside)
        case Mapping():
            visit(path, "{}", False, told)
        case list():
            visit(path, "[]", False, told)
        case _:
            visit(path, _literal(document), False, told)


@lru_cache(maxsize=4096)
def pointer(name: str) -> str:
    """A name as a part of a JSON Pointer (RFC 6901)."""
    return "/" + name.replace("~", "~0").replace("/", "~1")


def _inner(text: str) -> Any:
    """The document that a text is; None where it is none."""
    begins = text[:1]
    if begins in _SPACE:
        begins = text.lstrip()[:1]
    if not begins:
        return None
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


def _kind(syntax: str) -> BodyKind:
    match syntax:
        case "json":
            return "json"
        case "xml":
            return "xml"
        case _:
            return "form"
