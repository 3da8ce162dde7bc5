"""How a destination's answer is found: its status, headers in both forms, and its body."""

import json
from dataclasses import replace
from typing import Any

import pytest

from forwardc.core.documents.reading import read_part
from forwardc.core.documents.writing import as_json
from forwardc.core.outcome import Outcome
from forwardc.plan.answers import ReadVault
from forwardc.plan.model import Plan
from forwardc.runtime.http.send import HttpAnswer
from forwardc.runtime.run.answer import (
    DestinationAnswer,
    NoDestinationAnswer,
    destination_in,
    read_answer,
)

KINDS = ("json", "xml", "form", "text", "empty", "any")


def read(plan: Plan, body: Any, **changes: Any) -> DestinationAnswer | NoDestinationAnswer:
    step = plan.operations["card"].steps[0]
    assert isinstance(step.read, ReadVault)
    fields = as_json(step.read) | changes
    place = read_part(ReadVault, fields)
    answer = HttpAnswer(200, (), json.dumps(body).encode(), 1)
    return read_answer(replace(step, read=place), answer)


@pytest.mark.parametrize(
    ("form", "headers"),
    [
        ("arrays", {"X-A": ["1", "2"], "Content-Type": ["text/plain"]}),
        (
            "pairs",
            [
                {"name": "X-A", "value": "1"},
                {"name": "x-a", "value": "2"},
                {"name": "content-type", "value": "text/plain"},
            ],
        ),
    ],
)
def test_headers_of_both_vaults(forward: Plan, form: str, headers: object) -> None:
    body = {"destination_response": {"status": 200, "headers": headers, "body": "x"}}
    found = read(forward, body, headers={"at": "/destination_response/headers", "form": form})
    assert isinstance(found, DestinationAnswer)
    assert found.headers.get("x-A") == "1, 2"
    assert found.headers.get("Content-type") == "text/plain"
    assert found.body == "x"


@pytest.mark.parametrize("headers", [None, 1, "x", [1, {"name": 1}], {"a": {"b": 1}}, {"a": 1}])
@pytest.mark.parametrize("form", ["arrays", "pairs"])
def test_damaged_headers_are_no_headers(forward: Plan, form: str, headers: object) -> None:
    body = {"destination_response": {"status": 200, "headers": headers, "body": "x"}}
    found = read(forward, body, headers={"at": "/destination_response/headers", "form": form})
    assert isinstance(found, DestinationAnswer)
    assert found.headers == {}


@pytest.mark.parametrize("status", [200, "200"])
def test_a_status_is_a_number_or_its_digits(forward: Plan, status: object) -> None:
    found = read(forward, {"destination_response": {"status": status, "body": "x"}})
    assert isinstance(found, DestinationAnswer)
    assert found.status == 200


@pytest.mark.parametrize("status", [None, True, "ok", "0200", 99, 600, 200.5, [200], "２００"])
def test_without_a_status_there_is_no_answer_of_the_destination(
    forward: Plan, status: object
) -> None:
    found = read(forward, {"destination_response": {"status": status, "body": "x"}})
    assert isinstance(found, NoDestinationAnswer)
    assert found.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("given", "kinds"),
    [
        ({"code": 1, "of": [1, 2]}, {"json", "text"}),
        ([{"a": None}], {"json", "text"}),
        (False, {"json", "text"}),
        (None, {"empty"}),
    ],
)
def test_a_body_that_the_vault_has_parsed(forward: Plan, given: object, kinds: set[str]) -> None:
    found = read(forward, {"destination_response": {"status": 200, "body": given}})
    assert isinstance(found, DestinationAnswer)
    values = found.values()
    assert values["response.json"] == given
    assert values["response.xml"] is values["response.form"] is None
    assert {kind for kind in KINDS if values.reads_as(kind)} == kinds | {"any"}
    assert json.loads(found.body or "null") == given


def test_what_a_vault_tells_later_is_read_as_what_it_tells_at_once(forward: Plan) -> None:
    step = forward.operations["card"].steps[0]
    step = replace(step, namespaces={"p": "urn:pay"})
    told = {
        "status": 200,
        "headers": {"X-A": ["1"]},
        "body": "\ufeff<q:a xmlns:q='urn:pay'>1</q:a>",
    }
    document = {"request_id": "fwd_1", "destination_response": told}
    answer = HttpAnswer(200, (), json.dumps(document).encode("utf-8-sig"), 1)
    later = destination_in(step, document, 200)
    assert later == read_answer(step, answer)
    assert later is not None
    assert later.values()["response.xml"].get("p:a") == "1"


def test_a_body_that_the_vault_gives_twice_is_no_answer(forward: Plan) -> None:
    step = forward.operations["card"].steps[0]
    body = b'{"destination_response": {"status": 200, "body": "a=1", "body": "a=2"}}'
    found = read_answer(step, HttpAnswer(200, (), body, 1))
    assert isinstance(found, NoDestinationAnswer)
    assert found.outcome is Outcome.UNKNOWN
