"""What each type of param takes, from a command line and from a file."""

from decimal import Decimal
from typing import Any

import pytest

from forwardc.core.diagnostics.sink import Sink
from forwardc.core.documents.reading import DamagedDocumentError, read_part
from forwardc.core.terms.values import Secret
from forwardc.core.terms.writers import json_pieces
from forwardc.plan.model import ValueSpec
from forwardc.runtime.run.values import checked_value, default_of, from_text, wrapped


def spec(**fields: Any) -> ValueSpec:
    return read_part(ValueSpec, fields)


ACCEPTED_TEXT = [
    ({"type": "string"}, "a\nb{{x}}", "a\nb{{x}}"),
    ({"type": "string", "max_length": 2}, "é🂡", "é🂡"),
    ({"type": "string", "pattern": "[a-z]+"}, "abc", "abc"),
    ({"type": "integer"}, "-12", -12),
    ({"type": "integer", "minimum": 1, "maximum": 3}, "3", 3),
    ({"type": "amount"}, "0", 0),
    ({"type": "number"}, "0.10", Decimal("0.10")),
    ({"type": "number", "maximum": "1.5"}, "1.5", Decimal("1.5")),
    ({"type": "boolean"}, "true", True),
    ({"type": "enum", "values": ["a", "b"]}, "b", "b"),
    ({"type": "enum", "values": [1, True]}, "1", 1),
    ({"type": "currency"}, "EUR", "EUR"),
    ({"type": "currency"}, "eur", "eur"),
    ({"type": "currency", "values": ["EUR", "SEK"]}, "sek", "sek"),
    ({"type": "country"}, "NO", "NO"),
    ({"type": "country"}, "XK", "XK"),
    ({"type": "country"}, "xk", "xk"),
    ({"type": "country", "values": ["NL", "ZZ"]}, "ZZ", "ZZ"),
    ({"type": "uri"}, "https://shop.example/a?b=c#d", "https://shop.example/a?b=c#d"),
    ({"type": "uri"}, "http://localhost:3000/x", "http://localhost:3000/x"),
    ({"type": "json"}, '{"a": [1.50, null]}', {"a": [Decimal("1.50"), None]}),
    ({"type": "json", "schema": {"type": "object"}}, "{}", {}),
    ({"type": "json"}, '\ufeff{"a": 1e2}', {"a": Decimal(100)}),
    ({"type": "json", "schema": {"maximum": {"$number": "99.99"}}}, "99.99", Decimal("99.99")),
    ({"type": "json", "schema": {"multipleOf": {"$number": "0.01"}}}, "10.50", Decimal("10.50")),
    ({"type": "json", "schema": {"const": {"$number": "0.7"}}}, "0.70", Decimal("0.70")),
    ({"type": "json", "schema": {"enum": [{"$number": "1.10"}]}}, "1.1", Decimal("1.1")),
    ({"type": "integer"}, "\ufeff12", 12),
    ({"type": "number"}, "0.0000001", Decimal("0.0000001")),
    ({"type": "string"}, "\ufeffa\u00a0", "\ufeffa\u00a0"),
    ({"type": "string", "not_card": True}, "4242424242424242", "4242424242424242"),
    ({"type": "string"}, "424242424242424", "424242424242424"),
]


@pytest.mark.parametrize(("fields", "text", "value"), ACCEPTED_TEXT)
def test_what_is_taken_from_text(fields: dict[str, Any], text: str, value: Any) -> None:
    sink = Sink()
    assert from_text(spec(**fields), text, "params.x", sink) == value
    assert not sink.sorted()


REFUSED_TEXT = [
    ({"type": "string", "min_length": 1}, "", "at least 1"),
    ({"type": "string", "max_length": 2}, "abc", "at most 2"),
    ({"type": "string", "pattern": "^[a-z]+$"}, "abc\n", "required form"),
    ({"type": "string", "pattern": "[a-z]"}, "ab", "required form"),
    ({"type": "integer"}, "1.0", "whole number"),
    ({"type": "integer"}, "١٢", "whole number"),
    ({"type": "integer"}, "1" * 20, "64 bits"),
    ({"type": "integer", "minimum": 1}, "0", "at least 1"),
    ({"type": "amount"}, "-1", "negative"),
    ({"type": "amount", "maximum": 10}, "11", "at most 10"),
    ({"type": "number"}, "1e3", "digits"),
    ({"type": "number"}, "NaN", "digits"),
    ({"type": "boolean"}, "yes", "true or false"),
    ({"type": "enum", "values": ["a", "b"]}, "c", "one of: a, b"),
    ({"type": "currency"}, "Eur", "ISO 4217"),
    ({"type": "currency"}, "ZZZ", "ISO 4217"),
    ({"type": "currency", "values": ["EUR", "SEK"]}, "USD", "one of: EUR, SEK"),
    ({"type": "country"}, "UK", "ISO 3166-1"),
    ({"type": "country"}, "Xk", "ISO 3166-1"),
    ({"type": "country"}, "XKX", "ISO 3166-1"),
    ({"type": "country"}, "XI", "ISO 3166-1"),
    ({"type": "country"}, "ZZ", "ISO 3166-1"),
    ({"type": "country", "values": ["NL", "UK"]}, "UK", "ISO 3166-1"),
    ({"type": "country", "values": ["NL", "ZZ"]}, "XK", "one of"),
    ({"type": "uri"}, "javascript:alert(1)", "https or http"),
    ({"type": "uri"}, "https://user:pass@shop.example", "user name"),
    ({"type": "uri"}, "https://", "https or http"),
    ({"type": "uri"}, "https://[::1", "must be a URL"),
    ({"type": "uri"}, "https://shop.example/a b", "percent-encoded"),
    ({"type": "uri"}, "https://shop.example/é", "percent-encoded"),
    ({"type": "json"}, "{", "must be JSON"),
    ({"type": "json"}, "NaN", "must be JSON"),
    ({"type": "json"}, "[" * 100 + "]" * 100, "deeper"),
    ({"type": "json"}, "1e999", "exponent"),
    ({"type": "json", "schema": {"type": "object"}}, "[]", "schema at $ (type)"),
]


