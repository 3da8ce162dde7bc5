"""What an answer means: nothing is approved that no rule approves, on each of the ways it comes."""

import json
from itertools import product
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answered import WAYS, Body, enveloped, plans, ran
from forwardc.core.terms.compiled_writer import compiled_writer
from forwardc.core.terms.evaluator import Scope, evaluate
from forwardc.core.terms.terms import Call, Lit, Ref, Term
from one_rule import one_rule

RESPONSES: Final = {
    "rules": """\
          reason: [{at: /why}, {at: /error/message}]
          outcome:
            - {when: "${response.status >= 500}", is: unknown}
            - {when: "${response.status >= 400}", is: rejected}
            - {when: "${response.json['status'] == 'PAID'}", is: approved}
            - {when: "${response.json['status'] in ['REFUSED', 7]}", is: declined}
            - {when: "${not (response.json['status'] == 'GONE')}", is: pending}
""",
    "not_failed": """\
          outcome:
            - {when: "${not (response.json['status'] == 'FAILED')}", is: approved}
""",
    "not_equal": """\
          outcome:
            - {when: "${response.json['error'] != 'yes'}", is: approved}
""",
    "absence": """\
          outcome:
            - {when: "${not present(response.json['errors'])}", is: approved}
            - {when: "${present(response.json['errors'][0])}", is: rejected}
""",
    "status": "          outcome: by_status",
    "nothing": "          outcome: by_status\n          answer: empty",
    "whatever": "          outcome: by_status\n          answer: any",
    "words": """\
          answer: text
          outcome:
            - {when: "${response.text == 'OK'}", is: approved}
""",
    "graphql": """\
          reason: {at: /errors/0/message}
          outcome:
            - {when: "${present(response.json['errors'][0])}", is: declined}
            - {when: "${response.json['data']['charge']['status'] == 'SETTLED'}", is: approved}
""",
    "flag": """\
          outcome:
            - {when: "${response.json['success']}", is: approved}
            - {when: "${response.json['success'] == false}", is: declined}
""",
    "teapot": """\
          outcome:
            - {when: "${response.status == 418 and response.json['ok'] == true}", is: approved}
            - {when: "${response.json['ok'] == true}", is: approved}
""",
    "order": """\
          outcome:
            - {when: "${response.json['score'] < 50}", is: approved}
            - {when: "${response.json['score'] >= 50}", is: declined}
""",
}
PLANS: Final = plans(RESPONSES)
PAGE: Final = "<!doctype html><html><body>Welcome</body></html>"

