"""What Forward, tokens, instruments, secrets and network tokens take: members, limits, choices.

Data only. Sources: the comments of SDK-net (DestinationRequest.cs, Headers.cs, IdSource.cs,
TokenSource.cs), SDK-python (forward.py, tokens.py, instruments.py), SDK-java (network tokens,
secrets), the API reference (nas_spec). `pin_token`, `store_for_future_use` and `signature: visa`
stand on the docs page only; `network_token.required` is an assumption of ours.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from forwardc.sandbox.checkout.rules import Kind, Rule

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
    Rule("source", Kind.OBJECT, True),
    Rule("reference", longest=80),
    Rule("processing_channel_id", pattern=CHANNEL),
    Rule("network_token", Kind.OBJECT),
    Rule("network_token.enabled", Kind.FLAG),
    # It "must be provided", but SDK-go cannot send false: absent means false.
    Rule("network_token.request_cryptogram", Kind.FLAG),
    Rule("network_token.required", Kind.FLAG),
    Rule(_TO, Kind.OBJECT, True),
    Rule(f"{_TO}.url", required=True, longest=1024),
    Rule(f"{_TO}.method", required=True, choices=METHODS),
    Rule(f"{_TO}.headers", Kind.OBJECT, True),
    Rule(f"{_TO}.headers.raw", Kind.OBJECT, True, longest=16),
    Rule(f"{_TO}.headers.encrypted", longest=8192),
    Rule(f"{_TO}.body", required=True, longest=16384),
    Rule(f"{_TO}.query", Kind.LIST),
    Rule(f"{_TO}.variables", Kind.LIST),
    Rule(f"{_TO}.signature", Kind.OBJECT),
)
FORWARD_SOURCES: Final[Mapping[str, tuple[Rule, ...]]] = {
    "id": (
        Rule("source.type", required=True),
        Rule("source.id", required=True, pattern=INSTRUMENT_ID),
        Rule("source.cvv_token", pattern=TOK),
        Rule("source.pin_token", pattern=TOK),
    ),
    "token": (
        Rule("source.type", required=True),
        Rule("source.token", required=True, pattern=TOK),
        Rule("source.store_for_future_use", Kind.FLAG),
    ),
}
_SIGN: Final = f"{_TO}.signature"
SIGNATURES: Final[Mapping[str, tuple[Rule, ...]]] = {
    "visa": (
        Rule(f"{_SIGN}.type", required=True),
        Rule(f"{_SIGN}.visa_parameters", Kind.OBJECT, True),
        Rule(f"{_SIGN}.visa_parameters.shared_secret", required=True),
        Rule(f"{_SIGN}.visa_parameters.remove_resource_path_prefix"),
    ),
    "dlocal": (
        Rule(f"{_SIGN}.type", required=True),
        Rule(f"{_SIGN}.dlocal_parameters", Kind.OBJECT, True),
        Rule(f"{_SIGN}.dlocal_parameters.secret_key", required=True),
    ),
}
"""`mastercard` is unconfirmed and its key format unknown: it is not here."""


def address(path: str) -> tuple[Rule, ...]:
    """A billing address at a path."""
    names = ("address_line1", "address_line2", "city", "state", "zip")
    return (
        Rule(path, Kind.OBJECT),
        *(Rule(f"{path}.{name}", longest=200) for name in names),
        Rule(f"{path}.country", pattern="(?:[A-Z]{2})?"),
    )


TOKENS: Final[Mapping[str, tuple[Rule, ...]]] = {
    "card": (
        Rule("type", required=True),
        Rule("number", required=True, pattern=_PAN),
        Rule("expiry_month", Kind.WHOLE, True, least=1, most=12),
        Rule("expiry_year", Kind.WHOLE, True, least=1000, most=9999),
        Rule("name", longest=255),
        Rule("cvv", pattern=r"\d{3,4}"),
        *address("billing_address"),
        Rule("phone", Kind.OBJECT),
    ),
    "cvv": (
        Rule("type", required=True),
        Rule("token_data", Kind.OBJECT, True),
        Rule("token_data.cvv", required=True, pattern=r"\d{3,4}"),
    ),
    "pin": (
        Rule("type", required=True),
        Rule("token_data", Kind.OBJECT, True),
        Rule("token_data.pin", required=True, pattern=r"\d{4,12}"),
    ),
}
"""By type. Wallets need the vendor's merchant certificates: the sandbox has none."""

