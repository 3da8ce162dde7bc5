"""How a destination's answer is read: headers in both forms, JSON, XML and forms, hostile text."""

import json
from decimal import Decimal
from typing import Any

import pytest

from forwardc.plan.model import Plan, ReadVault
from forwardc.runtime.answer import DestinationAnswer, Ended, Headers, read_answer
from forwardc.runtime.send import Answer
from forwardc.runtime.xml_tree import parse_xml


def read(plan: Plan, body: Any, **changes: Any) -> DestinationAnswer | Ended:
    step = plan.operations["card"].steps[0]
    assert isinstance(step.read, ReadVault)
    fields = step.read.model_dump(mode="json", by_alias=True) | changes
    place = ReadVault.model_validate_json(json.dumps(fields))
    answer = Answer(200, (), json.dumps(body).encode(), 1)
    return read_answer(step.model_copy(update={"read": place}), answer)


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


def answer(body: str) -> DestinationAnswer:
    return DestinationAnswer(200, Headers(), body)


@pytest.mark.parametrize(
    ("body", "document"),
    [
        ('{"a": 1.10}', {"a": Decimal("1.10")}),
        ("a=1&b[c]=%C3%A9", {"a": "1", "b[c]": "é"}),
        ("<r><a x='1'>t</a><a/></r>", {"r": {"a": [{".x": "1", ".": "t"}, None]}}),
        ("", None),
        ("plain text", None),
        ('{"a": NaN}', None),
        ("[" * 200_000, None),
        ('{"a": ' + "9" * 5000 + "}", None),
    ],
)
def test_bodies_as_data(body: str, document: object) -> None:
    assert answer(body).values().document() == document


def test_what_does_not_parse_is_null() -> None:
    values = answer("no json").values()
    assert values["response.json"] is values["response.xml"] is values["response.form"] is None
    assert values["response.text"] == "no json"
    with pytest.raises(KeyError):
        values["response.other"]


def test_an_answers_values_stand_beside_those_of_the_run() -> None:
    values = answer("<a>1</a>").values({"params.a": 1, "response.status": 500})
    assert (values["params.a"], values["response.status"]) == (1, 200)
    assert dict(values)["response.xml"] == {"a": "1"}
    assert len(values) == 7


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE r [<!ENTITY a "x">]><r>&a;</r>',
        '<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/hostname">]><r>&a;</r>',
        "<r>",
        "<a/><b/>",
        "<r>\x00</r>",
        "<a>" * 200 + "</a>" * 200,
        "\ud800",
    ],
)
def test_hostile_xml_is_null(text: str) -> None:
    assert parse_xml(text) is None


def test_xml_with_a_document_type_and_white_space() -> None:
    text = '<?xml version="1.0"?>\n<!DOCTYPE r PUBLIC "-//X//EN" "http://x.example/x.dtd">\n'
    assert parse_xml(text + "<r>\n <a>é &amp; \n</a>\n <n:b/>\n</r>") == {
        "r": {"a": "é & \n", "n:b": None}
    }
