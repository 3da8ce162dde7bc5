"""What `POST /payments` and its actions take: members, limits, choices, codes, currencies.

Data only. Sources: Checkout.com's API reference (nas_spec of July 2021, schemas Payments), the
classes of SDK-python 4.8.1 for members that came later (their contents are not looked into), the
page on error codes (July 2022) for the stems of the codes, the page on amounts (2025-12-17), the
page of test cards (November 2025) for the response codes.
"""

from collections.abc import Mapping
from typing import Final

from forwardc.sandbox.cards import Behaviour
from forwardc.sandbox.checkout.rules import Kind, Rule
from forwardc.sandbox.checkout.vault_tables import CHANNEL
from forwardc.sandbox.money import ISO

_LATER: Final = """
    payment_context_id fallback_source partial_authorization expire_on segment authentication
    sender recipient marketplace amount_allocations processing items retry instruction
    payment_plan routing subscription risk metadata
"""


def address(path: str) -> tuple[Rule, ...]:
    """A billing or shipping address at a path."""
    return (
        Rule(path, Kind.OBJECT),
        Rule(f"{path}.address_line1", longest=200, code="address"),
        Rule(f"{path}.address_line2", longest=200, code="address"),
        Rule(f"{path}.city", longest=50, code="city"),
        Rule(f"{path}.state", longest=200, code="state"),
        Rule(f"{path}.zip", longest=50, code="zip"),
        Rule(f"{path}.country", pattern="[A-Z]{2}", code="country_address"),
    )


def _phone(path: str) -> tuple[Rule, ...]:
    return (
        Rule(path, Kind.OBJECT),
        Rule(f"{path}.country_code", shortest=1, longest=7, code="country_phone_code"),
        Rule(f"{path}.number", shortest=6, longest=25, code="phone_number"),
    )


def _holder(path: str) -> tuple[Rule, ...]:
    return (
        *address(f"{path}.billing_address"),
        *_phone(f"{path}.phone"),
        Rule(f"{path}.account_holder", Kind.OBJECT),
        Rule(f"{path}.stored", Kind.FLAG),
        Rule(f"{path}.store_for_future_use", Kind.FLAG),
    )


_EXPIRY: Final = (
    Rule("source.expiry_month", Kind.WHOLE, True, least=1, most=12, code="card_expiry_month"),
    Rule("source.expiry_year", Kind.WHOLE, True, least=1000, most=9999, code="card_expiry_year"),
)
_NAME: Final = Rule("source.name", longest=255, code="card_holder")
_CVV: Final = Rule("source.cvv", pattern=r"\d{3,4}", code="cvv")
_TYPE: Final = Rule("source.type", required=True)

SOURCES: Final[Mapping[str, tuple[Rule, ...]]] = {
    "card": (
        _TYPE,
        Rule("source.number", required=True, pattern=r"\d{12,19}", code="card_number"),
        *_EXPIRY,
        _NAME,
        _CVV,
        Rule("source.allow_update", Kind.FLAG),
        *_holder("source"),
    ),
    "network_token": (
        _TYPE,
        Rule("source.token", required=True, pattern=r"\d{12,19}", code="source_token"),
        *_EXPIRY,
        Rule(
            "source.token_type",
            required=True,
            choices=("vts", "mdes", "applepay", "googlepay"),
            code="source_token_type",
        ),
        # The schema asks for both; its texts let a later payment of a series leave them out.
        Rule("source.cryptogram", longest=50),
        Rule("source.eci", longest=2),
        _NAME,
        _CVV,
        *_holder("source"),
    ),
    "token": (
        _TYPE,
        Rule("source.token", required=True, pattern=r"tok_\w{26}", code="source_token"),
        *_holder("source"),
    ),
    "id": (
        _TYPE,
        Rule("source.id", required=True, pattern=r"src_\w{26}", code="source_id"),
        _CVV,
        Rule("source.payment_method"),
        Rule("source.allow_update", Kind.FLAG),
        *_holder("source"),
    ),
}
"""The members of a source by its type. Other types are methods that the sandbox does not play."""

