"""`*.production.config.json`: all that a PSP's reviewer asks of a forwarded request."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from forwardc.compile.language.schema import load_schema
from forwardc.core.recognizer.cards import find_cards
from forwardc.core.recognizer.scan import find_secrets
from shop_project import SHOP

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = sorted((ROOT / "build").glob("*/*/*.production.config.json"))
PATH = "stripe/shop/payment.pay.production.config.json"


@pytest.fixture
def config(compiled: Any) -> Any:
    project = compiled()
    assert project.errors == []
    return project.files()[PATH]


def test_there_are_committed_ones() -> None:
    assert {path.parent.name for path in CONFIGS} >= {"adyen", "token_vault"}


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_a_committed_one_fits_its_schema_and_shows_nothing(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    found = Draft202012Validator(load_schema("production")).iter_errors(json.loads(text))
    assert [f"{one.json_path}: {one.message}" for one in found] == []
    assert list(find_cards(text)) == []
    assert list(find_secrets(text)) == []


def test_the_six_details_and_the_accounts(config: Any) -> None:
    assert config["url"] == "https://api.shop.example/payments"
    assert config["http_method"] == "POST"
    assert config["documentation"] == "https://docs.shop.example/payments"
    assert [(one["at"], one["replacement"], one["json_type"], one["format"], one["required"])
            for one in config["fields"]] == [
        ("/cards/0/number", "card_number", "string", "digits", True),
        ("/cards/0/month", "card_expiry", "number", "M", True),
        ("/cards/0/year", "card_expiry", "string", "YYYY", True),
        ("/cards/0/cvc", "card_cvc", "string", "digits", False),
    ]  # fmt: skip
    assert [(one["name"], one["kind"], one["value"]) for one in config["request_headers"]] == [
        ("Content-Type", "literal", "application/json"),
        ("Authorization", "secret", "Bearer <shop_key>"),
        ("X-Note", "run", None),
        ("X-Version", "literal", "2"),
    ]
    # Nothing of the body is encrypted, and nobody is told back the key that credentials go under.
    assert config["encryption_keys"] == []
    assert [one["sealed"] and one["sealed"]["what"] for one in config["request_headers"]] == [
        *(None, "the value without `Bearer`", None, None)
    ]
    assert config["accounts"] == {"test": "acct_test", "live": "acct_live"}


def test_the_sample_has_a_masked_test_card_of_the_right_types(config: Any) -> None:
    assert config["sample_request"]["body"] == {
        "cards": [{"number": "424242******4242", "month": 3, "year": "2030", "cvc": "***"}]
    }
    headers = {one["name"]: one["value"] for one in config["sample_request"]["headers"]}
    assert headers["X-Note"] == "A note"
    assert headers["Authorization"] == "Bearer <shop_key>"
    assert config["sample_response"] is None


def test_a_sample_answer_countries_and_evidence_are_the_authors(compiled: Any) -> None:
    extra = SHOP.replace(
        "environments:",
        "countries: [DE, FR]\npci: {level: 1, expires: 2027-10-31}\nenvironments:",
    )
    sampled = "response: {outcome: by_status, sample: {id: p1, paid: 10.50}}"
    extra = extra.replace("response: {outcome: by_status}", sampled)
    found = compiled(extra).files()[PATH]
    assert found["countries"] == ["DE", "FR"]
    assert found["pci"] == {"level": 1, "attestation": None, "expires": "2027-10-31"}
    # A number keeps its source text: a float would change it.
    assert found["sample_response"] == {"id": "p1", "paid": "10.50"}


def test_in_an_xml_body_fields_are_found_by_xpath(compiled: Any) -> None:
    start = SHOP.index("          json:")
    xml = SHOP[:start] + (
        '          xml: {order: {.id: "1", card: {.month: "${card.expiry.MM}",'
        ' number: ["${card.number}"], holder: {.: "${card.holder_name}"}}}}\n'
    )
    found = compiled(xml).files()[PATH]
    assert [one["at"] for one in found["fields"]] == [
        "/order/card/@month",
        "/order/card/number[1]",
        "/order/card/holder",
    ]
    assert "<number>424242******4242</number>" in found["sample_request"]["body"]


def test_the_address_of_a_test_environment_never_reaches_a_reviewer(compiled: Any) -> None:
    sandbox_only = SHOP.replace("  production: {base_url: https://api.shop.example}\n", "")
    files = compiled(sandbox_only).files()
    assert "stripe/shop/sandbox.plan.json" in files
    assert not [path for path in files if path.endswith("production.config.json")]


def test_every_forwarded_step_has_one_and_a_direct_step_none(compiled: Any) -> None:
    two = SHOP + (
        "      tell:\n        deliver: direct\n        request: {POST: /told, json: {done: true}}\n"
        "      again:\n        request: {POST: /again, json: {number: '${card.number}'}}\n"
    )
    names = {path.rpartition("/")[2] for path in compiled(two).files() if "/shop/payment." in path}
    assert names == {
        "payment.pay.production.config.json",
        "payment.again.production.config.json",
    }
