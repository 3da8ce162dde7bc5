"""How a value is composed, as one line of text: `"Bearer " + secrets.shop_key`.

Knows terms. A card value is written as the vault's own documents call it.
"""

import json
from collections.abc import Mapping
from typing import assert_never

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

_LONGEST = 60

VendorNames = Mapping[str, str]
"""Names of card values at the vault, by ours; one that is missing keeps ours."""


def expression(term: Term, names: VendorNames) -> str:
    """The term as text. A constant of its own stands without quotation marks."""
    return constant(term) if isinstance(term, Lit) else part(term, names)


def constant(term: Lit) -> str:
    """A constant as it leaves; a long one is cut."""
    if term.value is None:
        return "null"
    text = str(term.value).lower() if isinstance(term.value, bool) else str(term.value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def part(term: Term, names: VendorNames) -> str:
    """A term among others: a text stands in quotation marks."""
    match term:
        case Lit(value=str()):
            return json.dumps(constant(term), ensure_ascii=False)
        case Lit():
            return constant(term)
        case Ref(name=name):
            return name
        case Atom(name=name):
            return names.get(name, name)
        case Raw(text=text):
            return text
        case Call(function=function, args=args):
            return f"{function}({', '.join(part(arg, names) for arg in args)})"
        case Text(parts=parts):
            return " + ".join(part(piece, names) for piece in parts)
        case Map(entries=entries):
            inside = (f"{json.dumps(key)}: {part(value, names)}" for key, value in entries)
            return f"{{{', '.join(inside)}}}"
        case Seq(items=items):
            return f"[{', '.join(part(item, names) for item in items)}]"
        case If(present=present, then=then):
            return _where(present, then, names)
        case Encoded(tree=inner) | Limit(term=inner):
            return part(inner, names)
        case Amount():
            return _amount(term, names)
        case Source():
            return "source"
        case _:
            assert_never(term)


def _where(present: str, then: Term, names: VendorNames) -> str:
    """What is left out where something is absent; an author's `x?` asks for itself."""
    text = part(then, names)
    own = names.get(present, present)
    return text if own in text else f"{text} (only with {own})"


def _amount(term: Amount, names: VendorNames) -> str:
    currency = part(term.currency, names)
    if term.of is None:
        return f"{term.measure} of {currency}"
    return f"{part(term.of, names)} in {currency}"
