"""Mistakes that a schema can see: each at its place, all at once, without noise."""

import pytest

from forwardc.compile.language.schema import Kind, validate
from forwardc.compile.language.yaml_reader import read
from forwardc.core.diagnostics.diagnostic import Diagnostic
from forwardc.core.diagnostics.sink import Sink

DESTINATION = """\
forwardc: 1
name: shop
title: Shop
environments:
  sandbox: {base_url: https://test.shop.example}
  production: {base_url: https://shop.example}
settings:
  account: {type: string, max_length: 80}
params:
  amount: {type: amount, minimum: 0}
  plan: {type: enum, values: [small, large]}
secrets:
  shop_key: {held: vault}
operations:
  pay:
    initiator: customer
    steps:
      pay:
        request:
          POST: /pay
          json: {pan: "${card.number}"}
          sign: {scheme: dlocal, secret: "${secrets.shop_key}"}
        response:
          outputs:
            id: {at: /id}
          outcome:
            - {when: "${response.status == 200}", is: approved}
            - {is: unknown}
"""


def findings(text: str, kind: Kind = "destination") -> list[Diagnostic]:
    sink = Sink()
    tree = read("a.yaml", text.encode(), sink)
    assert tree is not None
    fits = validate(kind, tree, sink)
    assert fits is not sink.has_errors
    return sink.sorted()


def brief(found: list[Diagnostic]) -> list[str]:
    return [
        f"{one.span.start.line}:{one.span.start.column} {one.code}" for one in found if one.span
    ]


def changed(old: str, new: str) -> list[Diagnostic]:
    assert DESTINATION.count(old) == 1
    return findings(DESTINATION.replace(old, new))


def test_a_right_destination_has_no_findings() -> None:
    assert findings(DESTINATION) == []


