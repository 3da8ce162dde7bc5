"""What a merchant says of itself: compared with what a vault serves, wherever it is wrong."""

from collections.abc import Callable
from pathlib import Path

import pytest

Typed = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize("country", ["IN", "KP", "CN", "XK"])
def test_a_country_whose_accounts_stripe_does_not_take(country: str, shop, typed: Typed) -> None:
    shop(merchant=f", country: {country}")
    code, out, err = typed("check")
    assert code == 0
    assert f"warning FC0714 Stripe takes no accounts that are registered in {country}" in out + err
    assert "Checkout.com takes" not in out + err


@pytest.mark.parametrize("country", ["FR", '"NO"', "US"])
def test_a_country_that_is_served(country: str, shop, typed: Typed) -> None:
    shop(merchant=f", country: {country}")
    code, out, err = typed("check")
    assert code == 0
    assert "FC07" not in out + err


def test_an_account_may_be_where_nothing_is_forwarded_to(shop, typed: Typed) -> None:
    shop(merchant=", country: BR")
    code, out, err = typed("check")
    assert code == 0
    assert "FC0708 stripe asks for it: it does not forward to BR, where the account is" in out + err
    assert "FC0714" not in out + err


@pytest.mark.parametrize(
    "said", [", country: FRA", ", country: fr", ", contact: ''", ", volume: [1]", ", phone: '1'"]
)
def test_what_is_not_of_its_form_has_a_place(said: str, shop, typed: Typed) -> None:
    shop(merchant=said)
    code, out, err = typed("check")
    assert code == 1
    assert "forwardc.yaml:2:" in out + err


def test_a_status_of_a_day_to_come_confirms_nothing(shop, typed: Typed) -> None:
    shop()
    path = Path("destinations/shoes.yaml")
    pci = "pci: {status: confirmed, confirmed_by: Ada, date: 2999-01-01}\n"
    path.write_text(path.read_text().replace("docs:", f"{pci}docs:"))
    code, out, err = typed("check")
    assert code == 1
    assert "FC0715 the status is of 2999-01-01, which is still to come" in out + err
