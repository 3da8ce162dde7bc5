"""Writes a term again and again: what no run can change is escaped and audited once.

`compiled_writer` takes a specialized term, in which `If` and `Source` are decided, and gives a
function from a scope to the text. It walks the tree once and asks of each part:

| part | becomes |
|---|---|
| without reference, call or amount | escaped text, joined with its neighbours |
| of a body: a map or list | its members, each asked the same |
| anything else | a `Hole`: a writer of its own, whose value is escaped on each run |

The writers are those of `evaluate`, with holes in their pieces, so that the text is the very same
one (`tests/plan/test_folded.py`). A value that changes what is written around it, such as an absent
one, leaves the whole term to `evaluate`, which also says how a term fails. The openings of a
template's fragments are counted while folding; each text is audited against that count.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import field
from functools import partial
from typing import Final, TypeAlias, assert_never

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.core.terms import escaping as escape
from forwardc.core.terms import writers
from forwardc.core.terms.escaping import openings, with_openings
from forwardc.core.terms.evaluator import (
    Scope,
    TextTooLongError,
    amount_value,
    applied,
    authors_text,
    checked_line,
    evaluate,
    joined,
    limited,
    line_pieces,
    reference,
    tree_pieces,
)
from forwardc.core.terms.functions import LAZY, ComputationError, combine_truths
from forwardc.core.terms.terms import (
    LINES,
    Amount,
    Atom,
    Call,
    Encoded,
    Encoding,
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
from forwardc.core.terms.values import Fragment, Value, is_absent

TermWriter: TypeAlias = Callable[[Scope], Value]

_NOTHING: Final = Scope({})


@dataclass(frozen=True, slots=True)
class Hole(Fragment):
    """Where a run's value goes. `number`: it is a whole value, which may need no quotes."""

    value: TermWriter = field(kw_only=True)
    term: Term = field(kw_only=True)


class _UnforeseenError(ForwardcError):
    """The value of a hole changes what is written around it."""


_LEFT_TO_EVALUATE = (
    escape.NotExpressibleError,
    ComputationError,
    TextTooLongError,
    _UnforeseenError,
)


def compiled_writer(term: Term) -> TermWriter:
    """What gives the value of a specialized term in a scope, exactly as `evaluate` does.

    Raises what `evaluate` raises, when it is called.
    """
    match term:
        case Encoded():
            return _folded(term)
        case Limit(term=inner):
            value = compiled_writer(inner)
            return lambda scope: limited(term, value(scope))
        case Ref():
            return lambda scope: reference(term, scope)
        case Lit(value=literal):
            return lambda _scope: literal
        case Call():
            return _called(term)
        case Amount():
            parts = [compiled_writer(part) for part in term.inside]
            return lambda scope: amount_value(term, [part(scope) for part in parts], scope)
        case Atom() | Raw() | Text() | Map() | Seq() | If() | Source():
            return lambda scope: evaluate(term, scope)
        case _:
            assert_never(term)


def fixed_text(term: Term) -> str:
    """What each text of a specialized term has in common: nothing of a run's values is in it.

    Empty for a term of which that is not known.
    """
    if isinstance(term, Limit):
        return fixed_text(term.term)
    if isinstance(term, Lit) and isinstance(term.value, str):
        return term.value
    if not isinstance(term, Encoded):
        return ""
    try:
        return "".join(_fixed(piece, term.encoding) for piece in _pieces(term))
    except _LEFT_TO_EVALUATE:
        return ""


def _fixed(piece: str | Fragment, encoding: Encoding) -> str:
    if not isinstance(piece, Hole):
        return writers.raw_text(piece)
    inner = fixed_text(piece.term)
    if encoding is not Encoding.JSON:
        return inner
    quoted = json.dumps(inner, ensure_ascii=False)
    return quoted if piece.number else quoted[1:-1]


