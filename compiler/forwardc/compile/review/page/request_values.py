"""Every value of a request: its place, the nodes it is made of, and the values inside it.

A page asks this of each request a dozen times, for its table, its summary, what protects it and
why it is degraded, and so do the letters of each vault. A request is read once, and what was read
lives as long as the request.

`body/sealed: ${jwe({"pan": card.number}, ...)}` is one value with the nodes of the call and of its
key; below it stand its parts: the data with the value `body/sealed > /pan`, whose node is the atom.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property

from forwardc.compile.ir.program import ProgramRequest
from forwardc.compile.review.page.places import (
    NestedPart,
    leaves,
    nested_values,
    own_nodes,
    place_in,
)
from forwardc.compile.vaults.steps import content_type
from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.span import Span
from forwardc.core.identity_cache import IdentityCache
from forwardc.core.terms.terms import Atom, Call, Lit, Raw, Ref, Source, Term, walk


@dataclass(frozen=True, slots=True)
class PlacedValue:
    """A value in its place. `nodes` are its own, `parts` what has rows of its own inside it."""

    place: str
    term: Term
    nodes: Sequence[Term]
    parts: "Sequence[PlacedPart]" = ()


@dataclass(frozen=True, slots=True)
class PlacedPart:
    """What stands inside a value: the data or the header of a JWE, or JSON written as text."""

    part: NestedPart
    values: Sequence[PlacedValue]


def placed(place: str, term: Term) -> PlacedValue:
    """A value with all that is inside it."""
    if isinstance(term, Lit | Ref | Atom | Raw | Source):
        return PlacedValue(place, term, (term,))
    parts = [
        PlacedPart(
            inside.part,
            [placed(place_in(place, inside.part, at), leaf) for at, leaf in leaves(inside.term)],
        )
        for inside in nested_values(term)
    ]
    return PlacedValue(place, term, list(own_nodes(term)), parts)


# Not frozen and without slots, so that it keeps its answers.
@dataclass
class RequestValues:
    """What a request is made of: query, headers and body, in the order that it is written in."""

    pairs: Sequence[PlacedValue]
    """Query, then headers with the body's Content-Type."""
    body: Sequence[PlacedValue]

    @cached_property
    def every(self) -> Sequence[PlacedValue]:
        """Every value, and behind each those inside it."""
        return [value for outer in (*self.pairs, *self.body) for value in _with_inner(outer)]

    @cached_property
    def calls(self) -> "Sequence[tuple[PlacedValue, Call]]":
        """Each function that is called in a value; most requests have few."""
        return [
            (value, node) for value in self.every for node in value.nodes if isinstance(node, Call)
        ]

    @cached_property
    def _by_span(self) -> "dict[Span, str]":
        # The innermost and last one counts where one text of the file became several values.
        return {
            node.span: value.place
            for value in self.every
            for node in walk(value.term)
            if node.span is not None
        }

    def place_at(self, span: Span) -> str:
        """The place of the value that a text of the file became; empty where it is no value's."""
        return self._by_span.get(span, "")


def _with_inner(value: PlacedValue) -> Iterator[PlacedValue]:
    yield value
    for part in value.parts:
        for inner in part.values:
            yield from _with_inner(inner)


_VALUES = IdentityCache[RequestValues]()


def values_of(request: ProgramRequest) -> RequestValues:
    """The values of a request, read once for each request."""
    return _VALUES.get(request, None, lambda: _read(request))


def _read(request: ProgramRequest) -> RequestValues:
    pairs = (("query", request.query), ("header", content_type(request)))
    return RequestValues(
        [placed(f"{kind} {pair.name}", pair.value) for kind, listed in pairs for pair in listed],
        [placed(place, leaf) for place, leaf in leaves(request.body)],
    )
