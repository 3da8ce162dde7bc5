"""Amounts as they leave and as they come back, in plans that are compiled here."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
import pytest

from compiled import plan_of, program_of
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.terms.evaluator import Scope
from forwardc.plan.model import Plan, load_plan
from forwardc.runtime.history.records import recorded_amounts as sums
from forwardc.runtime.run.amounts import check_amounts, currencies, money_of, recorded_amounts
from forwardc.runtime.run.request import RunRequest
from forwardc.runtime.run.step_result import step_outputs

TWO_STEPS = """
        response:
          outputs:
            done: {at: /sum, type: amount, currency: params.currency, asked: params.amount}
            raw: {at: /sum, optional: true}
          outcome:
            - {when: "${response.json['ok'] == 'yes'}", is: approved}
      again:
        deliver: direct
        request: {POST: /again, json: {sum: "${steps.pay.done}", iso: "${iso(steps.pay.done)}"}}
        response:
          outcome:
            - {when: "${response.status == 200}", is: approved}
"""
ONE_STEP = """
        response:
          outcome:
            - {when: "${response.status == 200}", is: approved}
"""
PARAMS = {"amount": "{type: amount}", "currency": "{type: currency}"}


def plan(
    money: str,
    body: str,
    params: dict[str, str] | None = None,
    rest: str = ONE_STEP,
    environment: str = "sandbox",
) -> Plan:
    declared = "\n".join(f"  {name}: {what}" for name, what in (params or PARAMS).items())
    host = "{base_url: https://api.shop.example}"
    program = program_of(
        f"""forwardc: 1
