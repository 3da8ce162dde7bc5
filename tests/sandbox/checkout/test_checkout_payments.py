"""Payments at Checkout.com: shapes, outcomes of test cards, refusals, actions, two clients."""

import json
from typing import Any

import pytest

from forwardc.sandbox.checkout.made_up_keys import checkout_public_key, checkout_secret_key

KEY = checkout_secret_key("second")
PUBLIC = checkout_public_key("second")
CARD = {
    "type": "card",
    "number": "4242424242424242",
    "expiry_month": 8,
    "expiry_year": 2030,
    "cvv": "100",
}


class Payments:
    """Calls as the second client, whose vault does not forward."""

    def __init__(self, vault: Any) -> None:
        self.vault = vault

    def send(self, method: str, path: str, content: Any = None, **more: Any) -> Any:
        url = f"{self.vault.API}/payments{path}"
        return self.vault.send(method, url, content, **({"key": KEY} | more))

    def pay(self, *, card: Any = None, **members: Any) -> Any:
        source = {**CARD, **(card or {})}
        body = {"source": source, "amount": 1000, "currency": "USD"} | members
        return self.send("POST", "", {k: v for k, v in body.items() if v is not None})

    def paid(self, **members: Any) -> dict[str, Any]:
        reply = self.pay(**members)
        assert reply.status == 201, reply.text
        return reply.json()


@pytest.fixture
def payments(vault: Any) -> Payments:
    return Payments(vault)


def test_an_approved_payment(payments: Payments) -> None:
    paid = payments.paid(reference="ORDER-1")
    assert paid["id"].startswith("pay_")
    assert len(paid["id"]) == 30
    assert paid["action_id"].startswith("act_")
    assert (paid["amount"], paid["currency"], paid["reference"]) == (1000, "USD", "ORDER-1")
    assert (paid["approved"], paid["status"]) == (True, "Authorized")
    assert (paid["response_code"], paid["response_summary"]) == ("10000", "Approved")
    assert {"processed_on", "auth_code", "scheme_id", "processing", "risk"} <= set(paid)
    assert paid["source"]["last4"] == "4242"
    assert paid["source"]["id"].startswith("src_")
    assert paid["_links"]["self"]["href"] == f"{payments.vault.API}/payments/{paid['id']}"
    assert paid["_links"]["actions"]["href"].endswith("/actions")


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("4000000000000002", "20005"),
        ("4000000000009995", "20051"),
        ("4000000000009987", "30041"),
        ("4000000000009979", "30043"),
        ("4000000000000069", "20054"),
        ("4000000000000127", "200N7"),
        ("4000000000006975", "20061"),
        ("4000002760003184", "20154"),
    ],
)
def test_a_decline_is_a_201_that_is_not_approved(
    payments: Payments, number: str, code: str
) -> None:
    reply = payments.pay(card={"number": number})
    answer = reply.json()
    assert reply.status == 201
    assert (answer["approved"], answer["status"]) == (False, "Declined")
    assert answer["response_code"] == code
    assert "auth_code" not in answer
    assert "id" not in answer["source"]


FAULTS = {
    "visa_timeout": None,
    "visa_broken": None,
    "mastercard_not_connected": None,
    "mastercard_server_error": 502,
    "mastercard_malformed": 200,
}


@pytest.mark.parametrize("source", sorted(FAULTS))
def test_what_a_test_card_breaks_on_the_way_from_a_vault(vault: Any, source: str) -> None:
    body = """{"amount": 100, "currency": "USD", "source": {"type": "card",
        "number": "{{card_number}}", "expiry_month": {{card_expiry_month}},
        "expiry_year": {{card_expiry_year_yyyy}}}}"""
    headers = {"raw": {"Content-Type": "application/json", "Authorization": f"Bearer {KEY}"}}
    request = vault.request(body, source, url=f"{vault.API}/payments", headers=headers)
    reply = vault.forward(request)
    assert reply.status == 200
    status = reply.json().get("destination_response", {}).get("status")
    assert status == FAULTS[source]


def test_a_name_that_is_a_card_number_is_not_repeated(payments: Payments) -> None:
    reply = payments.pay(**{CARD["number"]: 1})
    assert reply.status == 422
    assert CARD["number"] not in reply.text


def test_a_card_that_wants_3ds_is_approved_with_its_result(payments: Payments) -> None:
    three_ds = {
        "eci": "05",
        "cryptogram": "AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "xid": "d",
        "version": "2.1.0",
    }
    paid = payments.paid(card={"number": "4000002760003184"}, **{"3ds": three_ds})
    assert (paid["approved"], paid["eci"]) == (True, "05")


