"""The three stages, and questions about a term: its stage, what it reads, whether it is tainted.

A value is known at one stage, and a term's stage is the latest of its parts.
"""

from collections.abc import Iterator
from enum import IntEnum
from typing import Final

from forwardc.compile.ir.program import (
    Program,
    ProgramOperation,
    reads_instrument,
    rules_of,
    terms_of,
)
from forwardc.core.atoms import ATOMS, InstrumentKind
from forwardc.core.instrument import NAMES as INSTRUMENT_NAMES
from forwardc.core.instrument import ROOT as INSTRUMENT_ROOT
from forwardc.core.terms.terms import (
    ANYTHING,
    HAS_ATOM,
    HAS_IF,
    HAS_KINDS,
    HAS_RAW,
    HAS_REF,
    Atom,
    If,
    Ref,
    Term,
    root_bit,
    walk,
)


class Stage(IntEnum):
    """When a value is known. An expression's stage is the latest of its parts."""

    BUILD = 0
    """Known to the compiler: literals and settings."""
    RUN = 1
    """Known to the runtime on each run: params, inputs, held secrets, earlier outputs."""
    VAULT = 2
    """Known only inside the PSP's PCI boundary: card data and secrets stored there."""


_OF_THE_VAULT: Final = HAS_ATOM | HAS_RAW
_OF_A_RUN: Final = ANYTHING & ~(HAS_KINDS | root_bit("settings") | root_bit("let"))
"""Every root of a reference but those whose values the compiler has."""


def stage_of(term: Term, stored: frozenset[str] = frozenset()) -> Stage:
    """The latest stage of a term's parts. `stored` names the secrets that the vault holds."""
    holds = term.holds
    if holds & _OF_THE_VAULT:
        return Stage.VAULT
    if stored and any(ref.name in stored for ref in all_refs(term)):
        return Stage.VAULT
    if holds & _OF_A_RUN or any(not name.startswith("settings.") for name in marked_names(term)):
        return Stage.RUN
    return Stage.BUILD


def has_atom(term: Term) -> bool:
    """Whether a card, billing or network-token value is part of the term."""
    return term.holds & HAS_ATOM != 0


def atoms_in(term: Term) -> list[Atom]:
    """The atoms of a term, with their spans."""
    return [node for node in walk(term, HAS_ATOM) if isinstance(node, Atom)]


def all_refs(term: Term) -> list[Ref]:
    """The references of a term, with their spans."""
    return [node for node in walk(term, HAS_REF) if isinstance(node, Ref)]


def refs_in(term: Term, root: str) -> list[Ref]:
    """The references below one root, with their spans."""
    nodes = walk(term, root_bit(root))
    return [node for node in nodes if isinstance(node, Ref) and node.root == root]


def marked_names(term: Term) -> list[str]:
    """The names in a term that the author marked with `?`, as often as they stand there."""
    return [node.present for node in walk(term, HAS_IF) if isinstance(node, If)]


def optional_names(operation: ProgramOperation) -> frozenset[str]:
    """The names that the author marked with `?`."""
    return frozenset().union(*(step.request.marked_names for step in operation.steps))


def atoms_used(operation: ProgramOperation) -> list[str]:
    """The names of the atoms that an operation sends, each once, in the vocabulary's order."""
    # `sorted` would put expiry before number.
    used = {atom.name for step in operation.steps for atom in step.request.atoms}
    # `present(card.cvc, '1')` asks for an atom that may stand nowhere else.
    used |= optional_names(operation) & ATOMS.keys()
    return [name for name in ATOMS if name in used]


def uses_network_token(operation: ProgramOperation) -> bool:
    """Whether an operation asks for a network token instead of the card."""
    names = atoms_used(operation)
    return any(ATOMS[name].instrument is InstrumentKind.NETWORK_TOKEN for name in names)


def names_used(operation: ProgramOperation, root: str) -> list[str]:
    """The short names below a root that an operation uses, sorted: `params` -> [amount, ...]."""
    refs = (ref for step in operation.steps for ref in step.request.refs_below(root))
    return sorted({ref.name.removeprefix(f"{root}.") for ref in refs})


def instrument_uses(operation: ProgramOperation) -> dict[str, bool]:
    """The values of the instrument that an operation reads, and whether it needs each.

    By short name, in the vocabulary's order. One that is marked with `?` wherever it stands may be
    absent.
    """
    steps = [step for step in operation.steps if reads_instrument(step)]
    if not steps:
        return {}
    terms = [term for step in steps for term in (*terms_of(step.request), *rules_of(step))]
    needed = {ref.name for term in terms for ref in _unguarded(term, frozenset())}
    # `present(instrument.brand, '1')` asks for a value that may stand nowhere else.
    read = needed.union(*map(marked_names, terms))
    return {
        name.removeprefix(f"{INSTRUMENT_ROOT}."): name in needed
        for name in INSTRUMENT_NAMES
        if name in read
    }


def _unguarded(term: Term, guards: frozenset[str]) -> Iterator[Ref]:
    if isinstance(term, Ref) and term.root == INSTRUMENT_ROOT and term.name not in guards:
        yield term
    if not term.holds & root_bit(INSTRUMENT_ROOT):
        return
    inside = guards | {term.present} if isinstance(term, If) else guards
    for child in term.inside:
        yield from _unguarded(child, inside)


def tainted(program: Program, operation: ProgramOperation) -> frozenset[str]:
    """References whose values are masked wherever shown: those of the program, and outputs."""
    outputs = [
        f"steps.{step.name}.{output.name}"
        for step in operation.steps
        for output in step.outputs
        if output.sensitive
    ]
    return program.masked.union(outputs) if outputs else program.masked
