"""Find the leaves of a JSON or XML body, each with its place in the text.

Knows no card fields and no destination. Places make it possible to fill a leaf and leave every
other character of the body as it was sent.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from forwardc.sandbox.errors import SandboxError

MAX_DEPTH = 100
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null|[{}\[\],:]')
_TAG = re.compile(rb"<([^\s/>]+)((?:\s+[^\s=/>]+\s*=\s*(?:\"[^\"]*\"|'[^']*'))*)\s*(/?)>")
_ATTRIBUTE = re.compile(rb"([^\s=]+)\s*=\s*(\"([^\"]*)\"|'([^']*)')")


class ForwardedBodyError(SandboxError, ValueError):
    """The body is neither JSON nor XML, or is nested too deeply."""


@dataclass(frozen=True, slots=True)
class BodyLeaf:
    """A scalar: its path (`/a/0/b`; in XML `/a/b` and `/a/@b`), value and place in the text.

    Places count characters in JSON, and bytes of UTF-8 in XML.
    """

    path: str
    value: Any
    start: int
    end: int
    xml: bool = False
    # In XML: the path with the place of each element among those of its name, `/a[1]/b[2]`.
    exact: str = ""
    # The end tag to add, where the text has an empty-element tag (`<a/>`).
    closing: str = ""

    @property
    def place(self) -> str:
        """Its path, which no other leaf has: in XML that of `exact`."""
        return self.exact or self.path


def plain_xpath(path: str) -> str:
    """A path of an XML body without the places of elements."""
    return re.sub(r"\[\d+\]", "", path)


def exact_xpath(path: str) -> str:
    """A path of an XML body with the place of each element, the first where none is written."""
    return re.sub(r"(/[^/@\[\]]+)(?=/|\Z)", r"\1[1]", path)


def leaves(text: str) -> list[BodyLeaf]:
    """All scalars of a body. Raises `ForwardedBodyError`."""
    if text.lstrip().startswith("<"):
        return _Xml(text.encode()).leaves()
    try:
        json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise ForwardedBodyError("The body is not valid JSON.") from error
    return list(_json_leaves(text))


def fill(text: str, values: list[tuple[BodyLeaf, str]]) -> str:
    """The body with the given leaves written anew; the strings are what stands there, escaped."""
    last_first = sorted(values, key=lambda pair: pair[0].start, reverse=True)
    data = text.encode()
    for leaf, written in last_first:
        if leaf.xml:
            whole = f">{written}{leaf.closing}" if leaf.closing else written
            data = data[: leaf.start] + whole.encode() + data[leaf.end :]
            text = data.decode()
        else:
            text = text[: leaf.start] + written + text[leaf.end :]
    return text


def _refuse(name: str) -> None:
    raise ValueError(name)


@dataclass(slots=True)
class _Frame:
    is_map: bool
    key: str = ""
    index: int = 0

    def part(self) -> str:
        return self.key if self.is_map else str(self.index)


def _json_leaves(text: str) -> Iterator[BodyLeaf]:
    """Walk the tokens of valid JSON."""
    frames: list[_Frame] = []
    key_next = False
    for token in _TOKEN.finditer(text):
        first = token[0][0]
        if first in "{[":
            frames.append(_Frame(first == "{"))
            if len(frames) > MAX_DEPTH:
                raise ForwardedBodyError("The body is nested too deeply.")
            key_next = first == "{"
        elif first in "}]":
            frames.pop()
        elif first == ",":
            frames[-1].index += 1
            key_next = frames[-1].is_map
        elif first == ":":
            key_next = False
        elif key_next:
            frames[-1].key = _escape(json.loads(token[0]))
        else:
            path = "".join(f"/{frame.part()}" for frame in frames)
            yield BodyLeaf(path, json.loads(token[0]), token.start(), token.end())


def _escape(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


@dataclass(slots=True)
class _Open:
    """An element that is open: its tag is `<name/>` if `empty`, its text begins at `start`."""

    name: str
    start: int
    empty: bool
    # Which one of its name it is, below its parent.
    place: int = 1
    has_children: bool = False
    below: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class _Xml:
    """Collects elements without children, and attributes, by the byte places that expat tells."""

    data: bytes
    found: list[BodyLeaf] = field(default_factory=list)
    opened: list[_Open] = field(default_factory=list)

    def leaves(self) -> list[BodyLeaf]:
        parser = expat.ParserCreate()
        parser.StartElementHandler = lambda name, _: self._start(name, parser.CurrentByteIndex)
        parser.EndElementHandler = lambda _: self._end(parser.CurrentByteIndex)
        parser.EntityDeclHandler = _no_entities
        try:
            parser.Parse(self.data, True)
        except expat.ExpatError as error:
            raise ForwardedBodyError("The body is not valid XML.") from error
        return self.found

    def _path(self) -> str:
        return "".join(f"/{element.name}" for element in self.opened)

    def _exact(self) -> str:
        return "".join(f"/{element.name}[{element.place}]" for element in self.opened)

    def _start(self, name: str, at: int) -> None:
        tag = _TAG.match(self.data, at)
        if tag is None or len(self.opened) >= MAX_DEPTH:
            raise ForwardedBodyError(
                "The body holds XML that is nested too deeply or cannot be read."
            )
        place = 1
        if self.opened:
            self.opened[-1].has_children = True
            self.opened[-1].below[name] += 1
            place = self.opened[-1].below[name]
        self.opened.append(_Open(name, tag.end(), tag[3] == b"/", place))
        for item in _ATTRIBUTE.finditer(tag[2]):
            start = tag.start(2) + item.start(2) + 1
            end = tag.start(2) + item.end(2) - 1
            name = f"/@{item[1].decode()}"
            path, exact = self._path() + name, self._exact() + name
            value = self.data[start:end].decode()
            self.found.append(BodyLeaf(path, value, start, end, xml=True, exact=exact))

    def _end(self, at: int) -> None:
        path, exact = self._path(), self._exact()
        element = self.opened.pop()
        if element.empty:
            slash, closing = element.start - 2, f"</{element.name}>"
            place = (slash, element.start)
            self.found.append(BodyLeaf(path, "", *place, xml=True, exact=exact, closing=closing))
        elif not element.has_children:
            text = self.data[element.start : at].decode()
            self.found.append(BodyLeaf(path, text, element.start, at, xml=True, exact=exact))


def _no_entities(*_: Any) -> None:
    raise ForwardedBodyError("Entity declarations are not taken.")
