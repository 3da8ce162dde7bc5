"""Values that a vault does not have, and the caller gives: each becomes a run input of its name.

Which they are follows from a vault's facts: of the customer's name and address all that the facts
have no place for. In a request such a value is as any other of a run: it is escaped, and functions
take it, since our runtime has it.
"""

from collections.abc import Collection, Iterator
from typing import Final

from forwardc.compile.vaults.contract import EmissionContext
from forwardc.compile.vaults.emission import EmittedInput
from forwardc.compile.vaults.facts import Facts
from forwardc.compile.vaults.findings import Support, Verdict
from forwardc.core.atoms import ATOMS, InstrumentKind
from forwardc.core.terms.terms import HAS_ATOM, Atom, If, Ref, Term

_GIVABLE: Final = tuple(
    name for name, kind in ATOMS.items() if kind.instrument is InstrumentKind.BILLING
)
"""What a merchant may know himself: never anything of the card."""
NAME_PARTS: Final = frozenset({"billing.first_name", "billing.last_name"})
"""The parts of the customer's name."""


def supplied_atoms(facts: Facts) -> frozenset[str]:
    """The atoms that the caller gives at this vault."""
    return frozenset(_GIVABLE).difference(facts.section("atoms"))


def supplied_support(name: str, retention: str = "") -> Support:
    """The verdict on an atom that the caller gives; `retention` is how long the vault keeps it."""
    lacks = "name in two parts" if name in NAME_PARTS else "billing address"
    reason = f"the vault has no {lacks}: the caller supplies it{retention}"
    return Support(Verdict.DEGRADED, "FC0613", reason)


def as_input(node: Term, supplied: Collection[str]) -> Term:
    """The input that a supplied atom becomes, or its mark; any other node as it is."""
    if isinstance(node, Atom) and node.name in supplied:
        return Ref(f"inputs.{node.name}", span=node.span)
    if isinstance(node, If) and node.present in supplied:
        return If(f"inputs.{node.present}", node.then, span=node.span)
    return node


def supplied_inputs(context: EmissionContext, supplied: Collection[str]) -> dict[str, EmittedInput]:
    """The inputs of an operation: one may be left out where the author marked each use."""
    inputs: dict[str, EmittedInput] = {}
    for step in context.vault_steps:
        request = step.request
        if all(atom.name not in supplied for atom in request.atoms):
            # Most requests ask nothing of the caller.
            continue
        terms = [pair.value for pair in (*request.headers, *request.query)]
        terms += [request.body.tree] if request.body else []
        for atom, optional in (each for term in terms for each in atoms_with_mark(term)):
            if atom in supplied:
                before = inputs.get(atom)
                inputs[atom] = EmittedInput(optional and (before is None or before.optional))
    return inputs


def atoms_with_mark(term: Term, optional: bool = False) -> Iterator[tuple[str, bool]]:
    """The atoms of a term in their order, and whether a `?` is around each."""
    if not term.holds & HAS_ATOM:
        return
    if isinstance(term, Atom):
        yield term.name, optional
    for child in term.inside:
        yield from atoms_with_mark(child, optional or isinstance(term, If))
