"""A destination that needs what a card is, and no number of it: what arrives from each card."""

import json
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from arranged import Built, built, sent

SCREENING: Final = Path(__file__).parent / "screening"
PARAMS: Final = {"order_id": "A-7", "amount": "1999", "currency": "EUR", "items": "[]"}
CARDS: Final = [
    ("src_visa_approved", "424242", "4242", "VISA", "CREDIT"),
    ("src_mastercard_approved", "555555", "4444", "MASTERCARD", "CREDIT"),
    ("src_amex_approved", "378282", "0005", "AMEX", "CREDIT"),
]


@cache
def made() -> Built:
    return built(SCREENING)


@pytest.mark.parametrize(("source", "first", "last", "brand", "kind"), CARDS)
def test_what_arrives(source: str, first: str, last: str, brand: str, kind: str) -> None:
    plan = made().plan("checkout", "forter", "sandbox")
    _, arrived = sent(plan, "screen", source.ljust(30, "0"), **PARAMS)
    assert arrived.url == "https://shop-tests.api.forter-secure.com/v3/orders/A-7"
    (payment,) = json.loads(arrived.body)["payment"]
    assert payment["creditCard"] == {
        "nameOnCard": "Sherlock Holmes",
        "bin": first,
        "lastFourDigits": last,
        "countryOfIssuance": "US",
        "cardType": kind,
        "cardBrand": brand,
        "expirationMonth": "08",
        "expirationYear": "2030",
    }


def test_where_the_first_digits_are_not_told_there_is_no_plan() -> None:
    reasons = [
        finding.code
        for one in made().compiled.assessments
        if one.vault.name == "stripe"
        for finding in one.findings
    ]
    assert "FC0635" in reasons
    assert "stripe/forter/sandbox.plan.json" not in made().files
