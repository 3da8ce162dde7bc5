"""Where a forward request may go: to what the project's plans name.

Knows no template and no card. That an account has a list of destinations is an assumption, and so
are the codes of the refusals: no public document shows one. Checkout.com has no config of fields.
"""

from collections.abc import Sequence

from forwardc.sandbox.checkout.clients import CheckoutAccount
from forwardc.sandbox.checkout.forward_request import ForwardRequest
from forwardc.sandbox.checkout.problems import invalid
from forwardc.sandbox.laxness import UNKNOWN_DESTINATIONS
from forwardc.sandbox.project import OnboardedRequest, merged_headers
from forwardc.sandbox.world import OutboundRequest

_REQUEST = "destination_request"
# What a signature of the vault puts in.
_SIGNED = {
    "visa": frozenset({"x-pay-token"}),
    "dlocal": frozenset({"x-date", "authorization"}),
}


def check_target(account: CheckoutAccount, request: ForwardRequest) -> None:
    """Refuse a URL, method or query that no plan names. Raises `CheckoutError` (422)."""
    fitting = _by_url(account, request)
    if not fitting:
        at = f"{_REQUEST}.url"
        if not account.lets(UNKNOWN_DESTINATIONS, at):
            raise invalid("destination_not_allowed", at=at)
    elif not _by_method(fitting, request):
        at = f"{_REQUEST}.method"
        if not account.lets(UNKNOWN_DESTINATIONS, at):
            raise invalid("destination_not_allowed", at=at)


def check_headers(
    account: CheckoutAccount, request: ForwardRequest, outbound: OutboundRequest
) -> None:
    """Refuse a header that no plan names for this URL. Raises `CheckoutError` (422)."""
    fitting = _by_method(_by_url(account, request), request)
    if not fitting:
        return
    given = {name.lower() for name, _ in outbound.headers}
    if request.signature is not None:
        given -= _SIGNED[request.signature.kind]
    at = f"{_REQUEST}.headers"
    strange = given - merged_headers(fitting)
    if strange and not account.lets("checkout_unknown_headers", at):
        raise invalid("header_not_allowed", at=at)


def _by_url(account: CheckoutAccount, request: ForwardRequest) -> list[OnboardedRequest]:
    names = {name for name, _ in request.query}
    found = account.world.named(request.url, vault="checkout", live=account.live)
    return [one for one in found if names <= one.query]


def _by_method(
    named: Sequence[OnboardedRequest], request: ForwardRequest
) -> list[OnboardedRequest]:
    return [one for one in named if one.method == request.method]
