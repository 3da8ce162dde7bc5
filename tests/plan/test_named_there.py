"""Where a destination gets what names its payment, in every kind of body and place."""

from pathlib import Path

import pytest

from forwardc.compile.ir.places import ProgramPaymentReference, payment_references
from forwardc.compile.language.read_destination import read_destination
from forwardc.compile.language.yaml_reader import read
from forwardc.compile.passes.lower import lower
from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.environment import Environment

HEAD = """\
forwardc: 1
name: shop
title: Card payments of a shop
environments: {sandbox: {base_url: "https://api.shop.example/v1"}}
params:
  order: {type: string, max_length: 40}
  number: {type: integer, minimum: 1, maximum: 99999}
  code: {type: string, max_length: 20, optional: true}
secrets:
  key: {description: Key of the shop, as_key: sha256_base64url}
operations:
  payment:
    initiator: customer
    payment_reference: "REFERENCE"
    steps:
      pay:
        idempotent: {header: X-Key}
        let:
          inner: {deep: [{ref: "${params.order}"}], number: "${card.number}"}
        request:
          REQUEST
        response:
          outputs: {id: {at: /data/0/id}}
          outcome: by_status
      check:
        deliver: direct
        request: {GET: "/payments/${steps.pay.id}"}
        response: {outcome: by_status}
"""
UNUSED = frozenset({"FC0308", "FC0310", "FC0315", "FC0321"})
ORDER, NUMBER, CODE, RUN = "${params.order}", "${params.number}", "${params.code?}", "${run.id}"
SEALED = "${jwe(inner, key=secrets.key, alg='A256GCMKW', enc='A256GCM')}"


def named(tmp_path: Path, reference: str, request: str) -> ProgramPaymentReference:
    text = HEAD.replace("REFERENCE", reference).replace("REQUEST", request)
    path = tmp_path / "shop.yaml"
    path.write_text(text, encoding="utf-8")
    sink = Sink()
    root = read(str(path), text.encode(), sink)
    assert root is not None
    destination = read_destination(root, sink)
    assert destination is not None
    # What a case does not use is reported, and is no matter here.
    found = [one for one in sink.sorted() if one.code not in UNUSED]
    assert [one.message for one in found] == []
    program = lower(destination, Environment("sandbox", "sandbox"), {})
    (one,) = payment_references(program.operations[0])
    return one


@pytest.mark.parametrize(
    ("request_", "reference", "place"),
    [
        (f'{{POST: /p, json: {{num: "{NUMBER}"}}}}', NUMBER, "/num"),
        ('{POST: /p, json: {num: "${text(params.number)}"}}', NUMBER, "/num"),
        (f'{{POST: /p, json: {{num: "{NUMBER}"}}}}', "${text(params.number)}", "/num"),
        (f'{{POST: /p, json: {{a: ["x", "{CODE}"]}}}}', CODE, "/a/1"),
        (f'{{POST: /p, json: {{a: {{"b~/c": "{RUN}"}}}}}}', RUN, "/a/b~0~1c"),
        (f'{{POST: /p, json: {{a: "s-{NUMBER}"}}}}', f"s-{NUMBER}", "/a"),
        (f'{{POST: /p, json: {{a: 1}}, headers: {{X-Ref: "{RUN}"}}}}', RUN, "header X-Ref"),
        ("{POST: /p, json: {a: 1}}", "${run.idempotency_key}", "header X-Key"),
        (f'{{POST: /p, json: {{a: 1}}, query: {{ref: "{RUN}"}}}}', RUN, "query ref"),
        (f'{{PUT: "/p/{NUMBER}/card", json: {{a: 1}}}}', NUMBER, "path"),
        (f'{{PUT: "/p/{ORDER}", json: {{a: 1}}}}', ORDER, "path"),
        (f'{{PUT: "/p/s-{NUMBER}", json: {{a: 1}}}}', f"s-{NUMBER}", "path"),
        (f'{{POST: /p, form: {{meta: {{run: "{RUN}"}}}}}}', RUN, "meta[run]"),
        (f'{{POST: /p, form: {{ids: ["{RUN}"]}}}}', RUN, "ids[0]"),
        (f'{{POST: /p, xml: {{pay: {{.id: "{RUN}", .: x}}}}}}', RUN, "/pay/.id"),
        (f'{{POST: /p, text: "{RUN}"}}', RUN, "body"),
        ('{POST: /p, json: {a: "${json(inner)}"}}', ORDER, "/a/deep/0/ref"),
        ('{POST: /p, form: {a: "${json(inner)}"}}', ORDER, "a/deep/0/ref"),
        (f'{{POST: /p, json: {{a: "{SEALED}"}}}}', ORDER, "/a/deep/0/ref"),
        # The first place of a body is told, and a body before a header.
        (
            f'{{POST: /p, json: {{a: "{RUN}", b: "{RUN}"}}, headers: {{X-Ref: "{RUN}"}}}}',
            RUN,
            "/a",
        ),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_value_is_found_where_it_stands_alone(
    tmp_path: Path, request_: str, reference: str, place: str
) -> None:
    assert named(tmp_path, reference, request_).sent == {"pay": place}


@pytest.mark.parametrize(
    ("request_", "reference"),
    [
        (f'{{POST: /p, json: {{a: "s-{NUMBER}"}}}}', NUMBER),
        (f'{{POST: /p, json: {{a: "{NUMBER}"}}}}', f"s-{NUMBER}"),
        ('{POST: /p, json: {a: "${hex(sha256(params.order))}"}}', ORDER),
        ('{POST: /p, json: {a: "${upper(params.order)}"}}', ORDER),
        (f'{{PUT: "/p-{NUMBER}/card", json: {{a: 1}}}}', NUMBER),
        (f'{{PUT: "/p/{NUMBER}.json", json: {{a: 1}}}}', NUMBER),
        (f'{{POST: /p, json: {{a: 1}}, headers: {{X-Ref: "id {RUN}"}}}}', RUN),
        (f'{{POST: /p, json: {{a: "{RUN}"}}}}', "${run.idempotency_key}x"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_part_of_a_text_is_another_value(tmp_path: Path, request_: str, reference: str) -> None:
    assert named(tmp_path, reference, request_).sent == {}


def test_an_output_is_given_by_one_step_and_sent_by_the_next(tmp_path: Path) -> None:
    found = named(tmp_path, "${steps.pay.id}", "{POST: /p, json: {a: 1}}")
    assert (found.received, found.sent) == ({"pay": "/data/0/id"}, {"check": "path"})
