"""The ways to write the requests of a loaded plan: each is found once, and then only filled.

A way depends on the source block and on what is present, and on no value. Sends nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from forwardc.core.identity_cache import IdentityCache
from forwardc.core.terms.compiled_writer import Write, folded
from forwardc.core.terms.escaping import is_printable_ascii
from forwardc.core.terms.evaluator import Scope
from forwardc.core.terms.specialize import conditions, settled
from forwardc.core.terms.terms import Lit, Ref, Term, walk
from forwardc.core.terms.values import Secret
from forwardc.plan.model import DisplayedRequest
from forwardc.plan.parts import PlanRequest

# Patterns of presence for one request; few occur, and a caller chooses them.
_MOST: Final = 64


@dataclass(frozen=True, slots=True)
class TemplateText:
    """One text of a request: its place in messages, its term, what writes it, what it reads.

    `constant` is the text itself where every run has the same.
    """

    place: str
    name: str
    term: Term
    write: Write
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

    __slots__ = ("_conditions", "_found", "_request", "_source")

    def __init__(self, request: PlanRequest | DisplayedRequest, source: Term | None) -> None:
        self._request = request
        # Held, so that its identity stays that of this block.
        self._source = source
        terms = (*_terms(request), *((source,) if source is not None else ()))
        self._conditions = tuple(sorted({name for term in terms for name in conditions(term)}))
        self._found: dict[tuple[bool, ...], RequestTemplate] = {}

    def way(self, scope: Scope) -> RequestTemplate:
        pattern = tuple([scope.has(name) for name in self._conditions])
        found = self._found.get(pattern)
        if found is None:
            if len(self._found) >= _MOST:
                self._found.clear()
            found = self._found[pattern] = _way(self._request, scope, self._conditions)
        return found


_WAYS: Final = IdentityCache[_TemplateCache]()


def request_template(request: PlanRequest | DisplayedRequest, scope: Scope) -> RequestTemplate:
    """How a request of a loaded plan is written in scopes like this one."""
    source = scope.source
    return _WAYS.get(request, id(source), lambda: _TemplateCache(request, source)).way(scope)


def _terms(request: PlanRequest | DisplayedRequest) -> Iterable[Term]:
    yield request.url
    if isinstance(request, PlanRequest):
        yield from (term for _, term in (*request.query, *request.headers))
        if request.body is not None:
            yield request.body


def _way(
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
    found = (_line(f"{place} {name}", name, term, scope) for name, term in pairs)
    return tuple(line for line in found if line is not None)


def _line(place: str, name: str, term: Term, scope: Scope) -> TemplateText | None:
    inner = settled(term, scope)
    if inner is None:
        return None
    reads = dict.fromkeys(node.name for node in walk(inner) if isinstance(node, Ref))
    return TemplateText(place, name, term, folded(inner), tuple(reads), _constant(inner))


def _constant(term: Term) -> str | None:
    match term:
        case Lit(value=str() as text) if is_printable_ascii(text):
            return text
        case _:
            return None
