"""Computes what is known at build time and leaves the rest as it is. Knows terms only."""

from decimal import Decimal

from forwardc.compile.ir.analysis import stage_of
from forwardc.compile.ir.stages import Stage
from forwardc.core.diagnostics.span import Span
from forwardc.core.terms.evaluator import Scope, evaluate
from forwardc.core.terms.functions import CannotCompute
from forwardc.core.terms.rewrite import rewrite
from forwardc.core.terms.terms import Call, Lit, Ref, Term, Text, walk
from forwardc.core.terms.writers import text_of

_NOTHING = Scope({})


def fold(term: Term) -> Term:
    """The term with every call of known values computed, and neighbouring text joined.

    A call that has no result is left: the checks report it at its place.
    """
    return rewrite(term, _fold_node)


def _fold_node(node: Term) -> Term:
    match node:
        case Call() if _is_known(node):
            try:
                value = evaluate(node, _NOTHING)
            except CannotCompute:
                return node
            if value is None or isinstance(value, str | int | Decimal):
                return Lit(value, span=node.span)
            return node
        case Text(parts=parts):
            return joined(parts, node.span)
        case _:
            return node


def _is_known(call: Call) -> bool:
    # `jwe` is never folded: its result differs on each call.
    has_reference = any(isinstance(node, Ref) for node in walk(call))
    return call.function != "jwe" and not has_reference and stage_of(call) is Stage.BUILD


def joined(parts: tuple[Term, ...], span: Span | None) -> Term:
    """Texts one after the other, with neighbouring literals made one."""
    flat: list[Term] = []
    for part in parts:
        flat += part.parts if isinstance(part, Text) else (part,)
    merged: list[Term] = []
    for part in flat:
        last = merged[-1] if merged else None
        if isinstance(part, Lit) and isinstance(last, Lit):
            merged[-1] = Lit(text_of(last.value) + text_of(part.value), span=last.span)
        else:
            merged.append(part)
    if len(merged) == 1 and isinstance(merged[0], Lit):
        return Lit(text_of(merged[0].value), span=span)
    return Text(tuple(merged), span=span)