@pytest.mark.parametrize(("fields", "text", "reason"), REFUSED_TEXT)
def test_what_is_refused_as_text(fields: dict[str, Any], text: str, reason: str) -> None:
    sink = Sink()
    assert from_text(spec(**fields), text, "params.x", sink) is None
    (problem,) = sink.sorted()
    assert problem.code == "FC0804"
    assert problem.pointer == "/params/x"
    assert reason in problem.message
    assert len(text) < 3 or text not in problem.message


REFUSED_TYPED = [
    ({"type": "string"}, 1),
    ({"type": "integer"}, "1"),
    ({"type": "integer"}, True),
    ({"type": "integer"}, Decimal("1")),
    ({"type": "amount"}, 1.0),
    ({"type": "number"}, 0.1),
    ({"type": "number"}, Decimal("Infinity")),
    ({"type": "number"}, Decimal("1E+999999")),
    ({"type": "boolean"}, 1),
    ({"type": "enum", "values": [1]}, True),
    ({"type": "currency"}, None),
    ({"type": "json"}, {"a": 0.5}),
    ({"type": "json"}, {1: 2}),
]


@pytest.mark.parametrize(("fields", "value"), REFUSED_TYPED)
def test_what_is_refused_from_a_file(fields: dict[str, Any], value: Any) -> None:
    sink = Sink()
    assert checked_value(spec(**fields), value, "params.x", sink) is None
    assert [problem.code for problem in sink.sorted()] == ["FC0804"]


@pytest.mark.parametrize(
    ("fields", "value"),
    [
        ({"type": "string"}, "4242424242424242"),
        ({"type": "string"}, "card 4242-4242-4242-4242."),
        ({"type": "integer"}, 4242424242424242),
        ({"type": "number"}, Decimal("4242424242424242")),
        ({"type": "json"}, {"deep": ["x", {"4242424242424242": 1}]}),
        ({"type": "json"}, [4242424242424242]),
    ],
)
def test_card_numbers_are_refused_and_not_repeated(fields: dict[str, Any], value: Any) -> None:
    sink = Sink()
    assert checked_value(spec(**fields), value, "params.x", sink) is None
    (problem,) = sink.sorted()
    assert problem.code == "FC0812"
    assert "4242" not in f"{problem}"


def test_a_random_identifier_that_looks_like_one_is_taken() -> None:
    sink = Sink()
    for value in ("42424242-4242-4424-a242-ffffffffffff", "aa4242424242424242bbccddeeff0011"):
        assert checked_value(spec(type="string"), value, "params.x", sink) == value
    assert not sink.sorted()


def test_a_schema_names_the_place_and_not_the_value() -> None:
    sink = Sink()
    schema = {"type": "object", "properties": {"a": {"items": {"maxLength": 3}}}}
    checked_value(spec(type="json", schema=schema), {"a": ["ok", "hush-hush"]}, "params.x", sink)
    (problem,) = sink.sorted()
    assert "$.a[1] (maxLength)" in problem.message
    assert "hush" not in problem.message


def test_defaults_and_sensitive_values() -> None:
    assert default_of(spec(type="number", default="0.5")) == Decimal("0.5")
    assert default_of(spec(type="number", default={"$number": "0.5"})) == Decimal("0.5")
    assert default_of(spec(type="string", default="0.5")) == "0.5"
    assert isinstance(wrapped(spec(type="string", sensitive=True), "x"), Secret)
    assert wrapped(spec(type="string"), "x") == "x"


@pytest.mark.parametrize(
    ("fields", "text", "space"),
    [
        ({"type": "amount"}, "1000\u00a0", "a no-break space (U+00A0)"),
        ({"type": "number"}, "\u202f1.5", "a narrow no-break space (U+202F)"),
        ({"type": "json"}, '{\u00a0"a": 1}', "a no-break space (U+00A0)"),
        ({"type": "currency"}, "EUR\u200b", "a zero-width space (U+200B)"),
        ({"type": "string", "pattern": "[A-Z]+"}, "A\u2007", "a figure space (U+2007)"),
    ],
)
def test_a_space_that_is_none_is_named(fields: dict[str, Any], text: str, space: str) -> None:
    sink = Sink()
    assert from_text(spec(**fields), text, "params.x", sink) is None
    (found,) = sink.sorted()
    assert (found.code, space in str(found.hint)) == ("FC0804", True)


@pytest.mark.parametrize("text", ["1e-7", "0.1E-6", "0.0000001"])
def test_a_number_is_sent_in_digits(text: str) -> None:
    value = from_text(spec(type="json"), text, "params.x", Sink())
    assert "".join(map(str, json_pieces(value, templated=True))) == "0.0000001"


@pytest.mark.parametrize("number", [0.5, {"$number": "x"}, {"$number": "NaN"}])
def test_a_plan_with_an_inexact_number_in_a_schema_is_damaged(number: Any) -> None:
    with pytest.raises(DamagedDocumentError):
        spec(type="json", schema={"items": {"maximum": number}})
