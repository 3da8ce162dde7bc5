"""POST /forward and GET /forward/{id}: answers, limits, single use, redaction."""

import json
import re
from typing import Any

import pytest

from forwardc.sandbox.project import OnboardedProject

PAN = "4242424242424242"


def test_answer_is_200_around_any_status(vault: Any) -> None:
    url = "https://checkout-test.adyen.com/v71/payments"
    reply = vault.forward(vault.request("{}", url=url))
    answer = reply.json()
    assert reply.status == 200
    assert re.fullmatch(r"fwd_\w{26}", answer["request_id"])
    response = answer["destination_response"]
    assert response["status"] == 401
    assert all(isinstance(values, list) for values in response["headers"].values())
    assert isinstance(response["body"], str)
    assert reply.headers["cko-request-id"]
    assert reply.headers["cko-version"]


@pytest.mark.parametrize("kind", ["visa_timeout", "visa_broken", "mastercard_not_connected"])
def test_without_an_answer_there_is_no_destination_response(vault: Any, kind: str) -> None:
    body = json.dumps(
        {
            "amount": {"currency": "EUR", "value": 100},
            "reference": "r1",
            "merchantAccount": "SandboxECOM",
            "returnUrl": "https://shop.example/back",
            "paymentMethod": {
                "type": "scheme",
                "number": "{{card_number}}",
                "expiryMonth": "{{card_expiry_month_mm}}",
                "expiryYear": "{{card_expiry_year_yyyy}}",
            },
        }
    )
    from forwardc.sandbox.credentials import secret

    headers = {
        "raw": {
            "Content-Type": "application/json",
            "X-API-Key": secret("adyen", "adyen_api_key"),
        }
    }
    url = "https://checkout-test.adyen.com/v71/payments"
    reply = vault.forward(vault.request(body, kind, url=url, headers=headers))
    assert (reply.status, list(reply.json())) == (200, ["request_id"])


@pytest.mark.parametrize("path", ["", "api"])
def test_both_hosts_forward(vault: Any, path: str) -> None:
    base = vault.API if path else vault.FORWARD
    assert vault.send("POST", f"{base}/forward", vault.request()).status == 200


def test_the_key_may_stand_bare(vault: Any) -> None:
    from forwardc.sandbox.checkout.made_up_keys import checkout_secret_key

    url = f"{vault.FORWARD}/forward"
    reply = vault.send("POST", url, vault.request(), key="", Authorization=checkout_secret_key())
    assert reply.status == 200
    assert vault.send("POST", url, vault.request(), key=vault.PUBLIC).status == 401


def test_there_is_no_idempotency(vault: Any) -> None:
    replies = [vault.forward(vault.request(), Cko_Idempotency_Key="same") for _ in range(2)]
    assert replies[0].json()["request_id"] != replies[1].json()["request_id"]
    assert len(vault.world.received) == 2


def test_the_destination_receives_method_headers_and_body(vault: Any) -> None:
    headers = {
        "raw": {"Content-Type": "application/json", "Idempotency-Key": "k1", "Host": "h.test"}
    }
    vault.sent('{"n":"{{card_number}}"}', method="PUT", headers=headers)
    last = vault.last
    assert (last.method, last.host, last.target) == ("PUT", "psp.example.com", "/pay")
    assert last.body == f'{{"n":"{PAN}"}}'.encode()
    assert {("idempotency-key", "k1"), ("host", "h.test")} <= set(last.headers)


def test_the_cvv_needs_its_token_and_the_token_serves_once(vault: Any) -> None:
    source = {"type": "id", "id": vault.fixed("visa_approved"), "cvv_token": vault.cvv_token("987")}
    assert vault.sent("{{card_cvv}}", source) == "987"
    assert vault.forward(vault.request("{{card_cvv}}", source)).codes == ["token_used"]


def test_the_pin_placeholder_has_two_digits(vault: Any) -> None:
    pin = vault.token({"type": "pin", "token_data": {"pin": "9876"}})
    source = {"type": "id", "id": vault.fixed("visa_approved"), "pin_token": pin}
    assert vault.sent("{{card_pin}}", source) == "98"


def test_a_card_token_brings_its_cvv_and_serves_once(vault: Any) -> None:
    source = {"type": "token", "token": vault.card_token(cvv="100")}
    assert vault.sent("{{card_number}} {{card_cvv}}", source) == f"{PAN} 100"
    assert vault.forward(vault.request("{}", source)).codes == ["token_used"]


def test_a_bad_request_does_not_consume_the_token(vault: Any) -> None:
    source = {"type": "token", "token": vault.card_token()}
    assert vault.forward(vault.request("{}", source, method="SEND")).status == 422
    assert vault.forward(vault.request("{}", source)).status == 200


