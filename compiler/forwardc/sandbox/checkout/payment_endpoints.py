"""The endpoints of payments: paths, scopes, and which of them an idempotency key repeats.

Knows no behaviour. Scopes from SDK-python oauth_scopes.py.
"""

from collections.abc import Callable
from typing import Any

from forwardc.sandbox.checkout import idempotency, payment_actions, payments
from forwardc.sandbox.checkout.auth import Key
from forwardc.sandbox.checkout.routes import Call, Endpoint


def _once(call: Call, act: Callable[[Call], Any]) -> Any:
    """A payment or an action of one, by its idempotency key. An action is a 202."""

    def acted() -> Any:
        given = act(call)
        return (202, given) if isinstance(given, dict) else given

    key = call.headers.get("cko-idempotency-key")
    return idempotency.once(call.account, key, call.url, call.body, acted)


def _action(path: str, scope: str, act: Callable[..., Any]) -> Endpoint:
    return Endpoint(
        "POST",
        f"/payments/{{id}}/{path}",
        lambda c: _once(c, lambda c: act(c.account, c.path["id"], c.body, c.base)),
        Key.SECRET,
        ("gateway", f"gateway:{scope}"),
        reads=True,
        optional=True,
    )


_DETAILS = ("gateway", "gateway:payment-details")
PAYMENTS = (
    Endpoint(
        "POST",
        "/payments",
        lambda c: _once(c, lambda c: payments.request_payment(c.account, c.body, c.base)),
        Key.SECRET,
        ("gateway", "gateway:payment"),
        reads=True,
    ),
    Endpoint(
        "GET",
        "/payments",
        lambda c: payments.list_payments(
            c.account,
            c.query.get("reference", ""),
            c.query.get("limit", "10"),
            c.query.get("skip", "0"),
            c.base,
        ),
        Key.SECRET,
        _DETAILS,
    ),
    Endpoint(
        "GET",
        "/payments/{id}",
        lambda c: payments.get_payment(c.account, c.path["id"], c.base),
        Key.SECRET,
        _DETAILS,
    ),
    Endpoint(
        "GET",
        "/payments/{id}/actions",
        lambda c: payments.actions(c.account, c.path["id"]),
        Key.SECRET,
        _DETAILS,
    ),
    _action("captures", "payment-captures", payment_actions.capture),
    _action("refunds", "payment-refunds", payment_actions.refund),
    _action("voids", "payment-voids", payment_actions.void),
    _action("reversals", "payment-voids", payment_actions.reverse),
)
