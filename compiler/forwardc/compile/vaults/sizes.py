"""What is wrong with a call whatever a run gives: too long, or text that its place cannot carry.

Knows terms only. What a run adds is checked when it is bound.
"""

from collections.abc import Iterator

from forwardc.compile.vaults.model import Finding, Verdict
from forwardc.core.terms.escaping import NotExpressible
from forwardc.core.terms.evaluator import CannotCompute, Scope, evaluate
from forwardc.core.terms.rewrite import rewrite
from forwardc.core.terms.terms import Amount, Call, Encoded, Limit, Raw, Ref, Term, walk

_WRITTEN_OUT = frozenset({"json", "text"})
# Private use: stands for the value of a run, and is counted as nothing.
_MARK = "\ue000"
_RUN_VALUE = Raw(_MARK, number=True)


def shortest(term: Term) -> int:
    """Characters of a term's text when every value of a run is empty and optionals are absent.

    Raises `NotExpressible` or `CannotCompute` where no run can give the term a text.
    """
    value = evaluate(rewrite(term, _without_run), Scope({}))
    return len(value) - value.count(_MARK) if isinstance(value, str) else 0


def unsendable(term: Term) -> Iterator[Finding]:
    """A refusal for each limit that even the shortest text breaks, and each text with no form."""
    nodes = [node for node in walk(term) if isinstance(node, Limit | Encoded)]
    # A limit and the text directly inside it have the same length and the same problems.
    limited = {id(node.term) for node in nodes if isinstance(node, Limit)}
    found = (_refusal(node) for node in nodes if id(node) not in limited)
    yield from dict.fromkeys(refusal for refusal in found if refusal)


def _refusal(term: Limit | Encoded) -> Finding | None:
    try:
        length = shortest(term)
    except (NotExpressible, CannotCompute) as problem:
        return Finding(Verdict.REFUSED, "FC0622", str(problem))
    if isinstance(term, Limit) and length > term.maximum:
        reason = f"{term.name} is longer than {term.maximum} characters"
        return Finding(Verdict.REFUSED, "FC0606", reason)
    return None


def _without_run(node: Term) -> Term:
    match node:
        case Ref():
            return _RUN_VALUE
        case Amount():
            return _RUN_VALUE
        case Limit(term=inner):
            return inner
        case Call(function=function) if function not in _WRITTEN_OUT and _RUN_VALUE in walk(node):
            return _RUN_VALUE
        case _:
            return node
