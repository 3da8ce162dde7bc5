"""Test cards, masking, and the rule of made-up credentials."""

import json
import re
from base64 import b32encode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from forwardc.sandbox.cards import CARDS, Behaviour, lookup, luhn
from forwardc.sandbox.checkout.made_up_keys import (
    checkout_client_id,
    checkout_client_secret,
    checkout_public_key,
    checkout_secret_key,
)
from forwardc.sandbox.credentials import secret
from forwardc.sandbox.destinations.rocketpay.requests import behaviour_of
from forwardc.sandbox.masking import mask_headers, mask_pan, mask_text
from forwardc.sandbox.stripe.made_up_keys import stripe_secret_key
from forwardc.sandbox.stripe.methods import renewed

PAN = "4242424242424242"


def test_every_card_has_a_good_check_digit_and_stands_once() -> None:
    assert all(luhn(card.number) for card in CARDS)
    assert len({card.number for card in CARDS}) == len(CARDS)


def test_every_behaviour_has_a_card() -> None:
    assert {card.behaviour for card in CARDS} == set(Behaviour)


def test_only_published_numbers_are_accepted(shared: Callable[[str], Path]) -> None:
    stripe = json.loads(shared("facts/data/stripe/test_cards.json").read_text())["cards"]
    checkout = json.loads(shared("facts/data/checkout/vault_facts.json").read_text())["test_cards"]
    text = shared("facts/rocketpay.md").read_text() + shared("facts/adyen.md").read_text()
    published = {card["number"] for card in stripe} | {row[1] for row in checkout}
    for card in CARDS:
        assert card.number in published or card.number in text


@pytest.mark.parametrize("number", ["4012888888881881", "4242424242424241", "", "4242 4242"])
def test_other_numbers_are_unknown(number: str) -> None:
    assert lookup(number) is None


def test_a_renewed_card_becomes_another_known_card_of_its_brand() -> None:
    old = next(card for card in CARDS if renewed(card.number))
    renewal = renewed(old.number)
    assert renewal is not None
    new = lookup(renewal.number)
    assert new is not None
    assert (new.brand, new.number != old.number) == (old.brand, True)


def test_a_party_may_see_a_card_otherwise() -> None:
    card = lookup("4111111111111111")
    assert card is not None
    assert (card.behaviour, behaviour_of(card)) == (Behaviour.APPROVE, Behaviour.DECLINE)


def test_no_number_in_a_repr() -> None:
    assert not any(card.number in repr(card) for card in CARDS)
    assert not any(card.number in repr(renewed(card.number)) for card in CARDS)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (PAN, "424242******4242"),
        ("4242 4242-4242 4242", "424242******4242"),
        (f'{{"number":"{PAN}","cvc":"123"}}', '{"number":"424242******4242","cvc":"***"}'),
        ('{\\"cvv2\\":\\"123\\"}', '{\\"cvv2\\":\\"***\\"}'),
        ('{"cvc": 123}', '{"cvc": ***}'),
        ("card[cvc]=123&a=1", "card[cvc]=***&a=1"),
        ("card%5Bcvc%5D=123", "card%5Bcvc%5D=***"),
        ("<CVC>123</CVC>", "<CVC>***</CVC>"),
        ('{"securityCode":"1234"}', '{"securityCode":"***"}'),
        ('{"amount":123456789012}', '{"amount":123456789012}'),
        ("/vts?apiKey=abc&x=1", "/vts?apiKey=***&x=1"),
        ("key sk_test_0123abcd", "key ***"),
    ],
)
def test_masking(text: str, shown: str) -> None:
    assert mask_text(text) == shown


def test_short_numbers_keep_their_ends_only() -> None:
    assert mask_pan("36227206271667") == "362272****1667"


@pytest.mark.parametrize(
    "name", ["Authorization", "X-API-Key", "x-pay-token", "Cookie", "Partner-Secret", "X-Login"]
)
def test_credential_headers_are_hidden_whole(name: str) -> None:
    assert mask_headers([(name, "abc"), ("Accept", "a/b")]) == [[name, "***"], ["Accept", "a/b"]]


def test_the_credentials_have_the_vendors_shapes() -> None:
    assert re.fullmatch(r"sk_(sbox_)?[a-z2-7]{26}[a-z2-7*#$=]", checkout_secret_key())
    assert re.fullmatch(r"pk_(sbox_)?[a-z2-7]{26}[a-z2-7*#$=]", checkout_public_key())
    assert re.fullmatch(r"ack_\w{26}", checkout_client_id())
    assert re.fullmatch(r"sk_test_[0-9a-f]{40}", stripe_secret_key())


def test_a_secret_follows_the_written_rule() -> None:
    digest = sha256(b"forwardc-sandbox:adyen:adyen_api_key").hexdigest()
    assert secret("adyen", "adyen_api_key") == "sbx_" + digest[:40]


def test_the_document_lists_every_card_and_what_it_does(root: Path) -> None:
    text = (root / "docs" / "sandbox.md").read_text(encoding="utf-8")
    table = text.partition("<!-- cards -->")[2].partition("<!-- /cards -->")[0]
    rows = [tuple(cell.strip() for cell in line.split("|")[1:-1]) for line in table.splitlines()]
    listed = {row[0]: (row[1], row[2]) for row in rows if row and row[0].isdecimal()}
    assert listed == {
        card.number: (
            card.brand + (" debit" if card.funding == "debit" else ""),
            card.behaviour.value.replace("_", " "),
        )
        for card in CARDS
    }


def test_the_document_states_the_rule_of_the_credentials(root: Path) -> None:
    text = (root / "docs" / "sandbox.md").read_text(encoding="utf-8")

    def derived(rule: str) -> str:
        match = re.search(
            rf"^\| {re.escape(rule)} \| `(\w+)` \+ (\w+)[^`]*`H\((.*)\)` \|$", text, re.M
        )
        if match is None:
            match = re.search(rf"^\| {re.escape(rule)} \| ()(hex40) of `H\((.*)\)` \|$", text, re.M)
        assert match is not None
        digest = sha256(f"forwardc-sandbox:{match[3]}".encode())
        if match[2] == "hex40":
            return match[1] + digest.hexdigest()[:40]
        length = 26 if match[1] == "ack_" else 27
        return match[1] + b32encode(digest.digest()).decode().lower()[:length]

    assert derived("Checkout.com secret key") == checkout_secret_key()
    assert derived("Checkout.com public key") == checkout_public_key()
    assert derived("Checkout.com OAuth client id") == checkout_client_id()
    assert derived("Checkout.com OAuth client secret") == checkout_client_secret()
    live = checkout_secret_key(live=True)
    assert derived("Checkout.com secret key of production") == live
    live = checkout_client_id(live=True)
    assert derived("Checkout.com OAuth client id of production") == live
    live = checkout_client_secret(live=True)
    assert derived("Checkout.com OAuth client secret of production") == live
    assert derived("Stripe secret key") == stripe_secret_key()
