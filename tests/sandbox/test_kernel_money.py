"""Sums in words, and the sandbox's own table of ISO 4217."""

import pytest

from forwardc.compile.language.money.tables import table
from forwardc.core.currencies import iso
from forwardc.core.terms.money import Counts, wire
from forwardc.sandbox import money
from forwardc.sandbox.destinations.adyen import party as adyen
from forwardc.sandbox.destinations.adyen import schema
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


STRIPE = {code.upper(): digits for code, digits in currencies.DIGITS.items()}
STEPS = {code.upper(): step for code, step in currencies.MULTIPLE_OF.items()}
ADYEN = schema.DIGITS
# What the compiler counts by ISO 4217 although Stripe's API does not name it.
NOT_AT_STRIPE = "CUP ERN IRR KPW MRU SDG SSP STN SYP TMT VED VES ZWG"


def test_both_lists_of_iso_4217_agree() -> None:
    ours = {code: one.digits for code, one in iso().current.items()}
    assert dict(money.ISO) == {code: digits for code, digits in ours.items() if code != "XAD"}


def test_both_tables_of_stripe_agree() -> None:
    compiled = table("stripe").digits
    shared = STRIPE.keys() & compiled.keys()
    assert {code: (STRIPE[code], STEPS.get(code, 1)) for code in shared} == {
        code: compiled[code][1:] for code in shared
    }
    assert set(iso().payable) & (compiled.keys() - STRIPE.keys()) == set(NOT_AT_STRIPE.split())
    assert not STRIPE.keys() - compiled.keys()


def test_both_tables_of_adyen_agree() -> None:
    compiled = table("adyen").digits
    shared = ADYEN.keys() & compiled.keys()
    assert {code: (ADYEN[code], 1) for code in shared} == {
        code: compiled[code][1:] for code in shared
    }
    assert not compiled.keys() - ADYEN.keys() - iso().ended.keys()
    assert ADYEN.keys() - compiled.keys() <= iso().funds


@pytest.mark.parametrize(("name", "digits"), [("stripe", STRIPE), ("adyen", ADYEN)])
def test_a_destination_is_asked_for_the_sum_that_the_caller_meant(
    name: str, digits: dict[str, int]
) -> None:
    counts: Counts = table(name)
    for code in sorted(digits.keys() & set(iso().payable)):
        asked = wire(counts, 2790 * 10 ** iso().current[code].digits, code)
        assert money.major(int(asked), digits[code]).split(".")[0] == "2,790", code


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
    assert set(schema.DIGITS) - set(money.ISO) == {"CNH"}