def _called(call: Call) -> TermWriter:
    args = [compiled_writer(arg) for arg in call.args]
    if call.function in LAZY:
        return lambda scope: combine_truths(call.function, (partial(arg, scope) for arg in args))
    named = [(name, compiled_writer(value)) for name, value in call.named]

    def write(scope: Scope) -> Value:
        return applied(
            call.function,
            [arg(scope) for arg in args],
            {name: value(scope) for name, value in named},
        )

    return write


def _is_constant(term: Term) -> bool:
    """Whether a term has the same value in every scope. A function may draw random numbers."""
    return not any(isinstance(node, Ref | If | Source | Call | Amount) for node in walk(term))


def _folded(term: Encoded) -> TermWriter:
    try:
        pieces = list(_pieces(term))
    except _LEFT_TO_EVALUATE:
        return lambda scope: evaluate(term, scope)
    ours = sum(openings(piece.text) for piece in pieces if isinstance(piece, Fragment))
    return _Writer(term, tuple(_merged(pieces)), ours).write


@dataclass(frozen=True, slots=True)
class _Writer:
    """An encoded term as constant texts and holes; `ours` counts the openings of its fragments."""

    term: Encoded
    pieces: tuple[str | Hole, ...]
    ours: int

    def write(self, scope: Scope) -> Value:
        """The text in a scope."""
        try:
            return self._written(scope)
        except _LEFT_TO_EVALUATE:
            return evaluate(self.term, scope)

    def _written(self, scope: Scope) -> str:
        encoding, templated = self.term.encoding, self.term.templated
        texts: list[str] = []
        ours = self.ours
        for piece in self.pieces:
            if isinstance(piece, str):
                texts.append(piece)
                continue
            value = piece.value(scope)
            if isinstance(value, str):
                # Most values are text: written as the writers do, without pieces in between.
                text = authors_text(self.term, piece.term, value)
                if text is None:
                    text = escape.escape(encoding, value, templated=templated)
                texts.append(f'"{text}"' if piece.number and encoding is Encoding.JSON else text)
                continue
            for part in _filled(self.term, piece, value):
                if isinstance(part, Fragment):
                    ours += openings(part.text)
                texts.append(writers.raw_text(part))
        whole = "".join(texts)
        if templated:
            with_openings(whole, ours)
        return checked_line(whole) if encoding is Encoding.HEADER else whole


def _filled(term: Encoded, hole: Hole, value: Value) -> writers.Pieces:
    if is_absent(value) or (value is None and hole.number and term.encoding is Encoding.XML):
        raise _UnforeseenError
    if hole.number and term.encoding is Encoding.JSON:
        return writers.json_pieces(value, templated=term.templated)
    return writers.scalar_pieces(value, term.encoding, templated=term.templated)


def _pieces(term: Encoded) -> writers.Pieces:
    if term.encoding in LINES:
        return line_pieces(term, [_shape(part, whole=False) for part in line_parts(term.tree)])
    return tree_pieces(term, _shape(term.tree, whole=True))


def _shape(term: Term, *, whole: bool) -> Value:
    """What a term evaluates to, with holes for what a run gives."""
    match term:
        case Text(parts=parts):
            return joined([_shape(part, whole=False) for part in parts])
        case Map(entries=entries) if whole and len(dict(entries)) == len(entries):
            return {key: _shape(value, whole=True) for key, value in entries}
        case Seq(items=items) if whole:
            return [_shape(item, whole=True) for item in items]
        case (
            Lit()
            | Ref()
            | Atom()
            | Raw()
            | Call()
            | Map()
            | Seq()
            | If()
            | Encoded()
            | Limit()
            | Source()
            | Amount()
        ):
            if _is_constant(term):
                return evaluate(term, _NOTHING)
            return Hole("", whole, value=compiled_writer(term), term=term)
        case _:
            assert_never(term)


def _merged(pieces: Iterable[str | Fragment]) -> Iterator[str | Hole]:
    """The same pieces with neighbouring texts as one."""
    text = ""
    for piece in pieces:
        if isinstance(piece, Hole):
            yield text
            yield piece
            text = ""
        else:
            text += writers.raw_text(piece)
    yield text
