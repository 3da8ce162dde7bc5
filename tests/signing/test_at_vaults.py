"""Signatures beside the card, and over a body without one, as a vault's request arrives."""

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from compiled import plan_of, program_of
from forwardc.core.documents.reading import read_part
from forwardc.core.recognizer.cards import holds_card
from forwardc.plan.model import Plan
from signed_runs import Arrivals

DESTINATION = """\
forwardc: 1
name: shop
title: Signed requests of a shop
environments: {sandbox: {base_url: "https://api.shop.example/v1"}}
params:
  id: {type: string, max_length: 40}
  text: {type: string, max_length: 40}
secrets:
  mac: {description: Shared secret}
  encoded: {description: Shared secret in base64}
  rsa: {description: Private key}
operations:
  beside_card:
    initiator: customer
    steps:
      pay:
        request:
          POST: /beside
          headers: {X-Order: "${params.id}"}
          json: {pan: "${card.number}", text: "${params.text}"}
          sign:
            {scheme: rfc9421, secret: "${secrets.rsa}", alg: rsa-v1_5-sha256, key_id: "k{1}",
             nonce: true, tag: shop, label: own, components: ["@method", "@target-uri", x-order]}
        response: {outcome: by_status}
  over_body:
    initiator: merchant
    steps:
      pay:
        request:
          POST: /over
          query: {a: "1", b: "2"}
          json: {text: "${params.text}", fixed: "{braces} é", list: [{a: 1}, 2.50]}
          sign: {scheme: SCHEME}
        response: {outcome: by_status}
"""
SCHEMES = {
    "cybersource": 'cybersource-http-signature, secret: "${secrets.encoded}", key_id: k, '
    "merchant_id: m",
    "digest": 'rfc9421, secret: "${secrets.mac}", alg: hmac-sha256, key_id: k, '
    'components: ["@query", content-digest]',
    "mastercard": 'mastercard-oauth1, secret: "${secrets.rsa}", consumer_key: c',
    "aws": 'aws-sigv4, secret: "${secrets.mac}", access_key_id: A, region: r, service: s',
}
CARD = {"checkout": "src_visa_approved0000000000000", "stripe": "pm_sandbox_visa"}


def plan(vault: str, scheme: str) -> Plan:
    text = DESTINATION.replace("SCHEME", SCHEMES[scheme])
    for name in ("mac", "encoded"):
        if f"secrets.{name}" not in text:
            text = "\n".join(ln for ln in text.splitlines() if not ln.startswith(f"  {name}:"))
    return read_part(Plan, plan_of(program_of(text), vault))


PLANS = {(vault, scheme): plan(vault, scheme) for vault in CARD for scheme in SCHEMES}


@pytest.mark.parametrize("vault", sorted(CARD))
def test_headers_are_signed_beside_a_card_that_the_vault_puts_in(vault: str) -> None:
    arrivals = Arrivals("beside_card", PLANS[vault, "aws"])
    result = arrivals.run(source=CARD[vault], id="order-1", text='{{"é')
    assert result.outcome == "approved", result.steps[-1].answer
    (received,) = arrivals.world.received
    assert json.loads(received.body)["pan"] == "4242424242424242"
    other = arrivals.run(source=CARD[vault], id="order-2", text="")
    first, second = (dict(seen.headers)["signature"] for seen in arrivals.world.received)
    assert other.outcome == "approved"
    assert first != second


@pytest.mark.costly
@pytest.mark.parametrize("scheme", sorted(SCHEMES))
@settings(max_examples=10)
@given(text=st.text(max_size=12))
@example("{{card_number}} {% é \\ \"'")
def test_the_body_that_arrives_through_checkout_is_the_signed_one(scheme: str, text: str) -> None:
    arrivals = Arrivals("over_body", PLANS["checkout", scheme])
    result = arrivals.run(source=CARD["checkout"], text=text)
    if result is None:
        assert holds_card(text) or not text.isprintable()
        return
    assert result.outcome == "approved", result.steps[-1].answer
    assert json.loads(arrivals.world.received[-1].body)["text"] == text


@pytest.mark.parametrize("scheme", ["cybersource", "digest", "aws"])
def test_another_secret_is_refused_behind_a_vault(scheme: str) -> None:
    other = "bm90LXRoZS1zZWNyZXQtb2YtdGhpcy1zYW5kYm94"
    arrivals = Arrivals("over_body", PLANS["checkout", scheme])
    arrivals.other_secrets = lambda look_up: (
        lambda variable: other if "__SHOP__" in variable else look_up(variable)
    )
    result = arrivals.run(source=CARD["checkout"], text="x")
    assert result.outcome == "rejected"
    assert "by another secret" in (result.steps[-1].answer or "")
