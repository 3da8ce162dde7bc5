"""The evaluator, part by part: what is left out, what is refused, and what is asked at all."""

from decimal import Decimal
from typing import Any

import pytest

from forwardc.core.terms.codec import from_json
from forwardc.core.terms.escaping import NotExpressibleError
from forwardc.core.terms.evaluator import (
    MASKED,
    ComputationError,
    Scope,
    TextTooLongError,
    evaluate,
    joined,
)
from forwardc.core.terms.terms import Source, Term
from forwardc.core.terms.values import ABSENT, Fragment, Secret, Template
from forwardc.plan.parts import PlanMoney

LEFT_OUT = {"$if": "card.cvc", "then": {"$raw": "{{cvc}}"}}
UNKNOWN = {"$": "params.unknown"}
SOURCE = {"$source": True}
VALUES = {
    "params.text": "a b",
    "params.empty": "",
    "params.zero": 0,
    "params.no": False,
    "params.none": None,
    "params.amount": 1999,
    "params.currency": "EUR",
    "params.braces": "{{x}}",
    "secrets.key": Secret("hush"),
    "secrets.amount": Secret(5),
    "plan.money": PlanMoney(digits={"EUR": (2, 2, 1)}),
}


def value(data: Any, *present: str, source: Term | None = None, reveal: bool = True) -> Any:
    return evaluate(from_json(data), Scope(VALUES, frozenset(present), source, reveal=reveal))


def call(function: str, *args: Any) -> dict[str, Any]:
    return {"$call": function, "args": list(args)}


@pytest.mark.parametrize(
    ("name", "is_there"),
    [
        ("params.text", True),
        ("params.empty", True),
        ("params.zero", True),
        ("params.no", True),
        ("secrets.key", True),
        ("card.holder_name", True),
        ("params.none", False),
        ("params.unknown", False),
        ("card.cvc", False),
    ],
)
def test_a_value_or_its_presence_is_what_an_optional_part_asks_for(
    name: str, is_there: bool
) -> None:
    body = {"$json": {"a": {"$if": name, "then": "yes"}}}
    assert value(body, "card.holder_name") == ('{"a":"yes"}' if is_there else "{}")
    text = {"$text": ["is ", {"$if": name, "then": "there"}]}
    assert value(text, "card.holder_name") == ("is there" if is_there else ABSENT)


def test_nothing_is_revealed_unless_it_is_said() -> None:
    key = from_json({"$": "secrets.key"})
    assert evaluate(key, Scope(VALUES)) == MASKED
    assert evaluate(key, Scope(VALUES, reveal=True)) == "hush"


@pytest.mark.parametrize("data", [SOURCE, {"$json": SOURCE}, {"$text": ["s ", SOURCE]}])
def test_without_a_source_there_is_none_to_send(data: Any) -> None:
    with pytest.raises(KeyError, match="source"):
        value(data)


def test_the_source_stands_where_the_plan_puts_it() -> None:
    source = from_json({"type": "id", "id": {"$": "params.text"}})
    assert value(SOURCE, source=source) == {"type": "id", "id": "a b"}
    assert value({"$json": {"source": SOURCE}}, source=source) == (
        '{"source":{"type":"id","id":"a b"}}'
    )
    assert value({"$json": SOURCE}, source=source) == '{"type":"id","id":"a b"}'
    assert value({"$text": ["s ", SOURCE]}, source=from_json("src_1")) == "s src_1"


def test_a_source_that_is_left_out_leaves_out_what_it_stands_in() -> None:
    source = from_json(LEFT_OUT)
    assert evaluate(Source(), Scope(VALUES, source=source)) is ABSENT
    assert value({"$json": SOURCE}, source=source) is ABSENT
    assert value({"$json": {"a": 1, "b": SOURCE}}, source=source) == '{"a":1}'
    assert value({"$text": [UNKNOWN, SOURCE]}, source=source) is ABSENT


@pytest.mark.parametrize(
    "data",
    [
        {"$text": [UNKNOWN, LEFT_OUT]},
        {"$text": [LEFT_OUT, UNKNOWN]},
        {"$text": [UNKNOWN, {"$if": "params.text", "then": LEFT_OUT}]},
        {"$text": [UNKNOWN, {"$text": ["x", LEFT_OUT]}]},
        {"$text": [UNKNOWN, call("lower", LEFT_OUT)]},
        {"$text": [UNKNOWN, {"$header": LEFT_OUT}]},
        {"$text": [UNKNOWN, {"$limit": 3, "name": "n", "of": LEFT_OUT}]},
        {"$text": [UNKNOWN, {"$amount": {"of": 5, "in": LEFT_OUT}}]},
        call("hmac_sha256", UNKNOWN, LEFT_OUT),
        {"$header": {"$text": [UNKNOWN, LEFT_OUT]}},
        {"$query": {"$text": [UNKNOWN, LEFT_OUT]}},
        {"$amount": {"of": UNKNOWN, "in": LEFT_OUT}},
        {"$limit": 1, "name": "n", "of": {"$text": ["long", LEFT_OUT]}},
    ],
)
def test_what_is_left_out_asks_for_nothing_else(data: Any) -> None:
    assert value(data) is ABSENT


def test_what_is_not_left_out_asks_for_all_of_it() -> None:
    data = {"$text": [UNKNOWN, {"$if": "params.text", "then": "x"}]}
    with pytest.raises(KeyError):
        value(data)


