"""What the emulated Stripe takes only where it is asked to. Data; see `sandbox/laxness.py`."""

from forwardc.sandbox.laxness import Laxness

LAXNESSES: tuple[Laxness, ...] = (
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
)
