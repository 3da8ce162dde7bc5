"""The Vault and Forward API: what leaves for a destination, and what the caller gets back."""

import json
import re
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forwardc.sandbox.world import (
    DestinationBrokenError,
    DestinationTimeoutError,
    DestinationUnreachableError,
    EmulatedAnswer,
)

FORWARD = "/v1/forwarding/requests"
JSON = (("Content-Type", "application/json"),)
BLANK = {"card": {"number": "", "exp_month": "", "exp_year": "", "cvc": "", "name": ""}}
ADYEN = "https://checkout-test.adyen.com/v71/payments"
BASIL = "2025-03-31.basil"
ACACIA = "2024-12-18.acacia"


def error(answer: Any) -> dict[str, Any]:
    found: dict[str, Any] = answer.json()["error"]
    return found


def test_fills_every_blank_that_was_asked_for(bench):
    method = bench.card()["id"]
    answer = bench.forward(BLANK | {"metadata": {"reference": "r-1"}}, method=method)
    assert answer.status_code == 200
    assert bench.left() == {
        "card": {
            "number": "4242424242424242",
            "exp_month": "03",
            "exp_year": "2030",
            "cvc": "737",
            "name": "Jane Roe",
        },
        "metadata": {"reference": "r-1"},
    }


def test_a_zero_becomes_a_number_and_everything_else_stays_as_sent(bench):
    body = (
        '{ "amount":10.50, "n":1e3,\n "paymentMethod":{"expiryMonth":0,"expiryYear":0,'
        ' "number":"" } }'
    )
    bench.forward(body, "card_number card_expiry", method=bench.card()["id"], url=ADYEN)
    assert bench.sent[0].body.decode() == (
        '{ "amount":10.50, "n":1e3,\n "paymentMethod":{"expiryMonth":3,"expiryYear":2030,'
        ' "number":"4242424242424242" } }'
    )


def test_what_was_not_asked_for_goes_out_as_sent_and_absent_keys_stay_absent(bench):
    body = {"card": {"number": "", "exp_month": "", "name": "LITERAL", "cvc": ""}}
    bench.forward(body, "card_number card_expiry")
    assert bench.left()["card"] == {
        "number": "4242424242424242",
        "exp_month": "03",
        "name": "LITERAL",
        "cvc": "",
    }


def test_a_name_is_escaped_for_json(bench):
    name = 'Zoë "Z" O\\Neil'
    method = bench.card(billing_details={"name": name})["id"]
    bench.forward(BLANK, method=method)
    assert bench.left()["card"]["name"] == name


def test_xml_elements_and_attributes_are_filled(bench):
    url = "https://secure.worldpay.com/jsp/merchant/xml/paymentService"
    body = (
        '<?xml version="1.0"?><!DOCTYPE paymentService PUBLIC "-//W//DTD" "http://dtd.w/v1.dtd">'
        '<paymentService v="1.4"><CARD-SSL><cardNumber/><expiryDate><date month="" year=""/>'
        "</expiryDate><cardHolderName></cardHolderName><cvc/></CARD-SSL></paymentService>"
    )
    method = bench.card(billing_details={"name": "Roe & Söhne"})["id"]
    answer = bench.forward(body, method=method, url=url)
    assert answer.status_code == 200
    assert bench.sent[0].body.decode() == (
        '<?xml version="1.0"?><!DOCTYPE paymentService PUBLIC "-//W//DTD" "http://dtd.w/v1.dtd">'
        '<paymentService v="1.4"><CARD-SSL><cardNumber>4242424242424242</cardNumber><expiryDate>'
        '<date month="03" year="2030"/></expiryDate><cardHolderName>Roe &amp; Söhne'
        "</cardHolderName><cvc>737</cvc></CARD-SSL></paymentService>"
    )
    assert ("Content-Type", "application/xml") in bench.sent[0].headers


@pytest.mark.parametrize(
    ("body", "url"),
    [
        ({"card": {"number": "{{card_number}}"}}, None),
        ({"card": {"number": 0}}, None),
        ({"number": "", "expiry_month": ""}, "https://api.checkout.com/tokens"),
        ("card[number]=", None),
        ("[" * 400 + "]" * 400, None),
        ('{"card": NaN}', None),
    ],
    ids=["template", "number-as-0", "needs-0", "form", "deep", "nan"],
)
def test_bodies_that_the_config_cannot_fill_are_refused(bench, body, url):
    options = {"url": url} if url else {}
    answer = bench.forward(body, "card_number card_expiry", **options)
    assert answer.status_code == 400
    assert error(answer)["code"] == "forwarding_api_invalid_parameter"
    assert error(answer)["param"] == "request[body]"
    assert bench.sent == []


def test_the_cvc_serves_one_request_even_a_failed_one(bench):
    method = bench.card()["id"]
    bench.answer = DestinationTimeoutError("x")
    assert bench.forward(BLANK, method=method).status_code == 504
    assert bench.left()["card"]["cvc"] == "737"
    bench.answer = EmulatedAnswer(200, (), b"{}", 1)
    bench.forward(BLANK, method=method)
    assert bench.left()["card"]["cvc"] == ""
    assert bench.left()["card"]["number"] == "4242424242424242"