PAYMENT: Final = (
    Rule("source", Kind.OBJECT, True, code="payment_source"),
    Rule("amount", Kind.WHOLE, least=0, most=999_999_999),
    Rule("currency", required=True, pattern="[A-Z]{3}"),
    Rule(
        "payment_type",
        choices=("Regular", "Recurring", "MOTO", "Installment", "PayLater", "Unscheduled"),
    ),
    Rule("merchant_initiated", Kind.FLAG),
    Rule("reference", longest=50),
    Rule("description", longest=100),
    Rule("authorization_type", choices=("Final", "Estimated", "Incremental")),
    Rule("capture", Kind.FLAG),
    Rule("capture_on"),
    Rule("customer", Kind.OBJECT),
    Rule("billing_descriptor", Kind.OBJECT),
    Rule("billing_descriptor.name", longest=25),
    Rule("billing_descriptor.city", longest=13),
    Rule("billing_descriptor.reference"),
    Rule("shipping", Kind.OBJECT),
    *address("shipping.address"),
    *_phone("shipping.phone"),
    Rule("3ds", Kind.OBJECT),
    Rule("3ds.enabled", Kind.FLAG),
    Rule("3ds.attempt_n3d", Kind.FLAG),
    Rule("3ds.eci", longest=2),
    Rule("3ds.cryptogram", longest=50),
    Rule("3ds.xid", longest=100),
    Rule("3ds.version", longest=10),
    Rule(
        "3ds.exemption",
        choices=(
            "low_value",
            "secure_corporate_payment",
            "trusted_listing",
            "trusted_listing_prompt",
            "transaction_risk_assessment",
            "3ds_outage",
            "sca_delegation",
            "out_of_sca_scope",
            "other",
            "low_risk_program",
            "data_share",
            "recurring_operation",
        ),
    ),
    Rule(
        "3ds.challenge_indicator",
        choices=(
            "no_preference",
            "no_challenge_requested",
            "challenge_requested",
            "challenge_requested_mandate",
        ),
    ),
    *(
        Rule(f"3ds.{name}", Kind.ANY)
        for name in """
            allow_upgrade status authentication_date authentication_amount flow_type
            status_reason_code challenge_cancel_reason score cryptogram_algorithm
            authentication_id initial_authentication
        """.split()
    ),
    Rule("processing_channel_id", pattern=CHANNEL),
    Rule("previous_payment_id", longest=100),
    Rule("success_url", longest=255),
    Rule("failure_url", longest=255, code="fail_url"),
    Rule("payment_ip", code="ip_address"),
    *(Rule(name, Kind.ANY) for name in _LATER.split()),
)

_ACTION: Final = (Rule("reference", longest=50), Rule("metadata", Kind.OBJECT))
_AMOUNT: Final = Rule("amount", Kind.WHOLE, least=0, most=999_999_999)
CAPTURE: Final = (
    *_ACTION,
    _AMOUNT,
    Rule("capture_type", choices=("Final", "NonFinal")),
    *(
        Rule(name, Kind.ANY)
        for name in """
            customer description billing_descriptor shipping items marketplace
            amount_allocations processing
        """.split()
    ),
)
REFUND: Final = (
    *_ACTION,
    _AMOUNT,
    Rule("capture_action_id", pattern=r"act_\w{26}"),
    *(Rule(name, Kind.ANY) for name in ("amount_allocations", "destination", "items")),
)
VOID: Final = _ACTION

DIGITS: Final[Mapping[str, int]] = {
    **{code: digits for code, digits in ISO.items() if code not in ("CLF", "UYI", "UYW")},
    "CLP": 2,
}
MULTIPLE_OF: Final[Mapping[str, int]] = {
    "CLP": 100,
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 10),
}

APPROVED: Final = ("10000", "Approved")
DECLINES: Final[Mapping[Behaviour, tuple[str, str]]] = {
    Behaviour.DECLINE: ("20005", "Declined - Do Not Honour"),
    Behaviour.INSUFFICIENT_FUNDS: ("20051", "Insufficient Funds"),
    Behaviour.LOST_CARD: ("30041", "Lost Card - Pick Up"),
    Behaviour.STOLEN_CARD: ("30043", "Stolen Card - Pick Up"),
    Behaviour.EXPIRED_CARD: ("20054", "Expired Card"),
    Behaviour.INCORRECT_CVC: ("200N7", "Decline for CVV2 Failure"),
    Behaviour.PROCESSING_ERROR: ("20068", "Response Received Too Late / Timeout"),
    Behaviour.VELOCITY_EXCEEDED: ("20061", "Activity Amount Limit Exceeded"),
    Behaviour.REQUIRES_ACTION: ("20154", "3DS Authentication Required"),
}
"""The response of a declined payment. Which test card gives which is this sandbox's choice."""
