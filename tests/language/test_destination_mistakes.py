"""Mistakes in a destination file: each with its code at its exact place, all of them at once.

`«` and `»` mark in the text where the diagnostic must stand.
"""

import re

import pytest

from forwardc.compile.language.read_destination import read_destination
from forwardc.compile.language.yaml_reader import read
from forwardc.core.diagnostics.diagnostic import Diagnostic
from forwardc.core.diagnostics.sink import Sink

START = """\
forwardc: 1
name: shop
title: A shop
environments:
  sandbox: {base_url: BASE_URL}
settings:
  account: {type: string}
  size: {type: integer, default: 1}
params:
  amount: {type: amount}
  name: {type: string}
  email: {type: string, optional: true}
  extra: {type: json}
secrets:
  api_key: {}
operations:
  pay:
    initiator: customer
    steps:
      first:
        request:
          POST: /use/${settings.account}/${settings.size}/${params.name}
          headers: {a: "${secrets.api_key}"}
          json: ["${params.amount}", "${params.email?}", "${params.extra}"]
        response:
          outcome: by_status
          outputs: {id: {at: /id}, note: {at: /note, optional: true}, num: {at: /n, type: integer}}
      second:
        let: LET
        request:
          POST: PATH
          headers: {x: HEADER}
          BODY
        response:
          answer: any
          outcome: [{when: RULE, is: approved}]
      third:
        request: {GET: /}
        response:
          outputs: {late: {at: /late}}
          outcome: by_status
"""
DEFAULTS = {
    "BASE_URL": "https://shop.example",
    "LET": "{}",
    "PATH": "/second",
    "HEADER": "x",
    "BODY": "json: {}",
    "RULE": '"${true}"',
}


def destination(**values: str) -> str:
    text = START
    for name, value in {**DEFAULTS, **values}.items():
        text = text.replace(name, value)
    return text


def mistakes(text: str) -> list[Diagnostic]:
    sink = Sink()
    root = read("shop.yaml", text.encode(), sink)
    assert root is not None
    read_destination(root, sink)
    return sink.sorted()


def marked(text: str) -> tuple[str, list[tuple[int, int, int]]]:
    """The text without its marks, and line, first and last column of each marked range."""
    places = []
    for number, line in enumerate(text.split("\n"), 1):
        starts = [found.start() for found in re.finditer("[«»]", line)]
        columns = [start + 1 - index for index, start in enumerate(starts)]
        places += [(number, *pair) for pair in zip(columns[::2], columns[1::2], strict=True)]
    return text.replace("«", "").replace("»", ""), places


def found_at(text: str) -> tuple[list[Diagnostic], list[tuple[int, int, int]]]:
    clean, expected = marked(text)
    found = mistakes(clean)
    places = [
        (one.span.start.line, one.span.start.column, one.span.end.column)
        for one in found
        if one.span is not None
    ]
    assert places == expected
    return found, places


def test_the_base_has_no_mistake() -> None:
    assert mistakes(destination()) == []


