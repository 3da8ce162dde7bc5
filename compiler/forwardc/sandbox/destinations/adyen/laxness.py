"""What the emulated Adyen takes only where it is asked to. Data; see `sandbox/laxness.py`."""

from forwardc.sandbox.laxness import Laxness

UNKNOWN_MERCHANT_ACCOUNTS = "unknown_merchant_accounts"

LAXNESSES: tuple[Laxness, ...] = (
    Laxness(
        UNKNOWN_MERCHANT_ACCOUNTS,
        "Adyen",
        "a merchant account that no plan of the project names",
        "403 `901`",
        "API error codes; OpenAPI CheckoutService-v71, example of 403",
        without_project=True,
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
)
