"""POST /tokens and /instruments: what is kept, what is answered, how a token ends."""

import re
from typing import Any

import pytest

CARD = {"type": "card", "number": "4242424242424242", "expiry_month": 6, "expiry_year": 2029}


def post(vault: Any, content: Any) -> Any:
    return vault.send("POST", f"{vault.API}/tokens", content, key=vault.PUBLIC)


def test_card_token_tells_the_card_but_not_its_number_or_cvv(vault: Any) -> None:
    reply = post(vault, CARD | {"name": "Jane Roe", "cvv": "987"})
    answer = reply.json()
    assert reply.status == 201
    assert re.fullmatch(r"tok_\w{26}", answer["token"])
    assert (answer["bin"], answer["last4"], answer["scheme"]) == ("424242", "4242", "Visa")
    assert (answer["expiry_month"], answer["expiry_year"], answer["name"]) == (6, 2029, "Jane Roe")
    assert CARD["number"] not in reply.text
    assert "987" not in reply.text.replace(answer["token"], "")


@pytest.mark.parametrize(("kind", "value"), [("cvv", "123"), ("pin", "1234")])
def test_cvv_and_pin_tokens_carry_three_members(vault: Any, kind: str, value: str) -> None:
    reply = post(vault, {"type": kind, "token_data": {kind: value}})
    assert reply.status == 201
    assert set(reply.json()) == {"type", "token", "expires_on"}
    assert reply.json()["expires_on"] == "2026-09-21T14:28:20Z"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ({}, "token_type_required"),
        ({"type": "applepay", "token_data": {}}, "token_type_invalid"),
        (CARD | {"number": "4111111111111112"}, "number_invalid"),
        # Passes Luhn and is no published test card: it could be somebody's.
        (CARD | {"number": "4012888888881881"}, "number_invalid"),
        (CARD | {"expiry_month": "6"}, "expiry_month_invalid"),
        (CARD | {"expiry_month": 13}, "expiry_month_invalid"),
        (CARD | {"expiry_year": 29}, "expiry_year_invalid"),
        (CARD | {"expiry_year": 2026, "expiry_month": 8}, "expiry_year_invalid"),
        (CARD | {"cvv": "12"}, "cvv_invalid"),
        ({"type": "cvv", "token_data": {"cvv": "12a"}}, "token_data_invalid"),
        ({"type": "pin", "token_data": {}}, "token_data_invalid"),
    ],
)
def test_refused_tokens(vault: Any, content: dict[str, Any], code: str) -> None:
    reply = post(vault, content)
    assert (reply.status, reply.json()["error_type"]) == (422, "request_invalid")
    assert reply.codes == [code]


def test_a_body_that_is_no_object_is_refused(vault: Any) -> None:
    assert post(vault, b"[" * 100_000).codes == ["request_body_malformed"]
    assert post(vault, []).codes == ["request_body_malformed"]


def test_metadata_does_not_consume_and_shows_little(vault: Any) -> None:
    address = {"address_line1": "1 High St", "city": "London", "country": "GB"}
    token = vault.card_token(name="Jane Roe", billing_address=address)
    url = f"{vault.API}/tokens/{token}/metadata"
    for _ in range(2):
        shown = vault.send("GET", url).json()
        assert shown["billing_address"] == {"city": "London", "country": "GB"}
    made = vault.send("POST", f"{vault.API}/instruments", {"type": "token", "token": token})
    assert made.status == 201


def instrument(vault: Any, token: str, **more: Any) -> Any:
    return vault.send("POST", f"{vault.API}/instruments", {"type": "token", "token": token} | more)


def test_instrument_lives_from_create_to_delete(vault: Any) -> None:
    holder = {"first_name": "Jane", "last_name": "Roe"}
    reply = instrument(vault, vault.card_token(cvv="100"), account_holder=holder)
    made = reply.json()
    assert reply.status == 201
    assert re.fullmatch(r"src_\w{26}", made["id"])
    assert re.fullmatch(r"[a-z0-9]{26}", made["fingerprint"])
    url = f"{vault.API}/instruments/{made['id']}"
    assert vault.send("GET", url).json()["account_holder"] == holder
    changed = vault.send("PATCH", url, {"expiry_year": 2031}).json()
    assert changed == {"type": "card", "fingerprint": made["fingerprint"]}
    assert vault.send("GET", url).json()["expiry_year"] == 2031
    assert vault.send("DELETE", url).status == 204
    gone = vault.send("GET", url)
    assert (gone.status, gone.text) == (404, "")


def test_a_revoked_instrument_cannot_be_forwarded(vault: Any) -> None:
    made = instrument(vault, vault.card_token()).json()["id"]
    assert vault.send("PATCH", f"{vault.API}/instruments/{made}/revoke").status == 200
    reply = vault.forward(vault.request(source={"type": "id", "id": made}))
    assert reply.codes == ["source_id_invalid"]


def test_a_token_is_single_use(vault: Any) -> None:
    token = vault.card_token()
    assert instrument(vault, token).status == 201
    again = instrument(vault, token)
    assert (again.status, again.codes) == (422, ["token_used"])


def test_a_token_dies_after_fifteen_minutes(vault: Any) -> None:
    start = vault.world.now()
    token = vault.card_token()
    vault.world.now = lambda: start + 900
    reply = instrument(vault, token)
    assert (reply.status, reply.json()["error_type"]) == (422, "token_expired")


def test_a_cvv_token_is_no_card(vault: Any) -> None:
    assert instrument(vault, vault.cvv_token()).codes == ["token_invalid"]


@pytest.mark.parametrize("key", ["", "sk_sbox_nonsense", "Basic x"])
def test_without_a_good_key_there_is_an_empty_401(vault: Any, key: str) -> None:
    for method, url in (
        ("POST", f"{vault.API}/tokens"),
        ("POST", f"{vault.API}/instruments"),
        ("POST", f"{vault.FORWARD}/forward"),
        ("GET", f"{vault.FORWARD}/secrets"),
    ):
        reply = vault.send(method, url, {}, key=key)
        assert (reply.status, reply.text) == (401, "")


def test_public_and_secret_key_have_their_own_endpoints(vault: Any) -> None:
    assert vault.send("POST", f"{vault.API}/tokens", CARD).status == 401
    assert vault.send("POST", f"{vault.API}/instruments", {}, key=vault.PUBLIC).status == 401


def test_a_merchant_prefix_reaches_the_same_vault(vault: Any) -> None:
    url = "https://pl-abc123.api.sandbox.checkout.com/instruments/" + vault.fixed("visa_approved")
    assert vault.send("GET", url).status == 200