BODIES = [
    # Names
    ("FC0307", "json: {a: '${«params.amout»}'}", "did you mean params.amount?"),
    ("FC0307", "json: {a: '${«params.phone»}'}", "declare it under `params:`"),
    ("FC0309", "json: {a: '${«secrets.apikey»}'}", "did you mean secrets.api_key?"),
    ("FC0312", "json: {a: '${«settings.acount»}'}", "did you mean settings.account?"),
    ("FC0302", "json: {a: '${«param.amount»}'}", "did you mean params.amount?"),
    ("FC0302", "json: {a: '${«card.cvv»}'}", "did you mean card.cvc?"),
    ("FC0302", "json: {a: '${«billing.zip»}'}", None),
    ("FC0302", "json: {a: '${«run.ID»}'}", "did you mean run.id?"),
    ("FC0302", "json: {a: '${«amount»}'}", None),
    ("FC0302", "json: {a: '${«card»}'}", None),
    ("FC0302", "json: {a: '${«lower»}'}", "write lower(...)"),
    ("FC0302", "json: {a: '${«response.status»}'}", None),
    ("FC0313", "json: {a: '${«card.expiry»}'}", None),
    ("FC0313", "json: {a: '${«network_token.expiry»?}'}", None),
    # Steps
    ("FC0302", "json: {a: '${«steps.frist.id»}'}", "did you mean steps.first?"),
    ("FC0302", "json: {a: '${«steps.first»}'}", "write steps.first.<output>"),
    ("FC0306", "json: {a: '${«steps.second.id»}'}", None),
    ("FC0306", "json: {a: '${«steps.third.late»}'}", None),
    ("FC0317", "json: {a: '${«steps.first.ids»}'}", "did you mean steps.first.id?"),
    # Marks
    ("FC0316", "json: {a: '${«params.email»}'}", "write params.email? to leave the entry out"),
    ("FC0316", "json: {a: '${«steps.first.note»}'}", None),
    ("FC0315", "json: {a: 'to ${«params.email?»}'}", None),
    ("FC0315", "json: {a: 'to ${lower(«params.email?»)}'}", None),
    ("FC0315", "json: {a: '${\"to \" + «params.email?»}'}", None),
    ("FC0301", "json: {a: '${«params.name?»}'}", None),
    ("FC0301", "json: {a: '${«secrets.api_key?»}'}", None),
    # Types
    ("FC0303", "json: {a: '${«sha256(params.name)»}'}", None),
    ("FC0303", "json: {a: '${«run.now»}'}", None),
    ("FC0303", "json: {a: '${lower(«params.amount»)}'}", "it takes text"),
    ("FC0303", "json: {a: '${\"n\" + «params.amount»}'}", "write text(...)"),
    ("FC0303", "json: {a: 'at ${«run.now»}'}", None),
    ("FC0303", "json: {a: 'x ${«params.extra»}'}", None),
    ("FC0303", "json: {a: '${text(«params.extra»)}'}", None),
    ("FC0303", "form: {a: '${«params.extra»}'}", None),
    ("FC0303", "xml: {a: '${«params.extra»}'}", None),
    ("FC0303", "text: '${«params.extra»}'", None),
    ("FC0303", "json: {a: '${decimal(«params.name», params.name)}'}", None),
    ("FC0303", "json: {a: '${int(«card.holder_name»)}'}", None),
    ("FC0303", "json: {a: '${int(«secrets.api_key»)}'}", None),
    ("FC0303", "query: {a: '${«null»}'}", None),
    ("FC0303", "query: {a: '${«sha256(params.name)»}'}", None),
    ("FC0323", "json: {a: '${int(«card.number»)}'}", None),
    ("FC0323", "json: {a: '${int(«card.cvc»?)}'}", None),
    ("FC0323", "json: {a: '${int(slice(«network_token.number», 0, 6))}'}", None),
    # What belongs to rules
    ("FC0301", "json: {a: '${«1 == 1»}'}", None),
    ("FC0301", "json: {a: '${«not true»}'}", None),
    ("FC0301", "json: {a: '${«[1]»}'}", None),
    # Keys and templates
    ("FC0322", "json: {a: 1, 'k«${params.name}»': 2}", None),
    ("FC0322", "query: {'«${params.name}»': 2}", None),
    ("FC0509", "json: {a: 'x «{{»card_number}}'}", None),
    ("FC0509", "json: {a: '«{%» if x %}'}", None),
    ("FC0509", "json: {'«{{»x}}': 1}", None),
    ("FC0509", "json: {a: \"${'«{{»x}}'}\"}", None),
]


@pytest.mark.parametrize(("code", "body", "hint"), BODIES, ids=lambda value: str(value)[:40])
def test_a_mistake_in_a_body(code: str, body: str, hint: str | None) -> None:
    text = destination(BODY=body)
    (found,), _ = found_at(text)
    assert found.code == code
    if hint:
        assert found.hint is not None
        assert hint in found.hint


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ("FC0401", "'${«card.number» == \"4\"}'"),
        ("FC0401", "'${«secrets.api_key» == \"4\"}'"),
        ("FC0303", "'«${response.status} == 200»'"),
        ("FC0303", "'${«response.status»}'"),
        ("FC0303", "'${response.status == «\"200\"»}'"),
        ("FC0303", "'${response.status in [200, «\"201\"»]}'"),
        ("FC0303", "'${response.status in «200»}'"),
        ("FC0303", "'${response.json[\"a\"] == «null»}'"),
        ("FC0303", "'${true and «response.text»}'"),
        ("FC0303", "'${«response.status»[0] == 1}'"),
        ("FC0303", "'${response.json[«true»] == 1}'"),
        ("FC0303", "'${«true» < 1}'"),
        ("FC0302", "'${«response.body» == 1}'"),
        ("FC0302", "'${«response.json.result.code» == 1}'"),
        ("FC0306", "'${«steps.third.late» == \"x\"}'"),
    ],
)
def test_a_mistake_in_a_rule(code: str, rule: str) -> None:
    text = destination(RULE=rule)
    (found,), _ = found_at(text)
    assert found.code == code


