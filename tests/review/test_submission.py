"""`submission.md`: the letters to a vault's support, and what is left to the merchant."""

from pathlib import Path
from typing import Any

import pytest

from forwardc.core.recognizer.cards import find_cards
from forwardc.core.recognizer.scan import find_secrets
from shop_project import SHOP

ROOT = Path(__file__).resolve().parents[2]
LETTERS = sorted((ROOT / "build").glob("*/*/submission.md"))
STRIPE = "stripe/shop/submission.md"


def test_every_destination_has_one_at_every_vault_but_direct() -> None:
    folders = {path.parent for path in (ROOT / "build").glob("*/*/*.plan.json")}
    assert {path.parent for path in LETTERS} == {
        folder for folder in folders if folder.parent.name != "direct"
    }


@pytest.mark.parametrize("path", LETTERS, ids=lambda path: f"{path.parts[-3]}-{path.parts[-2]}")
def test_a_letter_for_each_stage_and_what_is_not_done(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    headings = [line for line in text.splitlines() if line.startswith("## ")]
    assert headings == [
        "## 1. Access and eligibility",
        "## 2. Test accounts",
        "## 3. Production",
        "## Not done by forwardc",
    ]
    left = text.partition("## Not done by forwardc")[2]
    for subject in ("refunds", "disputes", "3DS", "name", "charged"):
        assert subject in left
    assert "None" not in text
    assert list(find_cards(text)) == list(find_secrets(text)) == []


def test_the_letters_are_filled_in(compiled: Any) -> None:
    text = compiled().files()[STRIPE]
    for part in (
        "Shop of Tests",
        "- Which account is for tests? acct_test\n",
        "- Which account is for production? acct_live\n",
        "https://sandbox.shop.example/payments: the list has live addresses only",
        "https://api.shop.example/payments: not on the list, so that it needs onboarding",
        "  - card number (PAN) at /cards/0/number: a string, digits (card_number)\n",
        "  - expiry date at /cards/0/month: a number, month without a leading zero (card_expiry)\n",
        "  - security code (CVC) at /cards/0/cvc: a string, digits, may be absent (card_cvc)\n",
        "  - Authorization: a credential of the endpoint (Key of the shop)\n",
        "  - X-Note: another value on each request\n",
        "  - X-Version: 2, the same on every request\n",
        "Authorization: SHA-256 of the value without `Bearer`, encrypted to your key, in `shop.",
        "- Encryption keys: none: nothing in the request is encrypted\n",
        "format of forwardc's own; Stripe publishes none.",
        "`payment.pay.production.config.json`",
        "No operation sends the name of a cardholder.",
    ):
        assert part in text


def test_names_and_evidence_are_told(compiled: Any) -> None:
    shop = SHOP.replace("docs:", "pci: {level: 2, expires: 2028-01-31}\ndocs:")
    text = compiled(shop.replace("${card.cvc?}", "${card.holder_name?}")).files()[STRIPE]
    assert "`forwardc run --without card.holder_name`" in text
    assert "PCI DSS: level 2, valid until 2028-01-31" in text


def test_a_stand_in_and_what_is_not_built_are_told(compiled: Any) -> None:
    shop = SHOP.replace("  production: {base_url: https://api.shop.example}\n", "")
    text = compiled(shop.replace("      pay:\n", "      pay:\n        stand_in: true\n")).files()[
        STRIPE
    ]
    assert (
        "> Not ready for production: names of ours stand in for the partner's in payment.pay."
        in text
    )
    assert "Not built for production yet" in text
    assert "api.shop.example" not in text


def test_a_title_cannot_break_the_table(compiled: Any) -> None:
    shop = SHOP.replace("    initiator:", "    title: Cards | and more\n    initiator:")
    text = compiled(shop).files()[STRIPE]
    assert "| Cards \\| and more | the customer is there (CIT) |" in text
