"""Rocketpay Gate in the sandbox: signatures, tokens, payments and queued callbacks."""

import asyncio
import copy
import json
from typing import Any

import pytest

from forwardc.sandbox.app import InProcessExchange, call, scope_of
from forwardc.sandbox.credentials import secret
from forwardc.sandbox.crypto import rocketpay as signature
from forwardc.sandbox.destinations.rocketpay import tokens
from forwardc.sandbox.destinations.rocketpay.party import create
from forwardc.sandbox.world import (
    DestinationBrokenError,
    DestinationTimeoutError,
    DestinationUnreachableError,
    OutboundRequest,
    World,
)

NOW = 1_790_000_000.0  # September 2026
SECRET = secret("rocketpay", "rocketpay_secret")
TOKENIZE = "/v2/customer/card/tokenize"
BY_TOKEN = "/v2/customer/card/bytoken"
REVOKE = "/v2/customer/card/token/revoke"
SALE = "/v2/payment/card/sale"
PAYOUT = "/v2/payment/card/payout/token"
SALE_BY_TOKEN = "/v2/payment/card/sale/token"
VERIFY = "/v2/payment/card/verify/token"
HOLD = "/v2/payment/card/auth"
HOLD_BY_TOKEN = "/v2/payment/card/auth/token"
CARD_PAYOUT = "/v2/payment/card/payout"
APPROVED = tokens.fixed_token("visa_approved")


def signed(data: dict[str, Any], envelope: str) -> dict[str, Any]:
    document = copy.deepcopy(data)
    document[envelope]["signature"] = signature.sign(document, SECRET)
    return document


def post(world: World, path: str, content: Any) -> tuple[InProcessExchange, Any]:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    url = f"https://api.rocketpay.kz{path}"
    outbound = OutboundRequest("POST", url, (("Content-Type", "application/json"),), data)
    exchange = asyncio.run(call(create(world), scope_of(outbound), data))
    return exchange, json.loads(bytes(exchange.body))


def error(world: World, path: str, content: Any) -> tuple[int, str]:
    exchange, answer = post(world, path, content)
    assert answer["status"] == "error"
    return exchange.status, answer["errors"][0]["code"]


def of_token(token: str = APPROVED, **customer: Any) -> dict[str, Any]:
    return {"customer": {"project_id": 123, "id": tokens.CUSTOMER} | customer, "token": token}


def creation(**card: Any) -> dict[str, Any]:
    number = {"pan": "4242424242424242", "year": 2030, "month": 8, "card_holder": "JANE ROE"}
    customer = {"id": tokens.CUSTOMER, "ip_address": "203.0.113.9", "project_id": 123}
    return {"customer": customer, "card": number | card}


def payment(payment_id: str = "p-1", **more: Any) -> dict[str, Any]:
    data = {
        "general": {"project_id": 123, "payment_id": payment_id},
        "customer": {"id": tokens.CUSTOMER, "ip_address": "203.0.113.9"},
        "payment": {"amount": 1250, "currency": "KZT"},
    } | more
    return {name: value for name, value in data.items() if value is not None}


def sale(payment_id: str = "p-1", **card: Any) -> dict[str, Any]:
    number = {
        "pan": "4000000000000077",
        "year": 2030,
        "month": 8,
        "card_holder": "JANE ROE",
        "cvv": "123",
    } | card
    kept = {name: value for name, value in number.items() if value is not None}
    return payment(payment_id, card=kept)


def callback(world: World, request_id: str) -> dict[str, Any]:
    body: dict[str, Any] = world.table("rocketpay.callbacks")[request_id]["body"]
    assert signature.verify(body, body["signature"], SECRET)
    return body


@pytest.fixture
def world() -> World:
    return World(now=lambda: NOW)


def test_card_information_comes_in_answer_and_callback(world: World) -> None:
    exchange, answer = post(world, BY_TOKEN, signed(of_token(), "customer"))
    assert exchange.status == 200
    assert answer["status"] == "success"
    assert answer["project_id"] == 123
    assert answer["token"] == APPROVED
    assert answer["account"]["number"] == "400000******0077"
    assert answer["account"]["additional"]["card"]["expiry"] == "08/30"
    assert callback(world, answer["request_id"])["account"] == answer["account"]