_MONTH: Final = Rule("expiry_month", Kind.WHOLE, least=1, most=12)
_YEAR: Final = Rule("expiry_year", Kind.WHOLE, least=1000, most=9999)
_OWNER: Final = (
    Rule("account_holder", Kind.OBJECT),
    Rule("account_holder.type", choices=("individual", "corporate", "government")),
    *(
        Rule(f"account_holder.{name}", longest=100)
        for name in """
            full_name first_name middle_name last_name email gender company_name tax_id
            date_of_birth country_of_birth residential_status
        """.split()
    ),
    *address("account_holder.billing_address"),
    Rule("account_holder.phone", Kind.OBJECT),
    Rule("account_holder.identification", Kind.OBJECT),
    Rule("account_holder.account_name_inquiry", Kind.FLAG),
    Rule("customer", Kind.OBJECT),
    Rule("customer.id", pattern=r"cus_\w{26}"),
    Rule("customer.email", longest=255),
    Rule("customer.name", longest=255),
    Rule("customer.phone", Kind.OBJECT),
    Rule("customer.default", Kind.FLAG),
    Rule("customer.tax_number"),
    Rule("customer.metadata", Kind.OBJECT),
)
INSTRUMENTS: Final[Mapping[str, tuple[Rule, ...]]] = {
    "token": (
        Rule("type", required=True),
        Rule("token", required=True, pattern=TOK),
        *_OWNER,
    ),
    "card": (
        Rule("type", required=True),
        Rule("number", required=True, pattern=_PAN),
        replace(_MONTH, required=True),
        replace(_YEAR, required=True),
        Rule("entity_id", pattern=ENTITY),
        Rule("processing_channel_id", pattern=CHANNEL),
        Rule("network_token", Kind.OBJECT),
        Rule("network_token.provision", Kind.FLAG),
        *_OWNER,
    ),
}
"""By type. Bank accounts, SEPA and ACH are no cards: the sandbox has none."""
INSTRUMENT_CHANGE: Final = (
    Rule("type", choices=("card",)),
    _MONTH,
    _YEAR,
    Rule("name", longest=255),
    *_OWNER,
)

NETWORK_TOKEN: Final = (Rule("source", Kind.OBJECT, True),)
NETWORK_TOKEN_SOURCES: Final[Mapping[str, tuple[Rule, ...]]] = {
    "id": (
        Rule("source.type", required=True),
        Rule("source.id", required=True, pattern=INSTRUMENT_ID),
    ),
    "card": (
        Rule("source.type", required=True),
        Rule("source.number", required=True, pattern=_PAN),
        Rule("source.expiry_month", required=True, pattern=r"0?[1-9]|1[0-2]"),
        Rule("source.expiry_year", required=True, pattern=r"\d{4}"),
        Rule("source.cvv", pattern=r"\d{3,4}"),
    ),
}
CRYPTOGRAM: Final = (
    Rule("transaction_type", required=True, choices=("ecom", "recurring", "pos", "aft")),
)
NETWORK_TOKEN_END: Final = (
    Rule("initiated_by", required=True, choices=("cardholder", "token_requestor")),
    Rule("reason", required=True, choices=("fraud", "other")),
)

SECRET: Final = (
    Rule("name", required=True, pattern=_NAME),
    Rule("value", required=True, shortest=1),
    Rule("entity_id", pattern=ENTITY),
)
SECRET_CHANGE: Final = (Rule("value", shortest=1), Rule("entity_id", pattern=ENTITY))
SECRET_BYTES: Final = 8 * 1024
