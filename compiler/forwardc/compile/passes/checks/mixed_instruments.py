"""FC0314: one step uses either the card or its network token: a vault resolves one of them."""

from collections.abc import Iterator

from forwardc.compile.passes.checks.rule import Case, Problem
from forwardc.core.atoms import ATOMS, InstrumentKind


def check(case: Case) -> Iterator[Problem]:
    """The first card atom in a step that also uses a network token."""
    atoms = case.step.request.atoms
    kinds = {ATOMS[atom.name].instrument for atom in atoms}
    if {InstrumentKind.CARD, InstrumentKind.NETWORK_TOKEN} <= kinds:
        card = next(a for a in atoms if ATOMS[a.name].instrument is InstrumentKind.CARD)
        yield Problem(
            "FC0314",
            "the step mixes card and network-token values",
            card.span,
            "make two operations, and let one be the `fallback` of the other",
        )
