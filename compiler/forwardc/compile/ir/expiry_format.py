"""The closed grammar of expiry dates in one text: `MMYY`, `YYYY-MM`, `MM/YYYY` and their like.

Knows the forms of a month and a year, and what separates them; nothing of who fills them in.
"""

import re
from collections.abc import Iterator
from typing import Final

from forwardc.compile.ir.analysis import atoms_in
from forwardc.core.terms.terms import Atom, Call, If, Lit, Term, Text

SEPARATORS: Final = "-/."
"""What may stand between month and year; nothing may, too."""

_PART: Final = "MM|M|YYYY|YY"
_FORMAT: Final = re.compile(rf"({_PART})(?:([{SEPARATORS}]?)({_PART}))?")


def parts_of(text: str) -> tuple[str, ...] | None:
    """The parts of a format in order, separators included; None where it is outside the grammar.

    One part, or a month and a year in either order.
    """
    found = _FORMAT.fullmatch(text)
    if found is None:
        return None
    first, between, second = found[1], found[2], found[3]
    if second is None:
        return (first,)
    if first[0] == second[0]:
        return None
    return tuple(part for part in (first, between, second) if part)


def composed(term: Term) -> str | None:
    """The format that an author composed: `${card.expiry.YY}${card.expiry.MM}` is `YYMM`.

    None where something else than expiry dates of one instrument and separators stands there. A
    number has no leading zero, so that `int(card.expiry.MM)` is `M`.
    """
    pieces = list(_pieces(term))
    instruments = {atom.name.partition(".")[0] for piece in pieces for atom in atoms_in(piece)}
    texts = [_written(piece) for piece in pieces]
    if len(instruments) != 1 or None in texts:
        return None
    return "".join(text for text in texts if text is not None)


def number_of(term: Term) -> Atom | None:
    """The expiry that is written as a number, or None."""
    inner = term.then if isinstance(term, If) else term
    match inner:
        case Call(function="int", args=(Atom() as atom,)):
            return atom
        case _:
            return None


def _pieces(term: Term) -> Iterator[Term]:
    match term:
        case Text(parts=parts):
            for part in parts:
                yield from _pieces(part)
        case If(then=then):
            yield from _pieces(then)
        case _:
            yield term


def _written(piece: Term) -> str | None:
    match piece:
        case Atom(name=name) if ".expiry." in name:
            return name.rpartition(".")[2]
        case Call(function="int", args=(Atom(name=name),)) if ".expiry." in name:
            part = name.rpartition(".")[2]
            return "M" if part == "MM" else part
        case Lit(value=str() as text):
            return text
        case _:
            return None
