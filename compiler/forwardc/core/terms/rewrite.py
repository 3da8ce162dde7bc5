"""Rebuilds a term from its parts: the one place that knows every node's shape twice.

A node that nothing inside has changed stays the same object, so environments share their trees.
"""

from collections.abc import Callable
from typing import assert_never

from forwardc.core.terms.terms import (
    LEAVES,
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
    children,
)


def map_children(term: Term, change: Callable[[Term], Term]) -> Term:
    """The node with `change` applied to the terms directly inside it; itself if none changed."""
    if type(term) in LEAVES:
        return term
    before = children(term)
    after = tuple([change(inner) for inner in before])
    if all(new is old for new, old in zip(after, before, strict=True)):
        return term
    return _with_children(term, after)


def _with_children(term: Term, inner: tuple[Term, ...]) -> Term:
    """The same node around other terms, which stand in the order of `children`."""
    match term:
        case Call(function=function, args=args, named=named):
            names = [name for name, _ in named]
            named_terms = tuple(zip(names, inner[len(args) :], strict=True))
            return Call(function, inner[: len(args)], named_terms, span=term.span)
        case Text():
            return Text(inner, span=term.span)
        case Map(entries=entries):
            keys = [key for key, _ in entries]
            return Map(tuple(zip(keys, inner, strict=True)), span=term.span)
        case Seq():
            return Seq(inner, span=term.span)
        case If(present=present):
            return If(present, inner[0], span=term.span)
        case Encoded(encoding=encoding, templated=templated, doctype=doctype):
            return Encoded(encoding, inner[0], templated, doctype, span=term.span)
        case Limit(maximum=maximum, name=name):
            return Limit(maximum, name, inner[0], span=term.span)
        case Amount(measure=measure, at=at):
            of = inner[0] if len(inner) > 1 else None
            return Amount(of, inner[-1], measure, at, span=term.span)
        case Lit() | Ref() | Atom() | Raw() | Source():
            return term
        case _:
            assert_never(term)


def rewrite(term: Term, change: Callable[[Term], Term]) -> Term:
    """Apply `change` to every node, innermost first."""
    return change(map_children(term, lambda inner: rewrite(inner, change)))


def unwrapped(term: Term) -> Term:
    """A term without what says how it is written, how long it may be, or that it is optional."""
    while True:
        match term:
            case Encoded(tree=inner) | Limit(term=inner) | If(then=inner):
                term = inner
            case _:
                return term
