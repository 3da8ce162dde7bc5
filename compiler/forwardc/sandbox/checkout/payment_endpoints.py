"""The endpoints of payments: paths, scopes, and which of them an idempotency key repeats.

Knows no behaviour. Scopes from SDK-python oauth_scopes.py.
"""

from collections.abc import Callable
from typing import Any

from forwardc.sandbox.checkout import idempotency, payment_actions, payments
from forwardc.sandbox.checkout.auth import KeyKind
from forwardc.sandbox.checkout.routes import CheckoutCall, CheckoutEndpoint


def _once(call: CheckoutCall, act: Callable[[CheckoutCall], Any]) -> Any:
    """A payment or an action of one, by its idempotency key. An action is a 202."""

    def acted() -> Any:
        given = act(call)
        return (202, given) if isinstance(given, dict) else given

    key = call.headers.get("cko-idempotency-key")
    return idempotency.once(call.account, key, call.url, call.body, acted)


def _action(path: str, scope: str, act: Callable[..., Any]) -> CheckoutEndpoint:
    return CheckoutEndpoint(
        "POST",
        f"/payments/{{id}}/{path}",
        lambda c: _once(c, lambda c: act(c.account, c.path["id"], c.body, c.base)),
        KeyKind.SECRET,
        ("gateway", f"gateway:{scope}"),
        reads=True,
        optional=True,
    )


_DETAILS = ("gateway", "gateway:payment-details")
PAYMENTS = (
    CheckoutEndpoint(
        "POST",
        "/payments",
        lambda c: _once(c, lambda c: payments.request_payment(c.account, c.body, c.base)),
        KeyKind.SECRET,
        ("gateway", "gateway:payment"),
        reads=True,
    ),
    CheckoutEndpoint(
        "GET",
        "/payments",
        lambda c: payments.list_payments(
            c.account,
            c.query.get("reference", ""),
            c.query.get("limit", "10"),
            c.query.get("skip", "0"),
            c.base,
        ),
        KeyKind.SECRET,
        _DETAILS,
    ),
    CheckoutEndpoint(
        "GET",
        "/payments/{id}",
        lambda c: payments.get_payment(c.account, c.path["id"], c.base),
        KeyKind.SECRET,
        _DETAILS,
    ),
    CheckoutEndpoint(
        "GET",
        "/payments/{id}/actions",
        lambda c: payments.actions(c.account, c.path["id"]),
        KeyKind.SECRET,
        _DETAILS,
    ),
    _action("captures", "payment-captures", payment_actions.capture),
    _action("refunds", "payment-refunds", payment_actions.refund),
    _action("voids", "payment-voids", payment_actions.void),
    _action("reversals", "payment-voids", payment_actions.reverse),
)
