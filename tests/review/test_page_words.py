"""`review.html` for somebody who asks once: what is agreed, what to know, who fills in what."""

from collections.abc import Callable

import pytest

from html_page import Page, parsed
from shop_project import ACCOUNTS, SHOP, Project

LIVE = ACCOUNTS.replace("acct_test", "acct_1QzTk3mWv7RbXn2L").replace(
    "acct_live", "acct_1QzTk3mWv7RbXn2M"
)
ARRANGED = """\
arrangements:
  expiry:
    vault: stripe
    steps: [payment.pay]
    fills: [{at: /cards/0/until, format: MMYY}]
    asks: The field until is month and year in one text.
  signing:
    vault: stripe
    steps: [payment.pay]
    signature: {replacement: request_signature, at: header X-Mac, covers: time and body}
operations:
"""
NEEDY = (
    SHOP.replace("operations:\n", ARRANGED)
    .replace("                month: ${int(card.expiry.MM)}\n", "")
    .replace("year: ${card.expiry.YYYY}", "until: ${card.expiry.MM}${card.expiry.YY}")
    .replace("            X-Version: 2\n", '            X-Mac: ""\n')
    .replace("https://api.shop.example", "https://api.shop.example/v9")
)
AGREED = """\
          shop.expiry: {ticket: CASE-77, date: 2026-11-02, by: Vault support, expires: 2027-11-02}
"""
SIGNED = """\
          shop.signing: {ticket: CASE-78, date: 2026-11-03, by: Them, says: Also in a header.}
"""


def accounts(*grants: str) -> str:
    one = "{account: acct_1QzTk3mWv7RbXn2M, api_version: 2026-09-30.endive}"
    assert one in LIVE
    lines = "\n      stripe:\n        account: acct_1QzTk3mWv7RbXn2M\n        arrangements:\n"
    before, after = LIVE.split(f"{{stripe: {one}}}}}")
    return (
        before.replace("production: {vaults: ", "production:\n    vaults:")
        + lines
        + "".join(grants)
        + after.lstrip("\n")
    )


def page_of(project: Project, path: str = "stripe/shop/review.html") -> Page:
    assert project.errors == []
    return parsed(project.files()[path])


def row(page: Page, first: str) -> list[str]:
    found = [cells for cells in page.rows["payment"] if cells and cells[0].startswith(first)]
    assert len(found) == 1, first
    return found[0]


def test_what_was_agreed_stands_there_with_ticket_day_and_form(
    compiled: Callable[..., Project],
) -> None:
    page = page_of(compiled(NEEDY, accounts(AGREED, SIGNED)))
    assert "What Stripe must agree to beyond its documents" in page.headings
    text = " ".join(page.texts[""].split())
    assert "ticket CASE-77 of 2026-11-02, by Vault support, until 2027-11-02" in text
    assert "The field until is month and year in one text." in text
    assert "Also in a header." in text
    assert "MMYY at /cards/0/until: ticket CASE-77 of 2026-11-02" in text
    until = row(page, "body/cards/0/until")
    assert until[1].strip() == "card_expiry"
    assert until[2].endswith(", MMYY")
    mac = row(page, "header X-Mac")
    assert (mac[1].strip(), mac[2], mac[3]) == ("request_signature", "signature", "Stripe")
    assert "Signed: request_signature, by arrangement in header X-Mac" in page.headings or (
        "request_signature, by arrangement" in page.texts["payment"]
    )


def test_a_sandbox_says_that_it_plays_what_nobody_agreed_to(
    compiled: Callable[..., Project],
) -> None:
    only_sandbox = LIVE.partition("  production:")[0]
    page = page_of(compiled(NEEDY, only_sandbox))
    assert "MMYY at /cards/0/until: as if agreed" in " ".join(page.texts[""].split())
    assert "by arrangement (as if agreed)" in page.texts[""]


def test_what_must_still_be_asked_stands_on_the_page_of_what_works(
    compiled: Callable[..., Project],
) -> None:
    plain = SHOP.partition("operations:\n")[2].replace("payment:", "plain:", 1)
    page = page_of(compiled(NEEDY + plain, LIVE))
    text = " ".join(page.texts[""].split())
    assert "MMYY at /cards/0/until: to ask" in text
    assert "ticket: ..." in " ".join(" ".join(page.texts.values()).split())


