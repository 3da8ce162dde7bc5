"""Stripe's own test ids: `pm_card_visa`, `tok_visa` and their like.

Knows no endpoint. Ids from Stripe's testing page (2024) and public code that maps them.
"""

from types import MappingProxyType

_NUMBERS = MappingProxyType(
    {
        "visa": "4242424242424242",
        "visa_debit": "4000056655665556",
        "mastercard": "5555555555554444",
        "mastercard_debit": "5200828282828210",
        "amex": "378282246310005",
        "discover": "6011111111111117",
        "visa_chargeDeclined": "4000000000000002",
        "visa_chargeDeclinedInsufficientFunds": "4000000000009995",
        "visa_chargeDeclinedLostCard": "4000000000009987",
        "visa_chargeDeclinedStolenCard": "4000000000009979",
        "chargeDeclinedExpiredCard": "4000000000000069",
        "chargeDeclinedIncorrectCvc": "4000000000000127",
        "chargeDeclinedProcessingError": "4000000000000119",
        "visa_chargeDeclinedVelocityLimitExceeded": "4000000000006975",
        "chargeCustomerFail": "4000000000000341",
        "authenticationRequiredOnSetup": "4000002500003155",
        "authenticationRequired": "4000002760003184",
        "authenticationRequiredSetupForOffSession": "4000003800000446",
    }
)


def test_number(identifier: str) -> str | None:
    """The card number behind a test id, or None."""
    for prefix in ("pm_card_", "tok_"):
        if identifier.startswith(prefix):
            return _NUMBERS.get(identifier.removeprefix(prefix))
    return None


def test_ids() -> list[str]:
    """All `pm_card_` ids."""
    return [f"pm_card_{name}" for name in _NUMBERS]
