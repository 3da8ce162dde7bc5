"""Visa Token Service in the sandbox: signature, encryption and what is provisioned."""

import asyncio
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from forwardc.sandbox.app import InProcessExchange, call, scope_of
from forwardc.sandbox.cards import CARDS, Behaviour
from forwardc.sandbox.credentials import secret
from forwardc.sandbox.crypto import visa
from forwardc.sandbox.destinations.visa.party import create
from forwardc.sandbox.world import DestinationTimeoutError, OutboundRequest, World
from visa_request import NOW, base64url, encrypted

QUERY = f"relationshipID=24681921-40000000082&apiKey={secret('visa', 'visa_api_key')}"
CARD: dict[str, Any] = {
    "accountNumber": "4242424242424242",
    "cvv2": "123",
    "expirationDate": {"month": "03", "year": "2030"},
}


ADDRESS, HASH = "clientWalletAccountEmailAddress", "clientWalletAccountEmailAddressHash"
EMAIL = "User@Example.com"
PLAIN = "tMmiiTI7IaAcPpQPFQ65uMVCWH8av9jw4cwf_F5HVRQ"
KEYED = base64url(
    hmac.digest(secret("visa", "visa_hash_key").encode(), EMAIL.encode(), hashlib.sha256)
)


@dataclass
class Call:
    """One request; what a test does not set is right."""

    plaintext: Any = field(default_factory=lambda: CARD)
    jwe: str | None = None
    changes: dict[str, Any] = field(default_factory=dict)
    query: str = QUERY
    at: int = NOW
    host: str = "cert.api.visa.com"
    token: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def body(self) -> bytes:
        content = {
            "clientAppID": "app-1",
            "panSource": "ON_FILE",
            "presentationType": ["CLOUD_HCE"],
            "encPaymentInstrument": self.jwe or encrypted(self.plaintext),
        } | self.changes
        return json.dumps({k: v for k, v in content.items() if v is not None}).encode()


def send(world: World, sent: Call, body: bytes | None = None) -> tuple[InProcessExchange, Any]:
    body = sent.body() if body is None else body
    url = f"https://{sent.host}/vts/provisionedTokens" + (f"?{sent.query}" if sent.query else "")
    shared = secret("visa", "visa_shared_key")
    token = sent.token or visa.x_pay_token(secret=shared, timestamp=sent.at, url=url, body=body)
    headers = {
        "content-type": "application/json",
        "x-request-id": "0b9a6f1e-3c55-4c2b-9a53-6a4f7d1d2c11",
        "x-pay-token": token,
    } | sent.headers
    outbound = OutboundRequest("POST", url, tuple(headers.items()), body)
    exchange = asyncio.run(call(create(world), scope_of(outbound), body))
    return exchange, json.loads(bytes(exchange.body))


@pytest.fixture
def world() -> World:
    return World(now=lambda: float(NOW))


@pytest.mark.parametrize("host", ["cert.api.visa.com", "sandbox.api.visa.com", "api.visa.com"])
def test_provisioned(world: World, host: str) -> None:
    exchange, answer = send(world, Call(host=host))
    assert exchange.status == 201
    assert answer["paymentInstrument"]["last4"] == "4242"
    assert answer["paymentInstrument"]["paymentType"] == {"cardBrand": "VISA"}
    assert answer["tokenInfo"]["tokenStatus"] == "ACTIVE"
    assert answer["tokenInfo"]["expirationDate"] == {"month": "03", "year": "2030"}
    assert answer["vProvisionedTokenID"] != answer["vPanEnrollmentID"]
    assert "x-correlation-id" in dict(exchange.headers)
    assert "4242424242424242" not in bytes(exchange.body).decode() + json.dumps(world.tables)


def test_optional_members(world: World) -> None:
    address = {"line1": "1 Main St", "city": "Almaty", "country": "KZ", "postalCode": "050000"}
    full = CARD | {"name": "Жанна Roe", "billingAddress": address}
    assert send(world, Call(plaintext=full))[0].status == 201
    number_only = {"accountNumber": CARD["accountNumber"]}
    exchange, answer = send(world, Call(plaintext=number_only))
    assert exchange.status == 201
    assert "expirationDate" not in answer["tokenInfo"]


