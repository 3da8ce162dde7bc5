"""The list of countries, against a package that is kept up to date."""

import iso3166
import pytest

from forwardc.core.countries import ASSIGNED, COUNTRIES, KOSOVO, USER_ASSIGNED


def test_the_list_is_that_of_a_package_that_others_keep() -> None:
    kept = {country.alpha2 for country in iso3166.countries}
    # The package has XK among the assigned codes; ISO has not.
    assert kept - {KOSOVO} == ASSIGNED
    assert len(ASSIGNED) == 249


def test_kosovo_is_all_that_is_taken_beside_the_list() -> None:
    assert {"XK"} == COUNTRIES - ASSIGNED
    assert not ASSIGNED & USER_ASSIGNED


@pytest.mark.parametrize("code", ["AA", "QM", "QZ", "XA", "XK", "XZ", "ZZ"])
def test_codes_that_iso_leaves_to_its_users(code: str) -> None:
    assert code in USER_ASSIGNED
    assert len(USER_ASSIGNED) == 1 + 14 + 26 + 1


@pytest.mark.parametrize("code", ["QL", "AC", "UK", "EU", "AN", "YU", "XKX", "X"])
def test_codes_that_iso_reserves_or_withdrew(code: str) -> None:
    assert code not in COUNTRIES | USER_ASSIGNED
