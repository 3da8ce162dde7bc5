"""What the customer does when a payment asks for authentication: a switch, as nobody is there.

Knows no HTTP. After it the intent is what it is at Stripe after 3-D Secure.
"""

from typing import Any

from forwardc.sandbox.stripe import paying
from forwardc.sandbox.stripe.account import StripeCaller, setting
from forwardc.sandbox.stripe.call import StripeCall
from forwardc.sandbox.stripe.intent_object import NO_METHOD
from forwardc.sandbox.stripe.store import Row
from forwardc.sandbox.world import World

_TABLES = {"pi_": "payment_intents", "seti_": "setup_intents"}
_FAILED = (
    "We are unable to authenticate your payment method. Please choose a different payment method "
    "and try again."
)


def answer(world: World, identifier: str, *, passed: bool) -> bool:
    """Pass or fail the authentication of an intent; False where no intent waits for one."""
    row = _waiting(world, identifier)
    if row is None:
        return False
    intent = row["object"]
    caller = StripeCaller(intent["livemode"], None, "")
    call = StripeCall(world, caller, str(setting(world, "api_version")), {}, {})
    intent["next_action"] = None
    if not passed:
        _fail(intent)
    elif intent.get("confirmation_method") == "manual":
        # Its server has to confirm once more (API reference), and is not asked again.
        intent["status"] = "requires_confirmation"
        row["authenticated"] = True
    else:
        paying.finish(call, row)
    return True


def _waiting(world: World, identifier: str) -> Row | None:
    for prefix, table in _TABLES.items():
        row: Row | None = world.table(f"stripe.{table}").get(identifier)
        if identifier.startswith(prefix) and row is not None:
            return row if row["object"]["status"] == "requires_action" else None
    return None


def _fail(intent: dict[str, Any]) -> None:
    kind = intent["object"]
    where = "last_payment_error" if kind == "payment_intent" else "last_setup_error"
    intent[where] = {
        "code": f"{kind}_authentication_failure",
        "message": _FAILED,
        "type": "invalid_request_error",
    }
    intent |= {"status": NO_METHOD, "payment_method": None}