# Operation, status, body, outcome, the rule that decides, and a part of the reason.
ANSWERS: Final = [
    ("rules", 200, '{"status": "PAID"}', "approved", 3, None),
    ("rules", 200, '{"status": "REFUSED", "why": "no money"}', "declined", 4, "no money"),
    ("rules", 200, '{"status": "7", "why": null}', "declined", 4, "answered 200"),
    ("rules", 200, '{"status": "OTHER"}', "pending", 5, "answered 200"),
    ("rules", 200, "{}", "unknown", None, "no rule holds"),
    ("rules", 200, '{"status": null}', "unknown", None, "no rule holds"),
    ("rules", 200, '{"status": "GONE"}', "unknown", None, "no rule holds"),
    ("rules", 200, '{"status": "GONE", "why": "moved"}', "unknown", None, "it says: moved"),
    ("rules", 200, '"PAID"', "unknown", None, "rule 3 cannot be computed"),
    ("rules", 200, "[]", "unknown", None, "no rule holds"),
    ("rules", 200, PAGE, "unknown", None, "the body is no JSON"),
    ("rules", 200, "", "unknown", None, "the body is no JSON"),
    ("rules", 204, "", "unknown", None, "the body is no JSON"),
    ("rules", 302, '{"status": "PAID"}', "unknown", None, "answered 302"),
    ("rules", 303, "", "unknown", None, "answered 303"),
    ("rules", 403, PAGE, "rejected", 2, "answered 403"),
    ("rules", 422, '{"error": {"message": "bad"}}', "rejected", 2, "bad"),
    ("rules", 503, PAGE, "unknown", 1, "answered 503"),
    ("rules", 200, '{"status": "PAID", "status": "X"}', "unknown", None, "rule 3 cannot be"),
    ("rules", 200, '{"status": "PAID", "status": "PAID"}', "approved", 3, None),
    ("rules", 200, '{"status": "PAID", "other": 1, "other": 2}', "approved", 3, None),
    ("not_failed", 200, '{"status": "DONE"}', "approved", 1, None),
    ("not_failed", 200, "{}", "unknown", None, "no rule holds"),
    ("not_failed", 200, '{"status": null}', "unknown", None, "no rule holds"),
    ("not_failed", 200, '{"status": ["FAILED"]}', "unknown", None, "no rule holds"),
    ("not_failed", 200, PAGE, "unknown", None, "no JSON"),
    ("not_failed", 200, '"FAILED"', "unknown", None, "cannot be computed"),
    ("not_failed", 500, '{"status": "DONE"}', "unknown", None, "no rule holds"),
    ("not_failed", 400, '{"status": "DONE"}', "unknown", None, "no rule holds"),
    ("not_equal", 200, '{"error": "no"}', "approved", 1, None),
    ("not_equal", 200, "{}", "unknown", None, "no rule holds"),
    ("not_equal", 200, '{"error": {"code": 1}}', "unknown", None, "no rule holds"),
    ("absence", 200, '{"data": {}}', "approved", 1, None),
    ("absence", 200, '{"errors": null}', "approved", 1, None),
    ("absence", 200, '{"errors": [{"a": 1}]}', "rejected", 2, "answered 200"),
    ("absence", 200, '{"errors": []}', "unknown", None, "no rule holds"),
    ("absence", 200, '{"errors": 1, "errors": 2}', "unknown", None, "cannot be computed"),
    ("absence", 200, PAGE, "unknown", None, "no JSON"),
    ("absence", 200, "null", "unknown", None, "no JSON"),
    ("absence", 500, '{"data": {}}', "unknown", None, "no rule holds"),
    ("status", 200, "{}", "approved", 1, None),
    ("status", 201, "[]", "approved", 1, None),
    ("status", 200, PAGE, "unknown", None, "no JSON"),
    ("status", 200, "OK", "unknown", None, "no JSON"),
    ("status", 301, "{}", "unknown", None, "answered 301"),
    ("status", 404, "", "rejected", 2, "answered 404"),
    ("status", 500, "{}", "unknown", None, "no rule holds"),
    ("nothing", 204, "", "approved", 1, None),
    ("nothing", 200, " \r\n", "approved", 1, None),
    ("nothing", 200, "{}", "unknown", None, "not empty"),
    ("whatever", 200, PAGE, "approved", 1, None),
    ("whatever", 200, "", "approved", 1, None),
    ("whatever", 307, "", "unknown", None, "answered 307"),
    ("words", 200, "OK\n", "approved", 1, None),
    ("words", 200, "NOK", "unknown", None, "no rule holds"),
    ("words", 200, PAGE, "unknown", None, "empty or a page"),
    ("graphql", 200, '{"data": {"charge": {"status": "SETTLED"}}}', "approved", 2, None),
    (
        *("graphql", 200, '{"data": {"charge": {"status": "SETTLED"}}, "errors": [{"message":'),
        *("declined", 1, "limit"),
    ),
    ("graphql", 200, '{"data": {"charge": null}, "errors": []}', "unknown", None, "no rule holds"),
    ("flag", 200, '{"success": true}', "approved", 1, None),
    ("flag", 200, '{"success": false}', "declined", 2, "answered 200"),
    ("flag", 200, '{"success": "true"}', "unknown", None, "neither true nor false"),
    ("flag", 200, '{"success": 1}', "unknown", None, "neither true nor false"),
    ("flag", 200, "{}", "unknown", None, "no rule holds"),
    ("teapot", 418, '{"ok": true}', "approved", 1, None),
    ("teapot", 419, '{"ok": true}', "unknown", None, "no rule holds"),
    ("teapot", 200, '{"ok": true}', "approved", 2, None),
    ("order", 200, '{"score": 49.5}', "approved", 1, None),
    ("order", 200, '{"score": 50}', "declined", 2, "answered 200"),
    ("order", 200, '{"score": "49"}', "unknown", None, "rule 1 cannot be computed"),
    ("order", 200, '{"score": null}', "unknown", None, "no rule holds"),
    ("order", 200, '{"score": true}', "unknown", None, "rule 1 cannot be computed"),
]
ANSWERS = [
    (*row[:2], f'{row[2]} "limit"}}]}}', *row[3:]) if row[2].endswith('"message":') else row
    for row in ANSWERS
]