# What stands, what is written instead, where the mistake is, its code and pointer.
MISTAKES = {
    "misspelt key": ("title:", "titel:", "3:1 FC0201", "/titel"),
    "misspelt method": (
        "POST: /pay",
        "PSOT: /pay",
        "20:11 FC0201",
        "/operations/pay/steps/pay/request/PSOT",
    ),
    "bad enum": (
        "initiator: customer",
        "initiator: custmer",
        "16:16 FC0204",
        "/operations/pay/initiator",
    ),
    "missing address": (
        "sandbox: {base_url: https://test.shop.example}",
        "sandbox: {}",
        "5:3 FC0202",
        "/environments/sandbox",
    ),
    "no name of an environment": ("sandbox:", "a__b:", "5:3 FC0205", "/environments/a__b"),
    "missing title": ("title: Shop\n", "", "1:1 FC0202", ""),
    "wrong type": (
        "max_length: 80",
        'max_length: "80"',
        "8:39 FC0203",
        "/settings/account/max_length",
    ),
    "map for text": ("name: shop", "name: {a: 1}", "2:1 FC0203", "/name"),
    "value that no target reads": (
        "held: vault",
        "held: valt",
        "13:20 FC0204",
        "/secrets/shop_key/held",
    ),
    "bad name": ("name: shop", "name: Shop", "2:7 FC0205", "/name"),
    "bad key as a name": ("  amount: {", "  aMount: {", "10:3 FC0205", "/params/aMount"),
    "name with a line feed": ("name: shop", 'name: "shop\\n"', "2:7 FC0208", "/name"),
    "no pointer": (
        "at: /id",
        "at: id",
        "25:22 FC0205",
        "/operations/pay/steps/pay/response/outputs/id/at",
    ),
    "no expression": (
        '"${secrets.shop_key}"',
        "shop_key",
        "22:42 FC0205",
        "/operations/pay/steps/pay/request/sign/secret",
    ),
    "negative length": (
        "max_length: 80",
        "max_length: -1",
        "8:39 FC0206",
        "/settings/account/max_length",
    ),
    "negative amount": ("minimum: 0", "minimum: -1", "10:35 FC0206", "/params/amount/minimum"),
    "same value twice": ("[small, large]", "[small, small]", "11:22 FC0206", "/params/plan/values"),
    "two methods": (
        "POST: /pay",
        "POST: /pay\n          GET: /pay",
        "21:11 FC0207",
        "/operations/pay/steps/pay/request",
    ),
    "no method": ("          POST: /pay\n", "", "19:9 FC0207", "/operations/pay/steps/pay/request"),
    "two bodies": (
        "          json:",
        "          text: x\n          json:",
        "22:11 FC0207",
        "/operations/pay/steps/pay/request",
    ),
    "document type without XML": (
        "POST: /pay",
        "POST: /pay\n          doctype: {public: a, system: b}",
        "19:9 FC0202",
        "/operations/pay/steps/pay/request",
    ),
    "rule of another type": (
        "minimum: 0",
        "min_length: 0",
        "10:26 FC0201",
        "/params/amount/min_length",
    ),
    "field of another scheme": (
        "scheme: dlocal,",
        "scheme: dlocal, into: /a,",
        "22:34 FC0201",
        "/operations/pay/steps/pay/request/sign/into",
    ),
    "missing field of a scheme": (
        "scheme: dlocal",
        "scheme: rocketpay-gate",
        "22:11 FC0202",
        "/operations/pay/steps/pay/request/sign",
    ),
    "misspelt type": ("type: amount", "type: amuont", "10:18 FC0204", "/params/amount/type"),
    "enum without values": (
        "{type: enum, values: [small, large]}",
        "{type: enum}",
        "11:3 FC0202",
        "/params/plan",
    ),
    "item of a list": (
        "- {is: unknown}",
        "- {when: '${true}'}",
        "28:16 FC0202",
        "/operations/pay/steps/pay/response/outcome/1",
    ),
    "other version": ("forwardc: 1", "forwardc: 2", "1:11 FC0209", "/forwardc"),
    "reported by the reader": ("held: vault", "held: NO", "13:20 FC0110", "/secrets/shop_key/held"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_reported_once_at_its_place(name: str) -> None:
    old, new, place, pointer = MISTAKES[name]
    found = changed(old, new)
    assert brief(found) == [place]
    assert found[0].pointer == pointer


SUGGESTIONS = {
    "title": ("title:", "titel:"),
    "POST": ("POST: /pay", "PSOT: /pay"),
    "customer": ("initiator: customer", "initiator: custmer"),
    "vault": ("held: vault", "held: valt"),
    "base_url": ("{base_url: https://test", "{baseurl: https://test"),
}


@pytest.mark.parametrize("meant", SUGGESTIONS)
def test_a_misspelling_gets_a_suggestion(meant: str) -> None:
    found = changed(*SUGGESTIONS[meant])
    assert [one.hint for one in found] == [f"did you mean `{meant}`?"]


def test_six_mistakes_are_reported_in_one_run() -> None:
    text = DESTINATION
    for name in (
        "misspelt key",
        "bad enum",
        "wrong type",
        "no pointer",
        "negative amount",
        "no method",
    ):
        old, new, *_ = MISTAKES[name]
        text = text.replace(old, new)
    assert [one.code for one in findings(text)] == [
        "FC0201",
        "FC0203",
        "FC0206",
        "FC0204",
        "FC0207",
        "FC0205",
    ]


def test_no_value_is_in_a_message() -> None:
    card = "4242424242424242"
    for old in ("shop\n", "customer\n", "amount,", "vault}", "approved}", "80}", "/id}"):
        text = DESTINATION.replace(old, old.replace(old.rstrip(",}\n"), card), 1)
        found = findings(text)
        assert found
        for one in found:
            assert card not in f"{one.message} {one.hint} {one.related}"


def test_a_card_number_as_a_key_is_masked() -> None:
    [found] = changed("held: vault", '"4242424242424242": vault')
    assert "4242424242424242" not in found.message


def test_an_alias_is_reported_once_and_where_its_anchor_stands() -> None:
    text = DESTINATION.replace("response:\n", "response: &answer\n").replace("at: /id", "at: id")
    operation = text[text.index("  pay:\n    initiator") : text.index("        response:")]
    text += operation.replace("  pay:\n    initiator", "  refund:\n    initiator")
    text += "        response: *answer\n"
    [found] = findings(text)
    assert brief([found]) == ["25:22 FC0205"]
    assert found.pointer.startswith("/operations/pay/")


@pytest.mark.parametrize("text", ["[1]", "text", "null", "1"])
def test_a_file_that_is_no_map_is_refused(text: str) -> None:
    assert brief(findings(text)) == ["1:1 FC0203"]


def test_findings_of_a_hostile_file_are_bounded() -> None:
    keys = "".join(f"x{number}: 1\n" for number in range(20_000))
    assert 0 < len(findings(DESTINATION + keys)) <= 500


PROJECT = """\
forwardc: 1
environments:
  sandbox:
    vaults:
      checkout: {processing_channel_id: pc_abcdefghijklmnopqrstuvwxyz}
      stripe: {account: acct_1, api_version: 2026-09-30.endive}
    settings:
      shop: {account: main}
targets:
  - {vault: checkout, destination: shop}
"""


def test_a_project_is_checked() -> None:
    assert findings(PROJECT, "project") == []
    misspelt = PROJECT.replace("checkout:", "chekout:").replace("vault: checkout", "vault: stirpe")
    found = findings(misspelt, "project")
    assert brief(found) == ["5:7 FC0201", "10:13 FC0204"]
    assert [one.hint for one in found] == ["did you mean `checkout`?", "did you mean `stripe`?"]


def test_a_project_has_no_place_for_a_secret() -> None:
    text = PROJECT.replace("{account: acct_1,", "{secret_key: x, account: acct_1,")
    assert brief(findings(text, "project")) == ["6:16 FC0201"]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("type: amount,", "type: \u00a0amount,", "FC0204"),
        ("initiator: customer", "initiator: customer\u00a0", "FC0204"),
        ("name: shop", 'name: "shop\u00a0"', "FC0205"),
    ],
)
def test_a_space_that_nobody_sees_is_named_in_a_word_of_the_language(
    old: str, new: str, code: str
) -> None:
    (found,) = changed(old, new)
    assert found.code == code
    assert found.hint == "it holds a no-break space (U+00A0): write a plain space, or none"


@pytest.mark.parametrize("value", ["[]", '["${run.id}", "${run.id}"]', "{a: b}"])
def test_a_value_of_no_form_is_told_the_forms(value: str) -> None:
    found = changed("operations:", f"payment_reference: {value}\noperations:")
    assert [one.code for one in found] == ["FC0208"]
    assert found[0].hint == (
        "one of: One value, or `none`. A list of one to eight values, each once."
    )
