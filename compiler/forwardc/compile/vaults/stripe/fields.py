"""The fields of a body that Stripe fills, as its reviewers ask for them: where, with what, how.

Knows terms and the facts; nothing of plans, files or approvals.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from forwardc.compile.ir.program import Step
from forwardc.compile.vaults.encode import escaped
from forwardc.compile.vaults.facts import Facts
from forwardc.compile.vaults.model import Json
from forwardc.compile.vaults.stripe.arranged import agreed_formats, filled_atoms, signature_fields
from forwardc.core.atoms import ATOMS
from forwardc.core.terms.terms import Atom, Call, Encoding, If, Lit, Map, Seq, Term, children


class _Blank(NamedTuple):
    at: str
    atom: Atom
    number: bool
    required: bool


def review_fields(step: Step, facts: Facts) -> list[Json]:
    """One entry for each card field of a step's body, in the order of the body.

    `at` is a JSON Pointer, in an XML body an XPath, as a term that knows its place in the YAML;
    `atom` is the author's name and `replacement` the vault's; `json_type` is string or number;
    `format` is digits, text, the form of a date, or signature; `required` is false where the author
    wrote `?`.
    """
    body = step.request.body
    if body is None:
        return []
    names, formats = filled_atoms(facts), agreed_formats(step)
    blanks = _blanks(body.tree, "", xml=body.encoding is Encoding.XML)
    filled = [
        {
            "at": Lit(blank.at, span=blank.atom.span),
            "atom": _atom_of(blank, formats),
            "replacement": str(names[blank.atom.name]["value"]),
            "json_type": "number" if blank.number else "string",
            "format": formats.get(blank.at) or _format(blank, facts),
            "required": blank.required,
        }
        for blank in blanks
        if blank.atom.name in names
    ]
    return [*filled, *signature_fields(step)]


def _atom_of(blank: _Blank, formats: Mapping[str, str]) -> str:
    """The author's name; of a date in an agreed form that of the whole date."""
    name = blank.atom.name
    return name.rpartition(".")[0] if blank.at in formats else name


def echoed(step: Step) -> dict[str, list[str]]:
    """Where the vault's echo of a step's body has each card field, by the author's name.

    JSON Pointers into the body as data, also in XML. A field behind a list item that a run may
    leave out has no place of its own: such an atom has no entry.
    """
    found: dict[str, list[str]] = {}
    moving: set[str] = set()
    for atom, place in _places(step.request.body.tree, "") if step.request.body else ():
        if place is None:
            moving.add(atom.name)
        else:
            found.setdefault(atom.name, []).append(place)
    return {name: places for name, places in found.items() if name not in moving}


def _places(term: Term, at: str | None) -> Iterator[tuple[Atom, str | None]]:
    match term:
        case Atom():
            yield term, at
        case If(then=inner) | Call(function="int", args=(inner,)):
            yield from _places(inner, at)
        case Map(entries=entries):
            for key, value in entries:
                yield from _places(value, None if at is None else f"{at}/{escaped(key)}")
        case Seq(items=items):
            fixed = at is not None
            for index, item in enumerate(items):
                yield from _places(item, f"{at}/{index}" if fixed else None)
                fixed = fixed and not _may_go(item)
        case _:
            return


def _may_go(item: Term) -> bool:
    """Whether a list item is left out in some runs. One inside a map or list takes only itself."""
    match item:
        case If():
            return True
        case Map() | Seq():
            return False
        case _:
            return any(map(_may_go, children(item)))


def _blanks(
    term: Term, at: str, *, xml: bool, number: bool = False, required: bool = True
) -> Iterator[_Blank]:
    match term:
        case Atom():
            yield _Blank(at, term, number, required)
        case If(then=then):
            yield from _blanks(then, at, xml=xml, number=number, required=False)
        case Call(function="int", args=(inner,)):
            yield from _blanks(inner, at, xml=xml, number=True, required=required)
        case Map(entries=entries):
            for key, value in entries:
                below = _xml_below(at, key) if xml else f"{at}/{escaped(key)}"
                yield from _blanks(value, below, xml=xml, required=required)
        case Seq(items=items):
            for index, item in enumerate(items):
                below = f"{at}[{index + 1}]" if xml else f"{at}/{index}"
                yield from _blanks(item, below, xml=xml, required=required)
        case _:
            # Everything else that holds a card value is refused before it is emitted.
            return


def _xml_below(at: str, key: str) -> str:
    if key == ".":
        return at
    return f"{at}/@{key[1:]}" if key.startswith(".") else f"{at}/{key}"


def _format(blank: _Blank, facts: Facts) -> str:
    """What the field is filled with; the facts have the form of a number."""
    _, _, part = blank.atom.name.rpartition(".")
    if blank.number and blank.atom.name in facts.section("integers"):
        return str(facts.value("integers", blank.atom.name))
    if ".expiry." in blank.atom.name:
        return part
    return "digits" if ATOMS[blank.atom.name].digits else "text"
