"""Where the Vault and Forward API forwards to: the list, what is onboarded, and submitted keys."""

import hashlib
import itertools
import json
import re
from typing import Any

import pytest

from forwardc.sandbox.project import OnboardedProject
from forwardc.sandbox.stripe.made_up_keys import stripe_secret_key
from forwardc.sandbox.stripe.registry import find

FORWARD = "/v1/forwarding/requests"
BLANK = {"card": {"number": "", "exp_month": "", "exp_year": "", "cvc": "", "name": ""}}
ADYEN = "https://checkout-test.adyen.com/v71/payments"


def error(answer: Any) -> dict[str, Any]:
    found: dict[str, Any] = answer.json()["error"]
    return found


def test_an_unlisted_url_is_taken_in_test_mode_by_well_known_names(bench):
    url = "https://pay.newcomer.example/v1/cards?region=eu"
    body = {
        "payment": {"pan": "", "expirationDate": {"month": 0, "year": 0}, "securityCode": ""},
        "company": {"name": "", "phone": {"number": ""}},
    }
    answer = bench.forward(body, "card_number card_expiry card_cvc", url=url)
    assert answer.status_code == 200, answer.text
    assert bench.left() == {
        "payment": {
            "pan": "4242424242424242",
            "expirationDate": {"month": 3, "year": 2029},
            "securityCode": "123",
        },
        "company": {"name": "", "phone": {"number": ""}},
    }


def test_an_unlisted_url_is_refused_where_a_field_cannot_be_found(bench):
    answer = bench.forward({"blob": ""}, "card_number", url="https://new.example/cards")
    assert error(answer)["code"] == "forwarding_api_invalid_parameter"
    assert "card_number" in error(answer)["message"]
    assert bench.sent == []


def test_a_guessed_body_may_leave_the_cvc_out(bench):
    body = {"pan": "", "expiryMonth": "", "expiryYear": ""}
    url = "https://new.example/cards"
    assert bench.forward(body, url=url).status_code == 200
    assert sorted(bench.left()) == ["expiryMonth", "expiryYear", "pan"]


def test_every_url_on_stripes_list_is_onboarded(bench, shared):
    listed = json.loads(shared("facts/data/stripe/supported_destinations.json").read_text())
    own_part = re.compile(r"\[\w+\]|\*")
    for pattern in itertools.chain(*listed["destinations"].values()):
        if " " in pattern:  # "one static HTTPS URL, configured by Stripe"
            continue
        host = pattern.replace("[prefix]/", "one.tabapay.net/")
        assert find(bench.world, f"https://{own_part.sub('x1', host)}", livemode=True)


def test_a_project_and_live_keys_know_the_list_only(bench):
    url = "https://new.example/cards"
    live = {"Authorization": f"Bearer {stripe_secret_key(live=True)}"}
    made = bench.post(
        "/v1/payment_methods", {"type": "card", "card": {"token": "tok_visa"}}, **live
    )
    assert made.status_code == 400  # test tokens do not exist in live mode
    answer = bench.forward(BLANK, url=url, method="pm_sandbox_visa", **live)
    assert error(answer)["param"] == "url"
    bench.world.project = OnboardedProject()
    assert error(bench.forward(BLANK, url=url))["param"] == "url"
    assert bench.sent == []


def test_a_destination_can_be_onboarded(bench):
    row = {
        "url_pattern": "api.[account].example/v1/*/pay",
        "fields": {"/a/0/p": "number", "/a/0/m": "expiry_month:number"},
        "headers": ["X-Key"],
    }
    assert bench.switch("destinations", row).status_code == 200
    url = "https://api.shop-1.example/v1/77/pay"
    body = {"a": [{"p": "", "m": 0}]}
    sent = bench.forward(body, "card_number card_expiry", url=url, sends={"x-key": "1"})
    assert sent.status_code == 200
    assert bench.left() == {"a": [{"p": "4242424242424242", "m": 3}]}
    refused = bench.forward(body, "card_number", url=url, sends={"X-Other": "1"})
    assert error(refused)["param"] == "request[headers][0]"
    assert len(bench.sent) == 1


def test_wrong_switches_are_refused(bench):
    assert bench.switch("destinations", {"url_pattern": "a/b"}).status_code == 400
    row = {"url_pattern": "a.example/b", "fields": {"/x": "pan"}}
    assert bench.switch("destinations", row).status_code == 400
    assert bench.switch("settings", {"raw_card_access": "yes"}).status_code == 400
    assert bench.switch("restricted_keys", {"key": "sk_test_1"}).status_code == 400
    assert bench.switch("destination_keys", {"host": "a", "sha256": "x"}).status_code == 400


def test_a_submitted_destination_key_must_match(bench):
    digest = hashlib.sha256(b"right-key").hexdigest()
    host = "forwarding-api-demo.stripedemos.com"
    assert bench.forward(BLANK, sends={"Authorization": "Bearer any"}).status_code == 200
    bench.switch("destination_keys", {"host": host, "sha256": digest})
    wrong = bench.forward(BLANK, sends={"Authorization": "Bearer wrong-key"})
    assert error(wrong)["param"] == "request[headers]"
    right = bench.forward(BLANK, sends={"Authorization": "Bearer right-key"})
    assert right.status_code == 200


def test_a_live_request_needs_list_and_submitted_key(bench):
    live = {"Authorization": f"Bearer {stripe_secret_key(live=True)}"}
    sends = {"X-API-Key": "live-key"}
    url = "https://abc-shop-checkout-live.adyenpayments.com/checkout/v71/payments"
    body = {"paymentMethod": {"number": ""}}
    options = {"url": url, "method": "pm_sandbox_visa", "sends": sends, **live}
    assert bench.forward(body, "card_number", **options).status_code == 400
    digest = hashlib.sha256(b"live-key").hexdigest()
    host = "abc-shop-checkout-live.adyenpayments.com"
    bench.switch("destination_keys", {"host": host, "sha256": digest})
    answer = bench.forward(body, "card_number", **options)
    assert answer.json()["livemode"] is True
    assert bench.get(FORWARD).json()["data"] == []


@pytest.mark.parametrize(
    "url",
    [
        "http://checkout-test.adyen.com/v71/payments",
        "https://u:p@checkout-test.adyen.com/v71/payments",
        "https://127.0.0.1/v71/payments",
        "https://localhost/tokens",
        "https://checkout-test.adyen.com:8443/v71/payments",
        "https://checkout-test.adyen.com/v71/payments#x",
        "https://[::1",
        "https://a.example/é",
    ],
)
def test_urls_that_are_never_called(bench, url):
    answer = bench.forward({"card": {"number": ""}}, "card_number", url=url)
    assert error(answer)["param"] == "url"
    assert bench.sent == []