@pytest.mark.parametrize(
    ("operation", "status", "body", "outcome", "rule", "why"),
    ANSWERS,
    ids=[f"{row[0]}-{row[1]}-{index}" for index, row in enumerate(ANSWERS)],
)
@one_rule("way", WAYS)
def test_what_an_answer_means(
    way: str,
    operation: str,
    status: int,
    body: str,
    outcome: str,
    rule: int | None,
    why: str | None,
) -> None:
    result = ran(PLANS[way], operation, way, enveloped(way, Body(body, status=status)))
    (step,) = result.steps
    assert (str(result.outcome), step.rule) == (outcome, rule)
    assert (why in (result.reason or "")) if why else result.reason is None


SCALARS: Final = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-9, 9),
    st.sampled_from(["PAID", "REFUSED", "FAILED", "paid", "", "yes", "7"]),
)
DATA: Final = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["status", "error", "errors", "ok", "data", "success"]), inner
        ),
    ),
    max_leaves=8,
)


@pytest.mark.parametrize("body", ["[]", "[1]", '"text"', "7", "true", "null", '[{"errors": null}]'])
@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_missing_from_what_could_not_hold_it(body: str, way: str) -> None:
    result = ran(PLANS[way], "absence", way, enveloped(way, Body(body)))
    assert result.outcome == "unknown"


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        (("a",), None),
        (("a", "b"), None),
        ((0,), True),
        ((7,), False),
        ((7, "a"), False),
        ((0, "a"), True),
        ((0, "z"), False),
        ((0, "z", "y"), False),
        ((0, "n"), False),
        ((0, "a", 0), None),
        ((0, "a", 0, "b"), None),
    ],
)
def test_whether_something_is_there_has_three_answers(
    keys: tuple[str | int, ...], found: bool | None
) -> None:
    term: Term = Ref("response.json")
    for key in keys:
        term = Call("get", (term, Lit(key)))
    scope = Scope({"response.json": [{"a": {"b": 1}, "n": None}]})
    for read in (lambda one: evaluate(one, scope), lambda one: compiled_writer(one)(scope)):
        assert read(Call("present", (term,))) is found
        assert read(Call("not", (Call("present", (term,)),))) is (
            None if found is None else not found
        )
        equal = read(Call("eq", (term, Lit("x"))))
        assert equal is None if not found else equal in (None, False)


@pytest.mark.fuzz
@given(
    st.sampled_from(sorted(set(RESPONSES) - {"status", "whatever", "nothing", "words"})),
    st.sampled_from([200, 201, 204, 299, 302, 304, 400, 404, 418, 500, 503]),
    st.one_of(DATA.map(json.dumps), st.sampled_from(["", PAGE, "OK", "a=b", "<r/>"])),
    st.sampled_from(WAYS),
)
def test_nothing_is_approved_that_no_rule_approves(
    operation: str, status: int, body: str, way: str
) -> None:
    result = ran(PLANS[way], operation, way, enveloped(way, Body(body, status=status)))
    try:
        data = json.loads(body)
    except ValueError:
        data = None
    if result.outcome == "approved":
        assert isinstance(data, dict)
        assert _approves(operation, status, data)


