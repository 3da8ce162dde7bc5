"""Where each value of a request stands, and which values have others inside.

Places are JSON Pointers in JSON, XPaths in XML, `card[number]` in a form. A JWE, its header and
JSON written as text have values of their own, whose places follow an angle mark.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import assert_never

from forwardc.compile.ir.places import below, item_of
from forwardc.compile.ir.program import ProgramBody
from forwardc.core.dataclass import dataclass
from forwardc.core.json_pointer import pointer_parts
from forwardc.core.terms.terms import (
    Amount,
    Atom,
    Call,
    Encoded,
    Encoding,
    If,
    Limit,
    Lit,
    Map,
    Raw,
    Ref,
    Seq,
    Source,
    Term,
    Text,
)


def leaves(body: ProgramBody | Term | None) -> list[tuple[str, Term]]:
    """Each scalar of a body with its place, or of a tree with its pointer, as it is written."""
    leaves_of: list[tuple[str, Term]] = []
    if body is None:
        return leaves_of
    if not isinstance(body, ProgramBody):
        _collect(Encoding.JSON, "", body, leaves_of)
        return leaves_of
    _collect(body.encoding, "", body.tree, leaves_of)
    before = "body " if body.encoding is Encoding.FORM else "body"
    return [(before + at, leaf) for at, leaf in leaves_of]


def place_of(body: ProgramBody | None, at: str) -> str:
    """The place that a pointer into a body names, in XML an XPath; `header NAME` is one itself."""
    if body is None or not at.startswith("/"):
        return at
    if body.encoding is not Encoding.FORM:
        return f"body{at}"
    first, *rest = pointer_parts(at)
    return f"body {first}{''.join(f'[{token}]' for token in rest)}"


def _collect(encoding: Encoding, at: str, term: Term, leaves_of: list[tuple[str, Term]]) -> None:
    match term:
        case Map(entries=entries):
            for key, value in entries:
                _collect(encoding, _member(encoding, at, key), value, leaves_of)
        case Seq(items=items):
            for index, item in enumerate(items):
                _collect(encoding, _item(encoding, at, index), item, leaves_of)
        case If(then=Map() | Seq() as inner):
            _collect(encoding, at, inner, leaves_of)
        case (
            Lit()
            | Ref()
            | Atom()
            | Raw()
            | Call()
            | Text()
            | If()
            | Encoded()
            | Limit()
            | Source()
            | Amount()
        ):
            leaves_of.append((at, term))
        case _:
            assert_never(term)


def _member(encoding: Encoding, at: str, key: str) -> str:
    if encoding is Encoding.FORM:
        return f"{at}[{key}]" if at else key
    return below(at, key, xml=encoding is Encoding.XML)


def _item(encoding: Encoding, at: str, index: int) -> str:
    if encoding is Encoding.FORM:
        return f"{at}[{index}]"
    return item_of(at, index, xml=encoding is Encoding.XML)


# Values inside values


class NestedPart(StrEnum):
    """What part of a value is looked into."""

    DATA = "JWE"
    HEADER = "JWE header"
    JSON = "JSON"


@dataclass(frozen=True, slots=True)
class NestedValue:
    """A part of a value that has rows of its own. `call` is the JWE that it belongs to."""

    part: NestedPart
    term: Term
    call: Call | None = None


def place_in(place: str, part: NestedPart, below: str) -> str:
    """The place of a value inside another one: `body/sealed > header /kid`, with an angle mark."""
    inner = below or "text"
    inner = f"header {inner}" if part is NestedPart.HEADER else inner
    return f"{place} \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} {inner}"


def nested_values(term: Term) -> Iterator[NestedValue]:
    """The parts with rows of their own; what is inside them is not looked into."""
    match term:
        case Call(function="jwe", args=(data,), named=named):
            yield NestedValue(NestedPart.DATA, data, term)
            for name, value in named:
                if name == "headers":
                    yield NestedValue(NestedPart.HEADER, value, term)
        case Call(function="map", args=(of, *_)):
            # Its entries are what it gives, and no JSON that leaves.
            yield from nested_values(of)
        case Map() | Seq():
            yield NestedValue(NestedPart.JSON, term)
        case (
            Lit()
            | Ref()
            | Atom()
            | Raw()
            | Call()
            | Text()
            | If()
            | Encoded()
            | Limit()
            | Source()
            | Amount()
        ):
            for child in term.inside:
                yield from nested_values(child)
        case _:
            assert_never(term)


def own_nodes(term: Term) -> Iterator[Term]:
    """The nodes of a value itself. Of a JWE these are its key's, and neither data nor header."""
    if isinstance(term, Map | Seq):
        return
    yield term
    if isinstance(term, Call) and term.function == "jwe":
        key = dict(term.named)["key"]
        yield from (key_of(key) if isinstance(key, Map) else (key,))
        return
    for child in term.inside:
        yield from own_nodes(child)


def key_of(key: Map) -> Iterator[Term]:
    """The parts of a JWK that are not the author's own text."""
    yield from (value for _, value in key.entries if not isinstance(value, Lit))
