"""Binds a request with holes to the values of a run. Pure: sends nothing, reads no clock.

Every request is written twice, once as it leaves and once masked, from the same terms.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from forwardc.diagnostics.sink import Sink
from forwardc.plan.escape import NotExpressible
from forwardc.plan.evaluate import CannotCompute, Scope, TooLong, evaluate
from forwardc.plan.parts import Http
from forwardc.plan.terms import Encoded, Encoding, Map, Ref, Term, walk
from forwardc.plan.values import is_absent
from forwardc.runtime.shapes import BoundRequest, Pairs, ShownRequest


@dataclass(frozen=True, slots=True)
class RunScope:
    """The values of a run by reference name, what is present, and the source block."""

    values: Mapping[str, Any] = field(repr=False)
    present: frozenset[str] = frozenset()
    source: Term | None = None

    def real(self) -> Scope:
        """For the wire."""
        return Scope(self.values, self.present, self.source, reveal=True)

    def masked(self) -> Scope:
        """For showing."""
        return Scope(self.values, self.present, self.source, reveal=False)


@dataclass(frozen=True, slots=True)
class _Written:
    url: str = field(repr=False)
    headers: Pairs = field(repr=False)
    body: str | None = field(repr=False)


def bind(http: Http, scope: RunScope, sink: Sink) -> BoundRequest | None:
    """The bound request, or None with FC0807 or FC0808 in the sink for every place that fails."""
    found = Sink()
    real = _write(http, scope.real(), found)
    for problem in found.sorted():
        sink.add(problem)
    if found.has_errors:
        return None
    masked = _write(http, scope.masked(), Sink())
    return BoundRequest(
        http.method,
        real.url,
        real.headers,
        None if real.body is None else real.body.encode(),
        ShownRequest(http.method, masked.url, masked.headers, masked.body),
    )


def show(http: Http, scope: RunScope) -> ShownRequest:
    """The masked view alone, for a step whose values are not all known yet."""
    masked = _write(http, scope.masked(), Sink())
    return ShownRequest(http.method, masked.url, masked.headers, masked.body)


def show_text(term: Term, scope: RunScope) -> str:
    """One term as it may be shown; empty where it cannot be written."""
    return _text("text", term, scope.masked(), Sink()) or ""


def _write(http: Http, scope: Scope, sink: Sink) -> _Written:
    url = _text("the URL", http.url, scope, sink) or ""
    query = _pairs("query", http.query, scope, sink)
    headers = _pairs("header", http.headers, scope, sink)
    body = None if http.body is None else _text("the body", http.body, scope, sink)
    if query:
        url += "?" + "&".join(f"{name}={value}" for name, value in query)
    return _Written(url, headers, body)


def _pairs(place: str, pairs: tuple[tuple[str, Term], ...], scope: Scope, sink: Sink) -> Pairs:
    written = ((name, _text(f"{place} {name}", term, scope, sink)) for name, term in pairs)
    return tuple((name, value) for name, value in written if value is not None)


def _text(place: str, term: Term, scope: Scope, sink: Sink) -> str | None:
    try:
        value = evaluate(term, scope)
        if is_absent(value):
            return None
        if not isinstance(value, str):
            raise TypeError(f"{place} is not text in the plan")
        if place.startswith("header") and not all(" " <= char <= "~" for char in value):
            raise NotExpressible("a header holds printable ASCII only")
    except TooLong as problem:
        sink.error("FC0808", f"{place}: {problem}", hint="send shorter values")
    except (NotExpressible, CannotCompute) as problem:
        names = _culprits(term, scope)
        sink.error("FC0807", f"{place}: {problem}" + (f" ({', '.join(names)})" if names else ""))
    else:
        return value
    return None


def _culprits(term: Term, scope: Scope) -> list[str]:
    """The references that cannot be written in the encoding around them, by name."""
    found = {
        node.name
        for outer in walk(term)
        if isinstance(outer, Encoded)
        for node in walk(outer.tree)
        if isinstance(node, Ref) and _fails(_alone(outer, node), scope)
    }
    return sorted(found)


def _alone(outer: Encoded, ref: Ref) -> Encoded:
    # An XML document needs its root element.
    tree: Term = Map((("x", ref),)) if outer.encoding is Encoding.XML else ref
    return Encoded(outer.encoding, tree, templated=outer.templated)


def _fails(term: Term, scope: Scope) -> bool:
    try:
        evaluate(term, scope)
    except (NotExpressible, CannotCompute):
        return True
    except KeyError:
        return False
    return False