def test_the_hint_for_a_dotted_answer() -> None:
    (found,) = mistakes(destination(RULE="'${response.json.a.b == 1}'"))
    assert found.hint == "write response.json['a']['b']"


@pytest.mark.parametrize(
    "rule",
    [
        "'${response.status >= 400 and response.status < 500}'",
        '\'${response.json["code"] in ["a", "b"]}\'',
        "'${not response.json[\"ok\"]}'",
        "'${response.headers[\"X-Kind\"] == steps.first.id}'",
        "'${response.json[0][\"n\"] > steps.first.num}'",
        "'${response.json[\"amount\"] == params.amount or response.text == params.name}'",
    ],
)
def test_rules_that_are_right(rule: str) -> None:
    assert mistakes(destination(RULE=rule)) == []


@pytest.mark.parametrize(
    ("code", "base_url"),
    [
        ("FC0402", '"https://${«params.name»}.example"'),
        ("FC0402", '"https://${«card.number»}.example"'),
        ("FC0402", '"https://${«run.id»}.example"'),
        ("FC0403", '"https://${«secrets.api_key»}.example"'),
        ("FC0312", '"https://${«settings.hots»}.example"'),
    ],
)
def test_a_base_url_is_known_at_build_time(code: str, base_url: str) -> None:
    (found,), _ = found_at(destination(BASE_URL=base_url))
    assert found.code == code


@pytest.mark.parametrize(
    ("code", "path"),
    [
        ("FC0205", '"«/a?b=»${params.name}"'),
        ("FC0205", '"«/a#b»"'),
        ("FC0315", '"/a/${«params.email?»}"'),
        ("FC0315", '"${«params.email?»}"'),
        ("FC0303", '"/a/${«run.now»}"'),
        ("FC0303", '"/a/${«params.extra»}"'),
    ],
)
def test_a_mistake_in_a_path(code: str, path: str) -> None:
    text = destination(PATH=path)
    (found,), _ = found_at(text)
    assert found.code == code


LETS = [
    ("FC0321", "{«unused»: 1}", "x"),
    ("FC0321", "{a: '${«a»}'}", '"${a}"'),
    ("FC0321", "{a: '${«b»}', b: 1}", '"${a}"'),
    ("FC0303", "{a: {b: 1}}", '"${«a»}"'),
    ("FC0303", "{a: {b: 1}}", '"x ${«a»}"'),
    ("FC0303", "{a: '${params.extra}'}", '"${«a»}"'),
    ("FC0315", "{a: '${params.email?}'}", '"to ${«a»}"'),
    ("FC0301", "{a: 1}", '"${«a?»}"'),
    ("FC0205", "{«card»: 1}", '"${card}"'),
    ("FC0302", "{abc: 1, used: '${abc}'}", '"${used} ${«abd»}"'),
]


@pytest.mark.parametrize(("code", "let", "header"), LETS)
def test_a_mistake_with_let(code: str, let: str, header: str) -> None:
    (found,), _ = found_at(destination(LET=let, HEADER=header))
    assert found.code == code


def test_a_rule_may_not_read_card_data_through_let() -> None:
    let = "{a: '${card.number}', b: {c: '${a}'}}"
    text = destination(LET=let, BODY="json: '${b}'", RULE="'${«a» == \"4\"}'")
    (found,), _ = found_at(text)
    assert found.code == "FC0401"


