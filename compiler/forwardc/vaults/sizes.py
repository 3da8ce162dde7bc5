"""Limits that can be known at build time: the shortest text a term can become.

Knows terms only. What a run adds is checked when it is bound.
"""

from collections import defaultdict
from collections.abc import Iterator

from forwardc.plan.evaluate import Scope, TooLong, evaluate
from forwardc.plan.terms import Limit, Term, walk
from forwardc.plan.values import Fragment, Value


def shortest(term: Term) -> int:
    """Characters of a term's text when every value of a run is empty and optionals are absent."""
    empty: defaultdict[str, Value] = defaultdict(lambda: Fragment("", number=True))
    value = evaluate(term, Scope(empty))
    return len(value) if isinstance(value, str) else 0


def oversize(term: Term) -> Iterator[str]:
    """One sentence for each limit that even the shortest text breaks."""
    for node in walk(term):
        if isinstance(node, Limit):
            try:
                shortest(node)
            except TooLong as problem:
                yield str(problem)
