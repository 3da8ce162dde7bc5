"""The least text of a term: how long it is when every value of a run is empty.

A vault's limits are judged by it at build time: what breaks one so leaves in no run. It is the
evaluator's text with three differences, and one pass over the term:

| term | here |
|---|---|
| `Ref`, `Amount`, a call of a value of a run | a mark, which is counted as nothing |
| `If` | absent, as in a run that gives no optional value |
| `Limit` | what is inside it: whether that fits is what is asked |

`{"name": ${params.name}, "kind": "card", "note": ${params.note?}}` in a JSON body, traced: the
entry `note` goes, the mark stands for the name, and what is written is `{"name":,"kind":"card"}`,
23 characters.

A limit is asked about by who judges a call and by who writes what room is left, and environments
share the texts in which nothing of theirs stands: the length of each is kept as long as it lives.
"""

from collections.abc import Iterator
from typing import Final, assert_never

from forwardc.core.identity_cache import IdentityCache
from forwardc.core.terms.evaluator import (
    Scope,
    applied,
    evaluate,
    joined,
    line_pieces,
    tree_pieces,
    written,
)
from forwardc.core.terms.terms import (
    HAS_AMOUNT,
    HAS_ENCODED,
    HAS_IF,
    HAS_LIMIT,
    HAS_REF,
    LINES,
    Amount,
    Atom,
    Call,
    Encoded,
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
    line_parts,
    walk,
)
from forwardc.core.terms.values import ABSENT, Value, is_absent

_WRITTEN_OUT: Final = frozenset({"json", "text"})
"""Functions whose text has the length of what is inside them."""
# Private use: stands for the value of a run, and is counted as nothing.
_MARK: Final = "\ue000"
_NOTHING: Final = Scope({})
_RUN_VALUE: Final = evaluate(Raw(_MARK, number=True), _NOTHING)
_OF_A_RUN: Final = HAS_REF | HAS_AMOUNT
_LENGTHS: Final = IdentityCache[int]()


def shortest(term: Term) -> int:
    """Characters of a term's text when every value of a run is empty and optionals are absent.

    Raises `NotExpressibleError` or `ComputationError` where no run can give the term a text.
    """
    if isinstance(term, Limit | Encoded):
        return _LENGTHS.get(term, None, lambda: _length(_least(term)))
    return _length(_least(term))


def _length(value: Value) -> int:
    return len(value) - value.count(_MARK) if isinstance(value, str) else 0


def _least(term: Term) -> Value:
    match term:
        case Lit(value=value):
            return value
        case Ref() | Amount():
            return _RUN_VALUE
        case Raw() | Source():
            return evaluate(term, _NOTHING)
        case If():
            return ABSENT
        case Limit(term=inner):
            return _least(inner)
        case Map(entries=entries):
            values = ((key, _least(value)) for key, value in entries)
            return {key: value for key, value in values if not is_absent(value)}
        case Seq(items=items):
            return [value for value in map(_least, items) if not is_absent(value)]
        case Text(parts=parts):
            return ABSENT if _lacks(parts) else joined([_least(part) for part in parts])
        case Call():
            return _call(term)
        case Encoded():
            return _encoded(term)
        case Atom():
            raise TypeError("an atom has no value outside the vault")
        case _:
            assert_never(term)


def _is_of_a_run(call: Call) -> bool:
    return call.function not in _WRITTEN_OUT and call.holds & _OF_A_RUN != 0


def _call(call: Call) -> Value:
    if not call.holds & (_OF_A_RUN | HAS_IF | HAS_LIMIT):
        return evaluate(call, _NOTHING)
    if _is_of_a_run(call):
        return _RUN_VALUE
    if _lacks(call.args):
        return ABSENT
    named = ((name, _least(value)) for name, value in call.named)
    present = {name: value for name, value in named if not is_absent(value)}
    return applied(call.function, [_least(arg) for arg in call.args], present)


def _encoded(term: Encoded) -> Value:
    if _is_left_out(term.tree):
        return ABSENT
    if term.encoding in LINES:
        return written(term, line_pieces(term, [_least(part) for part in line_parts(term.tree)]))
    return written(term, tree_pieces(term, _least(term.tree)))


def _lacks(terms: tuple[Term, ...]) -> bool:
    return any(map(_is_left_out, terms))


def _is_left_out(term: Term) -> bool:
    """Whether the term is absent, whatever is wrong with the rest of it."""
    if not term.holds & HAS_IF or isinstance(term, Map | Seq):
        return False
    if isinstance(term, If):
        return True
    if isinstance(term, Call):
        return not _is_of_a_run(term) and _lacks(term.args)
    return not isinstance(term, Amount) and _lacks(term.inside)


def limited(term: Term) -> Iterator[Limit | Encoded]:
    """The limits and texts in a term; of a limit and the text directly inside it only the limit."""
    nodes = [n for n in walk(term, HAS_LIMIT | HAS_ENCODED) if isinstance(n, Limit | Encoded)]
    inside = {id(node.term) for node in nodes if isinstance(node, Limit)}
    return (node for node in nodes if id(node) not in inside)
