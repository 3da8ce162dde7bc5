"""Binds a request with holes to the values of a run. Pure: sends nothing, reads no clock.

Every request is written as it leaves and as it may be shown, from the same terms.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from forwardc.core.diagnostics.sink import Sink
from forwardc.core.terms.escaping import NotExpressibleError, is_printable_ascii
from forwardc.core.terms.evaluator import Scope, TextTooLongError, evaluate
from forwardc.core.terms.functions import ComputationError
from forwardc.core.terms.terms import Encoded, Encoding, Map, Ref, Term, walk
from forwardc.plan.model import DisplayedRequest
from forwardc.plan.parts import PlanRequest
from forwardc.runtime.run.result import BoundRequest, Pairs, ShownRequest
from forwardc.runtime.run.ways import TemplateText, request_template


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
class _Twin:
    """One text of a request, as it leaves and as it may be shown; None where it cannot be."""

    name: str
    wire: str | None = field(repr=False)
    shown: str | None


def bind(http: PlanRequest, scope: RunScope, sink: Sink) -> BoundRequest | None:
    """The bound request, or None with FC0807 or FC0808 in the sink for every place that fails."""
    found, real, masked = Sink(), scope.real(), scope.masked()
    way = request_template(http, real)
    url = _twin(way.url, real, masked, found)
    query = [_twin(line, real, masked, found) for line in way.query]
    headers = [_twin(line, real, masked, found) for line in way.headers]
    body = _twin(way.body, real, masked, found)
    for problem in found.sorted():
        sink.add(problem)
    if found.has_errors:
        return None
    return BoundRequest(
        http.method,
        _with_query(url.wire, [(one.name, one.wire) for one in query]),
        _given((one.name, one.wire) for one in headers),
        None if body.wire is None else body.wire.encode(),
        ShownRequest(
            http.method,
            _with_query(url.shown, [(one.name, one.shown) for one in query]),
            _given((one.name, one.shown) for one in headers),
            body.shown,
        ),
    )


def show_url(request: PlanRequest | DisplayedRequest, scope: RunScope) -> str:
    """The URL of a request as it may be shown, without its query; empty where it has none."""
    masked = scope.masked()
    url = request_template(request, masked).url
    return (url and _text(url, masked, Sink())) or ""


def _twin(line: TemplateText | None, real: Scope, masked: Scope, sink: Sink) -> _Twin:
    """Both texts of a line. Only what reads a tainted value is written a second time."""
    if line is None:
        return _Twin("", None, None)
    if line.constant is not None:
        return _Twin(line.name, line.constant, line.constant)
    wire = _text(line, real, sink)
    return _Twin(line.name, wire, _text(line, masked, Sink()) if line.tainted(real) else wire)


def _with_query(url: str | None, query: list[tuple[str, str | None]]) -> str:
    given = "&".join(f"{name}={value}" for name, value in _given(query))
    return f"{url or ''}?{given}" if given else url or ""


def _given(pairs: Iterable[tuple[str, str | None]]) -> Pairs:
    return tuple((name, value) for name, value in pairs if value is not None)


def _text(line: TemplateText, scope: Scope, sink: Sink) -> str | None:
    place = line.place
    try:
        value = line.write(scope)
        if not isinstance(value, str):
            raise TypeError(f"{place} is not text in the plan")
        if place.startswith("header") and not is_printable_ascii(value):
            raise NotExpressibleError("a header holds printable ASCII only")
    except TextTooLongError as problem:
        sink.error("FC0808", f"{place}: {problem}", hint="send shorter values")
    except (NotExpressibleError, ComputationError) as problem:
        names = _culprits(line.term, scope)
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
    except (NotExpressibleError, ComputationError):
        return True
    except KeyError:
        return False
    return False
