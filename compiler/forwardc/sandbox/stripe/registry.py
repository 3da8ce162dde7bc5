"""The destinations that Stripe has onboarded: which URLs, which card fields, which headers.

Built in is the list of Vault and Forward's guide (May 2026) as far as the card fields are known;
more are rows of the state, as Stripe's support would add them.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from forwardc.sandbox.laxness import UNKNOWN_DESTINATIONS
from forwardc.sandbox.project import OnboardedRequest, merged_fields, merged_headers, merged_keys
from forwardc.sandbox.stripe.errors import forwarding_invalid
from forwardc.sandbox.stripe.fields import ARRANGED, REPLACED_BY, blank_of, plain_xpath
from forwardc.sandbox.world import World

_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")

_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
# Hosts that vendors give to their accounts, by what the list calls them. TabaPay's credentials file
# names a host below one of its domains, with a port (its API reference, servers), and the guide no
# host at all; Evervault's relays have one label or two (its OpenAPI).
_OWN_HOSTS = {
    "[TabaPay]": rf"(?:{_LABEL}\.)+tabapay\.(?:com|net)",
    "[Evervault]": rf"{_LABEL}(?:\.{_LABEL})?\.relay\.evervault\.app",
}


@dataclass(frozen=True, slots=True)
class OnboardedDestination:
    """An onboarded destination.

    `pattern` is host and path; `[x]` stands for an account's own part, `*` for one path segment.
    `fields` maps a leaf's path to a kind; None means: by well-known names, since Stripe does not
    publish its configurations. `headers` are the names that may be sent beside Stripe's own, in
    lower case; None means any, for the same reason. What stands after them is by arrangement: the
    method, headers that are signed, and wallets whose tokens are filled.
    """

    pattern: str
    fields: Mapping[str, str] | None
    headers: frozenset[str] | None = None
    method: str = "POST"
    signed: frozenset[str] = frozenset()
    wallets: frozenset[str] = frozenset()

    @property
    def replacements(self) -> frozenset[str]:
        """What may be asked for beyond the public replacements."""
        kinds = {blank_of(kind).field for kind in (self.fields or {}).values()}
        agreed = {REPLACED_BY[kind] for kind in kinds if kind in ARRANGED}
        return frozenset(agreed | ({"request_signature"} if self.signed else set()))

    def takes(self, url: str) -> bool:
        """Whether a URL (host, path and query, without scheme) is this destination's."""
        host, slash, path = self.pattern.partition("/")
        own = _expression(host, _LABEL) + slash + _expression(path, "[A-Za-z0-9_-]+")
        return re.fullmatch(own, url) is not None


def _expression(text: str, own: str) -> str:
    """What matches host or path: `own` for the account's own part, one segment for `*`."""
    return "".join(
        _OWN_HOSTS.get(part, own)
        if part.startswith("[")
        else "[A-Za-z0-9_~-][A-Za-z0-9._~-]*"
        if part == "*"
        else re.escape(part)
        for part in re.split(r"(\[[^\]]*\]|\*)", text)
    )


_ADYEN = {
    "/paymentMethod/number": "number",
    "/paymentMethod/expiryMonth": "expiry_month",
    "/paymentMethod/expiryYear": "expiry_year",
    "/paymentMethod/cvc": "cvc",
    "/paymentMethod/holderName": "name",
}
_TOKEN_VAULT = {
    "/card/number": "number",
    "/card/exp_month": "expiry_month",
    "/card/exp_year": "expiry_year",
    "/card/cvc": "cvc",
    "/card/name": "name",
}


def _checkout(prefix: str) -> dict[str, str]:
    return {
        f"{prefix}/number": "number",
        f"{prefix}/expiry_month": "expiry_month:number",
        f"{prefix}/expiry_year": "expiry_year:number",
        f"{prefix}/cvv": "cvc",
        f"{prefix}/name": "name",
    }