def test_3ds_by_checkout_is_a_202_that_waits(payments: Payments) -> None:
    reply = payments.pay(reference="r", **{"3ds": {"enabled": True}})
    answer = reply.json()
    assert (reply.status, answer["status"], answer["reference"]) == (202, "Pending", "r")
    assert answer["_links"]["redirect"]["href"].startswith("https://")
    assert payments.send("GET", f"/{answer['id']}").json()["approved"] is False
    assert payments.send("POST", f"/{answer['id']}/captures").status == 403


@pytest.mark.parametrize("members", [{"amount": 0}, {"amount": None}])
def test_without_an_amount_a_card_is_verified(payments: Payments, members: Any) -> None:
    assert payments.paid(**members)["status"] == "Card Verified"


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"source": None}, "payment_source_required"),
        ({"source": {"type": "klarna"}}, "source_type_invalid"),
        ({"source": {}}, "source_type_required"),
        ({"card": {"number": None}}, "card_number_required"),
        ({"card": {"number": "4242 4242 4242 4242"}}, "card_number_invalid"),
        ({"card": {"number": "4012888888881881"}}, "card_number_invalid"),
        ({"card": {"expiry_month": None}}, "card_expiry_month_required"),
        ({"card": {"expiry_month": "08"}}, "card_expiry_month_invalid"),
        ({"card": {"expiry_month": 13}}, "card_expiry_month_invalid"),
        ({"card": {"expiry_year": None}}, "card_expiry_year_required"),
        ({"card": {"expiry_year": 30}}, "card_expiry_year_invalid"),
        ({"card": {"expiry_year": 2020}}, "card_expired"),
        ({"card": {"cvv": "12"}}, "cvv_invalid"),
        ({"card": {"cvv": ""}}, "cvv_invalid"),
        ({"card": {"cvv": 100}}, "cvv_invalid"),
        ({"card": {"cvv": "1000"}}, "cvv_invalid"),
        ({"card": {"number": "378282246310005", "cvv": "100"}}, "cvv_invalid"),
        ({"card": {"name": 1}}, "card_holder_invalid"),
        ({"card": {"billing_address": {"country": "GBR"}}}, "country_address_invalid"),
        (
            {"card": {"billing_address": {"postcode": "x"}}},
            "source_billing_address_postcode_unknown",
        ),
        ({"card": {"phone": {"number": "1"}}}, "phone_number_invalid"),
        ({"card": {"card_number": "x"}}, "source_card_number_unknown"),
        ({"amount": "1000"}, "amount_invalid"),
        ({"amount": 10.5}, "amount_invalid"),
        ({"amount": -1}, "amount_invalid"),
        ({"amount": 1_000_000_000}, "amount_invalid"),
        ({"amount": True}, "amount_invalid"),
        ({"currency": None}, "currency_required"),
        ({"currency": "usd"}, "currency_invalid"),
        ({"currency": "ZZZ"}, "currency_invalid"),
        ({"currency": "CLF"}, "currency_invalid"),
        ({"currency": "CLP", "amount": 100010}, "amount_invalid"),
        ({"currency": "BHD", "amount": 5124}, "amount_invalid"),
        ({"currency": "LYD", "amount": 1001}, "amount_invalid"),
        ({"reference": "r" * 51}, "reference_invalid"),
        ({"payment_type": "regular"}, "payment_type_invalid"),
        ({"capture": "true"}, "capture_invalid"),
        ({"3ds": {"exemption": "small"}}, "3ds_exemption_invalid"),
        ({"3ds": {"cryptogram": "c" * 51}}, "3ds_cryptogram_invalid"),
        ({"processing_channel_id": "pc_1"}, "processing_channel_id_invalid"),
        ({"amout": 1}, "amout_unknown"),
    ],
)
def test_refused_payments(payments: Payments, members: dict[str, Any], code: str) -> None:
    reply = payments.pay(**members)
    assert reply.status == 422, reply.text
    assert reply.json()["error_type"] == "request_invalid"
    assert code in reply.codes
    assert payments.send("GET", "?reference=r").json()["total_count"] == 0


def test_every_fault_of_a_payment_is_named_at_once(payments: Payments) -> None:
    reply = payments.pay(card={"expiry_month": 0, "cvv": "1"}, amount=-1, reference="r" * 99)
    assert set(reply.codes) == {
        "card_expiry_month_invalid",
        "cvv_invalid",
        "amount_invalid",
        "reference_invalid",
    }


