"""Numeric and three-letter codes, against packages that are kept up to date, and by their codes."""

import re

import iso3166
import pytest

from forwardc.compile.language.code_tables import code_table
from forwardc.core.countries import COUNTRIES, KOSOVO
from forwardc.core.currencies import iso
from forwardc.core.terms.functions import FUNCTIONS, ComputationError


def test_every_code_that_a_param_takes_has_its_others() -> None:
    assert code_table("currency_number").keys() == iso().current.keys() | iso().ended.keys()
    for function in ("country_alpha3", "country_number"):
        # ISO gave Kosovo no code, and payment services disagree on one.
        assert code_table(function).keys() == COUNTRIES - {KOSOVO}


def test_countries_are_those_of_a_package_that_others_keep() -> None:
    others = {c.alpha2: (c.alpha3, c.numeric) for c in iso3166.countries if c.alpha2 != KOSOVO}
    letters, numbers = code_table("country_alpha3"), code_table("country_number")
    assert {code: (letters[code], numbers[code]) for code in letters} == others


@pytest.mark.parametrize(
    ("function", "form"),
    [
        ("currency_number", "[0-9]{3}"),
        ("country_alpha3", "[A-Z]{3}"),
        ("country_number", "[0-9]{3}"),
    ],
)
def test_codes_have_their_form_and_keep_their_zero(function: str, form: str) -> None:
    table = code_table(function)
    assert all(re.fullmatch(form, code) for code in table.values())
    assert list(table) == sorted(table)


def test_each_country_has_a_code_of_its_own() -> None:
    for function in ("country_alpha3", "country_number"):
        table = code_table(function)
        assert len(set(table.values())) == len(table)


@pytest.mark.parametrize("function", sorted(n for n, f in FUNCTIONS.items() if f.table))
def test_a_code_is_found_in_either_case_and_another_one_refuses_the_run(function: str) -> None:
    compute = FUNCTIONS[function].compute
    table = code_table(function)
    text = " ".join(f"{code}={other}" for code, other in table.items())
    for code, other in table.items():
        assert compute(code, text) == compute(code.lower(), text) == other
    for other in ("XK", "QQQ", "", "A", "=", "AUD=036"):
        with pytest.raises(ComputationError):
            compute(other, text)