def test_store_for_future_use_keeps_the_card(vault: Any) -> None:
    before = len(vault.world.table("checkout.instruments"))
    source = {"type": "token", "token": vault.card_token(), "store_for_future_use": True}
    vault.sent("{}", source)
    assert len(vault.world.table("checkout.instruments")) == before + 1


def change(request: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    *parents, last = path.split(".")
    owner = request
    for name in parents:
        owner = owner[name]
    owner[last] = value
    return request


HEADERS = {f"X-{i}": "v" for i in range(17)}
D = "destination_request"


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("source", None, "source_required"),
        ("source", {}, "source_type_required"),
        ("source", {"type": "nt", "id": "nt_x"}, "source_type_invalid"),
        ("source", {"type": "id"}, "source_id_required"),
        ("source", {"type": "id", "id": "nt_" + "a" * 26}, "source_id_invalid"),
        ("source", {"type": "id", "id": "src_" + "a" * 26}, "source_id_invalid"),
        ("source", {"type": "token", "id": "tok_" + "a" * 26}, "source_token_required"),
        ("source", {"type": "token", "token": "tok_" + "a" * 26}, "token_invalid"),
        (D, None, f"{D}_required"),
        (f"{D}.url", "https://e.com/" + "a" * 1011, f"{D}_url_too_long"),
        (f"{D}.url", "http://e.com/", f"{D}_url_invalid"),
        (f"{D}.url", "https://e.com/{{card_number}}", f"{D}_url_invalid"),
        (f"{D}.url", "https://a:b@e.com/", f"{D}_url_invalid"),
        (f"{D}.url", "https://e.com:99999/", f"{D}_url_invalid"),
        (f"{D}.method", "post", f"{D}_method_invalid"),
        (f"{D}.body", {"a": 1}, f"{D}_body_invalid"),
        (f"{D}.body", None, f"{D}_body_required"),
        (f"{D}.body", "x" * 16385, f"{D}_body_too_long"),
        (f"{D}.headers", None, f"{D}_headers_required"),
        (f"{D}.headers", {}, f"{D}_headers_raw_required"),
        (f"{D}.headers.raw", HEADERS, f"{D}_headers_raw_too_many"),
        (f"{D}.headers.raw", {"A": 1}, f"{D}_headers_raw_invalid"),
        (f"{D}.headers.raw", {"A b": "1"}, f"{D}_headers_raw_invalid"),
        (f"{D}.headers.raw", {"Content-Length": "1"}, f"{D}_headers_raw_invalid"),
        (f"{D}.headers.raw", {"A": "x\r\nB: y"}, "header_value_invalid"),
        (f"{D}.headers.encrypted", {}, f"{D}_headers_encrypted_invalid"),
        (f"{D}.headers.encrypted", "x" * 8193, f"{D}_headers_encrypted_too_long"),
        (f"{D}.headers.encrypted", "a.b.c.d.e", "headers_encrypted_invalid"),
        (f"{D}.query", {"a": "b"}, f"{D}_query_invalid"),
        (f"{D}.variables", [{"name": "a"}], f"{D}_variables_invalid"),
        (f"{D}.signature", {"type": "mastercard"}, f"{D}_signature_type_invalid"),
        (f"{D}.signature", {"type": "visa"}, f"{D}_signature_visa_parameters_required"),
        (f"{D}.retries", 1, f"{D}_retries_unknown"),
        ("reference", "r" * 81, "reference_too_long"),
        ("processing_channel_id", "pc_1", "processing_channel_id_invalid"),
        ("processing_channel_id", None, "processing_channel_id_required"),
        ("network_token", {"enabled": "yes"}, "network_token_enabled_invalid"),
        ("idempotency_key", "x", "idempotency_key_unknown"),
    ],
)
def test_refused_requests(vault: Any, path: str, value: Any, code: str) -> None:
    reply = vault.forward(change(vault.request(), path, value))
    assert reply.status == 422, reply.text
    assert code in reply.codes
    assert vault.world.received == []


def test_limits_are_inclusive(vault: Any) -> None:
    request = vault.request("x" * 16384, url="https://e.com/" + "a" * 1010)
    request[D]["headers"]["raw"] = dict(list(HEADERS.items())[:16])
    request["reference"] = "r" * 80
    assert vault.forward(request).status == 200


def test_every_fault_is_named_at_once(vault: Any) -> None:
    request = change(change(vault.request(), f"{D}.method", "X"), f"{D}.body", 1)
    reply = vault.forward(request)
    assert reply.codes == [f"{D}_method_invalid", f"{D}_body_invalid"]
    assert set(reply.json()["errors"]) == {f"{D}.method", f"{D}.body"}