def test_fixed_tokens_are_the_same_in_every_world_and_say_nothing_of_the_number() -> None:
    assert len(APPROVED) == 64
    one, two = World(now=lambda: NOW), World(now=lambda: NOW)
    create(one)
    create(two)
    assert one.table(tokens.TABLE).keys() == two.table(tokens.TABLE).keys()
    listed = {source["id"]: source for source in tokens.sources()}
    assert listed.keys() == one.table(tokens.TABLE).keys()
    assert listed[tokens.fixed_token("visa_declined")]["does"] == "decline"


def test_a_fixed_token_cannot_be_revoked(world: World) -> None:
    for _ in range(3):
        exchange, answer = post(world, REVOKE, signed(of_token(), "customer"))
        assert (exchange.status, answer["status"]) == (200, "success")
        told = callback(world, answer["request_id"])
        assert told["token_status"] == "active"
        assert told["request"]["action"] == "token_revoke"
        assert told["request"]["status"] == "error"
        assert told["request"]["errors"] == [
            {"code": "303", "message": "Access denied", "field": "token"}
        ]
    assert post(world, BY_TOKEN, signed(of_token(), "customer"))[0].status == 200


def test_fixed_tokens_of_a_loaded_state_are_as_promised(world: World) -> None:
    create(world)
    world.table(tokens.TABLE)[APPROVED] |= {"status": "revoke", "year": 2025, "number": "1"}
    create(world)
    assert post(world, BY_TOKEN, signed(of_token(), "customer"))[0].status == 200


def made(world: World, **card: Any) -> str:
    """A token that was asked for."""
    _, answer = post(world, TOKENIZE, signed(creation(**card), "customer"))
    token: str = callback(world, answer["request_id"])["token"]
    return token


def test_a_payment_that_a_form_does_not_have_may_be_anything(world: World) -> None:
    for payment in (1, None, "x", []):
        document = creation() | {"payment": payment}
        assert post(world, TOKENIZE, signed(document, "customer"))[0].status == 200


def test_tokenize_then_use(world: World) -> None:
    _, answer = post(world, TOKENIZE, signed(creation(), "customer"))
    assert set(answer) == {"status", "request_id", "project_id"}
    created = callback(world, answer["request_id"])
    assert created["request"] == {
        "id": answer["request_id"],
        "action": "tokenize",
        "status": "success",
    }
    assert created["token_status"] == "active"
    token = created["token"]
    assert post(world, BY_TOKEN, signed(of_token(token), "customer"))[0].status == 200
    _, again = post(world, TOKENIZE, signed(creation(year=2031), "customer"))
    assert callback(world, again["request_id"])["token"] == token
    _, information = post(world, BY_TOKEN, signed(of_token(token), "customer"))
    assert information["account"]["additional"]["card"]["expiry"] == "08/31"
    assert error(world, BY_TOKEN, signed(of_token(token, project_id=7), "customer")) == (
        400,
        "3221",
    )


def test_revoked_token_is_not_payable(world: World) -> None:
    token = made(world)
    _, answer = post(world, REVOKE, signed(of_token(token), "customer"))
    assert callback(world, answer["request_id"])["token_status"] == "revoke"
    body = signed(payment(token=token), "general")
    assert error(world, PAYOUT, body) == (400, "3027")
    assert error(world, REVOKE, signed(of_token(token), "customer")) == (400, "3027")
    assert made(world) != token


