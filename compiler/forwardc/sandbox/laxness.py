"""The closed table of what the sandbox takes only where it is asked to: `--lax NAME`.

Without one of these the sandbox refuses as the vendor does, and what no document shows is refused
too. `--lenient` is all of them. docs/sandbox.md shows this table, and a test compares the two.
"""

from collections.abc import Callable
from dataclasses import dataclass

UNKNOWN_DESTINATIONS = "unknown_destinations"
UNKNOWN_MERCHANT_ACCOUNTS = "unknown_merchant_accounts"
WITHOUT_PROJECT = frozenset({UNKNOWN_DESTINATIONS, UNKNOWN_MERCHANT_ACCOUNTS})
"""Switched on in a sandbox without a project: nobody told it what is onboarded."""

Lets = Callable[[str, str], bool]
"""`World.lets`: from a laxness and a place to whether it lets the mistake there through."""


@dataclass(frozen=True, slots=True)
class Laxness:
    """One thing that is let through: who takes it, what, what the vendor does, and who says so."""

    name: str
    party: str
    takes: str
    vendor: str
    source: str


@dataclass(frozen=True, slots=True)
class Slip:
    """What a laxness let through: its name and the place in the request, never a value.

    `request` counts the sandbox's requests, so that the slips of one stand together.
    """

    request: int
    name: str
    party: str
    place: str