@pytest.mark.parametrize(
    ("currency", "amount"), [("CLP", 100_000), ("KWD", 5_120), ("JPY", 1), ("USD", 999_999_999)]
)
def test_amounts_that_are_taken(payments: Payments, currency: str, amount: int) -> None:
    assert payments.paid(currency=currency, amount=amount)["approved"]


def test_no_answer_and_no_row_holds_the_card(payments: Payments) -> None:
    paid = payments.paid(reference="r")
    shown = payments.send("GET", f"/{paid['id']}")
    for text in (json.dumps(paid), shown.text, payments.send("GET", "?reference=r").text):
        assert CARD["number"] not in text
        assert '"cvv":' not in text
    kept = json.dumps(payments.vault.world.table("checkout.payments@second"))
    assert CARD["number"] not in kept


def test_what_is_captured_by_itself_can_be_refunded(payments: Payments) -> None:
    paid = payments.paid()
    assert payments.send("GET", f"/{paid['id']}").json()["status"] == "Captured"
    assert payments.send("POST", f"/{paid['id']}/voids").status == 403
    part = payments.send("POST", f"/{paid['id']}/refunds", {"amount": 400, "reference": "back"})
    assert (part.status, part.json()["reference"]) == (202, "back")
    assert payments.send("GET", f"/{paid['id']}").json()["status"] == "Partially Refunded"
    too_much = payments.send("POST", f"/{paid['id']}/refunds", {"amount": 601})
    assert (too_much.status, too_much.codes) == (422, ["amount_exceeds_balance"])
    assert payments.send("POST", f"/{paid['id']}/refunds").status == 202
    details = payments.send("GET", f"/{paid['id']}").json()
    assert (details["status"], details["balances"]["total_refunded"]) == ("Refunded", 1000)
    assert payments.send("POST", f"/{paid['id']}/refunds").status == 403
    types = [one["type"] for one in payments.send("GET", f"/{paid['id']}/actions").json()]
    assert types == ["Refund", "Refund", "Capture", "Authorization"]


def test_a_capture_of_ones_own(payments: Payments) -> None:
    paid = payments.paid(capture=False)
    path = f"/{paid['id']}"
    too_much = payments.send("POST", f"{path}/captures", {"amount": 1001})
    assert (too_much.status, too_much.codes) == (422, ["capture_value_greater_than_authorized"])
    assert too_much.json()["error_type"] == "processing_error"
    assert payments.send("POST", f"{path}/captures", {"amount": 300}).status == 202
    more = payments.send("POST", f"{path}/captures", {"amount": 701})
    assert more.codes == ["capture_value_greater_than_remaining_authorized"]
    assert payments.send("GET", path).json()["status"] == "Partially Captured"
    assert payments.send("POST", f"{path}/captures", {"capture_type": "x"}).status == 422
    assert payments.send("POST", f"{path}/captures").status == 202
    assert payments.send("POST", f"{path}/captures").status == 403


def test_a_void(payments: Payments) -> None:
    paid = payments.paid(capture=False)
    assert payments.send("POST", f"/{paid['id']}/voids", {"reference": "v"}).status == 202
    assert payments.send("GET", f"/{paid['id']}").json()["status"] == "Voided"
    assert payments.send("POST", f"/{paid['id']}/captures").status == 403
    assert payments.send("POST", f"/{paid['id']}/voids").status == 403


def test_what_is_not_there(payments: Payments) -> None:
    unknown = "/pay_" + "a" * 26
    for method, path in (
        ("GET", ""),
        ("GET", "/actions"),
        ("POST", "/captures"),
        ("POST", "/voids"),
    ):
        reply = payments.send(method, unknown + path)
        assert (reply.status, reply.text) == (404, "")
    reply = payments.send("PUT", unknown)
    assert (reply.status, reply.text) == (405, "")
    assert "GET" in reply.headers["allow"]


def test_a_key_is_needed_and_the_right_one(payments: Payments) -> None:
    assert payments.send("POST", "", {}, key="").status == 401
    assert payments.send("POST", "", {}, key=PUBLIC).status == 401
    assert payments.send("POST", "", {}, key="sk_sbox_" + "a" * 27).status == 401


