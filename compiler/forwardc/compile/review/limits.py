"""How near the requests of an operation come to a vault's limits, and the room that is left.

Knows terms and facts; nothing of what a run gives, which takes from the room.
"""

from collections.abc import Iterator
from typing import Any

from forwardc.compile.vaults.assess import Assessment
from forwardc.compile.vaults.model import Json
from forwardc.compile.vaults.sizes import shortest
from forwardc.core.terms.terms import Encoded, If, Limit, Map, Term, walk


def limits_used(assessment: Assessment) -> Iterator[Json]:
    """Each limit of each step: its maximum, what is used in any case, and the room for a run.

    Texts are counted in characters of their shortest form; headers in entries, with each that can
    be there.
    """
    operation = assessment.context.operation.name
    for step in assessment.emitted.steps if assessment.emitted else ():
        body = step["http"].get("body")
        if body is not None:
            for limit in (*_texts(body), *_entries(assessment, body)):
                yield {"operation": operation, "step": step["name"], **limit}


def _texts(body: Term) -> Iterator[Json]:
    for node in walk(body):
        if isinstance(node, Limit):
            yield _limit(node.name, node.maximum, shortest(node), "characters")


def _entries(assessment: Assessment, body: Term) -> Iterator[Json]:
    """Maps that may hold so many entries: the facts say where they stand in the vault's call."""
    limits: dict[str, Any] = assessment.vault.facts.data.get("limits", {})
    for fact in limits.values():
        container = _at(body, fact["at"]) if "at" in fact else None
        if isinstance(container, Map):
            yield _limit(fact["at"][1:].replace("/", "."), fact["value"], len(container.entries))


def _limit(name: str, maximum: int, used: int, unit: str = "entries") -> Json:
    return {
        "limit": name,
        "unit": unit,
        "maximum": maximum,
        "shortest": used,
        "room": maximum - used,
    }


def _at(term: Term, pointer: str) -> Term | None:
    for token in pointer.split("/")[1:]:
        term = _inside(term)
        value = dict(term.entries).get(token) if isinstance(term, Map) else None
        if value is None:
            return None
        term = value
    return _inside(term)


def _inside(term: Term) -> Term:
    match term:
        case Encoded(tree=inner) | If(then=inner) | Limit(term=inner):
            return _inside(inner)
        case _:
            return term
