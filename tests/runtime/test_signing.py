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

from forwardc.plan.escape import NotExpressible
from forwardc.plan.model import Plan, SignDlocal, SignVisa
from forwardc.runtime.natural_order import compare
from forwardc.runtime.secrets import sandbox_secret
from forwardc.runtime.shapes import BoundRequest, RunRequest, ShownRequest
from forwardc.runtime.signing import (
    dlocal_authorization,
    gate_signature,
    gate_text,
    signed,
    x_pay_token,
)

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
        with pytest.raises(NotExpressible):
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
    with pytest.raises(NotExpressible):
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
