"""Put together the HTTP request that goes to a destination. Knows no card and no account."""

import re
from collections.abc import Collection

from forwardc.sandbox.laxness import Lets
from forwardc.sandbox.stripe.errors import forwarding_invalid
from forwardc.sandbox.stripe.filling import FilledBody
from forwardc.sandbox.world import OutboundRequest

TIMEOUT_MS = 15_000
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
# What belongs to the connection or is Stripe's own is never the caller's.
_NEVER = frozenset(
    "connection content-length host keep-alive proxy-authorization te trailer "
    "transfer-encoding upgrade user-agent".split()
)
_ALWAYS = frozenset({"content-type"})


def check_headers(
    headers: list[tuple[str, str]], enabled: Collection[str] | None, lets: Lets
) -> None:
    """Raise 400 for a header that cannot be sent, or that the destination's config lacks."""
    for at, (name, value) in enumerate(headers):
        param = f"request[headers][{at}]"
        lower = name.lower()
        if _NAME.fullmatch(name) is None or _VALUE.fullmatch(value) is None or lower in _NEVER:
            raise forwarding_invalid("The header cannot be sent.", param)
        known = enabled is None or lower in enabled or lower in _ALWAYS
        if not known and not lets("stripe_unknown_headers", param):
            raise forwarding_invalid("The header is not enabled for this destination.", param)


def outbound_request(
    url: str, headers: list[tuple[str, str]], filled: FilledBody, method: str = "POST"
) -> OutboundRequest:
    """Stripe's own headers, then the caller's. A Content-Type of the caller's wins.

    Another method than `POST` was agreed for the URL.
    """
    body = filled.body
    names = {name.lower() for name, _ in headers}
    media_type = "application/xml" if body.lstrip().startswith("<") else "application/json"
    own = [("User-Agent", "Stripe"), ("Accept", "*/*"), ("Content-Type", media_type)]
    kept = [pair for pair in own if pair[0].lower() not in names]
    return OutboundRequest(method, url, (*kept, *headers), body.encode(), TIMEOUT_MS, filled.values)
