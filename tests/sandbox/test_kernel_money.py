"""Sums in words, and the sandbox's own table of ISO 4217."""

import pytest

from forwardc.plan.currencies import CURRENCIES, exponent
from forwardc.sandbox import money
from forwardc.sandbox.destinations import adyen, adyen_currencies
from forwardc.sandbox.stripe import amounts, currencies


@pytest.mark.parametrize(
    ("minor", "currency", "digits", "told"),
    [
        (279000, "ISK", 2, "279000 minor units of ISK are 2,790.00 ISK"),
        (279000, "JPY", 0, "279000 minor units of JPY are 279,000 JPY"),
        (5, "EUR", 2, "5 minor units of EUR are 0.05 EUR"),
        (5124, "KWD", 3, "5124 minor units of KWD are 5.124 KWD"),
        (0, "CLF", 4, "0 minor units of CLF are 0.0000 CLF"),
    ],
)
def test_a_sum_in_words(minor: int, currency: str, digits: int, told: str) -> None:
    assert money.in_words(minor, currency, digits) == told


def test_both_lists_of_iso_4217_agree() -> None:
    assert dict(money.ISO) == {code: exponent(code) for code in CURRENCIES}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"amount": {"value": 279000, "currency": "ISK"}}', "2,790.00 ISK"),
        (b'{"amount": {"value": 10000, "currency": "IDR"}}', "10,000 IDR"),
        (b'{"amount": {"value": 1000, "currency": "CLP"}}', "10.00 CLP"),
        (b'{"amount": {"value": 7, "currency": "CVE"}}', "7 CVE"),
        (b'{"amount": {"value": 1250, "currency": "CNH"}}', "12.50 CNH"),
    ],
)
def test_adyen_says_what_it_was_asked_for(body: bytes, told: str) -> None:
    words = adyen.sum_in_words(body)
    assert words is not None
    assert words.endswith(f" are {told}")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"[]",
        b"{",
        b'{"amount": 1}',
        b'{"amount": null}',
        b'{"amount": {"value": "1", "currency": "EUR"}}',
        b'{"amount": {"value": true, "currency": "EUR"}}',
        b'{"amount": {"value": -1, "currency": "EUR"}}',
        b'{"amount": {"value": 1, "currency": "ZZZ"}}',
        b'{"amount": {"value": 1, "currency": ["EUR"]}}',
        b'{"amount": {"value": 1e3, "currency": "EUR"}}',
    ],
)
def test_what_names_no_sum_has_no_words(body: bytes) -> None:
    assert adyen.sum_in_words(body) is None
    assert amounts.sum_in_words(body) is None


@pytest.mark.parametrize(
    ("form", "told"),
    [
        (b"amount=279000&currency=isk", "279000 minor units of ISK are 2,790.00 ISK"),
        (b"amount=7&currency=MGA", "7 minor units of MGA are 7 MGA"),
        (b"amount=5120&currency=kwd", "5120 minor units of KWD are 5.120 KWD"),
        (b"amount=1&currency=zzz", None),
        (b"amount=-1&currency=eur", None),
        (b"amount[a]=1&currency=eur", None),
        (b"type=card", None),
    ],
)
def test_stripe_says_it_too(form: bytes, told: str | None) -> None:
    assert amounts.sum_in_words(form) == told


def test_every_exception_is_a_currency_that_the_party_takes() -> None:
    assert set(currencies.DIGITS) == set(currencies.TAKEN)
    assert set(currencies.MULTIPLE_OF) | set(currencies.MINIMUM) <= set(currencies.TAKEN)
    assert set(adyen_currencies.DIGITS) - set(money.ISO) == {"CNH"}
