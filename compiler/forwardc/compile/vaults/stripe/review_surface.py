"""What Stripe's reviewers accept of a step: the fields that it fills, and what it agreed to beyond.

A field is where a card value stands in the body, as it is sent: dates in an agreed form and
signatures are blanks there already.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, assert_never

from forwardc.compile.ir.arrangements import AgreedArrangement, Signature
from forwardc.compile.ir.program import ProgramStep
from forwardc.compile.vaults.emission import EmittedArrangement, EmittedField
from forwardc.compile.vaults.facts import Facts
from forwardc.core.atoms import ATOMS
from forwardc.core.json_pointer import pointer_token
from forwardc.core.terms.terms import (
    HAS_ATOM,
    Amount,
    Atom,
    Call,
    Encoded,
    Encoding,
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


class _Blank(NamedTuple):
    at: str
    atom: Atom
    number: bool
    required: bool


def review_fields(step: ProgramStep, facts: Facts) -> tuple[EmittedField, ...]:
    """One entry for each card field of a step's body, in the order of the body.

    `at` is a JSON Pointer, in an XML body an XPath, as a term that knows its place in the YAML;
    `atom` is the author's name and `replacement` the vault's; `json_type` is string or number;
    `format` is digits, text, the form of a date, or signature; `required` is false where the author
    wrote `?`.
    """
    body = step.request.body
    if body is None:
        return ()
    names, formats = filled_atoms(facts), _agreed_formats(step)
    blanks = _blanks(body.tree, "", xml=body.encoding is Encoding.XML)
    filled = (
        EmittedField(
            at=Lit(blank.at, span=blank.atom.span),
            atom=_atom_of(blank, formats),
            replacement=str(names[blank.atom.name]["value"]),
            json_type="number" if blank.number else "string",
            format=formats.get(blank.at) or _format(blank, facts),
            required=blank.required,
        )
        for blank in blanks
        if blank.atom.name in names
    )
    return (*filled, *_signature_fields(step))


def _atom_of(blank: _Blank, formats: Mapping[str, str]) -> str:
    """The author's name; of a date in an agreed form that of the whole date."""
    name = blank.atom.name
    return name.rpartition(".")[0] if blank.at in formats else name


def echoed(step: ProgramStep) -> dict[str, list[str]]:
    """Where the vault's echo of a step's body has each card field, by the author's name.

    JSON Pointers into the body as data, also in XML. A field behind a list item that a run may
    leave out has no place of its own: such an atom has no entry.
    """
    places: dict[str, list[str]] = {}
    moving: set[str] = set()
    for atom, place in _places(step.request.body.tree, "") if step.request.body else ():
        if place is None:
            moving.add(atom.name)
        else:
            places.setdefault(atom.name, []).append(place)
    return {name: at for name, at in places.items() if name not in moving}


def _places(term: Term, at: str | None) -> Iterator[tuple[Atom, str | None]]:
    if not term.holds & HAS_ATOM:
        return
    match term:
        case Atom():
            yield term, at
        case If(then=inner) | Call(function="int", args=(inner,)):
            yield from _places(inner, at)
        case Map(entries=entries):
            for key, value in entries:
                yield from _places(value, None if at is None else f"{at}/{pointer_token(key)}")
        case Seq(items=items):
            fixed = at is not None
            for index, item in enumerate(items):
                yield from _places(item, f"{at}/{index}" if fixed else None)
                fixed = fixed and not _may_go(item)
        case Lit() | Ref() | Raw() | Source():
            return
        case Call() | Text() | Encoded() | Limit() | Amount():
            # What holds a card value in one of these was refused before.
            return
        case _:
            assert_never(term)


def _may_go(item: Term) -> bool:
    """Whether a list item is left out in some runs. One inside a map or list takes only itself."""
    if isinstance(item, If):
        return True
    return not isinstance(item, Map | Seq) and any(map(_may_go, item.inside))


