"""Each refusal of a destination is in its vendor's shape and status, and repeats nothing."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from forwardc.sandbox.destinations.adyen.schema import payment_request
from forwardc.sandbox.destinations.rocketpay import requests as forms
from forwardc.sandbox.destinations.rocketpay.party import OPERATIONS
from forwardc.sandbox.destinations.rokt import party as rokt
from forwardc.sandbox.destinations.shapes import ObjectShape
from forwardc.sandbox.destinations.visa import schema
from mistakes import MARK, mistakes
from one_rule import one_rule
from parties import JSON, PARTIES, Party, ask

GATE = [name for name in PARTIES if name.startswith("gate ")]
SHAPES: dict[str, ObjectShape] = {
    "adyen": payment_request(71),
    "visa": schema.REQUEST,
    "rokt": rokt.SCHEMA,
    **{
        name: next(form.shape for form, _ in OPERATIONS if PARTIES[name].url.endswith(form.path))
        for name in GATE
    },
}


def is_adyen(status: int, answer: Any) -> None:
    assert answer.keys() <= {"status", "errorCode", "message", "errorType", "pspReference"}
    assert answer["status"] == status
    assert answer["errorType"] in ("validation", "security", "configuration")
    assert ("pspReference" in answer) is (status in (403, 422, 500))


def is_visa(status: int, answer: Any) -> None:
    if status == 401:
        told = answer["responseStatus"]
        assert set(told) == {"status", "code", "severity", "message", "info"}
        assert told["severity"] == "ERROR"
    else:
        told = answer["errorResponse"]
        assert (
            {"status", "message", "reason"}
            <= set(told)
            <= {"status", "message", "reason", "details"}
        )
    assert told["status"] == status


def is_gate(status: int, answer: Any) -> None:
    assert set(answer) == {"status", "errors"}
    assert answer["status"] == "error"
    (error,) = answer["errors"]
    assert {"message"} <= set(error) <= {"code", "message", "field"}
    assert ("code" in error) is (status not in (404, 405))


def is_rokt(_: int, answer: Any) -> None:
    assert answer["standIn"] is True
    assert answer.keys() <= {"status", "standIn", "errors", "reason"}


def is_echo(_: int, answer: Any) -> None:
    assert set(answer) == {"received", "error"}
    assert answer["received"] is False


JUDGES: dict[str, Callable[[int, Any], None]] = {
    "adyen": is_adyen,
    "visa": is_visa,
    "rokt": is_rokt,
    "echo": is_echo,
    **dict.fromkeys(GATE, is_gate),
}


def code_of(answer: Any) -> str:
    """The vendor's own code of a refusal, wherever it has it."""
    if "errorCode" in answer:
        return str(answer["errorCode"])
    if "responseStatus" in answer:
        return str(answer["responseStatus"]["code"])
    if "errorResponse" in answer:
        return str(answer["errorResponse"]["reason"])
    return str(answer.get("errors", [{}])[0].get("code", "")) if "standIn" not in answer else ""


def refused(name: str, body: bytes, **how: Any) -> tuple[int, str]:
    """Status and code of a refusal in the party's shape."""
    status, headers, content = ask(PARTIES[name], body, **how)
    assert headers["content-type"] == "application/json"
    assert MARK not in content.decode()
    assert b"424242" not in content
    answer = json.loads(content)
    JUDGES[name](status, answer)
    return status, code_of(answer)


def body_of(party: Party) -> bytes:
    return party.body(party.right())


@pytest.mark.parametrize("name", PARTIES)
def test_the_right_request_is_taken(name: str) -> None:
    party = PARTIES[name]
    assert ask(party, body_of(party))[0] in (200, 201)


@pytest.mark.parametrize("name", SHAPES)
def test_each_rule_of_a_table_is_asked(name: str) -> None:
    party, tried = PARTIES[name], 0
    for what, document in mistakes(SHAPES[name], party.right()):
        status, _ = refused(name, party.body(document))
        assert status in (400, 403, 422), what
        tried += 1
    assert tried > 15


@one_rule("plaintext", list(mistakes(schema.PLAINTEXT, {"accountNumber": "4242424242424242"})))
def test_each_rule_of_visas_plaintext_is_asked(plaintext: tuple[str, Any]) -> None:
    from visa_request import encrypted

    party = PARTIES["visa"]
    document = party.right() | {"encPaymentInstrument": encrypted(plaintext[1])}
    assert refused("visa", party.body(document)) == (400, "invalidParameter")