name: shop
title: Shop
environments: {{sandbox: {host}, production: {host}}}
{money}
params:
{declared}
operations:
  pay:
    initiator: customer
    steps:
      pay:
        deliver: direct
        request:
          POST: /pay
{body}
{rest.lstrip(chr(10))}""",
        environment=environment,
    )
    return load_plan(json.dumps(plan_of(program, "direct")).encode())


SENT = '          json: {value: "${params.amount}", currency: "${params.currency}"}'


def answered(data: object) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _: httpx.Response(200, json=data)


def body_of(ran: Any, which: int = 0) -> str:
    ran.done  # noqa: B018 - says what was wrong where nothing was sent
    return str(ran.requests[which].content.decode())


@pytest.mark.parametrize(
    ("money", "amount", "currency", "value"),
    [
        ("money: {table: stripe}", 1000, "UGX", "100000"),
        ("money: {table: stripe}", 1000, "ugx", "100000"),
        ("money: {table: adyen}", 1000000, "IDR", "10000"),
        ("money: {table: adyen}", 2790, "ISK", "279000"),
        ("money: {table: adyen}", 12, "CNH", "12"),
        ("money: {table: checkout}", 1000, "CLP", "100000"),
        ("money: {table: paypal}", 1050, "EUR", '"10.50"'),
        ("money: {table: paypal}", 1000, "HUF", '"10"'),
        ("money: {table: paypal}", 1500, "TND", '"1.500"'),
        ("money: {table: paypal}", 5, "EUR", '"0.05"'),
        ("money: {unit: major, form: number, source: x}", 1050, "EUR", "10.50"),
        ("money: {unit: major, form: number, source: x}", 1050, "JPY", "1050"),
        ("money: {unit: major, form: number, source: x}", 0, "EUR", "0.00"),
        ("money: {form: text, source: x}", 1050, "EUR", '"1050"'),
        ("money: {base: two, digits: {JPY: 2}, source: x}", 7, "JPY", "700"),
        ("money: {extra: {CNH: 2}, source: x}", 7, "CNH", "7"),
        ("money: {digits: {ISK: 2}, multiple_of: {ISK: 100}, source: x}", 7, "ISK", "700"),
        ("", 2790, "ISK", "2790"),
    ],
)
def test_the_number_that_leaves(
    execute: Any, money: str, amount: int, currency: str, value: str
) -> None:
    given = RunRequest(texts={"amount": str(amount), "currency": currency})
    ran = execute(plan(money, SENT), "pay", given, answered({}))
    assert body_of(ran) == f'{{"value":{value},"currency":"{currency}"}}'


@pytest.mark.parametrize(
    ("money", "amount", "currency", "told"),
    [
        ("money: {table: stripe}", 5124, "KWD", "KWD must be a multiple of 10"),
        ("money: {table: stripe}", 100, "IQD", "IQD is not among the currencies"),
        ("money: {table: stripe}", 100, "CLF", "CLF is not among the currencies"),
        ("money: {table: adyen}", 1050, "CVE", "CVE has 2 decimals"),
        ("money: {table: checkout}", 1001, "BHD", "BHD must be a multiple of 10"),
        ("money: {table: checkout}", 1234567890, "EUR", "more than the 9 digits"),
        ("money: {table: checkout}", 0, "EUR", "smaller than 1"),
        ("money: {table: paypal}", 1050, "HUF", "HUF has 2 decimals"),
        ("money: {base: two, source: x}", 100, "JPY", "JPY is not among"),
        ("money: {exponents: [0, 2], source: x}", 100, "KWD", "KWD is not among"),
        ("money: {refuse: [EUR], source: x}", 100, "EUR", "EUR is not among"),
        ("money: {unit: major, min: 0.50, source: x}", 49, "EUR", "smaller than 0.50"),
    ],
)
def test_what_is_not_exact_is_refused_before_anything_is_sent(
    execute: Any, money: str, amount: int, currency: str, told: str
) -> None:
    given = RunRequest(texts={"amount": str(amount), "currency": currency})
    ran = execute(plan(money, SENT), "pay", given, answered({}))
    assert ran.result is None
    assert ran.requests == []
    (found,) = ran.sink.sorted()
    assert found.code == "FC0836"
    assert found.message.startswith("params.amount: ")
    assert told in found.message
    assert str(amount) not in found.message
    assert "destinations/shop.yaml" in (found.hint or "")


def test_several_amounts_tips_and_constants(execute: Any) -> None:
    params = {
        "amount": "{type: amount, currency: currency}",
        "tip": "{type: amount, currency: currency, optional: true}",
        "dcc": "{type: amount, currency: shopper_currency}",
        "fee": "{type: amount, currency: ISK}",
        "currency": "{type: currency}",
        "shopper_currency": "{type: currency}",
    }
    body = """          json:
            a: ${params.amount}
            tip: ${params.tip?}
            dcc: ${params.dcc}
            fee: ${params.fee}
            c: ${params.currency}
            s: ${params.shopper_currency}"""
    compiled = plan("money: {table: stripe}", body, params)
    texts = {"amount": "700", "dcc": "5", "fee": "9", "currency": "MGA", "shopper_currency": "UGX"}
    without = execute(compiled, "pay", RunRequest(texts=texts), answered({}))
    assert json.loads(body_of(without)) == {"a": 7, "dcc": 500, "fee": 900, "c": "MGA", "s": "UGX"}
    texts["tip"] = "150"
    ran = execute(compiled, "pay", RunRequest(texts=texts), answered({}))
    assert [one.message.partition(":")[0] for one in ran.sink.sorted()] == ["params.tip"]
    assert ran.requests == []


def test_every_amount_that_is_wrong_is_named_at_once(execute: Any) -> None:
    params = PARAMS | {"fee": "{type: amount, currency: KWD}"}
    body = f'{SENT[:-1]}, fee: "${{params.fee}}"}}'
    texts = {"amount": "1050", "currency": "MGA", "fee": "1"}
    ran = execute(
        plan("money: {table: stripe}", body, params), "pay", RunRequest(texts=texts), answered({})
    )
    assert [one.message.partition(":")[0] for one in ran.sink.sorted()] == [
        "params.amount",
        "params.fee",
    ]


def test_an_optional_amount_needs_its_currency_when_it_is_there(execute: Any) -> None:
    params = {
        "amount": "{type: amount, optional: true}",
        "currency": "{type: currency, optional: true}",
    }
    body = '          json: {a: "${params.amount?}", c: "${params.currency?}", x: 1}'
    compiled = plan("money: {table: stripe}", body, params)
    assert body_of(execute(compiled, "pay", RunRequest(), answered({}))) == '{"x":1}'
    ran = execute(compiled, "pay", RunRequest(texts={"amount": "1"}), answered({}))
    assert ran.codes == ["FC0836"]
    assert ran.requests == []


def test_functions_take_the_amount_as_its_caller_gave_it(execute: Any) -> None:
    body = """          json:
            wire: ${params.amount}
            text: ${text(params.amount)}
            iso: ${iso(params.amount)}
            major: ${decimal(params.amount, params.currency)}
            exponent: ${exponent(params.currency)}
            joined: "${params.amount} ${params.currency}"
            constant: ${decimal(279, 'ISK')}
            digits: ${exponent('ISK')}"""
    texts = {"amount": "279", "currency": "ISK"}
    ran = execute(plan("money: {table: adyen}", body), "pay", RunRequest(texts=texts), answered({}))
    assert body_of(ran) == (
        '{"wire":27900,"text":"27900","iso":279,"major":279.00,"exponent":2,'
        '"joined":"27900 ISK","constant":2.79,"digits":2}'
    ).replace('"constant":2.79', '"constant":279.00')


def test_a_hash_is_over_the_very_text_of_the_body(execute: Any) -> None:
    money = "money: {unit: major, form: text, base: two, digits: {ISK: 0}, source: x}"
    body = """          json:
            amount: ${params.amount}
            signed: ${'k' + params.amount + params.currency}
            checksum: ${hex(sha256('k' + params.amount + params.currency))}"""
    texts = {"amount": "1005", "currency": "EUR"}
    ran = execute(plan(money, body), "pay", RunRequest(texts=texts), answered({}))
    found = json.loads(body_of(ran))
    assert (found["amount"], found["signed"]) == ("10.05", "k10.05EUR")
    assert len(found["checksum"]) == 64


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("form", "amount=279000&exponent=2"),
        ("xml", '<?xml version="1.0" encoding="UTF-8"?><a value="279000" exponent="2"></a>'),
    ],
)
def test_forms_and_xml_count_alike(execute: Any, kind: str, body: str) -> None:
    trees = {
        "form": '{amount: "${params.amount}", exponent: "${exponent(params.currency)}"}',
        "xml": '{a: {.value: "${params.amount}", .exponent: "${exponent(params.currency)}"}}',
    }
    money = "money: {digits: {ISK: 2}, exponents: [0, 2, 3], source: x}"
    texts = {"amount": "2790", "currency": "ISK"}
    compiled = plan(money, f"          {kind}: {trees[kind]}")
    assert body_of(execute(compiled, "pay", RunRequest(texts=texts), answered({}))) == body


def test_amounts_in_headers_queries_and_paths(execute: Any) -> None:
    body = """          headers: {X-Sum: "${text(params.amount)}"}
          query: {sum: "${text(params.amount)}"}
          json: {c: "${params.currency}"}"""
    texts = {"amount": "5", "currency": "UGX"}
    ran = execute(
        plan("money: {table: stripe}", body), "pay", RunRequest(texts=texts), answered({})
    )
    assert body_of(ran)
    assert ran.requests[0].headers["x-sum"] == "500"
    assert ran.requests[0].url.params["sum"] == "500"


LINE = "{unit: {type: [integer, 'null'], amount: currency}, name: {type: string}}"
LINES = f"""{{type: json, schema: {{type: object, properties: {{
      lines: {{type: array, items: {{$ref: '#/$defs/line'}}}},
      total: {{type: integer, amount: currency}},
      fees: {{type: object, additionalProperties: {{type: integer, amount: ISK}}}}}},
      $defs: {{line: {{type: object, properties: {LINE}}}}}}}}}"""


def test_amounts_inside_data_are_converted_with_the_total(execute: Any) -> None:
    body = '          json: {v: "${params.amount}", c: "${params.currency}", d: "${params.data}"}'
    params = PARAMS | {"data": LINES}
    compiled = plan("money: {table: stripe}", body, params)
    data = {
        "lines": [{"unit": 500, "name": "2"}, {"unit": None}, {"name": "x"}, {"unit": -100}],
        "total": 1000,
        "fees": {"a": 3, "b/c": 4},
        "other": "text",
    }
    given = RunRequest(params={"amount": 1000, "currency": "UGX", "data": data})
    sent = json.loads(body_of(execute(compiled, "pay", given, answered({}))))
    assert sent["v"] == 100000
    assert sent["d"] == {
        "lines": [{"unit": 50000, "name": "2"}, {"unit": None}, {"name": "x"}, {"unit": -10000}],
        "total": 100000,
        "fees": {"a": 300, "b/c": 400},
        "other": "text",
    }
    wrong = given.params | {"currency": "MGA", "amount": 100, "data": {"total": 150}}
    ran = execute(compiled, "pay", RunRequest(params=wrong), answered({}))
    assert [one.message.partition(":")[0] for one in ran.sink.sorted()] == ["params.data"]
    assert ran.requests == []


def test_what_an_answer_confirms_is_in_the_callers_units(execute: Any) -> None:
    compiled = plan("money: {table: adyen}", SENT, rest=TWO_STEPS)
    given = RunRequest(texts={"amount": "2790", "currency": "ISK"})
    ran = execute(compiled, "pay", given, answered({"ok": "yes", "sum": 279000}))
    first = ran.done.steps[0]
    assert (ran.done.outcome, first.reason) == ("approved", None)
    assert first.outputs == {"done": 2790, "raw": "279000"}
    assert body_of(ran, 1) == '{"sum":279000,"iso":2790}'


@pytest.mark.parametrize(
    ("answer", "outcome", "reason"),
    [
        (279000, "approved", None),
        ("279000", "approved", None),
        (100000, "approved", "partial"),
        (0, "approved", "partial"),
        (279100, "unknown", "done: more than was asked for"),
        (27900000, "unknown", "done: more than was asked for"),
        (279050, "unknown", "done: no exact amount as the destination counts"),
        ("2.790,00", "unknown", "done: no exact amount as the destination counts"),
        ({"a": 1}, "unknown", "done: no exact amount as the destination counts"),
        (None, "unknown", "the answer lacks done"),
    ],
)
def test_less_is_partial_and_more_is_unknown(
    execute: Any, answer: object, outcome: str, reason: str | None
) -> None:
    compiled = plan("money: {table: adyen}", SENT, rest=TWO_STEPS)
    given = RunRequest(texts={"amount": "2790", "currency": "ISK"})
    ran = execute(compiled, "pay", given, answered({"ok": "yes", "sum": answer}))
    first = ran.done.steps[0]
    assert (first.outcome, first.reason) == (outcome, reason)


def found_in(compiled: Plan, **params: object) -> list[str]:
    """The codes of what is wrong with the amounts of a run."""
    sink = Sink()
    scope = Scope({f"params.{name}": value for name, value in params.items()} | money_of(compiled))
    check_amounts(compiled, compiled.operations["pay"], scope, sink)
    return [one.code for one in sink.sorted()]


@pytest.mark.parametrize("currency", ["UGX", "isk", "KWD", "TWD", "CLF", "HUF"])
def test_production_never_guesses(currency: str) -> None:
    silent = plan("", SENT, environment="production")
    assert found_in(silent, amount=1000, currency=currency) == ["FC0837"]
    assert found_in(silent, amount=1000, currency="EUR") == []
    told = plan("money: {source: x}", SENT, environment="production")
    assert "FC0837" not in found_in(told, amount=1000, currency=currency)
    assert found_in(plan("", SENT), amount=1000, currency=currency) == []


def test_production_guesses_no_constant_and_no_decimal() -> None:
    fixed = {"amount": "{type: amount, currency: ISK}"}
    body = '          json: {value: "${params.amount}"}'
    assert found_in(plan("", body, fixed, environment="production"), amount=1) == ["FC0837"]
    body = '          json: {v: "${decimal(params.amount, params.currency)}"}'
    silent = plan("", body, environment="production")
    assert silent.money is not None
    assert silent.money.assumed
    assert found_in(silent, amount=1, currency="ISK") == ["FC0837"]
    assert found_in(silent, amount=1, currency="EUR") == []


def test_a_withdrawn_currency_is_for_refunds(execute: Any) -> None:
    old = PARAMS | {"currency": "{type: currency, withdrawn: true}"}
    given = RunRequest(texts={"amount": "1050", "currency": "HRK"})
    assert execute(plan("", SENT), "pay", given, answered({})).codes == ["FC0804"]
    for money in ("", "money: {table: iso}", "money: {table: adyen}", "money: {source: x}"):
        ran = execute(plan(money, SENT, old), "pay", given, answered({}))
        assert json.loads(body_of(ran)) == {"value": 1050, "currency": "HRK"}


def test_a_sensitive_amount_is_shown_nowhere(execute: Any) -> None:
    params = PARAMS | {"amount": "{type: amount, sensitive: true}"}
    given = RunRequest(texts={"amount": "424200", "currency": "UGX"})
    ran = execute(plan("money: {table: stripe}", SENT, params), "pay", given, answered({}))
    assert '"value":42420000' in body_of(ran)
    assert "42424242" not in repr(ran.done)
    wrong = RunRequest(texts={"amount": "424299", "currency": "KWD"})
    ran = execute(plan("money: {table: stripe}", SENT, params), "pay", wrong, answered({}))
    assert "4242" not in " ".join(one.message for one in ran.sink.sorted())


def test_a_plan_without_money_stays_as_it_was() -> None:
    found = plan("", SENT)
    assert found.money is None
    assert "$amount" not in repr(found)


def test_a_plan_holds_what_a_run_may_give_and_no_more() -> None:
    params = PARAMS | {"currency": "{type: currency, values: [ISK, EUR]}"}
    found = plan("money: {table: stripe}", SENT, params).money
    assert found is not None
    assert dict(found.digits) == {"EUR": (2, 2, 1), "ISK": (0, 2, 100)}
    assert (found.table, found.as_of, found.unit, found.form) == (
        "stripe",
        "2026-11-30",
        "minor",
        "integer",
    )


def test_a_number_with_a_fraction_keeps_its_digits(execute: Any) -> None:
    money = "money: {unit: major, form: number, source: x}"
    given = RunRequest(params={"amount": 1000, "currency": "KWD"})
    ran = execute(plan(money, SENT), "pay", given, answered({}))
    assert json.loads(body_of(ran), parse_float=Decimal)["value"] == Decimal("1.000")
    assert '"value":1.000,' in body_of(ran)


def test_a_rule_reads_amounts_as_the_caller_and_decimals_as_the_destination(execute: Any) -> None:
    rest = """
        response:
          outcome:
            - when: ${response.json['sum'] == decimal(params.amount, params.currency)}
              is: approved
            - {when: "${params.amount == 2790}", is: declined}
