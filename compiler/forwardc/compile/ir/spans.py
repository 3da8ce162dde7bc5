"""Where each part of a term's JSON came from. Mirrors the shape that `codec` writes."""

from collections.abc import Iterator
from typing import assert_never

from forwardc.core.diagnostics.span import Span
from forwardc.core.terms.terms import (
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
)
from forwardc.core.terms.values import pointer_token


def spans_of(term: Term, pointer: str) -> Iterator[tuple[str, Span]]:
    """JSON Pointers below `pointer` with the place in the YAML of each term there."""
    if term.span is not None:
        yield pointer, term.span
    for token, child in _children(term):
        yield from spans_of(child, f"{pointer}/{token}")


def _children(term: Term) -> Iterator[tuple[str, Term]]:
    match term:
        case Call(args=args, named=named):
            yield from ((f"args/{index}", arg) for index, arg in enumerate(args))
            yield from ((f"named/{pointer_token(name)}", value) for name, value in named)
        case Text(parts=parts):
            yield from ((f"$text/{index}", part) for index, part in enumerate(parts))
        case Map(entries=entries):
            listed = any(key.startswith("$") for key, _ in entries)
            for index, (key, value) in enumerate(entries):
                yield (f"$map/{index}/1" if listed else pointer_token(key)), value
        case Seq(items=items):
            yield from ((str(index), item) for index, item in enumerate(items))
        case If(then=then):
            yield "then", then
        case Encoded(encoding=encoding, tree=tree):
            yield f"${encoding}", tree
        case Limit(term=inner):
            yield "of", inner
        case Amount(of=of, currency=currency):
            yield from (
                (f"$amount/{key}", part) for key, part in (("of", of), ("in", currency)) if part
            )
        case Lit() | Ref() | Atom() | Raw() | Source():
            return
        case _:
            assert_never(term)
