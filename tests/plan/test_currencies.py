"""The list of ISO 4217, against a package that is kept up to date."""

import re

import iso4217

from forwardc.core.currencies import DISPUTED, iso


def test_the_list_is_that_of_a_package_that_others_keep() -> None:
    table = iso4217.raw_xml
    assert table.get("Pblshd", "") >= iso().published
    kept: dict[str, tuple[str, str]] = {}
    for entry in table.iter("CcyNtry"):
        found = {child.tag: child.text or "" for child in entry}
        if "Ccy" in found:
            kept[found["Ccy"]] = (found["CcyNbr"], found["CcyMnrUnts"])
    numbers = {code: row for code, row in kept.items() if row[1].isdecimal()}
    ours = {code: (one.numeric, str(one.digits)) for code, one in iso().current.items()}
    assert ours == numbers
    assert kept.keys() - numbers.keys() == iso().not_money


def test_numeric_codes_are_text_of_three_characters() -> None:
    for one in (*iso().current.values(), *iso().ended.values()):
        assert re.fullmatch("[0-9]{3}", one.numeric), one.code
        assert one.digits in (0, 2, 3, 4)
    assert iso().current["AUD"].numeric == "036"


def test_what_has_ended_is_no_current_code() -> None:
    assert not iso().ended.keys() & iso().current.keys()
    assert {"HRK", "BGN", "ANG", "ZWL", "SLL", "CUC"} <= iso().ended.keys()


def test_nobody_is_paid_in_a_fund() -> None:
    assert not iso().funds & set(iso().payable)
    assert len(iso().payable) == 155


def test_a_disputed_currency_is_one() -> None:
    assert all(iso().find(code) is not None for code in DISPUTED)