@pytest.mark.parametrize(
    ("late", "status"), [(0, 201), (480, 201), (481, 401), (-480, 201), (-481, 401)]
)
def test_window(world: World, late: int, status: int) -> None:
    assert send(world, Call(at=NOW - late))[0].status == status


def test_a_token_is_good_once(world: World) -> None:
    sent = Call()
    body = sent.body()
    assert send(world, sent, body)[0].status == 201
    exchange, answer = send(world, sent, body)
    assert exchange.status == 401
    assert answer["responseStatus"]["code"] == "9121"
    sent.at -= 1
    assert send(world, sent, body)[0].status == 201


@pytest.mark.parametrize(
    "sent",
    [
        Call(token="xv2:1790000000:" + "0" * 64),
        Call(token="x:1790000000:" + "0" * 64),
        Call(headers={"x-pay-token": ""}),
        Call(query=""),
        Call(query="apiKey=wrong"),
        Call(query=QUERY.replace("apiKey", "apikey")),
        Call(query=QUERY + "&" + QUERY),
    ],
)
def test_authentication(world: World, sent: Call) -> None:
    exchange, answer = send(world, sent)
    assert exchange.status == 401
    assert answer["responseStatus"]["code"] == "9201"


def test_signature_covers_body_and_query(world: World) -> None:
    sent = Call()
    body = sent.body()
    url = f"https://{sent.host}/vts/provisionedTokens?{QUERY}"
    shared = secret("visa", "visa_shared_key")
    sent.token = visa.x_pay_token(secret=shared, timestamp=NOW, url=url, body=body)
    assert send(world, sent, body + b" ")[0].status == 401
    sent.query = "&".join(reversed(QUERY.split("&")))
    assert send(world, sent, body)[0].status == 401


def test_lenient_takes_lower_case_api_key_and_a_bare_header(world: World) -> None:
    bare = encrypted(CARD, channelSecurityContext=None, iat=None)
    assert send(world, Call(jwe=bare))[0].status == 400
    world.lax = frozenset({"visa_lower_case_apikey", "visa_jwe_without_context"})
    assert send(world, Call(jwe=bare, query=QUERY.replace("apiKey", "apikey")))[0].status == 201


@pytest.mark.parametrize("given", [PLAIN, KEYED], ids=["sha256", "hmac"])
def test_both_public_forms_of_the_hash(world: World, given: str) -> None:
    assert send(world, Call(changes={ADDRESS: EMAIL, HASH: given}))[0].status == 201
    assert send(world, Call(changes={HASH: given}))[0].status == 201


def test_a_synchronous_call(world: World) -> None:
    assert send(world, Call(query=QUERY + "&async=false"))[0].status == 201


def test_a_month_of_one_digit_needs_a_laxness(world: World) -> None:
    short = CARD | {"expirationDate": {"month": "3", "year": "2030"}}
    assert send(world, Call(plaintext=short))[0].status == 400
    world.lax = frozenset({"visa_short_month"})
    exchange, answer = send(world, Call(plaintext=short))
    assert exchange.status == 201
    assert answer["tokenInfo"]["expirationDate"] == {"month": "03", "year": "2030"}
    for wrong in ("0", "13", "", 3):
        spoilt = CARD | {"expirationDate": {"month": wrong, "year": "2030"}}
        assert send(world, Call(plaintext=spoilt))[0].status == 400


