"""Signatures over the bytes that leave, against the shared vectors, and PHP's natural order."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forwardc.core.natural_order import compare
from forwardc.core.terms.escaping import NotExpressibleError
from forwardc.plan.model import Plan, SignDlocal, SignRocketpay, SignVisa
from forwardc.runtime.http.request import BoundRequest, ShownRequest
from forwardc.runtime.run.request import RunRequest
from forwardc.runtime.run.signing import (
    dlocal_authorization,
    gate_signature,
    gate_text,
    signed,
    x_pay_token,
)
from forwardc.runtime.secret_providers.made_up import sandbox_secret

Shared = Callable[[str], Path]


def vectors(shared: Shared, scheme: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(shared(f"vectors/{scheme}.json").read_text("utf-8"))
    return data


def test_gate_vectors(shared: Shared) -> None:
    file = vectors(shared, "rocketpay")
    for vector in file["vectors"]:
        expected = vector["expected"]
        assert gate_text(vector["data"]) == expected["string_to_sign"], vector["name"]
        assert gate_signature(vector["data"], vector["secret"]) == expected["signature"]
    for vector in file["refused_inputs"]:
        with pytest.raises(NotExpressibleError):
            gate_text(vector["data"])


def test_visa_vectors(shared: Shared) -> None:
    for vector in vectors(shared, "visa-x-pay-token")["vectors"]:
        token = x_pay_token(
            vector["url"],
            vector["body"].encode(),
            vector["shared_secret"],
            int(vector["timestamp"]),
            vector["remove_resource_path_prefix"],
        )
        assert token == vector["expected"]["x_pay_token"], vector["name"]


def test_dlocal_vectors(shared: Shared) -> None:
    for vector in vectors(shared, "dlocal")["vectors"]:
        value = dlocal_authorization(
            vector["x_login"], vector["x_date"], vector["body"].encode(), vector["secret_key"]
        )
        assert value == vector["expected"]["authorization"], vector["name"]


# Facts of the published algorithm: a list's index 10 after 2, a shorter path first, a zero in
# front makes a fraction, white space does not count.
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("x:2", "x:10"),
        ("field2", "field10"),
        ("address", "address2"),
        ("order-ref", "order:a"),
        ("a01", "a1"),
        ("a001", "a01"),
        ("a1", "b"),
        ("A", "a"),
        ("k", "k001"),
        ("a1b2", "a1b10"),
    ],
)
def test_natural_order(first: str, second: str) -> None:
    assert compare(first, second) < 0 < compare(second, first)


def test_natural_order_ignores_spaces_and_leading_zeros() -> None:
    assert compare("a b", "ab") == 0
    assert compare("007", "7") == 0


@given(st.text("0123 a:\t", max_size=8), st.text("0123 a:\t", max_size=8))
def test_natural_order_has_two_sides(left: str, right: str) -> None:
    assert (compare(left, right) > 0) == (compare(right, left) < 0)
    assert compare(left, left) == 0


NOW = datetime(2026, 1, 2, 3, 4, 5, 678_900, tzinfo=UTC)


def request(url: str, body: str, *headers: tuple[str, str]) -> BoundRequest:
    shown = ShownRequest("POST", url, headers, body)
    return BoundRequest("POST", url, headers, body.encode(), shown)


def test_visa_signs_what_is_sent_and_shows_nothing() -> None:
    url = "https://cert.api.visa.com/vts/provisionedTokens?apiKey=K&async=false"
    sign = SignVisa(scheme="visa-x-pay-token", secret="s")
    done = signed(request(url, "{}"), sign, "s", NOW)
    time = int(NOW.timestamp())
    assert done.headers == (("x-pay-token", x_pay_token(url, b"{}", "s", time, None)),)
    assert done.shown.headers == (("x-pay-token", "***"),)


def test_dlocal_needs_its_login_and_dates_to_the_millisecond() -> None:
    sign = SignDlocal(scheme="dlocal", secret="s")
    done = signed(request("https://api.dlocal.com/p", "{}", ("X-Login", "l")), sign, "s", NOW)
    headers = dict(done.headers)
    assert headers["X-Date"] == "2026-01-02T03:04:05.678Z"
    assert headers["Authorization"] == dlocal_authorization("l", headers["X-Date"], b"{}", "s")
    assert dict(done.shown.headers)["Authorization"] == "***"
    with pytest.raises(NotExpressibleError):
        signed(request("https://api.dlocal.com/p", "{}"), sign, "s", NOW)


def test_gate_puts_the_signature_into_the_body(direct: Plan, execute: Any) -> None:
    ran = execute(
        direct, "gate", RunRequest(texts={"code": "é{{x}}"}), lambda _: httpx.Response(200, json={})
    )
    body = json.loads(ran.requests[0].content)
    signature = body["customer"].pop("signature")
    assert body == {"customer": {"project_id": 123, "id": "é{{x}}"}}
    assert signature == gate_signature(body, sandbox_secret("shop", "key"))
    shown = json.loads(ran.done.steps[0].request.body)
    assert shown["customer"]["signature"] == "***"


@pytest.mark.parametrize("prefix", ["cybersource", "/cybersource", "cybersource/", "/cybersource/"])
def test_visa_leaves_the_prefix_of_the_path_out_of_what_it_signs(prefix: str) -> None:
    url = "https://sandbox.api.visa.com/cybersource/payments/v1/authorizations?apikey=K"
    short = "https://sandbox.api.visa.com/payments/v1/authorizations?apikey=K"
    wanted = x_pay_token(short, b"{}", "s", 1, None)
    assert x_pay_token(url, b"{}", "s", 1, prefix) == wanted
    assert x_pay_token(url, b"{}", "s", 1, None) != wanted
    # Only where the path begins with it: nothing else of the path, and no part of a letter.
    assert x_pay_token(short, b"{}", "s", 1, prefix) == wanted
    assert x_pay_token(url, b"{}", "s", 1, "ybersourc") == x_pay_token(url, b"{}", "s", 1, None)
    sign = SignVisa(scheme="visa-x-pay-token", secret="s", remove_path_prefix=prefix)
    done = signed(request(url, "{}"), sign, "s", datetime.fromtimestamp(1.9, UTC))
    assert done.headers == (("x-pay-token", wanted),)


def test_a_prefix_that_looks_like_other_letters_is_taken_whole() -> None:
    url, short = "https://api.visa.com/XX/XX/a", "https://api.visa.com/XX/a"
    assert x_pay_token(url, b"", "s", 1, "XX") == x_pay_token(short, b"", "s", 1, None)


def test_a_request_without_a_body_is_signed_as_an_empty_one() -> None:
    url = "https://api.visa.com/vts/cards"
    bare = BoundRequest("GET", url, (), None, ShownRequest("GET", url, (), None))
    visa = signed(bare, SignVisa(scheme="visa-x-pay-token", secret="s"), "s", NOW)
    assert visa.headers[0][1] == x_pay_token(url, b"", "s", int(NOW.timestamp()), None)
    login = (("X-Trans-Key", "k"), ("X-LOGIN", "l"))
    dlocal = signed(
        BoundRequest("GET", url, login, None, ShownRequest("GET", url, login, None)),
        SignDlocal(scheme="dlocal", secret="s"),
        "s",
        NOW,
    )
    headers = dict(dlocal.headers)
    assert headers["Authorization"] == dlocal_authorization("l", headers["X-Date"], b"", "s")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"a:b": 1}, "a::b:1"),
        ({"a": {"b:c:": "x"}}, "a:b::c:::x"),
        # The same text as a nested one would be, but for the doubled colon.
        ({"a": {"b": 1}}, "a:b:1"),
        ({"a": [{"b": None}, True, False]}, "a:0:b:;a:1:1;a:2:0"),
        ({"a": 2**63 - 1, "b": -(2**63)}, "a:9223372036854775807;b:-9223372036854775808"),
        ({"a": 1, "signature": "s", "frame_mode": "f"}, "a:1"),
        ({"general": {"signature": "s", "frame_mode": "f", "a": 1}}, "general:a:1"),
        ({"b": 1, "a": 2}, "a:2;b:1"),
        ({"a": "", "b": {}, "c": []}, "a:"),
    ],
)
def test_the_text_that_the_gate_signs(body: dict[str, Any], text: str) -> None:
    assert gate_text(body) == text


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**30, 1.0, 0.5, -0.0])
def test_the_gate_signs_no_number_that_others_write_otherwise(number: float) -> None:
    with pytest.raises(NotExpressibleError):
        gate_text({"deep": [{"a": number}]})


def gate(body: str | None, into: str = "/customer/signature", shown: str | None = None) -> Any:
    sent = None if body is None else body.encode()
    asked = BoundRequest(
        "POST", "https://x.example/", (), sent, ShownRequest("POST", "", (), shown)
    )
    return signed(asked, SignRocketpay(scheme="rocketpay-gate", secret="s", into=into), "s", NOW)


def test_the_gates_body_keeps_its_letters_and_has_no_spaces() -> None:
    done = gate('{ "customer": {"id": "é"}, "n": 1 }', shown='{"customer": {"id": "***"}, "n": 1}')
    signature = gate_signature({"customer": {"id": "é"}, "n": 1}, "s")
    assert done.body.decode() == ('{"customer":{"id":"é","signature":"' + signature + '"},"n":1}')
    assert done.shown.body == '{"customer":{"id":"***","signature":"***"},"n":1}'
    unseen = gate('{"a":1}', "/signature", shown=None)
    assert unseen.shown.body == '{"signature":"***"}'
    at_the_root = gate('{"a":1}', "/signature", shown='{"a":1}')
    assert json.loads(at_the_root.body)["signature"] == gate_signature({"a": 1}, "s")


@pytest.mark.parametrize(
    "body",
    [None, "", "no JSON", "[1]", "5", "null", '"text"', "{}", '{"customer":[]}', '{"customer":1}'],
)
def test_the_gate_signs_no_body_that_has_no_place_for_it(body: str | None) -> None:
    with pytest.raises(NotExpressibleError):
        gate(body, shown=body)


@pytest.mark.parametrize("body", ["[1]", "5", "null", '"text"'])
def test_what_is_wrong_with_such_a_body_is_told(body: str) -> None:
    with pytest.raises(NotExpressibleError, match="only a JSON object can be signed"):
        gate(body, shown=body)
