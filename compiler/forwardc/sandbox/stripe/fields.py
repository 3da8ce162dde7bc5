"""The leaves of a forwarded JSON or XML body, and which of them are card fields.

Each leaf has its place in the text, so that it can be filled and every other character of the body
stays as it was sent. The tables of real destinations follow what Stripe prints and, where it prints
nothing, the destination's own API.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from xml.parsers import expat

from forwardc.sandbox.errors import SandboxError

# Levels of a forwarded body: this sandbox's choice, deeper ones cannot be filled safely.
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
    collected: list[BodyLeaf] = field(default_factory=list)
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
        return self.collected

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
            self.collected.append(BodyLeaf(path, value, start, end, xml=True, exact=exact))

    def _end(self, at: int) -> None:
        path, exact = self._path(), self._exact()
        element = self.opened.pop()
        if element.empty:
            slash, closing = element.start - 2, f"</{element.name}>"
            place = (slash, element.start)
            self.collected.append(
                BodyLeaf(path, "", *place, xml=True, exact=exact, closing=closing)
            )
        elif not element.has_children:
            text = self.data[element.start : at].decode()
            self.collected.append(BodyLeaf(path, text, element.start, at, xml=True, exact=exact))


def _no_entities(*_: Any) -> None:
    raise ForwardedBodyError("Entity declarations are not taken.")


# --- Card fields


class BlankField(Enum):
    """What a leaf holds, and the replacement that fills it."""

    NUMBER = "number"
    MONTH = "expiry_month"
    YEAR = "expiry_year"
    CVC = "cvc"
    NAME = "name"
    EXPIRY = "expiry"
    SIGNATURE = "signature"
    TOKEN_NUMBER = "token_number"  # noqa: S105 - a kind of field
    TOKEN_MONTH = "token_month"  # noqa: S105 - a kind of field
    TOKEN_YEAR = "token_year"  # noqa: S105 - a kind of field
    TOKEN_EXPIRY = "token_expiry"  # noqa: S105 - a kind of field
    TOKEN_CRYPTOGRAM = "token_cryptogram"  # noqa: S105 - a kind of field
    TOKEN_ECI = "token_eci"  # noqa: S105 - a kind of field


ARRANGED = frozenset(field for field in BlankField if field.value.startswith("token_")) | {
    BlankField.EXPIRY,
    BlankField.SIGNATURE,
}
"""What no document has, so that it is filled only where an arrangement was handed over."""

DATES = frozenset(
    {BlankField.MONTH, BlankField.YEAR, BlankField.EXPIRY}
    | {BlankField.TOKEN_MONTH, BlankField.TOKEN_YEAR, BlankField.TOKEN_EXPIRY}
)
"""What may be a JSON number."""


@dataclass(frozen=True, slots=True)
class Blank:
    """What a leaf is filled with; a date of a form of its own says which: `MMYY`, `YYYY-MM`."""

    field: BlankField
    form: str = ""


REPLACED_BY = {
    BlankField.NUMBER: "card_number",
    BlankField.MONTH: "card_expiry",
    BlankField.YEAR: "card_expiry",
    BlankField.CVC: "card_cvc",
    BlankField.NAME: "cardholder_name",
    BlankField.EXPIRY: "card_expiry",
    BlankField.SIGNATURE: "request_signature",
    BlankField.TOKEN_NUMBER: "network_token_number",
    BlankField.TOKEN_MONTH: "network_token_expiry",
    BlankField.TOKEN_YEAR: "network_token_expiry",
    BlankField.TOKEN_EXPIRY: "network_token_expiry",
    BlankField.TOKEN_CRYPTOGRAM: "network_token_cryptogram",
    BlankField.TOKEN_ECI: "network_token_electronic_commerce_indicator",
}

_SPECIFIC = {
    BlankField.NUMBER: "pan cardnumber accountnumber primaryaccountnumber cardno ccnumber cardpan",
    BlankField.MONTH: "expmonth expirymonth expirationmonth cardexpmonth cardexpirymonth expm",
    BlankField.YEAR: "expyear expiryyear expirationyear cardexpyear cardexpiryyear expy",
    BlankField.CVC: "cvc cvc2 cvv cvv2 csc cid securitycode cardcvc cardcvv cardsecuritycode "
    "verificationvalue cardverificationvalue",
    BlankField.NAME: "holdername cardholdername cardholder nameoncard cardname",
}
_GENERIC = {
    "number": BlankField.NUMBER,
    "month": BlankField.MONTH,
    "mm": BlankField.MONTH,
    "year": BlankField.YEAR,
    "yyyy": BlankField.YEAR,
    "name": BlankField.NAME,
    "holder": BlankField.NAME,
}
_BY_NAME = {name: field for field, names in _SPECIFIC.items() for name in names.split()}
_CARD_PARENT = re.compile(r"card|payment|instrument|expir")


def known_fields(table: Mapping[str, str], leaves: list[BodyLeaf]) -> dict[str, Blank]:
    """The card fields among the leaves, by place.

    A table's key is a path, or `//a/b` for any path that ends so; its value a `BlankField`, of a
    date in a form of its own with that after a colon.
    """
    blanks: dict[str, Blank] = {}
    for leaf in leaves:
        for pattern, kind in table.items():
            tail = pattern[1:] if pattern.startswith("//") else None
            same = leaf.exact == exact_xpath(pattern) if leaf.xml else leaf.path == pattern
            if same or (tail and leaf.path.endswith(tail)):
                blanks[leaf.place] = blank_of(kind)
    return blanks


def blank_of(kind: str) -> Blank:
    """What a table's value means: `number`, `expiry_month:number`, `expiry:MMYY`."""
    name, _, rest = kind.partition(":")
    form = rest.partition(":")[0]
    return Blank(BlankField(name), "" if form == "number" else form)


def numeric_only(table: Mapping[str, str], path: str) -> bool:
    """Whether the destination wants a JSON number there: the kind is written `...:number`."""
    return table.get(path, "").endswith(":number")


def guessed_fields(leaves: list[BodyLeaf]) -> dict[str, Blank]:
    """Blank leaves whose names are well known as card fields: the sandbox's own rule.

    Names such as `number` and `name` count only beside another card field, or in a map whose
    name speaks of a card.
    """
    blank = [leaf for leaf in leaves if is_blank(leaf)]
    sure = [leaf for leaf in blank if _last(leaf) in _BY_NAME]
    blanks = {leaf.place: Blank(_BY_NAME[_last(leaf)]) for leaf in sure}
    parents = {_parent(leaf.path) for leaf in sure}
    for leaf in blank:
        parent = _parent(leaf.path)
        # Two names up: XML has <expiryDate><date month="" year=""/></expiryDate>.
        above = _squeeze("".join(parent.split("/")[-2:]))
        near = parent in parents or _CARD_PARENT.search(above)
        if _last(leaf) in _GENERIC and near:
            blanks[leaf.place] = Blank(_GENERIC[_last(leaf)])
    return blanks


def is_blank(leaf: BodyLeaf) -> bool:
    """An empty string, or the number 0 (guide of May 2026)."""
    return leaf.value == "" or (type(leaf.value) is int and leaf.value == 0)


def _last(leaf: BodyLeaf) -> str:
    name = leaf.path.rpartition("/")[2]
    # What a prefix is called says nothing.
    return _squeeze(name.rpartition(":")[2] if leaf.xml else name)


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _squeeze(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