@pytest.mark.parametrize(
    "header",
    [
        {"enc": "A128GCM"},
        {"channelSecurityContext": None},
        {"channelSecurityContext": "RSA_PKI"},
        {"iat": None},
        {"iat": 1_790_000_000},
        {"iat": "1790000000000"},
        {"kid": None},
        {"kid": "another"},
    ],
    ids=str,
)
def test_each_rule_of_visas_protected_header_is_asked(header: dict[str, Any]) -> None:
    from visa_request import encrypted

    party = PARTIES["visa"]
    card = encrypted({"accountNumber": "4242424242424242"}, **header)
    document = party.right() | {"encPaymentInstrument": card}
    assert refused("visa", party.body(document)) == (400, "invalidParameter")


UNREADABLE = [
    b"",
    b"{",
    b'{"a": 1,}',
    b'{"a": 1, "a": 2}',
    b'{"a": NaN}',
    b'{"a": 1e999}',
    b'{"a": "\xff"}',
    b'\xef\xbb\xbf{"a": 1}',
    b"[" * 5000,
    b'{"a":' * 65 + b"1" + b"}" * 65,
    b'{"a": "\\ud800"}',
]
UNREADABLE_AT = {
    "adyen": (400, "702"),
    "visa": (400, "invalidParameter"),
    "rokt": (400, ""),
    "echo": (400, ""),
    **dict.fromkeys(GATE, (422, "2003")),
}


@pytest.mark.parametrize("name", PARTIES)
def test_what_is_no_json(name: str) -> None:
    for body in UNREADABLE:
        assert refused(name, body) == UNREADABLE_AT[name], body[:20]


ELSEWHERE = {
    "adyen": (404, "000"),
    "visa": (404, "resourceNotFound"),
    **dict.fromkeys(GATE, (404, "")),
}


@one_rule("name", ELSEWHERE)
@one_rule("change", ["/", "//", "s", "/more"])
def test_a_path_that_is_not_there(name: str, change: str) -> None:
    party = PARTIES[name]
    path, mark, query = party.url.partition("?")
    assert refused(name, body_of(party), url=path + change + mark + query) == ELSEWHERE[name]


@one_rule("name", [name for name in PARTIES if name != "echo"])
@one_rule("method", ["GET", "PUT", "PATCH", "DELETE", "BREW"])
def test_another_method(name: str, method: str) -> None:
    party = PARTIES[name]
    status, headers, content = ask(party, body_of(party), method=method)
    assert status == 405
    assert headers["allow"] == "POST"
    JUDGES[name](status, json.loads(content))


