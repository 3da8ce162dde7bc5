"""The words for what a run was sent without: the same in every door. Knows names of atoms only.

Three things have three words. *Sent without*: the destination did not get it. *Left out*: whoever
ran it wanted that. *Does not tell*: it may have arrived or not, and the vault does not say.
"""

from collections.abc import Sequence
from typing import Final

from forwardc.core.outcome import Outcome
from forwardc.runtime.run.result import Party

_CURES: Final = {
    "card.cvc": ("ask the customer for the CVC again, for a new payment method or token with it"),
    "card.pin_first_two": "ask the customer for the PIN again, for a new token with it",
    "card.holder_name": "complete the name where the card is kept",
}
# Stripe forwards only what is given; Checkout.com prefers its own.
_BILLING: Final = (
    "complete the billing address where the vault keeps and forwards one, "
    "else give it with the payment"
)
# An address is complete without its second line.
_NEVER_WHY: Final = frozenset({"billing.line2"})
ON_PURPOSE: Final = "or leave it out on purpose with --without, where the operation allows it"


def sent_without(names: Sequence[str]) -> str:
    """What the destination did not get."""
    return f"sent without: {', '.join(names)}"


def does_not_tell(vault: str, names: Sequence[str]) -> str:
    """What nobody can tell of, and that this is no fault."""
    return f"{vault} does not tell whether it sent: {', '.join(names)}"


def left_out(names: Sequence[str]) -> str:
    """What the run was asked to leave out."""
    return f"left out on purpose: {', '.join(names)}"


def cure(names: Sequence[str]) -> str:
    """What to do about each loss, in one sentence."""
    found = [_CURES.get(name, _BILLING) for name in names]
    return "; ".join(dict.fromkeys(found))


def perhaps_why(names: Sequence[str]) -> str:
    """A loss that may be why the destination said no, with its cure."""
    mattering = [name for name in names if name not in _NEVER_WHY]
    return f"{sent_without(mattering)}, which may be why: {cure(mattering)}"


def may_be_why(outcome: Outcome | None, rejected_by: Party | None, losses: Sequence[str]) -> bool:
    """Whether a loss may be why the destination said no."""
    refused = outcome is Outcome.REJECTED and rejected_by is Party.DESTINATION
    return not _NEVER_WHY.issuperset(losses) and (outcome is Outcome.DECLINED or refused)
