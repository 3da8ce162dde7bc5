"""How a card value is written in its place: `digits`, `MM`, `YYMM`, `number, YYYY`.

Knows atoms and terms.
"""

from forwardc.core.atoms import ATOMS
from forwardc.core.terms.terms import Atom, Call, If, Lit, Term, Text


def form_of(term: Term) -> str:
    """The form of a value made of card values; empty for any other, and under a function."""
    match term:
        case Atom(name=name):
            return _atom(name)
        case If(then=then):
            return form_of(then)
        case Call(function="int", args=(Atom(name=name),)):
            part = name.rpartition(".")[2]
            return f"number, {'M' if part == 'MM' else part}"
        case Call(function="text", args=(inner,)):
            return form_of(inner)
        case Text(parts=parts):
            forms = [str(part.value) if isinstance(part, Lit) else form_of(part) for part in parts]
            is_card = any(_is_card(part) for part in parts)
            return "".join(forms) if is_card and all(forms) else ""
        case _:
            return ""


def _is_card(term: Term) -> bool:
    return not isinstance(term, Lit) and bool(form_of(term))


def _atom(name: str) -> str:
    if ".expiry." in name:
        return name.rpartition(".")[2]
    return "digits" if ATOMS[name].digits else "text"