def test_a_refused_request_does_not_use_the_cvc_up(bench):
    method = bench.card()["id"]
    bench.forward("not json", method=method)
    bench.forward(BLANK, method=method)
    assert bench.left()["card"]["cvc"] == "737"


def test_a_cvc_that_nobody_uses_expires_where_a_time_is_set(bench):
    method = bench.card()["id"]
    bench.switch("settings", {"cvc_seconds": 600})
    bench.time += 600
    bench.forward(BLANK, method=method)
    assert bench.left()["card"]["cvc"] == ""


def test_link_cannot_be_forwarded(bench):
    answer = bench.forward(BLANK, method="pm_sandbox_link")
    assert (error(answer)["code"], error(answer)["param"]) == (
        "forwarding_api_invalid_parameter",
        "payment_method",
    )
    assert bench.sent == []


def test_stripes_own_test_id_has_a_cvc_each_time(bench):
    for _ in range(2):
        bench.forward(BLANK)
        assert bench.left()["card"]["cvc"] == "123"


def test_the_account_updater_renews_number_and_expiry(bench):
    bench.forward(BLANK, "card_number card_expiry", method="pm_sandbox_renewed")
    card = bench.left()["card"]
    assert card["number"] == "5555555555554444"
    assert int(card["exp_year"]) > 2030


def test_outbound_headers(bench):
    bench.forward(BLANK, sends={"X-API-Key": "k", "Idempotency-Key": "theirs"})
    assert bench.sent[0].headers == (
        ("User-Agent", "Stripe"),
        ("Accept", "*/*"),
        ("Content-Type", "application/json"),
        ("X-API-Key", "k"),
        ("Idempotency-Key", "theirs"),
    )
    assert (bench.sent[0].method, bench.sent[0].timeout_ms) == ("POST", 15_000)


@pytest.mark.parametrize("name", ["Host", "Content-Length", "a b", "x\r\nEvil"])
def test_headers_that_cannot_be_sent_are_refused(bench, name):
    answer = bench.forward(BLANK, sends={name: "v"})
    assert error(answer)["param"] == "request[headers][0]"
    assert bench.sent == []


def test_the_answer_is_redacted_and_follows_the_schema(bench, follows_contract):
    method = bench.card()["id"]
    seen = {"number": "4242424242424242", "cvc": "737", "nested": '{"cvv":"737"}', "id": "a7371"}
    bench.answer = EmulatedAnswer(
        422, (("Content-Type", "application/json"),), json.dumps(seen).encode(), 7
    )
    sends = {"Authorization": "Bearer very-secret", "Idempotency-Key": "theirs"}
    answer = bench.forward(BLANK, method=method, sends=sends)
    shown = answer.json()
    follows_contract("forwarding.request", shown)
    assert answer.status_code == 200
    assert shown["response_details"]["status"] == 422
    assert json.loads(shown["response_details"]["body"]) == {
        "number": "424242******4242",
        "cvc": "***",
        "nested": '{"cvv":"***"}',
        "id": "a7371",
    }
    assert json.loads(shown["request_details"]["body"])["card"] == {
        "number": "424242******4242",
        "exp_month": "03",
        "exp_year": "2030",
        "cvc": "***",
        "name": "Jane Roe",
    }
    assert shown["request_details"]["headers"] == [
        {"name": "Authorization", "value": "***"},
        {"name": "Idempotency-Key", "value": "theirs"},
        {"name": "Content-Type", "value": "application/json"},
    ]
    assert shown["request_context"]["destination_duration"] == 7
    assert "very-secret" not in answer.text


NAMES = st.text("abcxyz_-.", min_size=1, max_size=8)


@settings(max_examples=60, deadline=None)
@given(NAMES, NAMES, st.sampled_from(["json", "number", "form", "xml", "text", "nested", "url"]))
def test_no_name_of_a_field_gives_the_cvc_or_the_number_away(new_bench, outer, inner, form):
    bench = new_bench()
    method = bench.card()["id"]
    pan, cvc = "4242424242424242", "737"
    body = {
        "json": json.dumps({outer: {inner: cvc, "p": pan}}),
        "number": json.dumps({outer: [int(cvc), int(pan)]}),
        "form": f"{outer}={cvc}&{inner}={pan}",
        "xml": f"<a><b>{cvc}</b><c d='{pan}'/></a>",
        "text": f"the {outer} {cvc} of {pan} is wrong",
        "nested": json.dumps({outer: json.dumps({inner: f"{cvc}/{pan}"})}),
        "url": quote(json.dumps({inner: cvc, "p": pan})),
    }[form]
    headers = (("Content-Type", "text/plain"), ("X-Echo", f"{inner};{cvc};{pan}"))
    bench.answer = EmulatedAnswer(200, headers, body.encode(), 1)
    bench.switch(
        "destinations",
        {"url_pattern": "a.example/x", "fields": {f"/{outer}": "number", "/9": "cvc"}},
    )
    sent = bench.forward(
        json.dumps({outer: "", "9": ""}),
        "card_number card_cvc",
        method=method,
        url="https://a.example/x",
    )
    assert sent.status_code == 200
    assert bench.left() == {outer: pan, "9": cvc}
    assert bench.sent[-1].filled == (pan, cvc)
    for shown in (sent.text, bench.get(FORWARD).text):
        told = json.loads(shown)
        told = told if "data" not in told else told["data"][0]
        for part in ("request_details", "response_details"):
            text = json.dumps(told[part])
            assert pan not in text
            assert re.search(rf"(?<![0-9]){cvc}(?![0-9])", text) is None