@pytest.mark.parametrize(
    "values", [["a", ABSENT], [ABSENT, "a"], [ABSENT], [Fragment("f"), ABSENT]]
)
def test_a_text_is_absent_where_one_part_is(values: list[Any]) -> None:
    assert joined(values) is ABSENT


def test_a_text_of_no_parts_is_empty() -> None:
    assert value({"$text": []}) == ""


def test_the_syntax_of_a_vault_stays_apart_from_the_text_beside_it() -> None:
    assert joined(["{", Fragment("{{number}}")]) == Template(("{", Fragment("{{number}}")))
    text = {"$text": ["{ ", {"$raw": "{{number}}"}]}
    assert value({"$json": [text], "templated": True}) == '["\\u007b {{number}}"]'
    assert value({"$json": {"a": {"$": "params.braces"}}}) == '{"a":"{{x}}"}'


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (call("or", True, UNKNOWN), True),
        (call("and", False, UNKNOWN), False),
        (call("or", False, {"$": "params.none"}), None),
        (call("and", LEFT_OUT, True), None),
        (call("and", LEFT_OUT, False), False),
        (call("present", {"$": "params.text"}), True),
        (call("present", {"$": "params.no"}), True),
        (call("present", {"$": "params.empty"}), True),
        (call("present", {"$": "params.none"}), False),
        (call("present", LEFT_OUT), False),
        (call("not", call("present", {"$": "params.none"})), True),
    ],
)
def test_a_rule_asks_no_further_than_it_must(rule: Any, expected: bool | None) -> None:
    assert value(rule) is expected


@pytest.mark.parametrize("word", ["and", "or"])
def test_a_side_that_decides_nothing_lets_the_other_one_be_asked(word: str) -> None:
    with pytest.raises(KeyError):
        value(call(word, word == "and", UNKNOWN))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (call("text", {"$": "params.zero"}), "0"),
        (call("text", {"$": "params.no"}), "false"),
        (call("text", {"$number": "0.10"}), "0.10"),
        (call("json", [1, "{", {"a": None}]), '[1,"{",{"a":null}]'),
        (call("upper", {"$": "params.text"}), "A B"),
        (call("lower", {"$": "params.none"}), None),
        (call("slice", {"$": "params.text"}, 0, {"$": "params.none"}), None),
        ({"$plain": " a "}, " a "),
        ({"$query": {"$text": ["a=", {"$": "params.text"}]}}, "a%3Da%20b"),
        (
            {"$url": {"$text": ["https://x.example/", {"$": "params.text"}]}},
            "https://x.example/a%20b",
        ),
        ({"$header": {"$text": ["a: ", {"$": "params.text"}]}}, "a: a b"),
    ],
)
def test_what_is_written(data: Any, expected: Any) -> None:
    found = value(data)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize("text", [" a", "a ", " ", "  a"])
def test_a_header_that_would_arrive_otherwise_is_refused(text: str) -> None:
    with pytest.raises(NotExpressibleError, match="begin or end with a space"):
        value({"$header": text})


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (call("sha256", "\ud800"), "lone surrogate"),
        (call("lower", 5), "this type of value"),
        (call("base64", [1]), "this type of value"),
    ],
)
def test_a_value_that_a_function_does_not_take(data: Any, words: str) -> None:
    with pytest.raises(ComputationError, match=words):
        value(data)


MASKED_TWICE = {"$text": [{"$": "secrets.key"}, {"$raw": "{{number}}"}]}


@pytest.mark.parametrize(
    "data",
    [
        call("base64", MASKED_TWICE),
        call("hmac_sha256", {"$": "secrets.key"}, {"$raw": "{{number}}"}),
        {"$amount": {"of": {"$raw": "{{number}}"}, "in": "EUR"}},
        {"$amount": {"of": [{"$": "secrets.amount"}, {"$raw": "1"}], "in": "EUR", "at": ["/*"]}},
    ],
)
def test_nothing_is_computed_of_what_the_vault_alone_knows(data: Any) -> None:
    with pytest.raises(TypeError, match="syntax of a vault"):
        value(data, reveal=False)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"of": "secrets.amount", "in": "EUR"}, 5),
        ({"of": [{"$": "secrets.amount"}, 7], "in": "EUR", "at": ["/*"]}, [5, 7]),
        ({"of": {"a": {"$": "secrets.amount"}}, "in": "EUR", "at": ["/a"]}, {"a": 5}),
        ({"of": "secrets.amount", "in": "EUR", "as": "decimal"}, Decimal("0.05")),
    ],
)
def test_an_amount_with_a_secret_in_it_is_masked(said: Any, expected: Any) -> None:
    assert value({"$amount": said}) == expected
    assert value({"$amount": said}, reveal=False) == MASKED


def limit(maximum: int, of: Any) -> dict[str, Any]:
    return {"$limit": maximum, "name": "reference", "of": of}


@pytest.mark.parametrize("text", ["", "a", "abc", "äöü", "😀😀😀"])
def test_a_text_may_be_as_long_as_its_limit(text: str) -> None:
    assert value(limit(3, text)) == text
    assert value(limit(len(text), text)) == text


@pytest.mark.parametrize("text", ["abcd", "äöüß", "😀😀😀😀", "abc "])
def test_a_text_of_one_more_is_refused(text: str) -> None:
    with pytest.raises(TextTooLongError, match="reference is longer than 3 characters") as problem:
        value(limit(3, text))
    assert text not in str(problem.value)


@pytest.mark.parametrize("data", [12345, True, None, {"$raw": "{{number}}"}, ["abcd"]])
def test_a_limit_is_of_text_alone(data: Any) -> None:
    assert value(limit(3, data)) == value(data)
