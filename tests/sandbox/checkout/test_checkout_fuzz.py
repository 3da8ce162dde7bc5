"""Whatever a client sends, the vault answers in its own form and nothing breaks."""

import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forwardc.sandbox.checkout.made_up_keys import checkout_secret_key
from forwardc.sandbox.checkout.payment_tables import PAYMENT as RULES

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
TEMPLATES = st.text(alphabet="{}()'=,| abcdnrmu_0\"\\\ud800\r\né", max_size=40)
PLACES = (
    ("source",),
    ("source", "id"),
    ("source", "cvv_token"),
    ("network_token",),
    ("reference",),
    ("destination_request",),
    ("destination_request", "url"),
    ("destination_request", "method"),
    ("destination_request", "headers"),
    ("destination_request", "headers", "raw"),
    ("destination_request", "headers", "encrypted"),
    ("destination_request", "body"),
    ("destination_request", "query"),
    ("destination_request", "variables"),
    ("destination_request", "signature"),
)
shared_vault = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def put(request: dict[str, Any], place: tuple[str, ...], value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(request)
    owner = changed
    for name in place[:-1]:
        owner = owner[name]
    owner[place[-1]] = value
    return changed


@shared_vault
@given(place=st.sampled_from(PLACES), value=JSON | TEMPLATES)
def test_any_member_is_taken_or_refused(vault: Any, place: tuple[str, ...], value: Any) -> None:
    reply = vault.forward(put(vault.request(), place, value))
    assert reply.status in (200, 422)
    assert reply.status == 200 or reply.codes


@shared_vault
@given(value=TEMPLATES, where=st.sampled_from(["raw", "query", "variables", "key", "secret"]))
def test_any_template_is_taken_or_refused(vault: Any, value: str, where: str) -> None:
    pair = [{"name": "n", "value": value}]
    call = "{{ jwe_encrypt(data=card_number, key=n, alg='RSA-OAEP', enc='A256GCM', headers=n) }}"
    more: dict[str, Any] = {
        "raw": {"headers": {"raw": {"X-A": value}}},
        "query": {"query": pair},
        "variables": {"variables": pair},
        "key": {"variables": pair, "body": call},
        "secret": {"signature": {"type": "visa", "visa_parameters": {"shared_secret": value}}},
    }[where]
    assert vault.forward(vault.request(**more)).status in (200, 422)


PAYMENT: dict[str, Any] = {
    "source": {
        "type": "card",
        "number": "4242424242424242",
        "expiry_month": 8,
        "expiry_year": 2030,
    },
    "amount": 100,
    "currency": "EUR",
    "reference": "r",
}
MEMBERS = (
    *(tuple(rule.path.split(".")) for rule in RULES),
    ("source", "name"),
    ("source", "cvv"),
    ("source", "billing_address"),
)


@shared_vault
@given(place=st.sampled_from(sorted(MEMBERS)), value=JSON | TEMPLATES)
def test_any_member_of_a_payment_is_taken_or_refused(
    vault: Any, place: tuple[str, ...], value: Any
) -> None:
    key = checkout_secret_key("second")
    body = copy.deepcopy(PAYMENT)
    owner = body
    for name in place[:-1]:
        owner = owner.setdefault(name, {})
    reply = vault.send("POST", f"{vault.API}/payments", put(body, place, value), key=key)
    assert reply.status in (201, 202, 422), reply.text
    if reply.status != 422:
        shown = vault.send("GET", f"{vault.API}/payments/{reply.json()['id']}", key=key)
        assert shown.status == 200


PATHS = ["tokens", "instruments", "network-tokens", "secrets", "forward", "payments"]


@pytest.mark.parametrize("path", PATHS)
@shared_vault
@given(content=JSON | st.binary(max_size=40))
def test_any_body_is_taken_or_refused(lenient: Any, path: str, content: Any) -> None:
    base = lenient.FORWARD if path in ("secrets", "forward") else lenient.API
    options = {"key": lenient.PUBLIC} if path == "tokens" else {}
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    assert lenient.send("POST", f"{base}/{path}", body, **options).status in (200, 201, 404, 422)
