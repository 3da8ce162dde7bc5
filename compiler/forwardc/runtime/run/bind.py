"""Binds a request with holes to the values of a run, as it leaves and as it may be shown.

The requests of a loaded plan are turned into templates, once for each source block and pattern of
what is present; a run then only fills them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from typing import Any, Final

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.identity_cache import IdentityCache
from forwardc.core.terms.compiled_writer import TermWriter, compiled_writer, fixed_text
from forwardc.core.terms.escaping import NotExpressibleError, is_printable_ascii
from forwardc.core.terms.evaluator import Scope, TextTooLongError, evaluate
from forwardc.core.terms.functions import ComputationError
from forwardc.core.terms.specialize import conditions, specialized
from forwardc.core.terms.terms import (
    HAS_CALL,
    HAS_RAW,
    Call,
    Encoded,
    Encoding,
    Lit,
    Map,
    Ref,
    Term,
    walk,
)
from forwardc.core.terms.values import Secret
from forwardc.plan.model import DisplayedRequest
from forwardc.plan.parts import PlanRequest
from forwardc.runtime.http.request import BoundRequest, Pairs, ShownRequest

# Patterns of presence for one request; few occur, and a caller chooses them.
_MOST: Final = 64


@dataclass(frozen=True, slots=True)
class TemplateText:
    """One text of a request: its place in messages, its term, what writes it, what it reads.

    `specialized` is the term without what is absent. `constant` is the text itself where every run
    has the same.
    """

    place: str
    name: str
    term: Term
    specialized: Term
    write: TermWriter
    reads: tuple[str, ...]
    constant: str | None = None

    def tainted(self, scope: Scope) -> bool:
        """Whether it holds a value that is masked where it is shown."""
        values = scope.values
        return any(isinstance(values.get(name), Secret) for name in self.reads)


@dataclass(frozen=True, slots=True)
class RequestTemplate:
    """A request without what is absent, and the names of all the values that it depends on.

    A way without a URL is written as an empty one.
    """

    url: TemplateText | None
    query: tuple[TemplateText, ...] = ()
    headers: tuple[TemplateText, ...] = ()
    body: TemplateText | None = None
    reads: frozenset[str] = frozenset()


class _TemplateCache:
    """The ways of one request with one source block, by what is present."""

    __slots__ = ("_conditions", "_request", "_source", "_templates")

    def __init__(self, request: PlanRequest | DisplayedRequest, source: Term | None) -> None:
        self._request = request
        # Held, so that its identity stays that of this block.
        self._source = source
        terms = (*_terms(request), *((source,) if source is not None else ()))
        self._conditions = tuple(sorted({name for term in terms for name in conditions(term)}))
        self._templates: dict[tuple[bool, ...], RequestTemplate] = {}

    def template(self, scope: Scope) -> RequestTemplate:
        pattern = tuple([scope.has(name) for name in self._conditions])
        template = self._templates.get(pattern)
        if template is None:
            if len(self._templates) >= _MOST:
                self._templates.clear()
            template = self._templates[pattern] = _template(self._request, scope, self._conditions)
        return template


_WAYS: Final = IdentityCache[_TemplateCache]()
_FIXED: Final = IdentityCache[ShownRequest]()


def request_template(request: PlanRequest | DisplayedRequest, scope: Scope) -> RequestTemplate:
    """How a request of a loaded plan is written in scopes like this one."""
    source = scope.source
    return _WAYS.get(request, id(source), lambda: _TemplateCache(request, source)).template(scope)


def _terms(request: PlanRequest | DisplayedRequest) -> Iterable[Term]:
    return request.terms() if isinstance(request, PlanRequest) else (request.url,)


def _template(
    request: PlanRequest | DisplayedRequest, scope: Scope, decisive: tuple[str, ...]
) -> RequestTemplate:
    url = _line("the URL", "", request.url, scope)
    if not isinstance(request, PlanRequest):
        return RequestTemplate(url)
    query = _lines("query", request.query, scope)
    headers = _lines("header", request.headers, scope)
    body = None if request.body is None else _line("the body", "", request.body, scope)
    lines = [line for line in (url, *query, *headers, body) if line is not None]
    reads = frozenset((*decisive, *(name for line in lines for name in line.reads)))
    return RequestTemplate(url, query, headers, body, reads)


def _lines(place: str, pairs: Iterable[tuple[str, Term]], scope: Scope) -> tuple[TemplateText, ...]:
    lines = (_line(f"{place} {name}", name, term, scope) for name, term in pairs)
    return tuple(line for line in lines if line is not None)


def _line(place: str, name: str, term: Term, scope: Scope) -> TemplateText | None:
    inner = specialized(term, scope)
    if inner is None:
        return None
    reads = dict.fromkeys(node.name for node in walk(inner) if isinstance(node, Ref))
    return TemplateText(
        place, name, term, inner, compiled_writer(inner), tuple(reads), _constant(inner)
    )


def _constant(term: Term) -> str | None:
    text = term.value if isinstance(term, Lit) else None
    return text if isinstance(text, str) and is_printable_ascii(text) else None


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
    problems, real, masked = Sink(), scope.real(), scope.masked()
    way = request_template(http, real)
    url = _twin(way.url, real, masked, problems)
    query = [_twin(line, real, masked, problems) for line in way.query]
    headers = [_twin(line, real, masked, problems) for line in way.headers]
    body = _twin(way.body, real, masked, problems)
    for problem in problems.sorted():
        sink.add(problem)
    if problems.has_errors:
        return None
    return BoundRequest(
        http.method,
        _with_query(url.wire, [(text.name, text.wire) for text in query]),
        _present_pairs((text.name, text.wire) for text in headers),
        None if body.wire is None else body.wire.encode(),
        ShownRequest(
            http.method,
            _with_query(url.shown, [(text.name, text.shown) for text in query]),
            _present_pairs((text.name, text.shown) for text in headers),
            body.shown,
        ),
    )


def show_url(request: PlanRequest | DisplayedRequest, scope: RunScope) -> str:
    """The URL of a request as it may be shown, without its query; empty where it has none."""
    masked = scope.masked()
    url = request_template(request, masked).url
    if url is not None and url.constant is not None:
        return url.constant
    return (url and _text(url, masked, Sink())) or ""


def fixed_request(http: PlanRequest, scope: RunScope) -> ShownRequest:
    """What the requests of a loaded plan's step have in common, without any value of a run.

    Of what may be absent, what the first scope had.
    """

    def compute() -> ShownRequest:
        way = request_template(http, scope.masked())
        return ShownRequest(
            http.method,
            _with_query(_fixed(way.url), [(line.name, _fixed(line)) for line in way.query]),
            tuple((line.name, _fixed(line)) for line in way.headers),
            _fixed(way.body),
        )

    return _FIXED.get(http, "", compute)


def _fixed(line: TemplateText | None) -> str:
    return fixed_text(line.specialized) if line else ""


def _twin(line: TemplateText | None, real: Scope, masked: Scope, sink: Sink) -> _Twin:
    """Both texts of a line. Only what reads a tainted value is written a second time."""
    if line is None:
        return _Twin("", None, None)
    if line.constant is not None:
        return _Twin(line.name, line.constant, line.constant)
    wire = _text(line, real, sink)
    return _Twin(line.name, wire, _text(line, masked, Sink()) if line.tainted(real) else wire)


def _with_query(url: str | None, query: list[tuple[str, str | None]]) -> str:
    joined = "&".join(f"{name}={value}" for name, value in _present_pairs(query))
    return f"{url or ''}?{joined}" if joined else url or ""


def _present_pairs(pairs: Iterable[tuple[str, str | None]]) -> Pairs:
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
    """The references that cannot be computed with, or written in the encoding around them.

    By name. Where a function fails, what it reads is to blame, and nothing that stands beside it.
    """
    calls = [node for node in walk(term, HAS_CALL) if isinstance(node, Call)]
    failing = [call for call in calls if not call.holds & HAS_RAW and _fails(call, scope)]
    innermost = [call for call in failing if not any(node in failing for node in walk(call)[1:])]
    blamed = {node.name for call in innermost for node in walk(call) if isinstance(node, Ref)}
    if blamed:
        return sorted(blamed)
    culprits = {
        node.name
        for outer in walk(term)
        if isinstance(outer, Encoded)
        for value in _computed(outer.tree)
        if _fails(_alone(outer, value), scope)
        for node in walk(value)
        if isinstance(node, Ref)
    }
    return sorted(culprits)


def _computed(term: Term) -> Iterator[Ref | Call]:
    """What is written as a value: of a function its result, and not what it reads."""
    if isinstance(term, Ref) or (isinstance(term, Call) and not term.holds & HAS_RAW):
        yield term
        return
    for child in term.inside:
        yield from _computed(child)


def _alone(outer: Encoded, value: Ref | Call) -> Encoded:
    # An XML document needs its root element.
    tree: Term = Map((("x", value),)) if outer.encoding is Encoding.XML else value
    return Encoded(outer.encoding, tree, templated=outer.templated)


def _fails(term: Term, scope: Scope) -> bool:
    try:
        evaluate(term, scope)
    except (NotExpressibleError, ComputationError):
        return True
    except KeyError:
        return False
    return False