"""
    compiled = plan("money: {table: adyen}", SENT, rest=rest)
    given = RunRequest(texts={"amount": "2790", "currency": "ISK"})
    paid = execute(compiled, "pay", given, answered({"sum": 2790}))
    assert paid.done.outcome == "approved"
    assert execute(compiled, "pay", given, answered({"sum": 27})).done.outcome == "declined"


def test_a_record_is_enough_to_read_an_answer_that_comes_later() -> None:
    compiled = plan("money: {table: adyen}", SENT, rest=TWO_STEPS)
    known = recorded_amounts(compiled, {"amount": "2790", "currency": "ISK", "gone": "x"})
    assert (known["params.amount"], known["params.currency"]) == (2790, "ISK")
    step = compiled.operations["pay"].steps[0]
    found = step_outputs(step.outputs, {"sum": 279000}, known)
    assert found.values == {"done": 2790, "raw": "279000"}
    assert step_outputs(step.outputs, {"sum": 279000}, {}).inexact == ("done",)


@pytest.mark.parametrize(
    ("money", "params", "shown"),
    [
        ("money: {table: stripe}", {}, ["12.50 EUR"]),
        # The plan has no digits: nobody guesses how many.
        ("", {}, ["1250 minor units EUR"]),
        ("", {"other": "{type: currency, optional: true}"}, []),
        (
            "",
            {"tip": "{type: amount, optional: true}"},
            ["1250 minor units EUR", "50 minor units EUR"],
        ),
    ],
    ids=["money", "no-money", "two-currencies", "two-amounts"],
)
def test_a_record_shows_amounts_with_their_currency(
    money: str, params: dict[str, str], shown: list[str]
) -> None:
    extra = "".join(f', {name}: "${{params.{name}?}}"' for name in params)
    body = SENT.removesuffix("}") + extra + "}"
    found = plan(money, body, PARAMS | params)
    values = {"params.amount": 1250, "params.currency": "eur"}
    amounts = currencies(found, found.operations["pay"], values)
    assert [one.text for one in sums({"amount": "1250", "tip": "50"}, amounts)] == shown
