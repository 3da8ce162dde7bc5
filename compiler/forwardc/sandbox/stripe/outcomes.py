"""What each test card makes a Stripe payment do.

A behaviour becomes a status or a decline, and where the card asks for it a fault of the connection.
Codes are those of Stripe's testing and error-code pages (2024).
"""

from dataclasses import dataclass
from types import MappingProxyType

from forwardc.sandbox.cards import Behaviour, lookup
from forwardc.sandbox.errors import SandboxError
from forwardc.sandbox.stripe.errors import StripeError
from forwardc.sandbox.world import (
    DestinationBrokenError,
    DestinationTimeoutError,
    DestinationUnreachableError,
)

# Stripe publishes no card that stays in processing: this one is the sandbox's own assignment.
_PROCESSING = frozenset({"30123456789019"})
# Set up for off-session use already: asks for authentication only with the customer there.
_OFF_SESSION_READY = frozenset({"4000003800000446"})


@dataclass(frozen=True, slots=True)
class CardDecline:
    """Why a card is refused: the error's code and decline code."""

    code: str
    decline_code: str | None
    message: str


_DECLINED = "Your card was declined."
DECLINES = MappingProxyType(
    {
        Behaviour.DECLINE: CardDecline("card_declined", "generic_decline", _DECLINED),
        Behaviour.INSUFFICIENT_FUNDS: CardDecline(
            "card_declined", "insufficient_funds", "Your card has insufficient funds."
        ),
        Behaviour.LOST_CARD: CardDecline("card_declined", "lost_card", _DECLINED),
        Behaviour.STOLEN_CARD: CardDecline("card_declined", "stolen_card", _DECLINED),
        Behaviour.VELOCITY_EXCEEDED: CardDecline(
            "card_declined", "card_velocity_exceeded", _DECLINED
        ),
        Behaviour.EXPIRED_CARD: CardDecline("expired_card", None, "Your card has expired."),
        Behaviour.INCORRECT_CVC: CardDecline(
            "incorrect_cvc", None, "Your card's security code is incorrect."
        ),
        Behaviour.PROCESSING_ERROR: CardDecline(
            "processing_error", None, "An error occurred while processing your card."
        ),
    }
)


def payment_status(number: str, *, off_session: bool) -> str | CardDecline:
    """`succeeded`, `processing`, `requires_action`, or a decline.

    Raises what `fail_in_transport` raises.
    """
    card = lookup(number)
    behaviour = card.behaviour if card is not None else Behaviour.DECLINE
    fail_in_transport(behaviour)
    if behaviour in DECLINES:
        return DECLINES[behaviour]
    if number in _PROCESSING:
        return "processing"
    if behaviour is not Behaviour.REQUIRES_ACTION:
        return "succeeded"
    if not off_session:
        return "requires_action"
    if number in _OFF_SESSION_READY:
        return "succeeded"
    return CardDecline(
        "authentication_required", "authentication_required", "Your card requires authentication."
    )


# Attached without a fault, and declined when it is charged.
_ATTACHABLE = frozenset({"4000000000000341"})


def attach_decline(number: str) -> CardDecline | None:
    """Why a bank refuses to have this card saved, or None.

    Stripe's testing page: cards that are declined cannot be attached, but for one.
    """
    card = lookup(number)
    behaviour = card.behaviour if card is not None else Behaviour.DECLINE
    return None if number in _ATTACHABLE else DECLINES.get(behaviour)


def setup_status(number: str) -> str | CardDecline:
    """What the set-up of a card for later ends as: `succeeded`, `requires_action`, or a decline.

    Raises what `fail_in_transport` raises.
    """
    card = lookup(number)
    behaviour = card.behaviour if card is not None else Behaviour.DECLINE
    fail_in_transport(behaviour)
    if behaviour is Behaviour.REQUIRES_ACTION:
        return "requires_action"
    return attach_decline(number) or "succeeded"


def fail_in_transport(behaviour: Behaviour) -> None:
    """Let the connection fail, or the server, where the test card asks for it.

    Raises `DestinationTimeoutError`, `DestinationBrokenError`, `DestinationUnreachableError`,
    `MalformedAnswerError` or a 500 `StripeError`.
    """
    match behaviour:
        case Behaviour.TIMEOUT:
            raise DestinationTimeoutError("stripe")
        case Behaviour.BROKEN:
            raise DestinationBrokenError("stripe")
        case Behaviour.NOT_CONNECTED:
            raise DestinationUnreachableError("stripe")
        case Behaviour.MALFORMED:
            raise MalformedAnswerError
        case Behaviour.SERVER_ERROR:
            raise StripeError(500, "api_error", "An unknown error occurred", executed=True)
        case _:
            return


class MalformedAnswerError(SandboxError):
    """The answer must be one that no JSON parser takes."""
