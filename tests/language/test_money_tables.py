"""The shipped tables: complete, and what the facts about the vendors say."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from forwardc.compile.language.money.tables import SHIPPED_TABLES, assumed, table, table_of_host
from forwardc.compile.language.schema import load_schema
from forwardc.core.currencies import DISPUTED, iso
from forwardc.core.terms.money import AmountRefusedError, wire
from forwardc.core.terms.writers import text_of


@pytest.fixture(scope="module")
def facts(shared: Callable[[str], Path]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shared("facts/data/money/amounts.json").read_text())
    return found


def test_every_check_of_the_facts(facts: dict[str, Any]) -> None:
    assert len(facts["checks"]) == 18
    for check in facts["checks"]:
        code, counts = check["currency"], table(check["destination"])
        amount = Decimal(check["major"]) * 10 ** iso().current[code].digits
        try:
            # What has no minor units of ISO 4217 cannot be given at all.
            whole = amount == int(amount)
            leaves = text_of(wire(counts, int(amount), code)) if whole else None
        except AmountRefusedError:
            leaves = None
        assert leaves == check["wire"], check


@pytest.mark.parametrize(
    "name", [name for name in SHIPPED_TABLES if name not in ("iso", "datatrans", "sumup")]
)
def test_every_row_of_the_facts(facts: dict[str, Any], name: str) -> None:
    known, rows = facts["destinations"][name], table(name).digits
    for code, digits in known.get("decimals", {}).items():
        assert rows[code][1] == digits, code
    for code, multiple in known.get("multiple_of", {}).items():
        assert rows[code][2] == multiple, code
    multiples = {code for code, row in rows.items() if row[2] != 1}
    assert multiples == set(known.get("multiple_of", {}))
    for code in (*known.get("undefined_here", ()), *known.get("funds_codes_unclear", ())):
        assert code not in rows
    assert table(name).unit == known["unit"]
    assert table(name).max_digits == (known.get("max_digits") if name == "checkout" else None)


@pytest.mark.parametrize("name", SHIPPED_TABLES)
def test_a_table_names_every_currency_that_can_be_paid(name: str) -> None:
    rows = table(name).digits
    missing = set(iso().payable) - rows.keys()
    assert missing == ({"IQD", "LYD"} if name == "stripe" else set())
    for code in rows.keys() - set(iso().payable):
        assert code in iso().ended or code in ("CNH", "CLF"), code


@pytest.mark.parametrize(
    ("name", "differs"),
    [
        ("iso", {}),
        ("stripe", {"ISK": 2, "UGX": 2, "MGA": 0}),
        ("adyen", {"CLP": 2, "CVE": 0, "IDR": 0, "ISK": 2}),
        ("checkout", {"CLP": 2}),
        ("paypal", {"HUF": 0, "TWD": 0}),
        ("cybersource", {}),
        ("datatrans", {"CLF": 0}),
        ("sumup", {"COP": 0, "HUF": 0}),
    ],
)
def test_what_differs_from_iso(name: str, differs: dict[str, int]) -> None:
    rows = table(name).digits
    assert {code: row[1] for code, row in rows.items() if row[0] != row[1]} == differs


def test_where_tables_disagree_nothing_is_assumed_in_production() -> None:
    seen: dict[str, set[tuple[int, int]]] = {}
    for one in map(table, SHIPPED_TABLES):
        for code, (_, digits, multiple) in one.digits.items():
            seen.setdefault(code, set()).add((digits, multiple))
    assert {code for code, ways in seen.items() if len(ways) > 1} <= DISPUTED


def test_the_schema_offers_every_table() -> None:
    offered = load_schema("destination")["$defs"]["money"]["properties"]["table"]["enum"]
    assert tuple(offered) == SHIPPED_TABLES


def test_every_table_says_where_it_is_from() -> None:
    for one in map(table, SHIPPED_TABLES):
        assert one.source
        assert one.as_of == "2026-11-30"
        assert one.name in ("iso",) or one.hosts


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("api.stripe.com", "stripe"),
        ("API.Stripe.com:443", "stripe"),
        ("x-checkout-live.adyenpayments.com", "adyen"),
        ("checkout-test.adyen.com", "adyen"),
        ("api-m.sandbox.paypal.com", "paypal"),
        ("api.sandbox.checkout.com", "checkout"),
        ("apitest.cybersource.com", "cybersource"),
        ("notstripe.com", None),
        ("stripe.com.shop.example", None),
        ("", None),
    ],
)
def test_a_vendors_hosts(host: str, name: str | None) -> None:
    found = table_of_host(host)
    assert (found.name if found else None) == name


def test_what_is_assumed_is_iso_4217_in_every_row() -> None:
    """It is said without a comparison: every page of a destination without `money:` asks."""
    assert assumed().different() == []
    assert not assumed().differs_from_iso
