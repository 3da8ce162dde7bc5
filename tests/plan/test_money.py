"""Counting money: exact for every currency, table, unit and form, or refused."""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forwardc.compile.language.money.tables import SHIPPED_TABLES, table
from forwardc.core.terms.money import AmountRefusedError, Digits, exponent, major, wire
from forwardc.core.terms.money import amount_of_answer as read_back
from forwardc.core.terms.writers import json_pieces, raw_text, text_of
from one_rule import one_rule

PLAIN = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
CURRENCIES = sorted({(name, code) for name in SHIPPED_TABLES for code in table(name).digits})
WAYS = (("minor", "integer"), ("minor", "text"), ("major", "text"), ("major", "number"))


@dataclass(frozen=True)
class Way:
    """A table's digits in some unit and form."""

    digits: dict[str, Digits]
    unit: str
    form: str
    max_digits: int | None = None
    least: str | None = None
    others: dict[str, str] = field(default_factory=dict)


def way(name: str, unit: str, form: str) -> Way:
    return Way(dict(table(name).digits), unit, form)


@given(
    st.sampled_from(CURRENCIES),
    st.sampled_from(WAYS),
    st.one_of(st.integers(0, 10**6), st.integers(0, 2**63 - 1)),
    st.sampled_from([1, 10, 100, 1000, 10**6]),
)
@settings(max_examples=400)
def test_an_amount_leaves_as_the_same_money_or_not_at_all(
    of: tuple[str, str], written: tuple[str, str], amount: int, step: int
) -> None:
    (name, code), (unit, form) = of, written
    counts = way(name, unit, form)
    own, digits, multiple = counts.digits[code]
    amount = amount // step * step
    exact = Fraction(amount * 10**digits, 10**own)
    try:
        leaves = wire(counts, amount, code)
    except AmountRefusedError:
        assert exact.denominator != 1 or exact % multiple or exact >= 2**63
        return
    assert exact.denominator == 1
    assert not exact % multiple
    text = text_of(leaves)
    assert PLAIN.fullmatch(text), "no exponent, no sign, no grouping"
    assert Fraction(text) == (exact if unit == "minor" else Fraction(amount, 10**own))
    assert ("." in text) is (unit == "major" and digits > 0)
    assert len(text.partition(".")[2]) == (digits if unit == "major" else 0)
    assert isinstance(leaves, str) is (form == "text")
    assert read_back(counts, text, code) == amount
    assert read_back(counts, leaves, code) == amount


@one_rule(("name", "unit_form"), list(product(SHIPPED_TABLES, WAYS)))
def test_no_writer_is_given_an_exponent(name: str, unit_form: tuple[str, str]) -> None:
    counts = way(name, *unit_form)
    for code, (own, digits, _) in counts.digits.items():
        for major_units in (0, 1, 10, 2790, 10**6, 10**12):
            amount = major_units * 10**own
            for value in (wire(counts, amount, code), major(counts, amount, code)):
                body = "".join(map(raw_text, json_pieces(value, templated=False)))
                assert PLAIN.fullmatch(body.strip('"')), (code, body)
                assert PLAIN.fullmatch(text_of(value))
        assert exponent(counts, code) == digits


def test_a_decimal_has_the_destinations_digits_whatever_its_unit() -> None:
    for unit, form in WAYS:
        assert str(major(way("stripe", unit, form), 279, "ISK")) == "279.00"
        assert str(major(way("iso", unit, form), 1050, "EUR")) == "10.50"
        assert str(major(way("adyen", unit, form), 1000, "IDR")) == "10"


@pytest.mark.parametrize(
    ("amount", "currency", "told"),
    [
        (5124, "KWD", "an amount in KWD must be a multiple of 10, which"),
        (1050, "MGA", "has 2 decimals, of which the destination takes 0"),
        (100, "LYD", "LYD is not among the currencies"),
        (100, "XAU", "XAU is not among the currencies"),
        (100, "e1r", "this currency is not among"),
        (2**63 - 1, "UGX", "a number above 64 bits"),
        (True, "EUR", "whole number of minor units"),
        (Decimal("1.5"), "EUR", "whole number of minor units"),
    ],
)
def test_a_refusal_names_the_currency_and_the_rule(
    amount: object, currency: str, told: str
) -> None:
    with pytest.raises(AmountRefusedError, match=told) as problem:
        wire(way("stripe", "minor", "integer"), amount, currency)  # type: ignore[arg-type]
    assert str(amount) not in str(problem.value).replace("10", "")


def test_the_limits_of_a_table_hold_for_what_leaves() -> None:
    checkout = table("checkout")
    assert wire(checkout, 999_999_999, "EUR") == 999_999_999
    with pytest.raises(AmountRefusedError, match="more than the 9 digits"):
        wire(checkout, 1_000_000_000, "EUR")
    with pytest.raises(AmountRefusedError, match="more than the 9 digits"):
        wire(checkout, 10_000_000, "CLP")
    with pytest.raises(AmountRefusedError, match="smaller than 1"):
        wire(checkout, 0, "EUR")
    assert wire(checkout, 0, "EUR", part=True) == 0
    assert wire(checkout, -500, "EUR", part=True) == -500


@pytest.mark.parametrize(
    ("answer", "currency", "units"),
    [
        ("10.50", "EUR", 1050),
        (Decimal("10.5"), "EUR", 1050),
        (10, "EUR", 1000),
        (" 10 ", "JPY", 10),
        ("10.00", "HUF", 1000),
        (Decimal("1E+2"), "EUR", 10000),
        ("-3.00", "EUR", -300),
    ],
)
def test_an_answer_in_major_units(answer: object, currency: str, units: int) -> None:
    assert read_back(table("paypal"), answer, currency) == units


@pytest.mark.parametrize(
    ("answer", "currency"),
    [
        ("10.505", "EUR"),
        ("10.5", "HUF"),
        ("10,50", "EUR"),
        ("1e3", "EUR"),
        ("", "EUR"),
        ("ten", "EUR"),
        ("١٠", "EUR"),
        (True, "EUR"),
        (None, "EUR"),
        ([10], "EUR"),
        (Decimal("1E+400"), "EUR"),
        (Decimal("NaN"), "EUR"),
        ("9" * 40, "EUR"),
        ("10", "XXX"),
    ],
)
def test_an_answer_that_is_not_exact_is_no_amount(answer: object, currency: str) -> None:
    with pytest.raises(AmountRefusedError):
        read_back(table("paypal"), answer, currency)


def test_an_answer_in_the_destinations_minor_units() -> None:
    assert read_back(table("adyen"), 279000, "ISK") == 2790
    assert read_back(table("adyen"), "10", "IDR") == 1000
    with pytest.raises(AmountRefusedError, match="no whole number of minor units"):
        read_back(table("adyen"), 279050, "ISK")
