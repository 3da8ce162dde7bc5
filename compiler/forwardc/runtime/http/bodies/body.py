"""A body read as whatever asks for it, and field by field: each value with the JSON Pointer to it.

Each syntax is read once. What a body is said to be decides first; where nobody says, JSON comes
before XML and that before a form, and anything else is one text.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, NoReturn, TypeAlias

from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.core.json_pointer import pointer_token
from forwardc.core.terms.values import CONTRADICTION, XmlLeaf
from forwardc.runtime.http.bodies.body_fields import BodyField, BodyFields, BodyKind
from forwardc.runtime.http.bodies.parsers import NOTHING, is_page, read_form, read_json
from forwardc.runtime.http.bodies.xml_body import read_xml

SYNTAXES: Final = ("json", "xml", "form")
"""In the order in which a body is taken for one, where nobody says which it is."""


class Body:
    """A body as text, or as the JSON `given` that a vault has parsed already.

    `namespaces` are those that the destination's prefixes mean in XML.
    """

    __slots__ = ("_given", "_namespaces", "_read", "_text")

    def __init__(
        self, text: str, namespaces: Mapping[str, str] | None = None, parsed: Any = NOTHING
    ) -> None:
        self._text, self._namespaces = text, namespaces or {}
        self._given = parsed is not NOTHING
        others = dict.fromkeys(SYNTAXES, NOTHING)
        self._read: dict[str, Any] = {**others, "json": parsed} if self._given else {}

    def read(self, syntax: str) -> Any:
        """The body as `json`, `xml` or `form`; `NOTHING` where it does not parse as that."""
        if syntax not in self._read:
            self._read[syntax] = self._parsed(syntax)
        return self._read[syntax]

    def reads_as(self, kind: str) -> bool:
        """Whether this is an answer of a kind: a syntax, `text`, `empty` or `any`.

        A page for people is none but `any`. Raises `ValueError` for a kind that there is not.
        """
        match kind:
            case "any":
                return True
            case "empty":
                return not self._given and not self._has_text()
            case "text":
                return self._given or (self._has_text() and not is_page(self._text))
            case "json" | "xml" | "form":
                # JSON's own `null` says nothing, so that nothing can be missing from it.
                return self.read(kind) not in (NOTHING, None)
            case _:
                raise ValueError("there is no such kind of answer")

    def _has_text(self) -> bool:
        return bool(self._text.strip(" \t\r\n\ufeff"))

    def _parsed(self, syntax: str) -> Any:
        match syntax:
            case "json":
                return read_json(self._text)
            case "xml":
                return read_xml(self._text, self._namespaces)
            case "form":
                return read_form(self._text)
            case _:
                raise ValueError("there is no such syntax")


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

    def visit(path: str, value: str, text: bool, _is_secret: bool) -> None:
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
        document = body.read(syntax)
        if document is not NOTHING and (document is not None or syntax == "json"):
            return _kind(syntax), document
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
    """What a visitor says when it takes no more. Raises what `walked` waits for."""
    raise _FullError


def _walk(
    document: Any,
    visit: Visit,
    named: Named,
    path: str,
    is_secret: bool,
    inside: int,
) -> None:
    # Most of an answer is this: what is asked first costs least.
    kind = type(document)
    if kind is dict and document:
        for name, value in document.items():
            shown, tells = named(name)
            _walk(value, visit, named, path + pointer(shown), is_secret or tells, inside)
        return
    if kind is str and document.isalnum():
        visit(path, document, True, is_secret)
        return
    if isinstance(document, str):
        inner = _inner(document) if path and inside < _DEEPEST else None
        if inner is not None:
            _walk(inner, visit, named, path, is_secret, inside + 1)
            return
        visit(path, str(document), True, is_secret)
        if isinstance(document, XmlLeaf):
            members = dict(document.attributes())
            if members:
                _walk(members, visit, named, path, is_secret, inside)
    elif isinstance(document, Mapping):
        for name, value in document.items():
            shown, tells = named(name)
            _walk(value, visit, named, path + pointer(shown), is_secret or tells, inside)
        if not document:
            visit(path, "{}", False, is_secret)
    elif isinstance(document, list):
        for at, value in enumerate(document):
            _walk(value, visit, named, f"{path}/{at}", is_secret, inside)
        if not document:
            visit(path, "[]", False, is_secret)
    else:
        visit(path, _literal(document), False, is_secret)


@lru_cache(maxsize=4096)
def pointer(name: str) -> str:
    """A name as a part of a JSON Pointer (RFC 6901)."""
    return f"/{pointer_token(name)}"


def _inner(text: str) -> Any:
    """The document that a text is; None where it is none."""
    begins = text[:1]
    if begins in _SPACE:
        begins = text.lstrip()[:1]
    if not begins:
        return None
    if begins in _JSON_BEGINS:
        document = Body(text).read("json")
    elif begins == "<" and not is_page(text):
        document = Body(text).read("xml")
    elif "&" in text and _FORM.fullmatch(text):
        document = Body(text).read("form")
    else:
        return None
    return document if isinstance(document, dict | list) else None


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