def _blanks(
    term: Term, at: str, *, xml: bool, number: bool = False, required: bool = True
) -> Iterator[_Blank]:
    if not term.holds & HAS_ATOM:
        return
    match term:
        case Atom():
            yield _Blank(at, term, number, required)
        case If(then=then):
            yield from _blanks(then, at, xml=xml, number=number, required=False)
        case Call(function="int", args=(inner,)):
            yield from _blanks(inner, at, xml=xml, number=True, required=required)
        case Map(entries=entries):
            for key, value in entries:
                below = _xml_below(at, key) if xml else f"{at}/{pointer_token(key)}"
                yield from _blanks(value, below, xml=xml, required=required)
        case Seq(items=items):
            for index, item in enumerate(items):
                below = f"{at}[{index + 1}]" if xml else f"{at}/{index}"
                yield from _blanks(item, below, xml=xml, required=required)
        case Lit() | Ref() | Raw() | Source():
            return
        case Call() | Text() | Encoded() | Limit() | Amount():
            # What holds a card value in one of these was refused before.
            return
        case _:
            assert_never(term)


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


def filled_atoms(facts: Facts) -> Mapping[str, Any]:
    """Every atom that can be filled, those of wallets where that was agreed included."""
    return {**facts.section("atoms"), **wallet_atoms(facts)}


def _agreed_formats(step: ProgramStep) -> dict[str, str]:
    """The agreed form of the expiry date, by its place in the body."""
    fills = (fill for agreed in step.agreed for fill in agreed.arrangement.fills)
    return {fill.at: fill.format for fill in fills}


def signatures(step: ProgramStep) -> Iterator[Signature]:
    """The signatures that the vault computes."""
    for agreed in step.agreed:
        if agreed.arrangement.signature is not None:
            yield agreed.arrangement.signature


def _signature_fields(step: ProgramStep) -> list[EmittedField]:
    """The places of signatures, as fields that the vault fills."""
    return [
        EmittedField(
            at=Lit(signature.at, span=signature.span),
            atom="signature",
            replacement=signature.replacement,
            json_type="string",
            format="signature",
            required=True,
        )
        for signature in signatures(step)
    ]


def signed_headers(step: ProgramStep) -> dict[str, Lit]:
    """What stands in the headers that the vault signs, by their names in lower case.

    A header has no blank: the API takes an empty value for none (forms of its reference, January
    2026). So it holds the replacement's name; no document tells of either.
    """
    return {
        signature.header.lower(): Lit(signature.replacement, span=signature.span)
        for signature in signatures(step)
        if signature.header
    }


def agreed_method(step: ProgramStep) -> tuple[str, str] | None:
    """Where the vault tells its method, and the agreed one; None where none was agreed.

    The vault has no parameter for it, and its schema knows POST alone (OpenAPI 2026-09-30).
    """
    methods = [agreed.arrangement.method for agreed in step.agreed if agreed.arrangement.method]
    return ("/request_details/http_method", methods[-1]) if methods else None


def stated(step: ProgramStep) -> tuple[EmittedArrangement, ...]:
    """The arrangements as an approval shows them; one without a ticket is played as if agreed."""
    return tuple(_stated(agreed) for agreed in step.agreed)


def _stated(agreed: AgreedArrangement) -> EmittedArrangement:
    id_ = Lit(agreed.id, span=agreed.arrangement.span)
    grant, wallets = agreed.grant, agreed.arrangement.wallets
    if grant is None:
        return EmittedArrangement(id_, wallets=wallets)
    ticket = Lit(grant.ticket, span=grant.span)
    return EmittedArrangement(id_, ticket, grant.date, grant.expires, wallets)


def wallet_atoms(facts: Facts) -> Mapping[str, Any]:
    """The parts of a wallet's token that the vault fills where it agreed to, as `atoms`."""
    atoms: Mapping[str, Any] = facts.value("arrangements", "network_token")["atoms"]
    return atoms
