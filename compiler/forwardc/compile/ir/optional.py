"""Values that drop what is around them where they are absent, and lists of named ones."""

from collections.abc import Iterable, Iterator

from forwardc.core.terms.terms import HAS_IF, If, Lit, Map, Seq, Term


def if_present(value: Term, whole: Term) -> Term:
    """`whole`, absent when an optional part makes the scalar `value` absent."""
    for name in dict.fromkeys(_deciding(value)):
        whole = If(name, whole)
    return whole


def _deciding(term: Term) -> Iterator[str]:
    """The optional parts of a scalar. One inside a map or list drops only its own entry there."""
    if not term.holds & HAS_IF or isinstance(term, Map | Seq):
        return
    if isinstance(term, If):
        yield term.present
    for child in term.inside:
        yield from _deciding(child)


def named_values(values: Iterable[tuple[str, Term]]) -> Seq:
    """`[{name, value}]` of terms that are already encoded; an absent value drops its item."""
    return Seq(
        tuple(
            if_present(value, Map((("name", Lit(name)), ("value", value))))
            for name, value in values
        )
    )