_WORLDPAY_XML = {
    "//cardNumber": "number",
    "//expiryDate/date/@month": "expiry_month",
    "//expiryDate/date/@year": "expiry_year",
    "//cvc": "cvc",
    "//cardHolderName": "name",
}
# On the list, their fields not printed by Stripe.
_BY_NAMES = (
    "api.ean.com/v3/itineraries",
    "api.flexpay.io/v1/gateways/charge",
    "api.paymentsos.com/tokens",
    "api.processout.com/cards",
    "api.rewardsnetwork.com/v2/members/enroll",
    "api.rewardsnetwork.com/v2/members/*/cards",
    "api.shift4.com/charges",
    "[prefix].cardconnect.com/cardconnect/rest/auth",
    "[Evervault]/",
    "[TabaPay]/v1/clients/[ClientID]/accounts",
    "access.worldpay.com/api/payments",
    "access.worldpay.com/cardPayments/customerInitiatedTransactions",
    "access.worldpay.com/tokens",
    "core.spreedly.com/v1/payment_methods.json",
    "gateway.pmnts.io/v1.0/credit_cards",
    "icnow01.accertify.net/icNowImport/[path]",
    "p01.mul-pay.jp/payment/ExecTran.json",
    "payments.braintree-api.com/graphql",
    "prod.api.firstdata.com/gateway/v2/payments",
    "ps.xsolla.com/forwarding/payments/card",
    "stbfep.sps-system.com/api/xmlapi.do",
    "tgapi.tokenex.com/Tokenize/Proxy/[ProfileID]",
)
_VERSIONS = ("v68", "v69", "v70", "v71")

# The guide names the live hosts only. That a test key reaches the same paths on the vendors'
# test hosts is this sandbox's assumption.
ONBOARDED: tuple[OnboardedDestination, ...] = (
    *(
        OnboardedDestination(f"{host}/{version}/{path}", _ADYEN)
        for version in _VERSIONS
        for path in ("payments", "storedPaymentMethods")
        for host in (
            "[prefix]-checkout-live.adyenpayments.com/checkout",
            "checkout-test.adyen.com/checkout",
            "checkout-test.adyen.com",
        )
    ),
    OnboardedDestination("forwarding-api-demo.stripedemos.com/tokens", _TOKEN_VAULT),
    OnboardedDestination("api.pcivault.io/v1/capture/stripe", _TOKEN_VAULT),
    OnboardedDestination("api.basistheory.com/connections/stripe-forward/tokenize", _TOKEN_VAULT),
    OnboardedDestination("[prefix].live.verygoodproxy.com/cards", _TOKEN_VAULT),
    OnboardedDestination("api.checkout.com/tokens", _checkout("")),
    OnboardedDestination("api.checkout.com/payments", _checkout("/source")),
    OnboardedDestination("api.sandbox.checkout.com/tokens", _checkout("")),
    OnboardedDestination("api.sandbox.checkout.com/payments", _checkout("/source")),
    OnboardedDestination("secure.worldpay.com/jsp/merchant/xml/paymentService", _WORLDPAY_XML),
    *(OnboardedDestination(pattern, None) for pattern in _BY_NAMES),
)


# HTTP's authentication schemes as IANA registers them, and those that vendors made for their keys.
_SCHEMES = frozenset(
    {
        *("apikey", "api-key", "aws4-hmac-sha256", "basic", "bearer", "concealed", "digest"),
        *("dpop", "geniekey", "gnap", "googlelogin", "hmac", "hoba", "key", "mutual"),
        *("negotiate", "oauth", "privatetoken", "scram-sha-1", "scram-sha-256", "ssws", "token"),
        "vapid",
    }
)


def find(world: World, url: str, *, livemode: bool) -> OnboardedDestination:
    """The destination of a URL. Raises `StripeError` where Stripe would not send there.

    In test mode a URL off the list is taken with the laxness `unknown_destinations`, and its card
    fields are known by their names.
    """
    address = _address(url, any_port=bool(_named(world, url, livemode)))
    added = (candidate for candidate in _added(world) if candidate.takes(address))
    listed = next((candidate for candidate in ONBOARDED if candidate.takes(address)), None)
    destination = next(added, None)
    if destination is None and world.project is None:
        destination = listed
    if destination is None and world.project is not None:
        destination = _of_project(world, url, listed, livemode)
    if destination is not None:
        return destination
    if livemode or not world.lets(UNKNOWN_DESTINATIONS, "url"):
        raise forwarding_invalid("The URL is not supported by the config of this account.", "url")
    return listed or OnboardedDestination(address, None)


def _of_project(
    world: World, url: str, listed: OnboardedDestination | None, livemode: bool
) -> OnboardedDestination | None:
    """The project's destination at a URL.

    Stripe has its own config of what it lists: there, a field of the project is none where that
    has another kind, or nothing.
    """
    named = [_documented(request) for request in _named(world, url, livemode)]
    if not named:
        return None
    fields = merged_fields(named)
    if listed is not None and listed.fields is not None:
        arranged = {at: kind for at, kind in fields.items() if _is_arranged(kind)}
        fields = dict(_agreed(fields, listed.fields)) | arranged
    return OnboardedDestination(
        *(url, fields, merged_headers(named), _method(named)),
        signed=frozenset(name for request in named for name in request.signed),
        wallets=frozenset(name for request in named for name in request.wallets),
    )


