"""What the emulated Visa takes only where it is asked to. Data; see `sandbox/laxness.py`."""

from forwardc.sandbox.laxness import Laxness

LAXNESSES: tuple[Laxness, ...] = (
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
