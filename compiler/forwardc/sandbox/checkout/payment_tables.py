"""What `POST /payments` and its actions take: members, limits, choices, codes, currencies.

Data only. Sources: Checkout.com's API reference (nas_spec of July 2021, schemas Payments), the
classes of SDK-python 4.8.1 for members that came later (their contents are not looked into), the
page on error codes (July 2022) for the stems of the codes, the page on amounts (2025-12-17), the
page of test cards (November 2025) for the response codes.
"""

from collections.abc import Mapping
from typing import Final

from forwardc.sandbox.cards import Behaviour
from forwardc.sandbox.checkout.request_checks import MemberKind, MemberRule
from forwardc.sandbox.checkout.vault_tables import CHANNEL
from forwardc.sandbox.money import ISO

_LATER: Final = """
    payment_context_id fallback_source partial_authorization expire_on segment authentication
    sender recipient marketplace amount_allocations processing items retry instruction
    payment_plan routing subscription risk metadata
"""


def address(path: str) -> tuple[MemberRule, ...]:
    """A billing or shipping address at a path."""
    return (
        MemberRule(path, MemberKind.OBJECT),
        MemberRule(f"{path}.address_line1", longest=200, code="address"),
        MemberRule(f"{path}.address_line2", longest=200, code="address"),
        MemberRule(f"{path}.city", longest=50, code="city"),
        MemberRule(f"{path}.state", longest=200, code="state"),
        MemberRule(f"{path}.zip", longest=50, code="zip"),
        MemberRule(f"{path}.country", pattern="[A-Z]{2}", code="country_address"),
    )


def _phone(path: str) -> tuple[MemberRule, ...]:
    return (
        MemberRule(path, MemberKind.OBJECT),
        MemberRule(f"{path}.country_code", shortest=1, longest=7, code="country_phone_code"),
        MemberRule(f"{path}.number", shortest=6, longest=25, code="phone_number"),
    )


def _holder(path: str) -> tuple[MemberRule, ...]:
    return (
        *address(f"{path}.billing_address"),
        *_phone(f"{path}.phone"),
        MemberRule(f"{path}.account_holder", MemberKind.OBJECT),
        MemberRule(f"{path}.stored", MemberKind.FLAG),
        MemberRule(f"{path}.store_for_future_use", MemberKind.FLAG),
    )


_EXPIRY: Final = (
    MemberRule(
        "source.expiry_month", MemberKind.WHOLE, True, least=1, most=12, code="card_expiry_month"
    ),
    MemberRule(
        "source.expiry_year", MemberKind.WHOLE, True, least=1000, most=9999, code="card_expiry_year"
    ),
)
_NAME: Final = MemberRule("source.name", longest=255, code="card_holder")
_CVV: Final = MemberRule("source.cvv", pattern=r"\d{3,4}", code="cvv")
_TYPE: Final = MemberRule("source.type", required=True)

SOURCES: Final[Mapping[str, tuple[MemberRule, ...]]] = {
    "card": (
        _TYPE,
        MemberRule("source.number", required=True, pattern=r"\d{12,19}", code="card_number"),
        *_EXPIRY,
        _NAME,
        _CVV,
        MemberRule("source.allow_update", MemberKind.FLAG),
        *_holder("source"),
    ),
    "network_token": (
        _TYPE,
        MemberRule("source.token", required=True, pattern=r"\d{12,19}", code="source_token"),
        *_EXPIRY,
        MemberRule(
            "source.token_type",
            required=True,
            choices=("vts", "mdes", "applepay", "googlepay"),
            code="source_token_type",
        ),
        # The schema asks for both; its texts let a later payment of a series leave them out.
        MemberRule("source.cryptogram", longest=50),
        MemberRule("source.eci", longest=2),
        _NAME,
        _CVV,
        *_holder("source"),
    ),
    "token": (
        _TYPE,
        MemberRule("source.token", required=True, pattern=r"tok_\w{26}", code="source_token"),
        *_holder("source"),
    ),
    "id": (
        _TYPE,
        MemberRule("source.id", required=True, pattern=r"src_\w{26}", code="source_id"),
        _CVV,
        MemberRule("source.payment_method"),
        MemberRule("source.allow_update", MemberKind.FLAG),
        *_holder("source"),
    ),
}
"""The members of a source by its type. Other types are methods that the sandbox does not play."""

PAYMENT: Final = (
    MemberRule("source", MemberKind.OBJECT, True, code="payment_source"),
    MemberRule("amount", MemberKind.WHOLE, least=0, most=999_999_999),
    MemberRule("currency", required=True, pattern="[A-Z]{3}"),
    MemberRule(
        "payment_type",
        choices=("Regular", "Recurring", "MOTO", "Installment", "PayLater", "Unscheduled"),
    ),
    MemberRule("merchant_initiated", MemberKind.FLAG),
    MemberRule("reference", longest=50),
    MemberRule("description", longest=100),
    MemberRule("authorization_type", choices=("Final", "Estimated", "Incremental")),
    MemberRule("capture", MemberKind.FLAG),
    MemberRule("capture_on"),
    MemberRule("customer", MemberKind.OBJECT),
    MemberRule("billing_descriptor", MemberKind.OBJECT),
    MemberRule("billing_descriptor.name", longest=25),
    MemberRule("billing_descriptor.city", longest=13),
    MemberRule("billing_descriptor.reference"),
    MemberRule("shipping", MemberKind.OBJECT),
    *address("shipping.address"),
    *_phone("shipping.phone"),
    MemberRule("3ds", MemberKind.OBJECT),
    MemberRule("3ds.enabled", MemberKind.FLAG),
    MemberRule("3ds.attempt_n3d", MemberKind.FLAG),
    MemberRule("3ds.eci", longest=2),
    MemberRule("3ds.cryptogram", longest=50),
    MemberRule("3ds.xid", longest=100),
    MemberRule("3ds.version", longest=10),
    MemberRule(
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
    MemberRule(
        "3ds.challenge_indicator",
        choices=(
            "no_preference",
            "no_challenge_requested",
            "challenge_requested",
            "challenge_requested_mandate",
        ),
    ),
    *(
        MemberRule(f"3ds.{name}", MemberKind.ANY)
        for name in """
            allow_upgrade status authentication_date authentication_amount flow_type
            status_reason_code challenge_cancel_reason score cryptogram_algorithm
            authentication_id initial_authentication
        """.split()
    ),
    MemberRule("processing_channel_id", pattern=CHANNEL),
    MemberRule("previous_payment_id", longest=100),
    MemberRule("success_url", longest=255),
    MemberRule("failure_url", longest=255, code="fail_url"),
    MemberRule("payment_ip", code="ip_address"),
    *(MemberRule(name, MemberKind.ANY) for name in _LATER.split()),
)

_ACTION: Final = (MemberRule("reference", longest=50), MemberRule("metadata", MemberKind.OBJECT))
_AMOUNT: Final = MemberRule("amount", MemberKind.WHOLE, least=0, most=999_999_999)
CAPTURE: Final = (
    *_ACTION,
    _AMOUNT,
    MemberRule("capture_type", choices=("Final", "NonFinal")),
    *(
        MemberRule(name, MemberKind.ANY)
        for name in """
            customer description billing_descriptor shipping items marketplace
            amount_allocations processing
        """.split()
    ),
)
REFUND: Final = (
    *_ACTION,
    _AMOUNT,
    MemberRule("capture_action_id", pattern=r"act_\w{26}"),
    *(MemberRule(name, MemberKind.ANY) for name in ("amount_allocations", "destination", "items")),
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
