"""Rebuilds a term from its parts: the one place that knows every node's shape twice."""

from collections.abc import Callable
from dataclasses import replace
from typing import assert_never

from forwardc.plan.terms import (
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
)


def map_children(term: Term, change: Callable[[Term], Term]) -> Term:
    """The same node with `change` applied to the terms directly inside it."""
    match term:
        case Call(args=args, named=named):
            return replace(
                term,
                args=tuple(change(arg) for arg in args),
                named=tuple((name, change(value)) for name, value in named),
            )
        case Text(parts=parts):
            return replace(term, parts=tuple(change(part) for part in parts))
        case Map(entries=entries):
            return replace(term, entries=tuple((key, change(value)) for key, value in entries))
        case Seq(items=items):
            return replace(term, items=tuple(change(item) for item in items))
        case If(then=then):
            return replace(term, then=change(then))
        case Encoded(tree=tree):
            return replace(term, tree=change(tree))
        case Limit(term=inner):
            return replace(term, term=change(inner))
        case Lit() | Ref() | Atom() | Raw() | Source():
            return term
        case _:
            assert_never(term)


def rewrite(term: Term, change: Callable[[Term], Term]) -> Term:
    """Apply `change` to every node, innermost first."""
    return change(map_children(term, lambda inner: rewrite(inner, change)))