def test_a_token_whose_card_is_over_is_not_the_cards_token_any_more(world: World) -> None:
    token = made(world, year=2026, month=9)
    world.now = lambda: NOW + 40 * 86_400
    assert error(world, PAYOUT, signed(payment(token=token), "general")) == (400, "3027")
    assert made(world) != token


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (creation(year="2030"), "502"),
        (creation(month="08"), "502"),
        (creation(month=13), "502"),
        (creation(year=2026, month=8), "3021"),
        (creation(pan="4111111111111112"), "502"),
        ({**creation(), "card": {"pan": "4242424242424242"}}, "3020"),
        ({**creation(), "card": {"year": 2030, "month": 8}}, "2004"),
    ],
)
def test_tokenize_refuses(world: World, document: dict[str, Any], code: str) -> None:
    exchange, answer = post(world, TOKENIZE, signed(document, "customer"))
    assert (exchange.status, answer["errors"][0]["code"]) == (400, code)
    assert "42424242" not in bytes(exchange.body).decode()


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (of_token("a" * 64), "3221"),
        (of_token("959C"), "3027"),
        (of_token(id="someone"), "3241"),
        (of_token(project_id=0), "2442"),
        (of_token(project_id=-1), "2442"),
        (of_token(project_id="123"), "502"),
        (of_token(project_id=True), "502"),
    ],
)
def test_token_operations_refuse(world: World, document: dict[str, Any], code: str) -> None:
    for path in (BY_TOKEN, REVOKE):
        assert error(world, path, signed(document, "customer")) == (400, code)


def test_fixed_tokens_answer_in_every_project(world: World) -> None:
    document = signed(of_token(project_id=98_765), "customer")
    assert post(world, BY_TOKEN, document)[1]["project_id"] == 98_765


@pytest.mark.parametrize("name", ["id", "project_id"])
def test_missing_members(world: World, name: str) -> None:
    document = signed(of_token(), "customer")
    del document["customer"][name]
    assert error(world, BY_TOKEN, document) == (400, "2004")


def test_signature_is_checked(world: World) -> None:
    document = signed(of_token(), "customer")
    assert error(world, BY_TOKEN, document | {"extra": 1}) == (400, "3261")
    assert post(world, BY_TOKEN, document | {"frame_mode": 1, "empty": {}})[0].status == 200
    document["customer"]["signature"] = ""
    assert error(world, BY_TOKEN, document) == (400, "3262")
    del document["customer"]["signature"]
    assert error(world, BY_TOKEN, document) == (400, "2004")


def test_signature_at_the_wrong_envelope(world: World) -> None:
    document = signed(payment(token=APPROVED), "customer")
    assert error(world, PAYOUT, document) == (400, "2004")


def test_a_signed_float_is_refused(world: World) -> None:
    document = signed(of_token(), "customer")
    assert error(world, BY_TOKEN, document | {"note": 1.5}) == (422, "702")


@pytest.mark.parametrize(
    ("data", "code"), [(b"", "2003"), (b"{", "2003"), (b"[]", "702"), (b"[" * 9000, "2003")]
)
def test_malformed_bodies(world: World, data: bytes, code: str) -> None:
    assert error(world, BY_TOKEN, data) == (422, code)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (PAYOUT, "success"),
        (SALE_BY_TOKEN, "success"),
        (VERIFY, "success"),
        (HOLD_BY_TOKEN, "awaiting capture"),
    ],
)
def test_payment_by_token(world: World, path: str, status: str) -> None:
    document = signed(payment(token=APPROVED), "general")
    _, answer = post(world, path, document)
    assert answer["payment_id"] == "p-1"
    result = callback(world, answer["request_id"])
    assert result["payment"]["status"] == status
    assert result["payment"]["sum"] == {"amount": 1250, "currency": "KZT"}
    assert error(world, path, document) == (400, "3024")


def test_payment_ids_are_unique_in_their_project_only(world: World) -> None:
    for project in (1, 2):
        document = payment(token=APPROVED)
        document["general"]["project_id"] = project
        assert post(world, PAYOUT, signed(document, "general"))[0].status == 200


