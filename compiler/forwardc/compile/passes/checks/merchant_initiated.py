"""FC0510: a merchant-initiated transaction has no CVC, cryptogram or ECI."""

from collections.abc import Iterator

from forwardc.compile.passes.checks.rule import Case, Problem
from forwardc.core.atoms import NOT_FOR_MERCHANT_INITIATED


def check(case: Case) -> Iterator[Problem]:
    """Atoms that exist only while the cardholder is there."""
    if case.operation.initiator != "merchant":
        return
    for atom in case.step.request.atoms:
        if atom.name in NOT_FOR_MERCHANT_INITIATED:
            yield Problem(
                "FC0510",
                f"`{atom.name}` does not exist in a merchant-initiated transaction",
                atom.span,
                "leave it out, or make it `initiator: customer`",
            )