def _documented(request: OnboardedRequest) -> OnboardedRequest:
    """The request without what nobody was told to be arranged: that stays as it was sent."""
    if request.arranged or request.fields is None:
        return request
    fields = {at: kind for at, kind in request.fields.items() if not _is_arranged(kind)}
    return replace(request, fields=fields, signed=frozenset(), wallets=frozenset())


def _is_arranged(kind: str) -> bool:
    return blank_of(kind).field in ARRANGED


def _method(named: list[OnboardedRequest]) -> str:
    """The method that was agreed; Stripe's own where requests of one URL say different things."""
    methods = {request.method for request in named}
    return methods.pop() if len(methods) == 1 else "POST"


def _named(world: World, url: str, livemode: bool) -> list[OnboardedRequest]:
    requests = world.named(url, vault="stripe", live=livemode)
    return [request for request in requests if request.method == "POST" or request.arranged]


def _agreed(fields: Mapping[str, str], listed: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """What both say, in the list's words: it knows where a destination wants a JSON number."""
    for place, kind in fields.items():
        for pattern, listed_kind in listed.items():
            tail = pattern[1:] if pattern.startswith("//") else None
            same = place == pattern or (tail and plain_xpath(place).endswith(tail))
            if same and kind.partition(":")[0] == listed_kind.partition(":")[0]:
                yield place, listed_kind


def key_is_submitted(
    world: World, url: str, headers: Iterable[tuple[str, str]], *, livemode: bool
) -> bool:
    """Whether the destination's key in the headers is one whose digest was submitted.

    Of a project every header with a key must have its own; of a host, some header. Where nothing
    was submitted a test key may send any value, and a live key what the project names.
    """
    digests = [(name.lower(), _digest(value)) for name, value in headers]
    of_host = submitted_keys(world, url)
    if of_host:
        return any(digest in of_host for _, digest in digests)
    named = _named(world, url, livemode)
    keys = merged_keys(named)
    if not keys:
        return bool(named) or not livemode
    submissions = [(digest, keys[name]) for name, digest in digests if name in keys]
    return bool(submissions) and all(digest in submitted for digest, submitted in submissions)


def _digest(value: str) -> str:
    """SHA-256 of a header's value, without the scheme that stands before it (guide of May 2026).

    The guide names Basic and Bearer. That another scheme is left out, too, is not confirmed.
    """
    word, _, rest = value.partition(" ")
    key = (rest if word.lower() in _SCHEMES else value).strip()
    return hashlib.sha256(key.encode()).hexdigest()


def submitted_keys(world: World, url: str) -> list[str]:
    """The SHA-256 digests (hex) of the destination keys that were submitted for a URL's host."""
    host = urlsplit(url).hostname or ""
    return list(world.table("stripe.destination_keys").get(host, ()))


def _added(world: World) -> list[OnboardedDestination]:
    return [_of_row(row) for row in world.table("stripe.destinations").values()]


def _of_row(row: Mapping[str, Any]) -> OnboardedDestination:
    headers = row.get("headers")
    enabled = None if headers is None else frozenset(name.lower() for name in headers)
    return OnboardedDestination(row["url_pattern"].removeprefix("https://"), row["fields"], enabled)


def _address(url: str, *, any_port: bool) -> str:
    """Host, path and query of a URL that may be called at all: https to a public name.

    Of what Stripe lists TabaPay alone has a port; one that the project names has its own.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise forwarding_invalid("The URL cannot be read.", "url") from None
    host = parts.hostname or ""
    any_port = any_port or re.fullmatch(_OWN_HOSTS["[TabaPay]"], host) is not None
    plain = url.isascii() and url.isprintable() and " " not in url and not parts.fragment
    if (
        not plain
        or parts.scheme != "https"
        or "@" in parts.netloc
        or not (any_port or port in (None, 443))
    ):
        raise forwarding_invalid("The URL must be a plain https URL.", "url")
    if _HOST.fullmatch(host) is None:
        raise forwarding_invalid("The URL must name a public host.", "url")
    return host + (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