def without(party: Party, name: str, *other: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return (*(one for one in party.headers if one[0].lower() != name.lower()), *other)


HEADERS = [
    ("adyen", "X-API-Key", (), (401, "000")),
    ("adyen", "X-API-Key", (("X-API-Key", ""),), (401, "000")),
    ("adyen", "X-API-Key", (("X-API-Key", MARK),), (401, "000")),
    ("adyen", "X-API-Key", (("Authorization", f"Basic {MARK}"),), (401, "000")),
    ("adyen", "X-API-Key", (("Authorization", f"Bearer {MARK}"),), (401, "000")),
    ("adyen", "Content-Type", (), (400, "702")),
    ("adyen", "Content-Type", (("Content-Type", "text/plain"),), (400, "702")),
    ("adyen", "", (("Idempotency-Key", ""),), (400, "702")),
    ("adyen", "", (("Idempotency-Key", MARK * 17),), (400, "702")),
    ("visa", "Content-Type", (), (400, "invalidParameter")),
    ("visa", "x-request-id", (), (400, "invalidParameter")),
    ("visa", "x-request-id", (("x-request-id", MARK),), (400, "invalidParameter")),
    ("rokt", "Authorization", (), (401, "")),
    ("rokt", "Authorization", (("Authorization", f"Basic {MARK}"),), (401, "")),
    ("rokt", "Content-Type", (("Content-Type", "text/json"),), (415, "")),
    ("gate payout", "Content-Type", (), (422, "702")),
    ("gate card", "Content-Type", (("Content-Type", "text/plain"),), (422, "702")),
    ("echo", "Content-Type", (), (400, "")),
]


@pytest.mark.parametrize(("name", "header", "other", "expected"), HEADERS)
def test_headers(
    name: str, header: str, other: tuple[tuple[str, str], ...], expected: tuple[int, str]
) -> None:
    party = PARTIES[name]
    headers = without(party, header, *other)
    assert refused(name, body_of(party), headers=headers) == expected


ADYEN: list[tuple[dict[str, Any], tuple[int, str]]] = [
    ({"amount": None}, (422, "100")),
    ({"amount": {"currency": "EUR"}}, (422, "137")),
    ({"amount": {"value": 5}}, (422, "138")),
    ({"amount": {"currency": "EUR", "value": -5}}, (422, "137")),
    ({"amount": {"currency": "EUR", "value": 2**63}}, (422, "137")),
    ({"amount": {"currency": "EUR", "value": 5.0}}, (400, "702")),
    ({"amount": {"currency": "EUR", "value": "5"}}, (400, "702")),
    ({"amount": {"currency": "ZZZ", "value": 5}}, (422, "138")),
    ({"amount": {"currency": "eur", "value": 5}}, (422, "138")),
    ({"amount": {"currency": "EURO", "value": 5}}, (422, "138")),
    ({"merchantAccount": None}, (403, "901")),
    ({"merchantAccount": ""}, (403, "901")),
    ({"merchantAccount": "an account"}, (403, "901")),
    ({"paymentMethod": None}, (422, "14_002")),
    ({"paymentMethod": {"type": "ideal"}}, (400, "702")),
    ({"reference": None}, (422, "130")),
    ({"reference": ""}, (422, "130")),
    ({"returnUrl": None}, (422, "14_030")),
    ({"returnUrl": ""}, (422, "14_030")),
    ({"returnUrl": "x" * 8001}, (400, "702")),
    ({"card": {"number": None}}, (400, "702")),
    ({"card": {"number": "4000000000000010"}}, (422, "101")),
    ({"card": {"number": "4242 4242 4242 4242"}}, (422, "101")),
    ({"card": {"number": ""}}, (422, "101")),
    ({"card": {"expiryMonth": "3"}}, (422, "129")),
    ({"card": {"expiryMonth": "00"}}, (422, "129")),
    ({"card": {"expiryYear": "1930"}}, (422, "129")),
    ({"card": {"expiryMonth": 3}}, (400, "702")),
    ({"card": {"cvc": "7373"}}, (422, "103")),
    ({"card": {"cvc": "73a"}}, (422, "103")),
    ({"card": {"storedPaymentMethodId": "M5N7TQ4TG5PFWR50"}}, (422, "800")),
    ({"card": {"encryptedCardNumber": "adyenjs_0_1_25$"}}, (422, "174")),
    ({"storePaymentMethod": True}, (422, "000")),
    (
        {
            "billingAddress": {
                "city": "B",
                "country": "CA",
                "houseNumberOrName": "1",
                "postalCode": "1",
                "street": "S",
            }
        },
        (422, "135"),
    ),
    (
        {
            "billingAddress": {
                "city": "",
                "country": "DE",
                "houseNumberOrName": "1",
                "postalCode": "1",
                "street": "S",
            }
        },
        (422, "131"),
    ),
    (
        {
            "billingAddress": {
                "city": "B",
                "country": "de",
                "houseNumberOrName": "1",
                "postalCode": "1",
                "street": "S",
            }
        },
        (422, "134"),
    ),
    ({"dateOfBirth": "31.12.1990"}, (400, "702")),
    ({"deliveryDate": "2026-12-01T10:00:00"}, (400, "702")),
]


@pytest.mark.parametrize(("change", "expected"), ADYEN)
def test_adyens_codes(change: dict[str, Any], expected: tuple[int, str]) -> None:
    import adyen_request

    body = json.dumps(adyen_request.body(**change)).encode()
    assert refused("adyen", body) == expected
    # The vendor answers a used key with the same refusal.
    headers = (*PARTIES["adyen"].headers, ("Idempotency-Key", "k-1"))
    assert refused("adyen", body, headers=headers) == expected


def test_the_gates_forms_are_all_served() -> None:
    served = {form.path for form, _ in OPERATIONS}
    assert served == {one.path for one in vars(forms).values() if isinstance(one, forms.GateForm)}
    assert {PARTIES[name].url.removeprefix("https://api.rocketpay.kz") for name in GATE} == served


def test_content_types_may_have_parameters() -> None:
    for name in PARTIES:
        party = PARTIES[name]
        headers = without(party, "Content-Type", (JSON[0], "Application/JSON; charset=utf-8"))
        assert ask(party, body_of(party), headers=headers)[0] in (200, 201)