def _approves(operation: str, status: int, data: dict[str, Any]) -> bool:
    """The same rules, told once more by a person."""
    if operation == "teapot" and status == 418:
        return data.get("ok") is True
    if not 200 <= status <= 299:
        return False
    match operation:
        case "rules":
            return data.get("status") == "PAID"
        case "not_failed":
            return isinstance(data["status"], str | int) and data["status"] != "FAILED"
        case "not_equal":
            return isinstance(data["error"], str | int) and data["error"] != "yes"
        case "absence":
            return data.get("errors") is None
        case "graphql":
            return data["data"]["charge"]["status"] == "SETTLED"
        case "flag":
            return data["success"] is True
        case "teapot":
            return data.get("ok") is True
        case _:
            return data["score"] < 50


THREE: Final = (True, False, None)
LEAVES: Final = st.sampled_from([Lit(value) for value in THREE])


def _grown(inner: st.SearchStrategy[Term]) -> st.SearchStrategy[Term]:
    two = st.tuples(inner, inner)
    return st.one_of(
        inner.map(lambda term: Call("not", (term,))),
        two.map(lambda pair: Call("and", pair)),
        two.map(lambda pair: Call("or", pair)),
    )


def _of_three(term: Term) -> bool | None:
    """The truth tables of SQL (three-valued logic of Kleene), worked out by trying both."""
    if isinstance(term, Lit):
        assert term.value is None or isinstance(term.value, bool)
        return term.value
    assert isinstance(term, Call)
    sides = [_of_three(side) for side in term.args]
    tried = {_of_two(term.function, values) for values in product(*map(_possible, sides))}
    return tried.pop() if len(tried) == 1 else None


def _possible(value: bool | None) -> tuple[bool, ...]:
    return (True, False) if value is None else (value,)


def _of_two(word: str, values: tuple[bool, ...]) -> bool:
    return not values[0] if word == "not" else all(values) if word == "and" else any(values)


@pytest.mark.fuzz
@given(st.recursive(LEAVES, _grown, max_leaves=12))
def test_logic_has_three_values(term: Term) -> None:
    assert evaluate(term, Scope({})) is _of_three(term)
    assert compiled_writer(term)(Scope({})) is _of_three(term)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (1, "1", True),
        ("0", 0, True),
        (-5, "-5", True),
        (1, "01", False),
        (1, "1.0", False),
        (1, " 1", False),
        (1, "", False),
        (True, "true", False),
        (True, 1, False),
        (True, "True", False),
        (12345678901234567890, "12345678901234567890", True),
        ("a", "a", True),
        (None, None, None),
        (None, "", None),
        (1, None, None),
    ],
)
def test_a_number_equals_its_own_digits(left: Any, right: Any, expected: bool | None) -> None:
    pair = Lit(left), Lit(right)
    assert evaluate(Call("eq", pair), Scope({})) is expected
    other = None if expected is None else not expected
    assert evaluate(Call("ne", pair), Scope({})) is other


def test_decimals_are_compared_to_the_digit() -> None:
    way = "direct"
    plan = plans(
        {
            "one": """\
          outcome:
            - {when: "${response.json['sum'] == '1.10'}", is: approved}
            - {when: "${response.json['sum'] in [2, '3']}", is: declined}
"""
        }
    )[way]
    for body, outcome in {
        '{"sum": 1.10}': "approved",
        '{"sum": "1.10"}': "approved",
        '{"sum": 1.1}': "unknown",
        '{"sum": 2.0}': "declined",
        '{"sum": "2"}': "declined",
        '{"sum": "2.0"}': "unknown",
        '{"sum": 3}': "declined",
        '{"sum": 3.0}': "unknown",
    }.items():
        assert str(ran(plan, "one", way, enveloped(way, Body(body))).outcome) == outcome, body