def test_verification_needs_no_amount(world: World) -> None:
    document = signed(payment(token=APPROVED, payment=None), "general")
    assert post(world, VERIFY, document)[0].status == 200
    assert error(world, PAYOUT, document) == (400, "2004")


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (payment(token=APPROVED, payment={"currency": "KZT"}), "3286"),
        (payment(token=APPROVED, payment={"amount": 5}), "3287"),
        (payment(token=APPROVED, payment={}), "3286"),
        (payment(token=APPROVED, payment={"amount": 0, "currency": "KZT"}), "502"),
        (payment(token=APPROVED, payment={"amount": "5", "currency": "KZT"}), "502"),
        (payment(token=APPROVED, customer={"id": "someone", "ip_address": "203.0.113.9"}), "3101"),
        (payment(token=APPROVED, customer={"id": "customer_123", "ip_address": "home"}), "502"),
        (payment("", token=APPROVED), "502"),
    ],
)
def test_payments_refuse(world: World, document: dict[str, Any], code: str) -> None:
    assert error(world, PAYOUT, signed(document, "general")) == (400, code)


def test_a_blocked_address(world: World) -> None:
    customer = {"id": tokens.CUSTOMER, "ip_address": "192.0.2.1"}
    document = payment(token=APPROVED, customer=customer)
    assert error(world, PAYOUT, signed(document, "general")) == (403, "303")


BY_CARD = [("purchase", SALE, "success"), ("auth", HOLD, "awaiting capture")]
BY_CARD.append(("payout", CARD_PAYOUT, "success"))


@pytest.mark.parametrize(("kind", "path", "status"), BY_CARD)
def test_the_first_payment_of_a_card_that_succeeds_makes_a_token(
    world: World, kind: str, path: str, status: str
) -> None:
    _, answer = post(world, path, signed(sale(), "general"))
    result = callback(world, answer["request_id"])
    assert (result["payment"]["type"], result["payment"]["status"]) == (kind, status)
    assert (result["operation"]["type"], result["operation"]["status"]) == (kind, "success")
    token = result["account"]["token"]
    (told,) = about_tokens(world)
    assert (told["token"], told["token_status"]) == (token, "active")
    assert told["token_created_at"] == "2026-09-21 14:13:20"
    assert told["request"]["id"] != answer["request_id"]
    assert (told["request"]["action"], told["request"]["status"]) == ("tokenize", "success")
    for number, by_token in enumerate((SALE_BY_TOKEN, HOLD_BY_TOKEN, PAYOUT, VERIFY)):
        document = signed(payment(f"t-{number}", token=token), "general")
        assert post(world, by_token, document)[0].status == 200
    assert post(world, REVOKE, signed(of_token(token), "customer"))[0].status == 200


@pytest.mark.parametrize(("kind", "path", "status"), BY_CARD)
def test_a_card_with_a_token_keeps_it_and_gets_its_new_date(
    world: World, kind: str, path: str, status: str
) -> None:
    token = made(world, pan="4000000000000077")
    before = len(about_tokens(world))
    text = signed(sale(year="2033", month="09"), "general")
    _, answer = post(world, path, text)
    result = callback(world, answer["request_id"])
    assert result["account"]["token"] == token
    assert (result["payment"]["type"], result["payment"]["status"]) == (kind, status)
    assert len(about_tokens(world)) == before
    _, shown = post(world, BY_TOKEN, signed(of_token(token), "customer"))
    assert shown["account"]["additional"]["card"]["expiry"] == "09/33"


@pytest.mark.parametrize(
    ("number", "status"),
    [("4111111111111111", "decline"), ("4000002760003184", "awaiting 3ds result")],
)
@pytest.mark.parametrize("path", [SALE, "/v2/payment/card/auth", "/v2/payment/card/payout"])
def test_a_payment_that_does_not_succeed_makes_none(
    world: World, path: str, number: str, status: str
) -> None:
    _, answer = post(world, path, signed(sale(pan=number), "general"))
    assert answer["status"] == "success"
    result = callback(world, answer["request_id"])
    assert result["payment"]["status"] == status
    assert "token" not in result["account"]
    assert about_tokens(world) == []
    # Nor does it give the card's token another date.
    token = made(world, pan=number)
    _, answer = post(world, path, signed(sale("p-2", pan=number, year=2040), "general"))
    assert callback(world, answer["request_id"])["account"]["token"] == token
    _, shown = post(world, BY_TOKEN, signed(of_token(token), "customer"))
    assert shown["account"]["additional"]["card"]["expiry"] == "08/30"


