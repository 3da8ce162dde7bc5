"""The endpoints of payment methods: `/v1/payment_methods`, with their parameters; cards only.

The customer's own list of them is with the customers.
"""

from typing import Any, Final

from forwardc.sandbox.stripe import expand, methods
from forwardc.sandbox.stripe.call import (
    Row,
    StripeCall,
    StripeEndpoint,
    alive,
    new_id,
    newest,
    page,
)
from forwardc.sandbox.stripe.errors import invalid, missing
from forwardc.sandbox.stripe.methods import billing, method_object, row_of
from forwardc.sandbox.stripe.outcomes import fail_in_transport
from forwardc.sandbox.stripe.param_shapes import (
    BILLING,
    CLEARED_METADATA,
    EXPAND,
    METADATA,
    ONLY_EXPAND,
    REDISPLAY,
    IntegerParam,
    MapParam,
    TextParam,
    UnsupportedParam,
    listing,
)
from forwardc.sandbox.stripe.params import merged

_NETWORKS: Final = MapParam(
    {"preferred": TextParam(choices=("cartes_bancaires", "mastercard", "visa"))}
)
CREATE: Final = MapParam(
    {
        "type": TextParam(),
        "card": MapParam(
            {
                "number": TextParam(),
                "exp_month": IntegerParam(),
                "exp_year": IntegerParam(),
                "cvc": TextParam(),
                "token": TextParam(),
                "networks": _NETWORKS,
            }
        ),
        "billing_details": BILLING,
        "metadata": METADATA,
        "allow_redisplay": REDISPLAY,
        # Sharing and cloning need a connected account.
        "customer": UnsupportedParam(),
        "payment_method": UnsupportedParam(),
        "radar_options": MapParam({"session": TextParam()}),
        "expand": EXPAND,
    },
    required=("type",),
)
UPDATE: Final = MapParam(
    {
        "card": MapParam(
            {"exp_month": IntegerParam(), "exp_year": IntegerParam(), "networks": _NETWORKS}
        ),
        "billing_details": BILLING,
        "metadata": CLEARED_METADATA,
        "allow_redisplay": REDISPLAY,
        "expand": EXPAND,
    }
)
ATTACH: Final = MapParam(
    {"customer": TextParam(), "customer_account": UnsupportedParam(), "expand": EXPAND},
    required=("customer",),
)
LIST: Final = listing(
    created=None,
    allow_redisplay=REDISPLAY,
    customer=TextParam(),
    customer_account=UnsupportedParam(),
    type=TextParam(),
)
CUSTOMERS_LIST: Final = listing(created=None, allow_redisplay=REDISPLAY, type=TextParam())


# --- Endpoints

_URL = "/v1/payment_methods"


async def create(call: StripeCall) -> dict[str, Any]:
    """POST /v1/payment_methods."""
    params = expand.asked(call, CREATE, "payment_method")
    if params["type"] != "card":
        raise invalid("The sandbox knows payment methods of the type card only.", param="type")
    if "card" not in params:
        raise missing("card")
    card = methods.given_card(call, params["card"])
    test_card = methods.accepted(card)
    if call.forwarded:
        fail_in_transport(test_card.behaviour)
    made = method_object(new_id("pm"), call.now, card, params, livemode=call.caller.livemode)
    call.table(methods.TABLE)[made["id"]] = row_of(made, card)
    return expand.shown(call, made, params)


async def retrieve(call: StripeCall) -> dict[str, Any]:
    """GET /v1/payment_methods/{id}."""
    params = expand.asked(call, ONLY_EXPAND, "payment_method")
    return expand.shown(call, _in_path(call)["object"], params)


async def update(call: StripeCall) -> dict[str, Any]:
    """POST /v1/payment_methods/{id}: of an attached method only."""
    params = expand.asked(call, UPDATE, "payment_method")
    row = _in_path(call)
    shown = row["object"]
    if shown["customer"] is None:
        raise invalid("You must save this PaymentMethod to a customer before you can update it.")
    metadata = merged(shown["metadata"], params.get("metadata", {}))
    card = params.get("card", {})
    month = card.get("exp_month", shown["card"]["exp_month"])
    year = card.get("exp_year", shown["card"]["exp_year"])
    if card.keys() & {"exp_month", "exp_year"}:
        methods.check_expiry(call.world, month, year)
        row["card"] |= {"month": month, "year": year}
        shown["card"] |= {"exp_month": month, "exp_year": year}
    if "networks" in card:
        preferred = card["networks"].get("preferred")
        shown["card"]["networks"]["preferred"] = (
            preferred if preferred == shown["card"]["brand"] else None
        )
    if "billing_details" in params:
        shown["billing_details"] = billing(shown["billing_details"], params["billing_details"])
    if "allow_redisplay" in params:
        shown["allow_redisplay"] = params["allow_redisplay"]
    shown["metadata"] = metadata
    return expand.shown(call, shown, params)


async def attach(call: StripeCall) -> dict[str, Any]:
    """POST /v1/payment_methods/{id}/attach. Raises 402 for a card that the bank refuses."""
    params = expand.asked(call, ATTACH, "payment_method")
    customer = alive(call, params["customer"], param="customer")["object"]["id"]
    return expand.shown(call, methods.attach(call, _in_path(call), customer)["object"], params)


async def detach(call: StripeCall) -> dict[str, Any]:
    """POST /v1/payment_methods/{id}/detach: for good."""
    params = expand.asked(call, ONLY_EXPAND, "payment_method")
    row = _in_path(call)
    if row["object"]["customer"] is None:
        raise invalid(
            "The payment method you provided is not attached to a customer so detachment is "
            "impossible."
        )
    return expand.shown(call, methods.release(row), params)


async def listed(call: StripeCall) -> dict[str, Any]:
    """GET /v1/payment_methods, newest first."""
    asked = expand.asked(call, LIST, "payment_method", in_list=True)
    if "customer" in asked:
        alive(call, asked["customer"], param="customer")
    return page_of(call, asked, _URL)


def page_of(call: StripeCall, asked: dict[str, Any], url: str) -> dict[str, Any]:
    """The payment methods of checked parameters, one page of them."""

    def is_asked_for(row: Row) -> bool:
        shown = row["object"]
        filters = [
            (name, asked[name]) for name in ("customer", "type", "allow_redisplay") if name in asked
        ]
        return not row["fixed"] and all(shown[name] == value for name, value in filters)

    rows = newest(call, methods.TABLE, is_asked_for)
    return expand.shown(call, page(asked, rows, url, methods.KIND), asked)


_ONE = _URL + "/{id}"
ENDPOINTS = (
    StripeEndpoint("POST", _URL, "payment_method_write", create),
    StripeEndpoint("GET", _URL, "payment_method_read", listed),
    StripeEndpoint("GET", _ONE, "payment_method_read", retrieve),
    StripeEndpoint("POST", _ONE, "payment_method_write", update),
    StripeEndpoint("POST", _ONE + "/attach", "payment_method_write", attach),
    StripeEndpoint("POST", _ONE + "/detach", "payment_method_write", detach),
)


def _in_path(call: StripeCall) -> Row:
    return methods.find(call, call.path["id"], param=None)
