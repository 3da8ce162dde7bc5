"""What Forward, tokens, instruments, secrets and network tokens take: members, limits, choices.

Data only. Sources: the comments of SDK-net (DestinationRequest.cs, Headers.cs, IdSource.cs,
TokenSource.cs), SDK-python (forward.py, tokens.py, instruments.py), SDK-java (network tokens,
secrets), the API reference (nas_spec). `pin_token`, `store_for_future_use` and `signature: visa`
stand on the docs page only; `network_token.required` is an assumption of ours.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from forwardc.sandbox.checkout.request_checks import MemberKind, MemberRule

METHODS: Final = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE")
TOK: Final = r"tok_\w{26}"
INSTRUMENT_ID: Final = r"src_\w{26}"
CHANNEL: Final = r"pc_\w{26}"
ENTITY: Final = r"ent_\w{26}"
_NAME: Final = r"[A-Za-z0-9_]{1,64}"
NAME_WITH_HYPHENS: Final = r"[A-Za-z0-9_-]{1,64}"
_PAN: Final = r"\d{12,19}"
_TO: Final = "destination_request"

FORWARD: Final = (
    MemberRule("source", MemberKind.OBJECT, True),
    MemberRule("reference", longest=80),
    MemberRule("processing_channel_id", pattern=CHANNEL),
    MemberRule("network_token", MemberKind.OBJECT),
    MemberRule("network_token.enabled", MemberKind.FLAG),
    # It "must be provided", but SDK-go cannot send false: absent means false.
    MemberRule("network_token.request_cryptogram", MemberKind.FLAG),
    MemberRule("network_token.required", MemberKind.FLAG),
    MemberRule(_TO, MemberKind.OBJECT, True),
    MemberRule(f"{_TO}.url", required=True, longest=1024),
    MemberRule(f"{_TO}.method", required=True, choices=METHODS),
    MemberRule(f"{_TO}.headers", MemberKind.OBJECT, True),
    MemberRule(f"{_TO}.headers.raw", MemberKind.OBJECT, True, longest=16),
    MemberRule(f"{_TO}.headers.encrypted", longest=8192),
    MemberRule(f"{_TO}.body", required=True, longest=16384),
    MemberRule(f"{_TO}.query", MemberKind.LIST),
    MemberRule(f"{_TO}.variables", MemberKind.LIST),
    MemberRule(f"{_TO}.signature", MemberKind.OBJECT),
)
FORWARD_SOURCES: Final[Mapping[str, tuple[MemberRule, ...]]] = {
    "id": (
        MemberRule("source.type", required=True),
        MemberRule("source.id", required=True, pattern=INSTRUMENT_ID),
        MemberRule("source.cvv_token", pattern=TOK),
        MemberRule("source.pin_token", pattern=TOK),
    ),
    "token": (
        MemberRule("source.type", required=True),
        MemberRule("source.token", required=True, pattern=TOK),
        MemberRule("source.store_for_future_use", MemberKind.FLAG),
    ),
}
_SIGN: Final = f"{_TO}.signature"
SIGNATURES: Final[Mapping[str, tuple[MemberRule, ...]]] = {
    "visa": (
        MemberRule(f"{_SIGN}.type", required=True),
        MemberRule(f"{_SIGN}.visa_parameters", MemberKind.OBJECT, True),
        MemberRule(f"{_SIGN}.visa_parameters.shared_secret", required=True),
        MemberRule(f"{_SIGN}.visa_parameters.remove_resource_path_prefix"),
    ),
    "dlocal": (
        MemberRule(f"{_SIGN}.type", required=True),
        MemberRule(f"{_SIGN}.dlocal_parameters", MemberKind.OBJECT, True),
        MemberRule(f"{_SIGN}.dlocal_parameters.secret_key", required=True),
    ),
}
"""`mastercard` is unconfirmed and its key format unknown: it is not here."""


def address(path: str) -> tuple[MemberRule, ...]:
    """A billing address at a path."""
    names = ("address_line1", "address_line2", "city", "state", "zip")
    return (
        MemberRule(path, MemberKind.OBJECT),
        *(MemberRule(f"{path}.{name}", longest=200) for name in names),
        MemberRule(f"{path}.country", pattern="(?:[A-Z]{2})?"),
    )


TOKENS: Final[Mapping[str, tuple[MemberRule, ...]]] = {
    "card": (
        MemberRule("type", required=True),
        MemberRule("number", required=True, pattern=_PAN),
        MemberRule("expiry_month", MemberKind.WHOLE, True, least=1, most=12),
        MemberRule("expiry_year", MemberKind.WHOLE, True, least=1000, most=9999),
        MemberRule("name", longest=255),
        MemberRule("cvv", pattern=r"\d{3,4}"),
        *address("billing_address"),
        MemberRule("phone", MemberKind.OBJECT),
    ),
    "cvv": (
        MemberRule("type", required=True),
        MemberRule("token_data", MemberKind.OBJECT, True),
        MemberRule("token_data.cvv", required=True, pattern=r"\d{3,4}"),
    ),
    "pin": (
        MemberRule("type", required=True),
        MemberRule("token_data", MemberKind.OBJECT, True),
        MemberRule("token_data.pin", required=True, pattern=r"\d{4,12}"),
    ),
}
"""By type. Wallets need the vendor's merchant certificates: the sandbox has none."""