def about_tokens(world: World) -> list[dict[str, Any]]:
    rows = world.table("rocketpay.callbacks").values()
    return [row["body"] for row in rows if "token_status" in row["body"]]


@pytest.mark.parametrize(
    ("card", "code"),
    [
        ({"card_holder": None}, "3162"),
        ({"card_holder": ""}, "3162"),
        ({"year": None}, "3020"),
        ({"month": None}, "3020"),
        ({"month": "1e1"}, "502"),
        ({"month": True}, "502"),
        ({"month": 13}, "502"),
        ({"month": "13"}, "502"),
        ({"year": 30}, "502"),
        ({"year": 2020}, "3021"),
        ({"cvv": "12"}, "502"),
        ({"cvv": 123}, "502"),
        ({"pan": None}, "2004"),
        ({"pan": 4000000000000077}, "502"),
        ({"pan": "4000000000000010"}, "502"),
    ],
)
@pytest.mark.parametrize("path", [SALE, "/v2/payment/card/auth", "/v2/payment/card/payout"])
def test_payments_by_card_refuse(world: World, path: str, card: dict[str, Any], code: str) -> None:
    assert error(world, path, signed(sale(**card), "general")) == (400, code)
    # A refused request takes no payment id.
    assert post(world, path, signed(sale(), "general"))[0].status == 200


@pytest.mark.parametrize("cvv", [None, ""])
def test_a_payout_needs_no_cvv(world: World, cvv: str | None) -> None:
    for path in (SALE, HOLD):
        assert error(world, path, signed(sale(cvv=cvv), "general")) == (400, "3141")
    assert post(world, CARD_PAYOUT, signed(sale(cvv=cvv), "general"))[0].status == 200


def test_one_payment_id_serves_one_payment_of_any_kind(world: World) -> None:
    assert post(world, HOLD, signed(sale("p-9"), "general"))[0].status == 200
    assert error(world, CARD_PAYOUT, signed(sale("p-9"), "general")) == (400, "3024")
    assert error(world, PAYOUT, signed(payment("p-9", token=APPROVED), "general")) == (400, "3024")


@pytest.mark.parametrize("path", ["/", "/v2/payment/card/recurring", PAYOUT + "/"])
def test_a_path_that_is_not_there(world: World, path: str) -> None:
    exchange, answer = post(world, path, signed(payment(token=APPROVED), "general"))
    assert exchange.status == 404
    assert answer == {"status": "error", "errors": [{"message": "Not Found"}]}


def test_another_method(world: World) -> None:
    outbound = OutboundRequest("PUT", f"https://api.rocketpay.kz{PAYOUT}", (), b"")
    exchange = asyncio.run(call(create(world), scope_of(outbound), b""))
    assert exchange.status == 405
    assert ("allow", "POST") in exchange.headers
    assert json.loads(bytes(exchange.body))["status"] == "error"


@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("visa_timeout", DestinationTimeoutError),
        ("visa_broken", DestinationBrokenError),
        ("mastercard_not_connected", DestinationUnreachableError),
        ("mastercard_malformed", json.JSONDecodeError),
    ],
)
def test_faults(world: World, name: str, event: type[Exception]) -> None:
    with pytest.raises(event):
        post(world, BY_TOKEN, signed(of_token(tokens.fixed_token(name)), "customer"))
    with pytest.raises(event):
        post(world, PAYOUT, signed(payment(token=tokens.fixed_token(name)), "general"))
    # The Gate had accepted it before: a second one has no fresh id, and the result was called back.
    document = signed(payment(token=APPROVED), "general")
    assert error(world, PAYOUT, document) == (400, "3024")
    (told,) = (
        row["body"]
        for row in world.table("rocketpay.callbacks").values()
        if "payment" in row["body"]
    )
    assert told["payment"]["status"] == "decline"


def test_server_error(world: World) -> None:
    document = signed(of_token(tokens.fixed_token("mastercard_server_error")), "customer")
    assert error(world, BY_TOKEN, document) == (500, "501")