BILLING = SHOP.replace(
    "          json:\n",
    """\
          json:
            city: ${billing.city?}
            zip: ${billing.postal_code?}
""",
)
CHECKOUT = LIVE.replace(
    "vaults: {", "vaults: {checkout: {processing_channel_id: pc_qk7wz3mvr5xtn2bhgyd6ufap4e}, "
)


def test_what_a_vault_does_not_have_is_given_by_the_merchant(
    compiled: Callable[..., Project],
) -> None:
    project = compiled(BILLING, CHECKOUT)
    stripe = page_of(project)
    assert row(stripe, "body/city")[3] == "the merchant"
    assert "the vault has none" in row(stripe, "body/city")[4]
    assert row(stripe, "body/cards/0/number")[3] == "Stripe"
    checkout = page_of(project, "checkout/shop/review.html")
    assert row(checkout, "body/city")[3] == "Checkout.com"


def test_what_is_said_of_several_values_is_said_once_in_the_vaults_names(
    compiled: Callable[..., Project],
) -> None:
    page = page_of(compiled(BILLING, CHECKOUT), "checkout/shop/review.html")
    text = page.texts["payment"]
    assert text.count("only the vault knows whether this is there") == 1
    assert "billing_address_city, billing_address_zip: only the vault knows" in text
    # A code stands behind its sentence.
    assert text.index("only the vault knows") < text.index("FC0612")
    assert "(at body/city, for one)" in text


@pytest.mark.parametrize(("given", "headed"), [(ACCOUNTS, True), (LIVE, False)])
def test_ids_for_trying_out_are_not_for_sending(
    compiled: Callable[..., Project], given: str, headed: bool
) -> None:
    page = page_of(compiled(accounts=given))
    assert ("NOT FOR SENDING" in page.headings) is headed


def test_who_asks_is_as_the_project_says_it(compiled: Callable[..., Project]) -> None:
    merchant = "{name: Shop of Tests, country: DE, contact: pay@shop.example, volume: 900 a day}"
    page = page_of(compiled(accounts=LIVE.replace("{name: Shop of Tests}", merchant)))
    text = " ".join(page.texts[""].split())
    assert "Shop of Tests, DE, pay@shop.example" in text
    assert "expected volume: 900 a day" in text


def test_a_header_that_is_encrypted_to_the_vault_is_said_at_the_top(
    compiled: Callable[..., Project],
) -> None:
    basic = SHOP.replace(
        "Bearer ${secrets.shop_key}", "\"Basic ${base64(secrets.shop_key + ':')}\""
    )
    project = compiled(basic, CHECKOUT)
    checkout = page_of(project, "checkout/shop/review.html")
    text = " ".join(checkout.texts[""].split())
    assert "Encrypted on the way to Checkout.com" in text
    assert "header Authorization" in text
    assert row(checkout, "header Authorization")[1].startswith('"Basic " + base64(secrets.shop_key')
    assert "Encrypted on the way" not in page_of(project).texts[""]


LOOKED_UP = SHOP.replace(
    "params:\n",
    "params:\n"
    "  brand: {type: enum, values: [visa, amex]}\n"
    "  basket: {type: json, schema: {type: object, properties: {code: {type: string}}}}\n",
).replace(
    "                month: ${int(card.expiry.MM)}\n",
    '                kind: "${map(params.brand, {visa: VI, amex: AX})}"\n'
    "                code: ${params.basket['code']?}\n"
    "                at: ${format_time(run.now, 'YYYYMMDD', offset='+09:00')}\n",
)


def test_what_is_looked_up_is_shown_as_its_author_wrote_it(
    compiled: Callable[..., Project],
) -> None:
    page = page_of(compiled(LOOKED_UP, LIVE), "stripe/shop/review.html")
    shown = [cell for cells in page.rows["payment"] for cell in cells]
    assert any('map(params.brand, {"visa": "VI", "amex": "AX"})' in cell for cell in shown)
    assert any("params.basket['code']" in cell for cell in shown)
    assert any('format_time(run.now, "YYYYMMDD", offset="+09:00")' in cell for cell in shown)
    assert not any("JSON of the next rows" in cell for cell in shown)
