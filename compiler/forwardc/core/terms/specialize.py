"""Specializes a term for what is present in a run: the same term without conditions and source.

Only presence decides, and no value, so that one result serves every run in which the same is
present: `compiled_writer` folds it once.
"""

from typing import assert_never

from forwardc.core.terms.evaluator import Scope
from forwardc.core.terms.terms import (
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


def conditions(term: Term) -> frozenset[str]:
    """The names on whose presence the term depends."""
    return frozenset(node.present for node in walk(term) if isinstance(node, If))


def specialized(term: Term, scope: Scope) -> Term | None:
    """The term as what is present in this scope decides it, None where it is absent.

    It evaluates to the same in every scope with the same source block in which the same is
    present. Raises `KeyError` where the scope has no source block that the term needs.
    """
    match term:
        case If(present=present, then=then):
            return specialized(then, scope) if scope.has(present) else None
        case Source():
            if scope.source is None:
                raise KeyError("source")
            return specialized(scope.source, scope)
        case Map(entries=entries):
            return Map(_present(entries, scope))
        case Seq(items=items):
            decided = (specialized(item, scope) for item in items)
            return Seq(tuple(item for item in decided if item is not None))
        case Text(parts=parts):
            whole = _all(parts, scope)
            return None if whole is None else Text(whole)
        case Call(function=function, args=args, named=named):
            whole = _all(args, scope)
            return None if whole is None else Call(function, whole, _present(named, scope))
        case Encoded(tree=tree):
            inner = _line(tree, scope) if term.encoding in LINES else specialized(tree, scope)
            return None if inner is None else _around(term, inner)
        case Amount(of=of, measure=measure, at=at):
            whole = _all(term.inside, scope)
            if whole is None:
                return None
            return Amount(None if of is None else whole[0], whole[-1], measure, at)
        case Limit(maximum=maximum, name=name, term=limited):
            inner = specialized(limited, scope)
            return None if inner is None else Limit(maximum, name, inner)
        case Lit() | Ref() | Atom() | Raw():
            return term
        case _:
            assert_never(term)


def _all(terms: tuple[Term, ...], scope: Scope) -> tuple[Term, ...] | None:
    inner = [specialized(term, scope) for term in terms]
    present = tuple(term for term in inner if term is not None)
    return present if len(present) == len(inner) else None


def _present(pairs: tuple[tuple[str, Term], ...], scope: Scope) -> tuple[tuple[str, Term], ...]:
    decided = ((name, specialized(term, scope)) for name, term in pairs)
    return tuple((name, term) for name, term in decided if term is not None)


def _around(outer: Encoded, tree: Term) -> Encoded:
    return Encoded(outer.encoding, tree, outer.templated, outer.doctype)


def _line(tree: Term, scope: Scope) -> Term | None:
    """A line's parts. A literal counts as the author's only where it stands in the line itself."""
    parts = [_part(part, scope) for part in line_parts(tree)]
    present = tuple(part for part in parts if part is not None)
    return Text(present) if len(present) == len(parts) else None


def _part(part: Term, scope: Scope) -> Term | None:
    inner = specialized(part, scope)
    optional = isinstance(part, If | Source)
    return Text((inner,)) if optional and inner is not None else inner
