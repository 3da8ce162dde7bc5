"""The test cards that the sandbox accepts, and what each of them makes a destination do.

Every number here is published for testing; a number that is not here is refused everywhere, so that
a real card never gets in.

Sources: docs.stripe.com/testing (April 2024), Checkout.com's older testing page, Adyen's API
examples, ECOMMPAY's test card page. The transport faults (`TIMEOUT` and below) are this sandbox's
own assignment to published numbers, see docs/sandbox.md.
"""

from dataclasses import dataclass, field
from enum import Enum


class Behaviour(Enum):
    """What a destination does with a payment by this card."""

    APPROVE = "approve"
    DECLINE = "decline"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    LOST_CARD = "lost_card"
    STOLEN_CARD = "stolen_card"
    EXPIRED_CARD = "expired_card"
    INCORRECT_CVC = "incorrect_cvc"
    PROCESSING_ERROR = "processing_error"
    VELOCITY_EXCEEDED = "velocity_exceeded"
    REQUIRES_ACTION = "requires_action"
    TIMEOUT = "timeout"
    SERVER_ERROR = "server_error"
    MALFORMED = "malformed"
    # The connection ends before the whole answer is there.
    BROKEN = "broken"
    NOT_CONNECTED = "not_connected"


@dataclass(frozen=True, slots=True)
class TestCard:
    """One published test card, and what it does where a party's own page says nothing else."""

    __test__ = False  # pytest would collect the name

    number: str = field(repr=False)
    brand: str
    behaviour: Behaviour
    funding: str = "credit"

    @property
    def last4(self) -> str:
        """The last four digits."""
        return self.number[-4:]


def _card(number: str, brand: str, behaviour: str = "approve", funding: str = "credit") -> TestCard:
    return TestCard(number, brand, Behaviour(behaviour), funding)


CARDS: tuple[TestCard, ...] = (
    _card("4242424242424242", "visa"),
    _card("4000056655665556", "visa", funding="debit"),
    _card("5555555555554444", "mastercard"),
    _card("5200828282828210", "mastercard", funding="debit"),
    _card("378282246310005", "amex"),
    _card("6011111111111117", "discover"),
    _card("6205500000000000004", "unionpay"),
    _card("36227206271667", "diners"),
    _card("3566002020360505", "jcb"),
    _card("4000000000000002", "visa", "decline"),
    _card("4000000000000341", "visa", "decline"),
    _card("4000000000009995", "visa", "insufficient_funds"),
    _card("4000000000009987", "visa", "lost_card"),
    _card("4000000000009979", "visa", "stolen_card"),
    _card("4000000000000069", "visa", "expired_card"),
    _card("4000000000000127", "visa", "incorrect_cvc"),
    _card("4000000000000119", "visa", "processing_error"),
    _card("4000000000006975", "visa", "velocity_exceeded"),
    _card("4000002500003155", "visa", "requires_action"),
    _card("4000002760003184", "visa", "requires_action"),
    _card("4000003800000446", "visa", "requires_action"),
    _card("5436031030606378", "mastercard"),
    _card("345678901234564", "amex"),
    _card("30123456789019", "diners"),
    _card("3530111333300000", "jcb"),
    _card("4543474002249996", "visa", "timeout"),
    _card("5199992312641465", "mastercard", "server_error"),
    _card("2223000010479399", "mastercard", "malformed"),
    _card("4658584090000001", "visa", "broken", "debit"),
    _card("5000186622346654", "mastercard", "not_connected", "debit"),
    _card("4000000000000077", "visa"),
    _card("4111111111111111", "visa"),
)

_BY_NUMBER = {card.number: card for card in CARDS}


def lookup(number: str) -> TestCard | None:
    """The test card of this number (digits only), or None: such a card must be refused."""
    return _BY_NUMBER.get(number)


def luhn(digits: str) -> bool:
    """Whether a run of digits has a right check digit (ISO/IEC 7812-1 annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
