"""The evaluator: presence, taint, functions and limits."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from jwcrypto import jwe, jwk

from forwardc.core.terms.codec import from_json
from forwardc.core.terms.escaping import NotExpressibleError
from forwardc.core.terms.evaluator import ComputationError, Scope, TextTooLongError, evaluate
from forwardc.core.terms.terms import Atom
from forwardc.core.terms.values import ABSENT, Secret
from forwardc.plan.parts import PlanMoney

NOW = datetime(2026, 11, 20, 12, 0, 0, 250_900, tzinfo=UTC)
VALUES = {
    "params.text": "a b",
    "params.number": Decimal("0.10"),
    "params.amount": 1999,
    "params.currency": "JPY",
    "params.flag": True,
    "params.lines": [{"unit": 5, "n": 2}],
    "plan.money": PlanMoney(digits={"EUR": (2, 2, 1), "JPY": (0, 0, 1), "ISK": (0, 2, 100)}),
    "params.data": {"k": [1, None, Decimal("1.0")]},
    "params.none": None,
    "secrets.key": Secret("hush"),
    "run.now": NOW,
    "response.json": {"status": "ok", "list": [1, 2], "amount": Decimal("1.0"), "null": None},
    "response.status": 201,
}


def value(data: Any, *, reveal: bool = True, present: frozenset[str] = frozenset()) -> Any:
    return evaluate(from_json(data), Scope(VALUES, present, reveal=reveal))


def call(function: str, *args: Any) -> dict[str, Any]:
    return {"$call": function, "args": list(args)}


def ref(name: str) -> dict[str, str]:
    return {"$": name}


def amount(**said: Any) -> dict[str, Any]:
    return {"$amount": {key.rstrip("_"): value for key, value in said.items()}}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"$json": {"a": ref("params.number"), "b": ref("params.flag")}}, '{"a":0.10,"b":true}'),
        ({"$json": {"a": ref("params.data")}}, '{"a":{"k":[1,null,1.0]}}'),
        ({"$json": {"a": {"$if": "params.none", "then": ref("params.none")}, "b": 1}}, '{"b":1}'),
        ({"$json": [{"$if": "card.cvc", "then": 1}, 2]}, "[2]"),
        ({"$json": {"a": {"$text": ["x", {"$if": "card.cvc", "then": "y"}]}}}, "{}"),
        (
            {"$form": {"a": {"b": ref("params.text")}, "c": [ref("params.flag")]}},
            "a[b]=a+b&c[0]=true",
        ),
        ({"$xml": {"r": {".a": 1, ".": "t", "n": None, "m": [1, 2]}}}, None),
        ({"$header": {"$text": ["Bearer ", ref("secrets.key")]}}, "Bearer hush"),
        (call("base64", {"$text": [ref("secrets.key"), ":"]}), "aHVzaDo="),
        (call("hex", call("hmac_sha256", "k", "m")), None),
        # RFC 1321 A.5, RFC 3174 and FIPS 180-4 ("abc"), RFC 2202 section 3, case 2.
        (call("hex", call("md5", "abc")), "900150983cd24fb0d6963f7d28e17f72"),
        (
            call("upper", call("hex", call("sha1", "abc"))),
            "A9993E364706816ABA3E25717850C26C9CD0D89D",
        ),
        (
            call("base64", call("sha512", "abc")),
            "3a81oZNherrMQXNJriBBMRLm+k6JqX6iCp7u5ktV05ohkpkqJ0/BqDa6PCOj/uu9RU1EI2Q86A4qmslPpUyknw==",
        ),
        (
            call("hex", call("hmac_sha1", "Jefe", "what do ya want for nothing?")),
            "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
        ),
        (amount(of="params.amount", as_="decimal", in_="EUR"), Decimal("19.99")),
        (amount(of="params.amount", as_="decimal", in_="params.currency"), Decimal("1999")),
        (amount(of="params.amount", in_="params.currency"), 1999),
        (amount(of="params.amount", in_="ISK"), 199900),
        (amount(as_="exponent", in_="ISK"), 2),
        (amount(of="params.lines", in_="ISK", at=["/*/unit"]), [{"unit": 500, "n": 2}]),
        (call("unix", ref("run.now")), 1795176000),
        (call("unix_ms", ref("run.now")), 1795176000250),
        (call("iso8601", ref("run.now")), "2026-11-20T12:00:00.250Z"),
        (call("slice", ref("params.text"), 0, 1), "a"),
        (call("int", "08"), 8),
        (call("int", "0" * 63 + "8"), 8),
        (call("int", {"$number": "1e3"}), 1000),
        (call("lower", {"$if": "card.cvc", "then": "X"}), ABSENT),
    ],
)
def test_values(data: Any, expected: Any) -> None:
    found = value(data)
    assert expected is None or found == expected


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (call("eq", call("get", ref("response.json"), "status"), "ok"), True),
        (call("eq", call("get", ref("response.json"), "missing"), None), None),
        (call("ne", call("get", ref("response.json"), "missing"), "ok"), None),
        (call("in", ref("response.status"), [200, 201]), True),
        (call("eq", call("get", ref("response.json"), "amount"), 1), True),
        (call("eq", call("get", call("get", ref("response.json"), "list"), 1), 2), True),
        (call("eq", call("get", call("get", ref("response.json"), "list"), 9), 2), None),
        (call("eq", call("lower", call("get", ref("response.json"), "missing")), "ok"), None),
        (call("not", call("eq", 1, 1)), False),
        (call("not", call("get", ref("response.json"), "missing")), None),
        (call("and", True, call("or", False, True)), True),
        (call("eq", True, 1), False),
    ],
)
def test_rules_are_total(rule: Any, expected: Any) -> None:
    assert value(rule) is expected


@pytest.mark.parametrize("given", ["9" * 65, "9" * 5000, {"$number": "1e999999999"}, "1.5", ""])
def test_no_text_or_number_makes_an_integer_without_end(given: Any) -> None:
    with pytest.raises(ComputationError):
        value(call("int", given))


@pytest.mark.parametrize(
    ("number", "text"),
    [("1E-7", "0.0000001"), ("1e2", "100"), ("0.10", "0.10"), ("1e999999999", "1E+999999999")],
)
def test_a_number_in_text_has_digits_and_no_end_of_them(number: str, text: str) -> None:
    assert value({"$text": ["n ", {"$number": number}]}) == f"n {text}"


def test_a_function_over_an_answer_of_another_type_cannot_be_computed() -> None:
    with pytest.raises(ComputationError):
        value(call("lower", ref("response.status")))
    with pytest.raises(ComputationError):
        value(amount(of=1, as_="decimal", in_="XXX"))
    with pytest.raises(ComputationError, match="said by the destination"):
        value(call("decimal", 1, "EUR"))


def test_presence() -> None:
    data = {
        "$json": {"cvc": {"$if": "card.cvc", "then": {"$raw": "{{card_cvv}}"}}},
        "templated": True,
    }
    assert value(data) == "{}"
    assert value(data, present=frozenset({"card.cvc"})) == '{"cvc":"{{card_cvv}}"}'


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"$json": {"a": ref("secrets.key")}}, '{"a":"***"}'),
        ({"$header": {"$text": ["Basic ", call("base64", ref("secrets.key"))]}}, "Basic ***"),
        ({"$json": {"a": call("json", {"b": ref("secrets.key")})}}, '{"a":"{\\"b\\":\\"***\\"}"}'),
        ({"$query": call("hex", call("sha256", ref("secrets.key")))}, "***"),
        ({"$json": {"a": call("jwe", {"b": ref("secrets.key")})}}, '{"a":"***"}'),
        ({"$form": {"a": ref("secrets.key"), "b": ref("params.text")}}, "a=***&b=a+b"),
    ],
)
def test_what_derives_from_a_secret_is_masked(data: Any, expected: str) -> None:
    assert value(data, reveal=False) == expected


def test_a_limit_counts_the_text_and_does_not_show_it() -> None:
    term = {"$limit": 3, "name": "reference", "of": ref("secrets.key")}
    with pytest.raises(TextTooLongError, match="reference is longer than 3 characters") as problem:
        value(term)
    assert "hush" not in str(problem.value)


def test_jwe_names_the_key_it_was_encrypted_with() -> None:
    key = jwk.JWK.generate(kty="RSA", size=2048, kid="k-1")
    call_ = call("jwe", {"a": ref("params.text")}) | {
        "named": {
            "key": key.export_public(),
            "alg": "RSA-OAEP-256",
            "enc": "A256GCM",
            "headers": {"iat": call("text", call("unix", ref("run.now")))},
        }
    }
    token = jwe.JWE()
    token.deserialize(value(call_), key)
    header = json.loads(token.objects["protected"])
    assert header == {
        "alg": "RSA-OAEP-256",
        "enc": "A256GCM",
        "kid": "k-1",
        "iat": "1795176000",
    }
    assert json.loads(token.payload) == {"a": "a b"}


@pytest.mark.parametrize("key", ["hush", "{}", '{"kty":"RSA"}', '{"kty":"oct","k":"AAAA"}'])
def test_a_bad_key_is_refused_without_a_trace_of_it(key: str) -> None:
    data = call("jwe", "x") | {"named": {"key": key, "alg": "A256GCMKW", "enc": "A256GCM"}}
    with pytest.raises(ComputationError) as problem:
        value(data)
    assert problem.value.__cause__ is None
    assert problem.value.__suppress_context__


def test_our_own_mistakes_are_exceptions() -> None:
    with pytest.raises(TypeError):
        evaluate(Atom("card.number"), Scope({}))
    with pytest.raises(TypeError, match="syntax of a vault"):
        value(call("base64", {"$raw": "{{card_number}}"}))
    with pytest.raises(KeyError):
        value(ref("params.unknown"))


def test_xml_has_one_root() -> None:
    with pytest.raises(NotExpressibleError):
        value({"$xml": {"a": 1, "b": 2}})
    document = value(
        {"$xml": {"r": {"n": None}}, "doctype": ["-//X//EN", "http://x.example/x.dtd"]}
    )
    assert document == (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<!DOCTYPE r PUBLIC "-//X//EN" "http://x.example/x.dtd"><r><n/></r>'
    )