def test_every_fault_of_templates_is_named_at_once(vault: Any) -> None:
    request = vault.request(
        "{{ nothing }}{{ secret_none }}{{ nothing }}",
        headers={"raw": {"X-A": "{{ % }}", "X-B": "{{ upper(card_number) }}"}},
        query=[{"name": "a", "value": "{{ open"}],
        variables=[{"name": "card_cvv", "value": "x"}],
    )
    reply = vault.forward(request)
    assert reply.status == 422
    assert reply.json()["errors"] == {
        f"{D}.variables": ["variable_name_invalid"],
        f"{D}.headers.raw": ["template_invalid", "template_function_unknown"],
        f"{D}.query": ["template_unterminated"],
        f"{D}.body": ["placeholder_unknown", "secret_not_found"],
    }
    assert vault.world.received == []


def test_every_slip_of_a_request_is_noted_at_once(lenient: Any) -> None:
    token = {"type": "token", "id": lenient.card_token()}
    request = lenient.request(
        "{{ nothing }}{{ secret.none }}",
        token,
        headers={"raw": {"Content-Type": "text/plain"}, "encrypted": ""},
        variables=[{"name": "a", "value": "1"}, {"name": "b", "value": "{{ a }}"}],
    )
    del request["processing_channel_id"]
    assert lenient.forward(request | {"more": 1}).status == 200
    assert {slip.name for slip in lenient.world.slips} == {
        "checkout_unknown_members",
        "checkout_token_as_id",
        "checkout_empty_encrypted",
        "checkout_no_channel",
        "checkout_variable_of_variable",
        "checkout_secret_dots",
        "checkout_undefined_names",
        "unknown_destinations",
    }


def test_one_laxness_takes_its_own_mistakes_only(vault: Any) -> None:
    vault.world.lax = frozenset({"checkout_no_channel"})
    request = vault.request()
    del request["processing_channel_id"]
    assert vault.forward(request).status == 200
    assert vault.forward(request | {"more": 1}).codes == ["more_unknown"]


def test_the_body_limit_counts_the_template(vault: Any) -> None:
    vault.store("long", "y" * 8000)
    body = "{{secret_long}}" * 3
    assert len(vault.sent(body)) == 24000


def test_a_project_has_a_list_of_destinations(vault: Any) -> None:
    vault.world.project = OnboardedProject()
    assert vault.forward(vault.request()).codes == ["destination_not_allowed"]


@pytest.mark.parametrize(
    "url",
    [
        "https://forward.sandbox.checkout.com/forward",
        "https://forward.sandbox.checkout.com/payments",
        "https://forward.checkout.com/secrets",
        "https://abc.forward.sandbox.checkout.com/forward",
        "https://api.sandbox.checkout.com/forward",
        "https://abc.api.sandbox.checkout.com/forward/secrets",
        "https://api.sandbox.checkout.com/network-tokens",
        "https://access.sandbox.checkout.com/connect/token",
        "https://other.checkout.com/tokens",
        "https://api.stripe.com/v1/forwarding/requests",
        "https://127.0.0.1/x",
        "https://localhost/",
    ],
)
def test_what_forwards_and_this_machine_are_not_reached(vault: Any, url: str) -> None:
    reply = vault.forward(vault.request(url=url))
    assert list(reply.json()) == ["request_id"]
    assert vault.world.received == []


def test_get_shows_the_original_and_redacts(vault: Any) -> None:
    vault.store("psp_key", "made-up-1234567")
    raw = {
        "Authorization": "Bearer typed-in-plain",
        "X-Partner": "{{ secret_psp_key }}",
        "Idempotency-Key": "k1",
    }
    body = '{"n":"{{card_number}}"}'
    request = vault.request(body, headers={"raw": raw}) | {"reference": "order-1"}
    made = vault.forward(request).json()
    reply = vault.send("GET", f"{vault.FORWARD}/forward/{made['request_id']}")
    row = reply.json()
    assert row["destination_request"] == {
        "url": "https://psp.example.com/pay",
        "method": "POST",
        "headers": {
            "Authorization": "***redacted***",
            "X-Partner": "***redacted***",
            "Idempotency-Key": "k1",
        },
        "body": body,
    }
    assert (row["reference"], row["destination_response"]) == (
        "order-1",
        made["destination_response"],
    )
    assert row["created_on"] == "2026-09-21T14:13:20.000+00:00"
    assert re.fullmatch(r"ent_\w{26}", row["entity_id"])
    assert not {"source", "processing_channel_id"} & set(row)
    assert "typed-in-plain" not in reply.text
    assert "made-up-1234567" not in reply.text


def test_get_forgets_after_fourteen_days(vault: Any) -> None:
    made = vault.forward(vault.request()).json()["request_id"]
    start = vault.world.now()
    vault.world.now = lambda: start + 14 * 86400 - 1
    assert vault.send("GET", f"{vault.FORWARD}/forward/{made}").status == 200
    vault.world.now = lambda: start + 14 * 86400
    gone = vault.send("GET", f"{vault.FORWARD}/forward/{made}")
    assert (gone.status, gone.codes) == (404, ["forward_request_not_found"])
