"""Customers: `/v1/customers`, and the payment methods that are attached to one.

A deleted customer stays behind as an id that says so, as at Stripe.
"""

from typing import Any, Final

from forwardc.sandbox.stripe import expand, method_endpoints, methods
from forwardc.sandbox.stripe.call import (
    CUSTOMERS_TABLE,
    Row,
    StripeCall,
    StripeEndpoint,
    added,
    alive,
    in_path,
    new_id,
    newest,
    page,
)
from forwardc.sandbox.stripe.errors import StripeError, invalid, no_such
from forwardc.sandbox.stripe.method_endpoints import CUSTOMERS_LIST
from forwardc.sandbox.stripe.param_shapes import (
    ADDRESS,
    ADDRESS_PARTS,
    CLEARED_METADATA,
    CUSTOMER_SHIPPING,
    EXPAND,
    ONLY_EXPAND,
    ClearableParam,
    IntegerParam,
    ListParam,
    MapParam,
    ParamKind,
    TextParam,
    UnsupportedParam,
    listing,
)
from forwardc.sandbox.stripe.params import merged

# Of invoices, taxes and balances, which a vault's flow does not need.
_UNSUPPORTED: Final = (
    "cash_balance",
    "invoice_prefix",
    "next_invoice_sequence",
    "source",
    "tax",
    "validate",
)
_SHARED: Final[dict[str, ParamKind]] = {
    **dict.fromkeys(_UNSUPPORTED, UnsupportedParam()),
    "address": ClearableParam(ADDRESS),
    "balance": IntegerParam(),
    "business_name": ClearableParam(TextParam(150)),
    "description": ClearableParam(TextParam()),
    "email": ClearableParam(TextParam(512, form="email")),
    "expand": EXPAND,
    "individual_name": ClearableParam(TextParam(150)),
    "invoice_settings": MapParam(
        {
            "custom_fields": UnsupportedParam(),
            "default_payment_method": ClearableParam(TextParam()),
            "footer": TextParam(),
            "rendering_options": UnsupportedParam(),
        }
    ),
    "metadata": CLEARED_METADATA,
    "name": ClearableParam(TextParam(256)),
    "phone": ClearableParam(TextParam(20)),
    "preferred_locales": ListParam(TextParam()),
    "shipping": ClearableParam(CUSTOMER_SHIPPING),
    "tax_exempt": ClearableParam(TextParam(choices=("exempt", "none", "reverse"))),
}
CREATE: Final = MapParam(
    {
        **_SHARED,
        "payment_method": TextParam(),
        "tax_id_data": UnsupportedParam(),
        "test_clock": UnsupportedParam(),
    }
)
UPDATE: Final = MapParam({**_SHARED, "default_source": UnsupportedParam()})
LIST: Final = listing(email=TextParam(512), test_clock=UnsupportedParam())
KEPT: Final = (
    "address",
    "balance",
    "description",
    "email",
    "name",
    "phone",
    "preferred_locales",
    "shipping",
    "tax_exempt",
)
"""What the object shows as it was given."""


# --- Endpoints

_URL = "/v1/customers"


async def create(call: StripeCall) -> dict[str, Any]:
    """POST /v1/customers."""
    params = expand.asked(call, CREATE, "customer")
    customer = _object(call)
    default = params.get("invoice_settings", {}).get("default_payment_method")
    if default not in (None, params.get("payment_method")):
        raise _not_attached(default)
    if "payment_method" in params:
        method = methods.find(call, params["payment_method"], param="payment_method")
        identifier = methods.attach(call, method, customer["id"])["object"]["id"]
        if default is not None:
            params["invoice_settings"]["default_payment_method"] = identifier
    _take_over(customer, params)
    added(call, CUSTOMERS_TABLE, customer)
    return expand.shown(call, customer, params)


async def retrieve(call: StripeCall) -> dict[str, Any]:
    """GET /v1/customers/{id}."""
    params = expand.asked(call, ONLY_EXPAND, "customer")
    row = in_path(call, CUSTOMERS_TABLE, "customer")
    if row.get("deleted"):
        return _stub(row)
    return expand.shown(call, row["object"], params)


async def update(call: StripeCall) -> dict[str, Any]:
    """POST /v1/customers/{id}."""
    params = expand.asked(call, UPDATE, "customer")
    customer = alive(call, call.path["id"])["object"]
    _check_default(call, customer["id"], params)
    _take_over(customer, params)
    return expand.shown(call, customer, params)


