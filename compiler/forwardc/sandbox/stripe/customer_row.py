"""Find a customer that is there. Knows no endpoint."""

from forwardc.sandbox.stripe.call import StripeCall
from forwardc.sandbox.stripe.errors import no_such
from forwardc.sandbox.stripe.store import Row, find

TABLE = "customers"


def alive(call: StripeCall, identifier: str, *, param: str | None = None) -> Row:
    """The row of a customer. Raises `resource_missing`, for a deleted one too."""
    row = find(call, TABLE, "customer", identifier, param)
    if row.get("deleted"):
        raise no_such("customer", identifier, param=param)
    return row
