"""FC0502: no PAN, CVC, PIN, network token number or cryptogram in a header."""

from collections.abc import Iterator

from forwardc.compile.ir.analysis import atoms_in
from forwardc.compile.passes.checks.rule import Case, Problem
from forwardc.core.atoms import ATOMS, Sensitivity


def check(case: Case) -> Iterator[Problem]:
    """Account data in a header; expiry and billing may stand there."""
    for pair in case.step.request.headers:
        for atom in atoms_in(pair.value):
            if ATOMS[atom.name].sensitivity is Sensitivity.ACCOUNT:
                yield Problem(
                    "FC0502",
                    f"`{atom.name}` would stand in the header {pair.name}",
                    atom.span,
                    "send it in the body",
                )