def test_a_success_is_answered_alike_under_its_key(payments: Payments) -> None:
    body = {"source": CARD, "amount": 1000, "currency": "USD", "reference": "once"}
    refused = payments.send("POST", "", body | {"amount": -1}, Cko_Idempotency_Key="k1")
    assert refused.status == 422
    first, again = (payments.send("POST", "", body, Cko_Idempotency_Key="k1") for _ in range(2))
    assert (first.status, first.text) == (again.status, again.text)
    assert payments.send("GET", "?reference=once").json()["total_count"] == 1
    other = payments.send("POST", "", body | {"amount": 2000}, Cko_Idempotency_Key="k1")
    assert (other.status, other.codes) == (422, ["idempotency_key_in_use"])
    later = payments.vault.world.now() + 24 * 3600
    payments.vault.world.now = lambda: later
    assert payments.send("POST", "", body, Cko_Idempotency_Key="k1").text != first.text


def test_the_clients_vaults_are_apart(payments: Payments) -> None:
    vault = payments.vault
    url = f"{vault.API}/tokens"
    card = {"type": "card", "number": "4242424242424242", "expiry_month": 8, "expiry_year": 2030}
    token = vault.send("POST", url, card, key=PUBLIC).json()["token"]
    at_first = vault.forward(vault.request("{}", {"type": "token", "token": token}))
    assert at_first.codes == ["token_invalid"]
    kept = {"type": "token", "token": token}
    assert vault.send("POST", f"{vault.API}/instruments", kept).codes == ["token_invalid"]
    made = vault.send("POST", f"{vault.API}/instruments", kept, key=KEY)
    assert made.status == 201
    instrument = f"{vault.API}/instruments/{made.json()['id']}"
    assert vault.send("GET", instrument, key=KEY).status == 200
    assert vault.send("GET", instrument).status == 404
    fixed = f"{vault.API}/instruments/{vault.fixed('visa_approved')}"
    assert (vault.send("GET", fixed).status, vault.send("GET", fixed, key=KEY).status) == (200, 404)
    paid = payments.paid()
    assert vault.send("GET", f"{vault.API}/payments/{paid['id']}").status == 404
    secret = {"name": "shared", "value": "x1"}
    assert vault.send("POST", f"{vault.FORWARD}/secrets", secret, key=KEY).status == 201
    assert vault.send("GET", f"{vault.FORWARD}/secrets").json() == {"data": []}


@pytest.mark.parametrize("kind", ["token", "id"])
def test_a_payment_by_what_the_client_holds(payments: Payments, kind: str) -> None:
    vault = payments.vault
    card = {**CARD, "name": "Ada", "billing_address": {"country": "GB"}}
    token = vault.send("POST", f"{vault.API}/tokens", card, key=PUBLIC).json()["token"]
    source = {"type": "token", "token": token}
    if kind == "id":
        kept = vault.send("POST", f"{vault.API}/instruments", source, key=KEY).json()
        source = {"type": "id", "id": kept["id"], "cvv": "100"}
    reply = payments.send("POST", "", {"source": source, "amount": 1, "currency": "EUR"})
    assert (reply.status, reply.json()["source"]["name"]) == (201, "Ada")
    again = payments.send("POST", "", {"source": source, "amount": 1, "currency": "EUR"})
    assert again.status == (422 if kind == "token" else 201)


def test_a_network_token_pays(payments: Payments) -> None:
    source = {
        "type": "network_token",
        "token": "4000000000000077",
        "expiry_month": 8,
        "expiry_year": 2030,
        "token_type": "vts",
        "cryptogram": "AhJ3hnYAoAbVz5zg1e17MAACAAA=",
        "eci": "05",
    }
    body = {"amount": 100, "currency": "USD"}
    assert payments.send("POST", "", body | {"source": source}).status == 201
    wrong = source | {"token_type": "visa", "token": None}
    codes = payments.send("POST", "", body | {"source": wrong}).codes
    assert set(codes) == {"source_token_required", "source_token_type_invalid"}


def test_a_client_with_several_channels_names_one(payments: Payments) -> None:
    switch = f"{payments.vault.API}/_sandbox/checkout/account"
    wanted = {"client": "second", "several_channels": True}
    assert payments.vault.send("POST", switch, wanted).json() == wanted
    assert payments.vault.send("POST", switch, wanted | {"client": "third"}).status == 422
    reply = payments.pay()
    assert (reply.status, reply.codes) == (422, ["processing_channel_id_required"])
    assert payments.paid(processing_channel_id="pc_" + "a" * 26)["approved"]


def test_the_record_says_the_sum_in_words(payments: Payments) -> None:
    payments.paid(currency="CLP", amount=100_000)
    words = payments.vault.last.in_words
    assert words == "100000 minor units of CLP are 1,000.00 CLP"
