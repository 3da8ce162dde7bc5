"""Any `map` over any closed values gives at each vault what the author wrote, in every syntax."""

import json
from typing import Any
from urllib.parse import parse_qs
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiled import Run, bind, codes_of, plan_of, program_of

# What a destination's codes are made of, and what could be taken for another syntax.
CHARACTERS = st.sampled_from("abAZ09 -_./&<>'\"{}\\é")
# A vault's own syntax in a literal is refused by itself (FC0509).
TEXTS = st.text(CHARACTERS, min_size=1, max_size=8).filter(
    lambda text: bool(text.strip()) and "{{" not in text
)
HEAD = """forwardc: 1
name: shop
title: A shop
environments: {sandbox: {base_url: https://shop.example}}
params:
  of: %s
operations:
"""
STEP = """  %s:
    initiator: customer
    steps:
      pay:
        request: {POST: /, %s}
        response: {outcome: by_status}
"""


def quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def written(entries: dict[str, str], otherwise: str | None) -> str:
    """The call as an author writes it, as a YAML scalar in double quotes."""
    inside = ", ".join(f"{quoted(key)}: {quoted(value)}" for key, value in entries.items())
    last = "" if otherwise is None else f", {quoted(otherwise)}"
    return json.dumps("${map(params.of, {" + inside + "}" + last + ")}")


def arrived(body: str, kind: str) -> Any:
    match kind:
        case "json":
            return json.loads(body)["x"]
        case "form":
            return parse_qs(body, keep_blank_values=True)["x"][0]
        case _:
            found = ElementTree.fromstring(body)  # noqa: S314 - our own
            return found.findtext("x") or ""


BODIES = {"json": "json: {x: %s}", "form": "form: {x: %s}", "tree": "xml: {p: {x: %s}}"}


# Each example is compiled and run in three syntaxes.
@settings(max_examples=25)
@given(entries=st.dictionaries(TEXTS, TEXTS, min_size=1, max_size=4), otherwise=TEXTS)
def test_what_is_looked_up_arrives(entries: dict[str, str], otherwise: str) -> None:
    values = json.dumps(["other", *entries])
    call = written(entries, otherwise)
    steps = "".join(STEP % (kind, BODIES[kind] % call) for kind in BODIES)
    plan = plan_of(program_of(HEAD % f"{{type: enum, values: {values}}}" + steps), "direct")
    for kind in BODIES:
        for key in ["other", *entries]:
            (request,) = bind(plan, kind, Run(params={"of": key}))
            assert arrived(request["body"], kind) == entries.get(key, otherwise)


@settings(max_examples=25)
@given(values=st.lists(TEXTS, min_size=1, max_size=4, unique=True), left=st.integers(0, 3))
def test_one_that_is_left_out_is_named_before_any_run(values: list[str], left: int) -> None:
    entries = {value: "x" for index, value in enumerate(values) if index != left}
    call = written(entries, None)
    head = HEAD % f"{{type: enum, values: {json.dumps(values)}}}"
    step = STEP % ("data", BODIES["json"] % call)
    codes = codes_of(head + step)
    assert codes == ([] if len(entries) == len(values) else ["FC0363"])


@pytest.mark.parametrize(
    ("declared", "entries", "given_value", "expected"),
    [
        ("{type: boolean}", "{true: 1, false: 2}", False, 2),
        ("{type: enum, values: [1, 2]}", "{1: true, 2: false}", 2, False),
        ("{type: currency, values: [AUD, EUR]}", "{AUD: a, EUR: e}", "eur", "e"),
        ("{type: country, values: [DE, 'NO']}", "{DE: 1.50, NO: 2.50}", "NO", 2.5),
        ("{type: integer, maximum: 9}", "{1: one}, 'many'", 7, "many"),
        ("{type: integer, maximum: 9}", "{-1: one}, else=many", -1, "one"),
    ],
)
def test_values_keep_their_type(
    declared: str, entries: str, given_value: Any, expected: Any
) -> None:
    call = json.dumps("${map(params.of, " + entries + ")}")
    step = STEP % ("data", BODIES["json"] % call)
    plan = plan_of(program_of(HEAD % declared + step), "direct")
    (request,) = bind(plan, "data", Run(params={"of": given_value}))
    value = json.loads(request["body"])["x"]
    assert value == expected
    assert type(value) is type(expected)


SETTINGS = HEAD.replace("params:", "settings: {region: {type: enum, values: [eu, us]}}\nparams:")


@pytest.mark.parametrize(("region", "host"), [("eu", "pay-eu"), ("us", "pay")])
def test_a_setting_is_looked_up_when_the_plan_is_made(region: str, host: str) -> None:
    base = "\"https://${map(settings.region, {eu: 'pay-eu', us: pay})}.shop.example\""
    head = SETTINGS.replace("https://shop.example", base) % "{type: string}"
    call = '"${map(params.of, {a: b}, settings.region)}"'
    text = head + STEP % ("data", BODIES["json"] % call)
    plan = plan_of(program_of(text, settings={"region": region}), "direct")
    (request,) = bind(plan, "data", Run(params={"of": "b"}))
    assert request["url"] == f"https://{host}.shop.example/"
    assert json.loads(request["body"]) == {"x": region}
    assert "settings" not in json.dumps(plan["operations"])


def test_a_map_of_a_map_knows_what_the_inner_one_gives() -> None:
    inner = "map(params.of, {a: one, b: two})"
    call = json.dumps("${map(" + inner + ", {one: 1, two: 2})}")
    head = HEAD % "{type: enum, values: [a, b]}"
    assert codes_of(head + STEP % ("data", BODIES["json"] % call)) == []
    less = json.dumps("${map(" + inner + ", {one: 1})}")
    assert codes_of(head + STEP % ("data", BODIES["json"] % less)) == ["FC0363"]