async def delete(call: StripeCall) -> dict[str, Any]:
    """DELETE /v1/customers/{id}: its payment methods are detached."""
    call.read(MapParam({}))
    row = alive(call, call.path["id"])
    for method in call.table(methods.TABLE).values():
        if method["object"]["customer"] == row["object"]["id"]:
            methods.release(method)
    row["deleted"] = True
    return _stub(row)


async def listed(call: StripeCall) -> dict[str, Any]:
    """GET /v1/customers, newest first."""
    asked = expand.asked(call, LIST, "customer", in_list=True)
    email = asked.get("email")
    rows = newest(
        call,
        CUSTOMERS_TABLE,
        lambda row: not row.get("deleted") and email in (None, row["object"]["email"]),
    )
    return expand.shown(call, page(asked, rows, _URL, "customer"), asked)


async def methods_of(call: StripeCall) -> dict[str, Any]:
    """GET /v1/customers/{id}/payment_methods."""
    asked = expand.asked(call, CUSTOMERS_LIST, "payment_method", in_list=True)
    identifier = alive(call, call.path["id"])["object"]["id"]
    url = f"{_URL}/{identifier}/payment_methods"
    return method_endpoints.page_of(call, asked | {"customer": identifier}, url)


async def method_of(call: StripeCall) -> dict[str, Any]:
    """GET /v1/customers/{id}/payment_methods/{method}."""
    params = expand.asked(call, ONLY_EXPAND, "payment_method")
    customer = alive(call, call.path["id"])["object"]["id"]
    identifier = call.path["method"]
    row = methods.find(call, identifier, param=None)
    if row["object"]["customer"] != customer:
        raise no_such(methods.KIND, identifier)
    return expand.shown(call, row["object"], params)


_METHODS = _URL + "/{id}/payment_methods"
ENDPOINTS = (
    StripeEndpoint("POST", _URL, "customer_write", create),
    StripeEndpoint("GET", _URL, "customer_read", listed),
    StripeEndpoint("GET", _URL + "/{id}", "customer_read", retrieve),
    StripeEndpoint("POST", _URL + "/{id}", "customer_write", update),
    StripeEndpoint("DELETE", _URL + "/{id}", "customer_write", delete),
    StripeEndpoint("GET", _METHODS, "payment_method_read", methods_of),
    StripeEndpoint("GET", _METHODS + "/{method}", "payment_method_read", method_of),
)


def _stub(row: Row) -> dict[str, Any]:
    return {"id": row["object"]["id"], "object": "customer", "deleted": True}


def _check_default(call: StripeCall, customer: str, params: dict[str, Any]) -> None:
    """Raise 400 for a default payment method that is not the customer's."""
    default = params.get("invoice_settings", {}).get("default_payment_method")
    if default is None:
        return
    method = methods.find(call, default, param="invoice_settings[default_payment_method]")
    if method["object"]["customer"] != customer:
        raise _not_attached(default)


def _not_attached(method: str) -> StripeError:
    return invalid(
        f"The customer does not have a payment method with the ID {method}. The payment method "
        "must be attached to the customer.",
        param="invoice_settings[default_payment_method]",
        code="resource_missing",
    )


def _take_over(customer: dict[str, Any], params: dict[str, Any]) -> None:
    """Write what was given."""
    customer["metadata"] = merged(customer["metadata"], params.get("metadata", {}))
    customer["invoice_settings"] |= params.get("invoice_settings", {})
    for name in KEPT:
        if name in params:
            customer[name] = params[name]
    for name in ("business_name", "individual_name"):
        if name in params:
            customer[name] = params[name]
    if customer["tax_exempt"] is None:
        customer["tax_exempt"] = "none"
    for place in (customer, customer["shipping"] or {}):
        if place.get("address") is not None:
            place["address"] = {part: place["address"].get(part) for part in ADDRESS_PARTS}


def _object(call: StripeCall) -> dict[str, Any]:
    """A new customer. Field names and nulls follow stripe-python 16.1."""
    return {
        "id": new_id("cus", 14),
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": call.now,
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": None,
        "invoice_prefix": new_id("", 8)[1:].upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": call.caller.livemode,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }
