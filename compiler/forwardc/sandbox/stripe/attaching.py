"""Attach payment methods to customers, and detach them.

Knows no HTTP. An attached method is used as often as one likes; one that was used or detached
without a customer is used up.
"""

from copy import deepcopy
from typing import Any

from forwardc.sandbox.stripe import methods
from forwardc.sandbox.stripe.call import StripeCall
from forwardc.sandbox.stripe.errors import StripeError, card_error, invalid
from forwardc.sandbox.stripe.ids import new_id
from forwardc.sandbox.stripe.outcomes import attach_decline
from forwardc.sandbox.stripe.store import Row

_USED_UP = (
    "The provided PaymentMethod was previously used with a PaymentIntent without Customer "
    "attachment, shared with a connected account without Customer attachment, or was detached from "
    "a Customer. It may not be used again. To use a PaymentMethod multiple times, you must attach "
    "it to a Customer first."
)


def used_up() -> StripeError:
    """A payment method that may not be used again (text seen in public code)."""
    return invalid(_USED_UP, param="payment_method")


def check(row: Row) -> None:
    """Raise for a method that cannot be attached: 400 used up, 402 a card that is declined."""
    if row["consumed"]:
        raise invalid(
            "This PaymentMethod was previously used without being attached to a Customer or was "
            "detached from a Customer, and may not be used again."
        )
    why = attach_decline(methods.card_of(row).number)
    if why is not None:
        cause = {} if why.decline_code is None else {"decline_code": why.decline_code}
        raise card_error(why.code, why.message, **cause)


def attach(call: StripeCall, row: Row, customer: str, *, verify: bool = True) -> Row:
    """The row as it is attached: of Stripe's test ids and the fixed sources a copy of its own.

    With `verify` the bank is asked, which uses the CVC. Raises as `check` does, and 400 for a
    method of another customer.
    """
    held = row["object"]["customer"]
    if held == customer:
        return row
    if held is not None:
        raise invalid("The payment method you provided has already been attached to a customer.")
    check(row)
    if row["fixed"]:
        row = deepcopy(row) | {"fixed": False}
        row["object"]["id"] = new_id("pm")
        row["object"]["created"] = call.now
        row["object"]["livemode"] = call.caller.livemode
    call.table(methods.TABLE)[row["object"]["id"]] = row
    row["object"]["customer"] = customer
    if verify:
        verified(row)
    return row


def verified(row: Row) -> None:
    """The bank has checked the card: what it said stays, the CVC does not."""
    if methods.card_of(row).cvc is not None:
        row["object"]["card"]["checks"]["cvc_check"] = "pass"
    methods.use_cvc(row)


def release(row: Row) -> dict[str, Any]:
    """Take the method from its customer: nobody may use it again."""
    row["object"]["customer"] = None
    row["consumed"] = True
    shown: dict[str, Any] = row["object"]
    return shown
