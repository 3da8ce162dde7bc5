"""Where a value has others inside: the members of a JWE, its header, JSON written as text.

Knows terms, and nothing of what is shown.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from forwardc.core.terms.terms import Call, Lit, Map, Seq, Term, children


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
        case Map() | Seq():
            yield NestedValue(NestedPart.JSON, term)
        case _:
            for child in children(term):
                yield from nested_values(child)


def own_nodes(term: Term) -> Iterator[Term]:
    """The nodes of a value itself. Of a JWE these are its key's, and neither data nor header."""
    if isinstance(term, Map | Seq):
        return
    yield term
    if isinstance(term, Call) and term.function == "jwe":
        key = dict(term.named)["key"]
        yield from (key_of(key) if isinstance(key, Map) else (key,))
        return
    for child in children(term):
        yield from own_nodes(child)


def key_of(key: Map) -> Iterator[Term]:
    """The parts of a JWK that are not the author's own text."""
    yield from (value for _, value in key.entries if not isinstance(value, Lit))
