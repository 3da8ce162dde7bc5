"""XML of a body as plain data, in the form that XML bodies are written in.

`.name` is an attribute, `.` the text, repeated siblings are a list; an element without children is
its text. A name is a namespace and a local name, never the prefix that a document happens to use.
No entity is declared, expanded or fetched.
"""

from collections import ChainMap
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, TypeAlias
from xml.parsers import expat

from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.core.terms.values import CONTRADICTION, XmlLeaf
from forwardc.runtime.http.bodies.parsers import NOTHING, is_page, is_same_value

# Levels of nesting, as many as of JSON: more serves no payment, and exhausts whoever walks it.
_DEEPEST: Final = 100
# The text is Unicode, so what the document declares of its bytes means nothing. `standalone`: an
# entity that nobody declared is a mistake, and not text that is left out without a word.
_DECLARATION: Final = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
# Outer declarations are looked up, never copied: a root may declare thousands of them.
_Scope: TypeAlias = ChainMap[str, str]
_XML: Final = "http://www.w3.org/XML/1998/namespace"


class _Part(NamedTuple):
    """One attribute or child: its namespace, None where its prefix is bound to none."""

    uri: str | None
    key: str
    value: Any


class Element(dict[str, Any]):
    """An element's content by local name. `get` also takes a name with a prefix.

    A prefix that the destination declares means its namespace; any other is no part of the name.
    """

    __slots__ = ("_parts", "_prefixes")

    def __init__(self, parts: list[_Part], prefixes: Mapping[str, str]) -> None:
        self._parts: dict[str, list[_Part]] = {}
        for part in parts:
            self._parts.setdefault(part.key, []).append(part)
        super().__init__({key: _value_of(key, same_key) for key, same_key in self._parts.items()})
        self._prefixes = prefixes

    def get(self, key: str | int, default: Any = None) -> Any:
        """A child (`s:Body`), a list of children, an attribute (`.s:id`) or the text (`.`).

        0 is the element itself: where its name is repeated, the first of the list.
        """
        if str(key) == "0":
            return self
        mark, prefix, local = _split(str(key))
        if not prefix:
            return super().get(mark + local, default)
        uri = self._prefixes.get(prefix)
        inside = self._parts.get(mark + local, [])
        if uri is not None:
            inside = [part for part in inside if part.uri == uri]
        elif mark:
            # Who writes a prefix means an attribute that has one, if there is one.
            inside = [part for part in inside if part.uri != ""] or inside
        return _value_of(mark, inside) if inside else default


def read_xml(text: str, prefixes: Mapping[str, str]) -> Any:
    """The document as `{root: content}`, with `prefixes` to namespaces for those who read it.

    `NOTHING` where it is not well-formed, declares entities, is nested too deep or is HTML.
    """
    body = _without_declaration(text.lstrip(" \t\r\n\ufeff"))
    if is_page(body):
        return NOTHING
    builder = _Builder(prefixes)
    parser = expat.ParserCreate(encoding="utf-8", namespace_separator=None)
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    parser.StartDoctypeDeclHandler = builder.doctype
    try:
        parser.Parse(_DECLARATION + body.encode(), True)
    except (expat.ExpatError, _RefusedXmlError, UnicodeEncodeError):
        return NOTHING
    return builder.document()


def _without_declaration(text: str) -> str:
    if text.startswith("<?xml") and text[5:6].isspace():
        return text.partition("?>")[2]
    return text


def _split(key: str) -> tuple[str, str, str]:
    """`.` for an attribute, the prefix, and the local name."""
    mark = "." if key.startswith(".") else ""
    before, colon, behind = key.removeprefix(".").partition(":")
    return (mark, before, behind) if colon else (mark, "", before)


def _value_of(key: str, parts: list[_Part]) -> Any:
    """What an element says under a key: one value, or the list of repeated children."""
    if not key.startswith("."):
        return parts[0].value if len(parts) == 1 else [part.value for part in parts]
    plain = [part for part in parts if part.uri == ""] or parts
    first = plain[0].value
    return first if all(is_same_value(first, part.value) for part in plain) else CONTRADICTION


class _RefusedXmlError(ForwardcError):
    """The document has what we do not read."""


class _Open(NamedTuple):
    """An element that has not ended yet; `scope` are the namespaces by prefix inside it."""

    name: str
    scope: _Scope
    parts: list[_Part]
    pieces: list[str]


class _Builder:
    def __init__(self, prefixes: Mapping[str, str]) -> None:
        self._prefixes = prefixes
        self._open = [_Open("", ChainMap({"xml": _XML, "": ""}), [], [])]

    def document(self) -> Element:
        return Element(self._open[0].parts, self._prefixes)

    def doctype(self, _name: str, _system: object, _public: object, has_subset: int) -> None:
        if has_subset:
            raise _RefusedXmlError

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) > _DEEPEST:
            raise _RefusedXmlError
        scope = _scope(self._open[-1].scope, attributes)
        parts = [
            _part(".", name, value, scope)
            for name, value in attributes.items()
            if name != "xmlns" and not name.startswith("xmlns:")
        ]
        self._open.append(_Open(name, scope, parts, []))

    def text(self, data: str) -> None:
        self._open[-1].pieces.append(data)

    def end(self, _name: str) -> None:
        name, scope, parts, pieces = self._open.pop()
        content = _content(Element(parts, self._prefixes), "".join(pieces))
        self._open[-1].parts.append(_part("", name, content, scope))


def _content(element: Element, text: str) -> Any:
    has_children = any(not key.startswith(".") for key in element)
    if has_children and text.strip():
        element["."] = text
    # An element that is there and empty is not one that is missing.
    return element if has_children else XmlLeaf(text, element)


def _scope(outer: _Scope, attributes: Mapping[str, str]) -> _Scope:
    declared = {
        name.partition(":")[2]: uri
        for name, uri in attributes.items()
        if name == "xmlns" or name.startswith("xmlns:")
    }
    return outer.new_child(declared) if declared else outer


def _part(mark: str, name: str, value: Any, scope: _Scope) -> _Part:
    _, prefix, local = _split(name)
    # An attribute without a prefix is in no namespace (Namespaces in XML 1.0, section 6.2).
    uri = "" if mark and not prefix else scope.get(prefix)
    return _Part(uri, mark + local, value)