_MONTH: Final = MemberRule("expiry_month", MemberKind.WHOLE, least=1, most=12)
_YEAR: Final = MemberRule("expiry_year", MemberKind.WHOLE, least=1000, most=9999)
_OWNER: Final = (
    MemberRule("account_holder", MemberKind.OBJECT),
    MemberRule("account_holder.type", choices=("individual", "corporate", "government")),
    *(
        MemberRule(f"account_holder.{name}", longest=100)
        for name in """
            full_name first_name middle_name last_name email gender company_name tax_id
            date_of_birth country_of_birth residential_status
        """.split()
    ),
    *address("account_holder.billing_address"),
    MemberRule("account_holder.phone", MemberKind.OBJECT),
    MemberRule("account_holder.identification", MemberKind.OBJECT),
    MemberRule("account_holder.account_name_inquiry", MemberKind.FLAG),
    MemberRule("customer", MemberKind.OBJECT),
    MemberRule("customer.id", pattern=r"cus_\w{26}"),
    MemberRule("customer.email", longest=255),
    MemberRule("customer.name", longest=255),
    MemberRule("customer.phone", MemberKind.OBJECT),
    MemberRule("customer.default", MemberKind.FLAG),
    MemberRule("customer.tax_number"),
    MemberRule("customer.metadata", MemberKind.OBJECT),
)
INSTRUMENTS: Final[Mapping[str, tuple[MemberRule, ...]]] = {
    "token": (
        MemberRule("type", required=True),
        MemberRule("token", required=True, pattern=TOK),
        *_OWNER,
    ),
    "card": (
        MemberRule("type", required=True),
        MemberRule("number", required=True, pattern=_PAN),
        replace(_MONTH, required=True),
        replace(_YEAR, required=True),
        MemberRule("entity_id", pattern=ENTITY),
        MemberRule("processing_channel_id", pattern=CHANNEL),
        MemberRule("network_token", MemberKind.OBJECT),
        MemberRule("network_token.provision", MemberKind.FLAG),
        *_OWNER,
    ),
}
"""By type. Bank accounts, SEPA and ACH are no cards: the sandbox has none."""
INSTRUMENT_CHANGE: Final = (
    MemberRule("type", choices=("card",)),
    _MONTH,
    _YEAR,
    MemberRule("name", longest=255),
    *_OWNER,
)

NETWORK_TOKEN: Final = (MemberRule("source", MemberKind.OBJECT, True),)
NETWORK_TOKEN_SOURCES: Final[Mapping[str, tuple[MemberRule, ...]]] = {
    "id": (
        MemberRule("source.type", required=True),
        MemberRule("source.id", required=True, pattern=INSTRUMENT_ID),
    ),
    "card": (
        MemberRule("source.type", required=True),
        MemberRule("source.number", required=True, pattern=_PAN),
        MemberRule("source.expiry_month", required=True, pattern=r"0?[1-9]|1[0-2]"),
        MemberRule("source.expiry_year", required=True, pattern=r"\d{4}"),
        MemberRule("source.cvv", pattern=r"\d{3,4}"),
    ),
}
CRYPTOGRAM: Final = (
    MemberRule("transaction_type", required=True, choices=("ecom", "recurring", "pos", "aft")),
)
NETWORK_TOKEN_END: Final = (
    MemberRule("initiated_by", required=True, choices=("cardholder", "token_requestor")),
    MemberRule("reason", required=True, choices=("fraud", "other")),
)

SECRET: Final = (
    MemberRule("name", required=True, pattern=_NAME),
    MemberRule("value", required=True, shortest=1),
    MemberRule("entity_id", pattern=ENTITY),
)
SECRET_CHANGE: Final = (MemberRule("value", shortest=1), MemberRule("entity_id", pattern=ENTITY))
# Bytes of UTF-8: 8 KB (docs "Forward stored credentials").
SECRET_BYTES: Final = 8 * 1024
