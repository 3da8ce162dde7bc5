"""Amounts for people: worked examples, what nobody confirmed, and what a change breaks."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from diff_project import diff, edit
from forwardc.compile.review.amounts import counted
from forwardc.compile.review.approve import (
    ApprovalAct,
    LockVersion1,
    OwnApprovalVersion1,
    renewals,
    with_approvals,
)
from forwardc.compile.review.diff.compare import change_lines
from forwardc.core.diagnostics.diagnostic import Severity
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.files.digest import file_digest
from forwardc.plan.changes import Change, ChangeKind
from forwardc.plan.digests import canonical, leaving
from forwardc.plan.lock import Lock
from forwardc.plan.model import load_plan
from html_page import parsed
from shop_project import SHOP, Project

PARAMS = """params:
  amount: {type: amount}
  currency: {type: currency}
  note:"""
AMOUNTS = SHOP.replace("params:\n  note:", PARAMS).replace(
    "          json:\n",
    "          json:\n            amount: ${params.amount}\n"
    "            currency: ${params.currency}\n",
)
Compile = Callable[..., Project]


def with_money(money: str, shop: str = AMOUNTS) -> str:
    return shop.replace("params:\n", f"money: {money}\nparams:\n", 1)


def page_of(project: Project) -> str:
    assert project.found() == []
    page = parsed(project.compiled.documents()["stripe/shop/review.html"])
    cells = (cell for rows in page.rows.values() for row in rows for cell in row)
    return " ".join(" ".join([*page.texts.values(), *cells]).split())


def test_the_page_shows_each_currency_that_differs_by_example(compiled: Compile) -> None:
    page = page_of(compiled(with_money("{table: stripe}")))
    assert "UGX 1000 1000 100000 the number that leaves is a multiple of 100" in page
    assert "MGA 1000.00 100000 1000 a multiple of 100" in page
    assert "docs.stripe.com/currencies" in page
    assert "not confirmed" not in page


@pytest.mark.parametrize(
    ("shop", "told"),
    [
        (AMOUNTS, "not confirmed Callers give minor units of ISO 4217. The destination counts as"),
        (with_money("{table: adyen}"), "is not confirmed row by row"),
        (with_money("{digits: {ISK: 2}}"), "no source is given for this table"),
    ],
)
def test_the_page_says_what_nobody_confirmed(compiled: Compile, shop: str, told: str) -> None:
    assert told in page_of(compiled(shop))


def test_one_example_stands_for_a_unit_or_form(compiled: Compile) -> None:
    page = page_of(compiled(with_money("{table: paypal}")))
    assert 'EUR 10.00 1000 "10.00"' in page
    assert 'HUF 1000.00 100000 "1000" a multiple of 100' in page
    assert 'USD 10.00 1000 "10.00"' not in page


def test_the_page_names_data_that_may_hold_amounts(compiled: Compile) -> None:
    shop = with_money("{table: stripe}").replace("  note:", "  lines: {type: json}\n  note:")
    shop = shop.replace(
        "            amount:", "            lines: ${params.lines}\n            amount:"
    )
    project = compiled(shop)
    assert [one.split()[0] for one in project.found(Severity.WARNING)] == ["FC0335"]
    assert "Numbers inside lines leave as they come" in page_of(project)


def test_a_destination_without_amounts_says_nothing_of_them(compiled: Compile) -> None:
    assert "minor units of ISO 4217" not in page_of(compiled())


ACT = ApprovalAct(by="Ada Moreau", date=date(2026, 11, 20))


@pytest.mark.parametrize(
    ("host", "money", "code"),
    [
        ("api.stripe.com", "", ["FC0712"]),
        ("x.adyenpayments.com", "", ["FC0712"]),
        ("api.stripe.com", "{table: stripe}", []),
        ("api.stripe.com", "{table: iso}", []),
        ("api.shop.example", "", []),
    ],
)
def test_no_approval_for_a_known_vendor_whose_file_is_silent(
    compiled: Compile, host: str, money: str, code: list[str]
) -> None:
    shop = with_money(money) if money else AMOUNTS
    project = compiled(shop.replace("api.shop.example", host))
    plan = load_plan(dict(project.compiled.outputs())["stripe/shop/production.plan.json"])
    sink = Sink()
    approved = with_approvals(Lock(), plan, ["payment"], ACT, sink)
    assert [one.code for one in sink.sorted()] == code
    assert (approved is None) is bool(code)


def test_who_approves_sees_one_line_a_currency(compiled: Compile) -> None:
    project = compiled(with_money("{table: adyen}"))
    plan = load_plan(dict(project.compiled.outputs())["stripe/shop/production.plan.json"])
    assert counted(plan, "payment") == [
        "1000 minor units of CLP leave as 100000",
        "100000 minor units of CVE leave as 1000",
        "100000 minor units of IDR leave as 1000",
        "1000 minor units of ISK leave as 100000",
    ]


def told(project: Path) -> list[str]:
    """What `diff` says of amounts at one place."""
    lines = diff(project).output.splitlines()
    start = lines.index("  adyen.card_cit at checkout (production)")
    found = [line.split("  ", 3)[-1].strip() for line in lines[start + 1 :]]
    return [line for line in found if "CLP" in line or "ISK" in line or "EUR" in line]


def test_a_destination_that_changes_how_it_counts_breaks_callers(project: Path) -> None:
    edit(project, "money: {table: adyen}", "money: {digits: {ISK: 0, CLP: 2}, source: x}")
    found = told(project)
    assert "1000 minor units of ISK leave as 1000 now, and left as 100000" in found
    assert not any("CLP" in line for line in found)
    edit(project, "money: {digits: {ISK: 0, CLP: 2}, source: x}", "money: {table: paypal}")
    assert '1000 minor units of EUR leave as "10.00" now, and left as 1000' in told(project)


def test_a_destination_that_loses_money_breaks_callers(project: Path) -> None:
    edit(project, "money: {table: adyen}\n", "")
    assert "1000 minor units of CLP leave as 1000 now, and left as 100000" in told(project)


def test_a_changed_digit_is_told_with_what_it_was(project: Path) -> None:
    edit(project, "money: {table: adyen}", "money: {digits: {ISK: 0, CLP: 2, CVE: 0}, source: x}")
    output = diff(project).output
    assert "leaves: amounts in ISK: 0 digits where ISO 4217 has 0, and was 2 digits where" in output
    assert "leaves: amounts in IDR: 2 digits where ISO 4217 has 2, and was 0 digits where" in output


def test_money_that_was_not_there_is_told_currency_by_currency() -> None:
    rows = {"EUR": "2 2 1", "ISK": "0 2 100", "MGA": "2 0 1"}
    added = Change("/money", ChangeKind.ADDED)
    assert list(change_lines(added, {}, {"money": {"digits": rows}})) == [
        "added /money",
        "amounts in ISK: 2 digits in steps of 100 where ISO 4217 has 0, and was as in ISO 4217",
        "amounts in MGA: 0 digits where ISO 4217 has 2, and was as in ISO 4217",
    ]
    removed = Change("/money/digits/ISK", ChangeKind.REMOVED)
    (gone,) = change_lines(removed, {"money": {"digits": rows}}, {"money": {"digits": {}}})
    assert gone.startswith("amounts in ISK: not counted any more, and was 2 digits in steps of 100")


@pytest.mark.parametrize(
    ("host", "renewed"), [("api.stripe.com", False), ("api.shop.example", True)]
)
def test_a_record_of_an_old_format_is_not_renewed_by_guess(
    compiled: Compile, host: str, renewed: bool
) -> None:
    project = compiled(AMOUNTS.replace("api.shop.example", host))
    plan = load_plan(dict(project.compiled.outputs())["stripe/shop/production.plan.json"])
    covered = {**leaving(plan, "payment"), "forwardc": 1}
    record = OwnApprovalVersion1(
        digest=file_digest(canonical(covered)), date=ACT.date, by=ACT.by, covers=covered
    )
    place = "stripe/shop/payment/production"
    old = LockVersion1(forwardc=1, own={place: record}, psp={}, accepted=())
    (found,) = renewals(old, {place: (plan, "payment")})
    assert (found.why_not is None) is renewed
    assert "FC0712" in (found.why_not or "FC0712")
