"""Every error of the facts about Stripe, and what brings it about here: status, type and text."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from forwardc.sandbox.world import DestinationBrokenError as BrokenOff
from forwardc.sandbox.world import (
    DestinationTimeoutError,
    DestinationUnreachableError,
    EmulatedAnswer,
)

PAY = {"amount": 1099, "currency": "usd", "allowed_payment_method_types": ["card"]}
CARD = {"number": "4242424242424242", "exp_month": 3, "exp_year": 2030, "cvc": "737"}
BODY = {"card": {"number": ""}}
# In the client's list of codes; no public text says when Stripe gives it.
WITHOUT_A_CAUSE = {"forwarding_api_upstream_error"}


def failing(fault: EmulatedAnswer | Exception) -> Callable[[Any], Any]:
    def call(bench: Any) -> Any:
        bench.answer = fault
        return bench.forward(BODY, "card_number")

    return call


def switched(name: str, value: Any, call: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def switch(bench: Any) -> Any:
        bench.switch("settings", {name: value})
        return call(bench)

    return switch


def posted(path: str, form: dict[str, Any], **headers: str) -> Callable[[Any], Any]:
    return lambda bench: bench.post(f"/v1/{path}", form, **headers)


def stored(**change: Any) -> Callable[[Any], Any]:
    return posted("payment_methods", {"type": "card", "card": CARD | change})


def twice(bench: Any) -> Any:
    bench.post("/v1/customers", {"name": "Jane"}, Idempotency_Key="k")
    return bench.post("/v1/customers", {"name": "Joan"}, Idempotency_Key="k")


def restricted(bench: Any) -> Any:
    key = "rk_test_" + "a" * 20
    bench.switch("restricted_keys", {"key": key, "permissions": []})
    return bench.post("/v1/forwarding/requests", {}, Authorization=f"Bearer {key}")


def declined(bench: Any) -> Any:
    form = PAY | {"confirm": True, "payment_method": "pm_card_visa_chargeDeclined"}
    return bench.post("/v1/payment_intents", form)


OLD_TYPES = {"amount": 1099, "currency": "usd", "payment_method_types": ["card"]}
BY_CODE: dict[str, Callable[[Any], Any]] = {
    "forwarding_api_inactive": switched(
        "forwarding_active", False, lambda bench: bench.forward(BODY, "card_number")
    ),
    "forwarding_api_invalid_parameter": lambda bench: bench.forward("text", "card_number"),
    "forwarding_api_upstream_connection_error": failing(BrokenOff("x")),
    "forwarding_api_upstream_connection_timeout": failing(DestinationTimeoutError("x")),
    "forwarding_api_retryable_upstream_error": failing(DestinationUnreachableError("x")),
    "parameter_missing": posted("payment_intents", {"amount": 1099}),
    "parameter_unknown": posted("payment_intents", PAY | {"nobody": 1}),
    "payment_method_types_no_longer_supported": posted("payment_intents", OLD_TYPES),
    "resource_missing": posted("payment_intents", PAY | {"payment_method": "pm_x"}),
    "card_declined": declined,
    "incorrect_number": stored(number="4242424242424241"),
    "invalid_expiry_month": stored(exp_month=13),
    "invalid_expiry_year": stored(exp_year=95),
    "invalid_cvc": stored(cvc="99"),
}
BY_TEXT: dict[str, Callable[[Any], Any]] = {
    "Keys for idempotent": twice,
    "Invalid request (check": posted("customers", {"a": 1}, Content_Type="application/json"),
    "Invalid API Key": lambda bench: bench.get(
        "/v1/customers", Authorization="Bearer sk_test_" + "a" * 20
    ),
    "The provided key": restricted,
    "Sending credit card numbers": switched("raw_card_access", False, stored()),
}
# Tried where two requests are in flight, in the tests of access.
ELSEWHERE = {"idempotency_key_in_use"}


def test_every_error_of_the_facts_is_answered_so(bench, new_bench, shared):
    facts = json.loads(shared("facts/data/stripe/errors.json").read_text(encoding="utf-8"))
    tried = set()
    for fact in facts["errors"]:
        code, text = fact["code"], fact.get("message", "")
        if code in WITHOUT_A_CAUSE | ELSEWHERE:
            continue
        start = next((start for start in BY_TEXT if text.startswith(start)), "")
        call = BY_CODE[code] if code else BY_TEXT[start]
        tried.add(code or start)
        answer = call(new_bench())
        found = answer.json()["error"]
        wanted = fact["emulate"]
        assert (answer.status_code, found["type"]) == (wanted["http"], wanted["type"]), fact
        assert found.get("code") == code
        if code is None and "{" not in text:
            assert found["message"][:60] == text[:60]
    assert tried == {*BY_CODE, *BY_TEXT}


@pytest.mark.parametrize("code", sorted(BY_CODE))
def test_an_error_has_a_page_and_a_log(bench, code):
    found = BY_CODE[code](bench).json()["error"]
    assert found["code"] == code
    assert found["doc_url"].endswith(code.replace("_", "-"))
    assert found["request_log_url"].startswith("https://dashboard.stripe.com/test/logs/req_")