@pytest.mark.parametrize(
    "compact",
    [
        "not-a-jwe",
        encrypted(CARD, shared="another secret"),
        encrypted(CARD, kid="other"),
        encrypted(CARD, channelSecurityContext="RSA_PKI"),
        encrypted(CARD, iat=NOW),
        encrypted(CARD, iat=str(NOW * 1000)),
        encrypted(CARD, enc="A128GCM"),
        encrypted(CARD, alg="A256KW"),
        encrypted("text"),
        encrypted({}),
        encrypted(CARD | {"accountNumber": "4111111111111112"}),
        encrypted(CARD | {"accountNumber": 4242424242424242}),
        encrypted(CARD | {"expirationDate": {"month": "3", "year": "2030"}}),
        encrypted(CARD | {"expirationDate": {"month": "03", "year": "30"}}),
        encrypted(CARD | {"cvv2": ""}),
        encrypted(CARD | {"pan": "x"}),
    ],
    # Encrypted anew in each process, so that the text is no name.
    ids=[f"case-{number}" for number in range(16)],
)
def test_instruments_that_are_refused(world: World, compact: str) -> None:
    exchange, answer = send(world, Call(jwe=compact))
    assert exchange.status == 400
    details = answer["errorResponse"]["details"]
    assert details[0]["location"] == "encPaymentInstrument"
    assert "42424242" not in bytes(exchange.body).decode()


@pytest.mark.parametrize(
    ("sent", "location"),
    [
        (Call(headers={"x-request-id": "7"}), "x-request-id"),
        (Call(headers={"content-type": "text/plain"}), "content-type"),
        (Call(changes={"clientAppID": None}), "clientAppID"),
        (Call(changes={"encPaymentInstrument": None}), "encPaymentInstrument"),
        (Call(changes={"presentationType": "ECOM"}), "presentationType"),
        (Call(changes={"panSource": "ISSUER_PUSH_PROVISION"}), "encPaymentInstrument"),
        (Call(query=QUERY + "&async=true"), "async"),
        (Call(query=QUERY + "&async=False"), "async"),
        (Call(query=QUERY + "&async=false&async=false"), "query"),
        (Call(query=QUERY + "&relationshipID=1"), "query"),
        (Call(query=QUERY + "&relationshipId=1"), "query"),
        (Call(query=QUERY.replace("24681921-40000000082", "")), "relationshipID"),
        (Call(query=QUERY.replace("24681921-40000000082", "1" * 101)), "relationshipID"),
        (Call(changes={ADDRESS: EMAIL, HASH: PLAIN[:-1]}), HASH),
        (Call(changes={ADDRESS: EMAIL, HASH: PLAIN + "="}), HASH),
        (Call(changes={ADDRESS: EMAIL, HASH: "A" * 43}), HASH),
        (Call(changes={ADDRESS: "other@example.com", HASH: PLAIN}), HASH),
        (Call(changes={ADDRESS: EMAIL.lower(), HASH: KEYED}), HASH),
    ],
)
def test_requests_that_are_refused(world: World, sent: Call, location: str) -> None:
    exchange, answer = send(world, sent)
    assert exchange.status == 400
    assert answer["errorResponse"]["details"][0]["location"] == location


def test_a_body_that_is_no_json(world: World) -> None:
    assert send(world, Call(), b"{")[0].status == 400


def card_that(behaviour: Behaviour) -> dict[str, Any]:
    card = next(c for c in CARDS if c.behaviour is behaviour and c.brand == "visa")
    return CARD | {"accountNumber": card.number}


def test_cards_decide(world: World) -> None:
    exchange, answer = send(world, Call(plaintext=card_that(Behaviour.DECLINE)))
    assert (exchange.status, answer["errorResponse"]["reason"]) == (403, "declined")
    expired = CARD | {"expirationDate": {"month": "08", "year": "2026"}}
    assert send(world, Call(plaintext=expired))[0].status == 403
    other = CARD | {"accountNumber": "5555555555554444"}
    assert send(world, Call(plaintext=other))[1]["errorResponse"]["reason"] == "cardNotEligible"
    _, answer = send(world, Call(plaintext=card_that(Behaviour.REQUIRES_ACTION)))
    assert answer["tokenInfo"]["tokenStatus"] == "INACTIVE"
    failing = CARD | {"accountNumber": "5199992312641465"}
    assert send(world, Call(plaintext=failing))[0].status == 500
    with pytest.raises(DestinationTimeoutError):
        send(world, Call(plaintext=card_that(Behaviour.TIMEOUT)))
