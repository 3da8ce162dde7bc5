"""The OpenAPI document says what is answered, and every problem has a text."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from forwardc.server.http.problems import ProblemKind
from forwardc.server.payment_sharing.openapi import document, request_schema
from forwardc.server.settings import IssuerSettings
from sharing_house import HEADERS, NAME, PATH, House

Serve = Callable[..., Any]
COMMITTED = Path(__file__).resolve().parents[3] / "schemas" / "partner-api.openapi.json"
DOCUMENT = document((NAME,), IssuerSettings())
OPERATION = DOCUMENT["paths"][PATH]["post"]


def resolved(value: Any) -> Any:
    """A part of the document without references."""
    if isinstance(value, dict) and "$ref" in value:
        found: Any = DOCUMENT
        for part in value["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return resolved(found)
    if isinstance(value, dict):
        return {name: resolved(item) for name, item in value.items()}
    return [resolved(item) for item in value] if isinstance(value, list) else value


def test_it_is_served_as_it_is_made(serve: Serve) -> None:
    async def work(house: House) -> None:
        answer = await house.client.get("/openapi.json")
        assert answer.headers["content-type"] == "application/json"
        assert answer.json() == DOCUMENT
        # `make generated` writes the file that partners read.
        assert answer.content == COMMITTED.read_bytes()

    serve(work)


def test_every_schema_is_one_and_every_example_fits() -> None:
    for schema in DOCUMENT["components"]["schemas"].values():
        whole = resolved(schema)
        jsonschema.Draft202012Validator.check_schema(whole)
        for example in whole.get("examples", ()):
            jsonschema.validate(example, whole, jsonschema.Draft202012Validator)
    for response in OPERATION["responses"].values():
        for content in response["content"].values():
            schema = resolved(content["schema"])
            for example in content.get("examples", {}).values():
                jsonschema.validate(example["value"], schema, jsonschema.Draft202012Validator)


def test_every_problem_of_a_call_is_there() -> None:
    told = {
        slug
        for response in OPERATION["responses"].values()
        for slug in response["content"].get("application/problem+json", {}).get("examples", ())
    }
    assert told == {kind.slug for kind in ProblemKind} - {"not-found", "method-not-allowed"}
    for kind in ProblemKind:
        if kind.slug in told:
            assert str(kind.value.status) in OPERATION["responses"]


def test_answers_are_as_described(serve: Serve) -> None:
    async def work(house: House) -> None:
        answers = [
            await house.post(),
            await house.post(),
            await house.post("pay-declined"),
            await house.post("pay-gone"),
            await house.post("pay-broken"),
            await house.post("nobody"),
            await house.post(None),
            await house.post(headers={"Authorization": "x"}),
            await house.post(headers={"Content-Type": "text/plain"}),
            await house.post("pay-declined", headers={"Idempotency-Key": "k"}),
            await house.post("pay-1", headers={"Idempotency-Key": "k"}),
        ]
        seen = {answer.status_code for answer in answers}
        assert seen == {200, 400, 401, 404, 415, 422, 504}
        for answer in answers:
            described = OPERATION["responses"][str(answer.status_code)]
            media_type = answer.headers["content-type"]
            schema = resolved(described["content"][media_type]["schema"])
            jsonschema.validate(answer.json(), schema, jsonschema.Draft202012Validator)
            for name, header in described.get("headers", {}).items():
                value = answer.headers.get(name)
                assert value is not None or not resolved(header).get("required"), name

    serve(work)


@pytest.mark.parametrize(
    ("body", "fits"),
    [
        ({"partnerPaymentReference": "x", "destination": NAME}, True),
        ({"partnerPaymentReference": "x", "destination": NAME, "customerIdentifiers": {}}, True),
        ({"partnerPaymentReference": "", "destination": NAME}, False),
        ({"partnerPaymentReference": "x" * 81, "destination": NAME}, False),
        ({"partnerPaymentReference": "a\nb", "destination": NAME}, False),
        ({"partnerPaymentReference": "x", "destination": "Y"}, False),
        ({"partnerPaymentReference": "x", "destination": NAME, "more": 1}, False),
        ({"partnerPaymentReference": "x", "destination": NAME, "customerIdentifiers": None}, False),
        (
            {
                "partnerPaymentReference": "x",
                "destination": NAME,
                "customerIdentifiers": {"a": 1},
            },
            False,
        ),
    ],
)
def test_schema_and_code_agree(serve: Serve, body: Any, fits: bool) -> None:
    validator = jsonschema.Draft202012Validator(request_schema((NAME,)))
    assert validator.is_valid(body) == fits

    async def work(house: House) -> None:
        answer = await house.client.post(PATH, content=json.dumps(body), headers=HEADERS)
        assert (answer.status_code == 400) != fits

    serve(work)


def test_every_problem_has_a_text(serve: Serve) -> None:
    async def work(house: House) -> None:
        for kind in ProblemKind:
            answer = await house.client.get(f"/problems/{kind.slug}")
            assert answer.headers["content-type"].startswith("text/plain")
            assert kind.value.title in answer.text
        assert (await house.client.get("/problems/x")).status_code == 404
        assert (await house.client.get(PATH)).status_code == 405

    serve(work)


def test_security() -> None:
    assert OPERATION["security"] == [{"oauth2": ["payment-sharing"]}]
    issuer = IssuerSettings(url="https://id.example", jwks="https://id.example/jwks")
    other = document((NAME,), issuer)
    assert other["paths"][PATH]["post"]["security"] == [{"bearer": []}]
    assert "tokenUrl" not in json.dumps(other)
    assert not re.search("sandbox|checkout|stripe", json.dumps(other), re.IGNORECASE)
