"""What payment intents and setup intents refuse alike. Knows no endpoint.

Texts seen in public code, but for those of `check_descriptor` and `unexpected`.
"""

from typing import Any

from forwardc.sandbox.stripe.call import StripeCall
from forwardc.sandbox.stripe.errors import StripeError, invalid, no_such
from forwardc.sandbox.stripe.tables.shared import ACTIVE_TYPES

_NETWORK = "payment_method_options[card][network]"
_TYPES = ("allowed_payment_method_types", "payment_method_types")


def check_types(params: dict[str, Any]) -> None:
    """Raise 400 for two ways to say which payment methods, or one that is not switched on."""
    given = [name for name in (*_TYPES, "automatic_payment_methods") if name in params]
    if len(given) > 1:
        text = f"You may only specify one of these parameters: {', '.join(sorted(given))}."
        raise invalid(text, param=given[0])
    for name in given:
        if name in _TYPES:
            _check_active(name, params[name])


def _check_active(param: str, types: list[str]) -> None:
    for at, one in enumerate(types):
        if one not in ACTIVE_TYPES:
            plain = one.replace("_", "")
            shown = f' "{one}"' if plain.isascii() and plain.isalnum() and len(one) <= 30 else ""
            raise invalid(
                f"The payment method type{shown} is invalid. Please ensure the provided type is "
                "activated in your dashboard "
                "(https://dashboard.stripe.com/account/payments/settings) and your account is "
                "enabled for any preview features that you are trying to use.",
                param=f"{param}[{at}]",
            )
    if not types:
        raise invalid("Invalid array", param=param)


def check_descriptor(params: dict[str, Any]) -> None:
    """A whole descriptor is refused for cards, whose suffix may be given."""
    if "statement_descriptor" in params:
        raise invalid(
            "The statement_descriptor parameter is not supported for the payment method type card. "
            "Use statement_descriptor_suffix instead.",
            param="statement_descriptor",
        )


def check_connect(call: StripeCall, params: dict[str, Any]) -> None:
    """Raise 400 for connected accounts that are not the account's, and fees without any."""
    transfer = params.get("transfer_data", {}).get("destination")
    for name, account in (
        ("on_behalf_of", params.get("on_behalf_of")),
        ("transfer_data[destination]", transfer),
    ):
        if account is not None and account not in call.world.table("stripe.accounts"):
            raise invalid(f"No such destination: '{account}'", param=name, code="resource_missing")
    if params.get("application_fee_amount") is None:
        return
    if transfer is None and call.caller.account is None:
        raise invalid(
            "Can only apply an application_fee_amount when the PaymentIntent is attempting a "
            "direct payment (using an OAuth key or Stripe-Account header) or destination payment "
            "(using `transfer_data[destination]`).",
            param="application_fee_amount",
        )


def check_options(params: dict[str, Any], *, confirming: bool) -> None:
    """A network is chosen when a payment is confirmed, and not before (API reference)."""
    card = params.get("payment_method_options", {}).get("card") or {}
    if "network" in card and not confirming:
        raise invalid("The network can only be set when the intent is confirmed.", param=_NETWORK)


def check_network(asked: str | None, brand: str) -> None:
    """Raise 400 for a network that the card does not have."""
    if asked not in (None, "unknown", brand):
        raise invalid(f"The card is not one of the network {asked}.", param=_NETWORK)


def check_mandate(params: dict[str, Any]) -> None:
    """The sandbox makes no mandates: none can be named."""
    if "mandate" in params:
        raise no_such("mandate", params["mandate"], param="mandate")


def check_secret(intent: dict[str, Any], params: dict[str, Any]) -> None:
    """A client secret that is given must be the intent's."""
    if params.get("client_secret", intent["client_secret"]) != intent["client_secret"]:
        text = "The client_secret provided does not match any associated intent on this account."
        raise invalid(text, param="client_secret")


def unexpected(kind: str, intent: dict[str, Any], what: str) -> StripeError:
    """An intent in a state that does not allow this: 400 with the intent in the error."""
    name = "payment_intent" if kind == "PaymentIntent" else "setup_intent"
    text = f"This {kind}'s status is {intent['status']}, and {what}."
    return with_intent(invalid(text, code=f"{name}_unexpected_state"), intent)


def with_intent(error: StripeError, intent: dict[str, Any]) -> StripeError:
    """The error with the intent that it is about."""
    error.extra = {**error.extra, intent["object"]: dict(intent)}
    return error