def test_expiry_and_name_stay_clear(bench):
    bench.answer = EmulatedAnswer(
        200, JSON, json.dumps({"exp": "03/2030", "name": "Jane Roe"}).encode(), 1
    )
    shown = bench.forward(BLANK, method=bench.card()["id"]).json()
    assert json.loads(shown["response_details"]["body"]) == {"exp": "03/2030", "name": "Jane Roe"}


def test_an_answer_is_cut_after_it_was_redacted(bench):
    body = "x" * 4995 + " 4242424242424242 737"
    bench.answer = EmulatedAnswer(200, (), body.encode(), 1)
    shown = bench.forward(BLANK, method=bench.card()["id"]).json()["response_details"]["body"]
    assert len(shown) == 5000
    assert shown.endswith("x 4242")


def test_a_source_whose_cvc_is_gone(bench):
    for _ in range(2):
        shown = bench.forward(BLANK, method="pm_sandbox_cvc_spent").json()
        assert bench.left()["card"]["cvc"] == ""
        assert bench.left()["card"]["number"] == "4242424242424242"
        assert json.loads(shown["request_details"]["body"])["card"]["cvc"] == ""


@pytest.mark.parametrize(
    ("fault", "version", "status", "code"),
    [
        (DestinationUnreachableError("x"), BASIL, 402, "forwarding_api_retryable_upstream_error"),
        (DestinationUnreachableError("x"), ACACIA, 502, "forwarding_api_upstream_connection_error"),
        (DestinationTimeoutError("x"), BASIL, 504, "forwarding_api_upstream_connection_timeout"),
        (DestinationTimeoutError("x"), ACACIA, 504, "forwarding_api_upstream_connection_timeout"),
        (DestinationBrokenError("x"), BASIL, 502, "forwarding_api_upstream_connection_error"),
    ],
)
def test_failures_by_their_point_and_the_version(
    bench, follows_contract, fault, version, status, code
):
    bench.answer = fault
    answer = bench.forward(BLANK, Stripe_Version=version)
    assert (answer.status_code, error(answer)["code"]) == (status, code)
    assert answer.headers["stripe-should-retry"] == "false"
    follows_contract("error", answer.json())


def test_a_failed_request_is_kept_without_an_answer(bench, follows_contract):
    bench.answer = DestinationTimeoutError("x")
    bench.forward(BLANK)
    (kept,) = bench.get(FORWARD).json()["data"]
    assert kept["response_details"] is None
    follows_contract("forwarding.request", kept)


@pytest.mark.parametrize(
    ("change", "param", "code"),
    [
        ({"payment_method": None}, "payment_method", "parameter_missing"),
        ({"url": None}, "url", "parameter_missing"),
        ({"replacements": None}, "replacements", "parameter_missing"),
        ({"config": "c"}, "config", "parameter_unknown"),
        ({"request": {"body": "{}", "verb": "PUT"}}, "request[verb]", "parameter_unknown"),
        ({"payment_method": "pm_none"}, "payment_method", "resource_missing"),
        ({"replacements": ["card_pin"]}, "replacements[0]", None),
        ({"url": "https://a.example/" + "x" * 5000}, "url", None),
        ({"request": {"body": "x" * 5001}}, "request[body]", None),
        ({"request": {}}, "request", None),
        (
            {"replacements": ["network_token_number"]},
            "replacements",
            "forwarding_api_invalid_parameter",
        ),
        (
            {"replacements": ["request_signature"]},
            "replacements",
            "forwarding_api_invalid_parameter",
        ),
        ({"metadata": {"k": "v" * 501}}, "metadata", None),
    ],
)
def test_parameters_are_checked(bench, follows_contract, change, param, code):
    form = {
        "payment_method": "pm_card_visa",
        "url": "https://forwarding-api-demo.stripedemos.com/tokens",
        "replacements": ["card_number"],
        "request": {"body": json.dumps(BLANK)},
    } | change
    if change == {"request": {}}:
        form["request"] = "text"
    answer = bench.post(FORWARD, {key: value for key, value in form.items() if value is not None})
    assert answer.status_code == 400
    assert (error(answer)["param"], error(answer).get("code")) == (param, code)
    follows_contract("error", answer.json())
    assert bench.sent == []


def test_an_account_without_the_product(bench):
    bench.switch("settings", {"forwarding_active": False})
    assert error(bench.forward(BLANK))["code"] == "forwarding_api_inactive"