def test_let_takes_bytes_and_absent_values_where_they_fit() -> None:
    let = "{digest: '${sha256(params.name)}', mail: '${params.email?}', all: {m: '${mail}'}}"
    body = "json: {d: '${hex(digest)}', m: '${mail}', a: '${all}', t: 'x ${json(all)}'}"
    assert mistakes(destination(LET=let, BODY=body)) == []


def test_lets_of_two_steps_do_not_know_each_other() -> None:
    text = destination(LET="{a: 1}", HEADER='"${a}"')
    text = text.replace("      third:\n", "      third:\n        let: {a: 2}\n")
    (found,) = mistakes(text)
    assert (found.code, found.span and found.span.start.line) == ("FC0321", 38)


def test_lets_that_double_again_and_again_are_refused_quickly() -> None:
    lets = ["v0: x", *(f"v{n}: ['${{v{n - 1}}}', '${{v{n - 1}}}']" for n in range(1, 60))]
    text = destination(LET="{" + ", ".join(lets) + "}", BODY="json: '${v59}'")
    assert "FC0107" in {found.code for found in mistakes(text)}


UNUSED = [
    ("FC0308", "params:\n  «spare»: {type: string}\n"),
    ("FC0310", "secrets:\n  «spare»: {}\n"),
    ("FC0311", "settings:\n  «spare»: {type: string}\n"),
]


@pytest.mark.parametrize(("code", "declared"), UNUSED)
def test_what_is_declared_and_never_used(code: str, declared: str) -> None:
    root = declared.partition("\n")[0] + "\n"
    (found,), _ = found_at(destination().replace(root, declared))
    assert found.code == code


def test_a_faulty_expression_still_uses_its_names() -> None:
    text = destination().replace("/${params.name}", "").replace("/${settings.size}", "")
    body = "json: ['${params.name +}', '${lowr(settings.size)}']"
    codes = [found.code for found in mistakes(text.replace("json: {}", body))]
    assert codes == ["FC0301", "FC0304"]


def test_a_fallback_names_an_operation() -> None:
    text = destination() + (
        "  again: {initiator: customer, fallback: «payy», steps: {a: {request: {GET: /},"
        " response: {outcome: by_status}}}}\n"
    )
    (found,), _ = found_at(text)
    assert (found.code, found.hint) == ("FC0318", "did you mean pay?")


def test_a_signature_takes_a_secret_as_it_is() -> None:
    sign = "sign: {scheme: dlocal, secret: '${«params.name»}'}"
    (found,), _ = found_at(destination(BODY=sign))
    assert found.code == "FC0303"


# A published test number, and keys made of nothing.
PAN = "4111" + "1" * 12
KEYS = ["sk_test_" + "a1B2" * 6, "sk_sbox_" + "a2b3" * 6 + "ab" + "c"]


@pytest.mark.parametrize("value", [PAN, f"'{PAN}'", f"card {PAN} here", "4111-1111-1111-1111"])
def test_a_card_number_in_the_file(value: str) -> None:
    places = [
        destination(BODY=f"json: {{a: {value}}}"),
        destination().replace("{type: amount}", f"{{type: amount, example: {value}}}"),
        destination().replace("title: A shop", f"title: {value}"),
    ]
    for text in places:
        (found,) = mistakes(text)
        assert found.code == "FC0505"
        assert "1111" not in found.message + str(found.hint)


@pytest.mark.parametrize("key", KEYS)
def test_a_secret_in_the_file(key: str) -> None:
    (found,), _ = found_at(destination(HEADER=f'"Bearer «{key}»"'))
    assert found.code == "FC0504"
    assert key not in found.message


def test_an_alias_repeats_no_diagnostic() -> None:
    text = destination(BODY="json: {a: &x '${«params.amout»}', b: *x, c: [*x]}")
    found_at(text)


def test_all_mistakes_are_reported_at_once_and_in_order() -> None:
    text = destination(
        BASE_URL='"https://${params.name}.example"',
        HEADER='"${card.expiry}"',
        BODY="json: {a: '${params.amout}', b: '${lowr(params.name)}', 'c${x}': '${'}",
        RULE="'${response.status == null}'",
    )
    codes = [found.code for found in mistakes(text)]
    assert codes == ["FC0402", "FC0313", "FC0307", "FC0304", "FC0322", "FC0115", "FC0303"]
