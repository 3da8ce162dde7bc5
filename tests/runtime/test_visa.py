"""The shipped Visa through the emulated Checkout.com: all of its document arrives, and is judged.

What arrives is opened by jwcrypto, and what is signed by `hmac`: nothing here is the sandbox's own.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from jwcrypto.jwe import JWE
from jwcrypto.jwk import JWK

from compiled import plan_of, program_of
from emulated import Emulated
from forwardc.plan.model import Plan, load_plan
from forwardc.sandbox.checkout.made_up_keys import checkout_public_key
from forwardc.sandbox.credentials import secret
from forwardc.sandbox.world import World
from visa_request import base64url, key_of

SETTINGS = {"relationship_id": "24681921-40000000082", "client_app_id": "shop-app"}
SOURCE = "src_visa_approved".ljust(30, "0")
EMAIL = "User@Example.com"
# Both computed by other tools: facts of two public clients.
SHA256 = "tMmiiTI7IaAcPpQPFQ65uMVCWH8av9jw4cwf_F5HVRQ"


def compiled(root: Path, **settings: str) -> Plan:
    text = (root / "destinations" / "visa.yaml").read_bytes()
    account = {"processing_channel_id": "pc_" + "a" * 26}
    plan = plan_of(program_of(text, settings=SETTINGS | settings), "checkout", account)
    return load_plan(json.dumps(plan).encode())


@dataclass
class Arrived:
    """One request at Visa, opened."""

    query: list[tuple[str, str]]
    body: dict[str, Any]
    card: dict[str, Any]


def opened(emulated: Emulated) -> Arrived:
    """The last request that the vault delivered. Its token is checked over the bytes as sent."""
    sent, _ = emulated.exchanges[-1]
    parts = urlsplit(sent.url)
    headers = {name.lower(): value for name, value in sent.headers}
    scheme, timestamp, digest = headers["x-pay-token"].split(":")
    signed = f"{timestamp}{parts.path.strip('/')}{parts.query}".encode() + sent.body
    shared = secret("visa", "visa_shared_key").encode()
    assert (scheme, digest) == ("xv2", hmac.new(shared, signed, hashlib.sha256).hexdigest())
    body = json.loads(sent.body)
    token = JWE()
    key = JWK(kty="oct", k=key_of(secret("visa", "visa_encryption_shared_key")))
    token.deserialize(body["encPaymentInstrument"], key=key)
    return Arrived(parse_qsl(parts.query), body, json.loads(token.payload))


@pytest.fixture
def emulated() -> Emulated:
    return Emulated(World())


def test_all_of_its_document_arrives(emulated: Emulated, root: Path) -> None:
    plan = compiled(root)
    ran = emulated.run("checkout", "visa", "provision", SOURCE, plan=plan, email=EMAIL)
    assert ran.outcome == "approved", ran.reason
    arrived = opened(emulated)
    key = secret("visa", "visa_api_key")
    names = [("apiKey", key), ("async", "false"), ("relationshipID", "24681921-40000000082")]
    assert arrived.query == names
    assert arrived.card["name"] == "Sherlock Holmes"
    address = {"line1", "line2", "city", "state", "country", "postalCode"}
    assert set(arrived.card["billingAddress"]) == address
    assert arrived.card["billingAddress"]["country"] == "GB"
    assert {name: value for name, value in arrived.body.items() if name[:3] != "enc"} == {
        "clientAppID": "shop-app",
        "clientWalletAccountID": "wallet-1",
        "clientWalletAccountEmailAddress": EMAIL,
        "clientWalletAccountEmailAddressHash": SHA256,
        "locale": "en_US",
        "panSource": "ON_FILE",
        "presentationType": ["CLOUD_HCE"],
        "consumerEntryMode": "MANUAL",
        "protectionType": "SOFTWARE",
        "accountType": "CREDIT",
    }


BILLING = ("line1", "line2", "city", "state", "postal_code", "country")


def test_name_and_address_are_left_out_where_the_caller_says_so(
    emulated: Emulated, root: Path
) -> None:
    without = frozenset({"card.holder_name", *(f"billing.{name}" for name in BILLING)})
    ran = emulated.run(
        "checkout", "visa", "provision", SOURCE, plan=compiled(root), without=without
    )
    assert ran.outcome == "approved", ran.reason
    card = opened(emulated).card
    assert "name" not in card
    assert not card.get("billingAddress")


def test_a_card_that_has_neither_is_taken(emulated: Emulated, root: Path) -> None:
    source = "src_visa_without_holder".ljust(30, "0")
    ran = emulated.run("checkout", "visa", "provision", source, plan=compiled(root))
    assert ran.outcome == "approved", ran.reason
    assert opened(emulated).card["name"] == ""


def test_the_other_hash_is_keyed_and_needs_its_secret(emulated: Emulated, root: Path) -> None:
    plan = compiled(root, email_hash="hmac")
    ran = emulated.run("checkout", "visa", "provision", SOURCE, plan=plan, email=EMAIL)
    assert ran.outcome == "approved", ran.reason
    key = secret("visa", "visa_hash_key").encode()
    digest = hmac.new(key, EMAIL.encode(), hashlib.sha256).digest()
    given = opened(emulated).body["clientWalletAccountEmailAddressHash"]
    assert given == base64url(digest)
    assert "visa_hash_key" in plan.operations["provision"].runtime_secrets
    assert "visa_hash_key" not in compiled(root).secrets


def test_a_month_of_one_digit_needs_a_laxness(emulated: Emulated, root: Path) -> None:
    plan = compiled(root, expiry_month="M")
    ran = emulated.run("checkout", "visa", "provision", SOURCE, plan=plan)
    assert (ran.outcome, ran.rejected_by) == ("rejected", "destination")
    emulated.world.lax = frozenset({"visa_short_month"})
    assert emulated.run("checkout", "visa", "provision", SOURCE, plan=plan).outcome == "approved"
    assert opened(emulated).card["expirationDate"] == {"month": "8", "year": "2030"}


@pytest.mark.parametrize("name", ['Jane "JR" Roe', "Jane \\ Roe"], ids=["quote", "backslash"])
def test_a_name_that_breaks_the_json_is_refused_by_visa(
    emulated: Emulated, root: Path, name: str
) -> None:
    """The vault writes names as they are: coverage says that this is lost."""
    card = {
        "type": "card",
        "number": "4242424242424242",
        "name": name,
        "expiry_month": 8,
        "expiry_year": 2030,
        "cvv": "123",
    }
    made = emulated.ask(
        "POST",
        "https://api.sandbox.checkout.com/tokens",
        json=card,
        headers={"Authorization": f"Bearer {checkout_public_key()}"},
    )
    token = made.json()["token"]
    ran = emulated.run("checkout", "visa", "provision", token, plan=compiled(root))
    assert (ran.outcome, ran.rejected_by) == ("rejected", "destination")
    assert "encPaymentInstrument" in str(ran.reason)
    assert name not in repr(ran)