LAXNESSES: tuple[Laxness, ...] = (
    Laxness(
        UNKNOWN_DESTINATIONS,
        "every vault",
        "a URL that no plan of the project names",
        "Stripe: 400 `forwarding_api_invalid_parameter`; Checkout.com: 422",
        "Vault and Forward's guide, May 2026; Checkout.com's refusal is this sandbox's choice",
    ),
    Laxness(
        "checkout_unknown_headers",
        "Checkout.com",
        "a header that no plan of the project names for the URL",
        "not documented: 422 `header_not_allowed`",
        "this sandbox's choice: green here is green there",
    ),
    Laxness(
        "checkout_undefined_names",
        "Checkout.com",
        "a placeholder or a secret that does not exist: empty text",
        "not documented: 422 `placeholder_unknown`, `secret_not_found`",
        "Forward stored credentials, January 2026",
    ),
    Laxness(
        "checkout_variable_of_variable",
        "Checkout.com",
        "a variable that names an earlier one",
        "not documented: 422",
        "Forward stored credentials, January 2026",
    ),
    Laxness(
        "checkout_header_twice",
        "Checkout.com",
        "a header given raw and encrypted: the encrypted one counts",
        "not documented: 422",
        "Forward stored credentials, January 2026",
    ),
    Laxness(
        "checkout_unknown_members",
        "Checkout.com",
        "members of the request that no SDK has, at its top level",
        "not documented: 422",
        "SDK-net, package forward",
    ),
    Laxness(
        "checkout_token_as_id",
        "Checkout.com",
        "`source.id` for a source of the type token",
        "`source.token`",
        "SDK-net TokenSource.cs; an example of the documents has `id`",
    ),
    Laxness(
        "checkout_empty_encrypted",
        "Checkout.com",
        "an empty `headers.encrypted`",
        "a JWE, or absent",
        "SDK-net Headers.cs; calls in the documents show it empty",
    ),
    Laxness(
        "checkout_secret_hyphens",
        "Checkout.com",
        "hyphens in the names of secrets",
        "letters, digits and underscore: 422",
        "all SDKs; older documents show hyphens",
    ),
    Laxness(
        "checkout_secret_dots",
        "Checkout.com",
        "`{{ secret.name }}`",
        "`{{ secret_name }}`",
        "Forward stored credentials; one example has the dot",
    ),
    Laxness(
        "checkout_padded_key",
        "Checkout.com",
        "padding in the `k` of a JWK",
        "base64url without padding",
        "RFC 7518 section 6.4.1",
    ),
    Laxness(
        "checkout_network_tokens_by_key",
        "Checkout.com",
        "the secret key for `/network-tokens`",
        "an access token: 401",
        "SDK-java NetworkTokensClient",
    ),
    Laxness(
        "checkout_no_channel",
        "Checkout.com",
        "a request without `processing_channel_id` of a client with several channels",
        "422 `processing_channel_id_required`",
        "a mock of SDK-node; help pages of integrators",
    ),
    Laxness(
        "stripe_any_key",
        "Stripe",
        "every key of the right shape",
        "the account's own keys: 401",
        "API reference, January 2026",
    ),
    Laxness(
        "stripe_api_versions",
        "Stripe",
        "every `Stripe-Version` that has the shape of one",
        "those of its change log: 400",
        "stripe-python's change log; refusals seen in public code",
    ),
    Laxness(
        "stripe_currencies",
        "Stripe",
        "a currency that the API does not name",
        "400, `param` `currency`",
        "the list in the API's own refusal, seen in public code",
    ),
    Laxness(
        "stripe_small_amounts",
        "Stripe",
        "less than the minimum of the currency of settlement",
        "400 `amount_too_small`",
        "docs.stripe.com/currencies",
    ),
    Laxness(
        "stripe_empty_values",
        "Stripe",
        "an empty value of what cannot be unset: as if it were not there",
        "400 `parameter_invalid_empty`",
        "error codes, April 2024; older texts show that an empty CVC was passed over",
    ),
    Laxness(
        "stripe_unknown_headers",
        "Stripe",
        "headers that the config of the destination does not have",
        "400, `param` `request[headers]`",
        "Vault and Forward's guide, May 2026",
    ),
    Laxness(
        "stripe_unsubmitted_keys",
        "Stripe",
        "a destination's key whose SHA-256 was not submitted",
        "400, `param` `request[headers]`",
        "Vault and Forward's guide, May 2026; the text is this sandbox's choice",
    ),
    Laxness(
        "stripe_no_return_url",
        "Stripe",
        "a confirmation without `return_url` where a payment method may redirect",
        "400, `param` `return_url`",
        "OpenAPI 2026-09-30.endive",
    ),
    Laxness(
        UNKNOWN_MERCHANT_ACCOUNTS,
        "Adyen",
        "a merchant account that no plan of the project names",
        "403 `901`",
        "API error codes; OpenAPI CheckoutService-v71, example of 403",
    ),
    Laxness(
        "adyen_any_api_key",
        "Adyen",
        "every API key but an empty one",
        "the account's own: 401 `000`",
        "API error codes",
    ),
    Laxness(
        "adyen_short_month",
        "Adyen",
        "an expiry month of one digit",
        "422 `129`",
        "examples of the API explorer have two digits",
    ),
    Laxness(
        "visa_lower_case_apikey",
        "Visa",
        "the query parameter `apikey`",
        "`apiKey`: 401",
        "developer.visa.com, X-Pay-Token",
    ),
    Laxness(
        "visa_short_month",
        "Visa",
        "an expiry month of one digit",
        "not documented: two digits, 400",
        "Visa's own client (github.com/visa/mcp); Checkout.com's example of Visa has one digit",
    ),
    Laxness(
        "visa_jwe_without_context",
        "Visa",
        "a JWE without `channelSecurityContext` or `iat`",
        "both are required: 400",
        "Visa's own client leaves them out, its guide has them",
    ),
)
ALL: frozenset[str] = frozenset(one.name for one in LAXNESSES)
PARTY: dict[str, str] = {one.name: one.party for one in LAXNESSES}


def strict(_name: str, _place: str) -> bool:
    """Let nothing through, for who has no world."""
    return False


def check_names(names: frozenset[str]) -> frozenset[str]:
    """The names as they are. Raises `ValueError` for one that is not in the table."""
    strange = sorted(names - ALL)
    if strange:
        raise ValueError(f"no such laxness: {', '.join(strange)}")
    return names


def table() -> str:
    """The laxnesses as the rows of a table in Markdown."""
    rows = (f"| `{one.name}` | {one.party} | {one.takes} | {one.vendor} |" for one in LAXNESSES)
    return "\n".join(rows)


def told(slips: list[Slip]) -> list[str]:
    """One line for each slip, equal ones of one request once."""
    lines = (f"slip: {slip.name} at {slip.place} ({slip.party})" for slip in slips)
    return list(dict.fromkeys(lines))
