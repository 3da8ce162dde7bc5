"""The schema files themselves: valid, described, closed; and the formats they promise."""

import json
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from forwardc.compile.language.destination import BodyKind, ParamType, SettingType
from forwardc.compile.language.read_steps import METHODS
from forwardc.compile.language.schema import Kind, load_schema
from forwardc.core.documents.part import DocumentPart, key_of
from forwardc.plan.answers import Failure, PlanReuse
from forwardc.plan.model import Note, Plan, PlanOperation, PlanStep, SourceKind, ValueSpec
from forwardc.plan.parts import PlanRequest
from forwardc.plan.questions import InstrumentReading, InstrumentValueAt

KINDS: tuple[Kind, ...] = ("destination", "project", "plan", "setup", "lock", "production")


def subschemas(schema: object, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, dict):
        yield path, schema
        for key, value in schema.items():
            yield from subschemas(value, f"{path}/{key}")
    elif isinstance(schema, list):
        for index, value in enumerate(schema):
            yield from subschemas(value, f"{path}/{index}")


def is_rule(path: str) -> bool:
    """Whether a subschema only adds a condition to a described one."""
    return any(f"/{word}" in path for word in ("if", "else", "allOf", "oneOf", "dependentSchemas"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_is_valid(kind: Kind) -> None:
    Draft202012Validator.check_schema(load_schema(kind))
    assert load_schema(kind)["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_is_described(kind: Kind) -> None:
    missing = [
        f"{path}/{name}"
        for path, schema in subschemas(load_schema(kind))
        if not is_rule(path) and isinstance(schema.get("properties"), dict)
        for name, field in schema["properties"].items()
        if not (isinstance(field, dict) and field.get("description"))
    ]
    assert missing == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_map_with_fields_is_closed(kind: Kind) -> None:
    opened = [
        path
        for path, schema in subschemas(load_schema(kind))
        if not is_rule(path)
        and "properties" in schema
        and "type" in schema
        and schema.get("additionalProperties") is not False
        # Names of its own beside known ones: each is checked, and so is what it holds.
        and not ("propertyNames" in schema and isinstance(schema["additionalProperties"], dict))
        # Its keys are checked by the hole that refers to it.
        and path != "/$defs/encoded"
    ]
    assert opened == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_reference_is_found_and_every_definition_is_used(kind: Kind) -> None:
    schema = load_schema(kind)
    used = {
        found["$ref"].removeprefix("#/$defs/")
        for _, found in subschemas(schema)
        if isinstance(found.get("$ref"), str)
    }
    assert used == set(schema["$defs"])


def test_the_files_end_with_a_line_feed_and_parse(root: Path) -> None:
    # Those of what commands say are in a folder of their own: tests/cli/test_json_output.py; the
    # partner's document is no schema of a file: tests/server/payment_sharing/test_openapi.py.
    names = sorted(path.name for path in (root / "schemas").glob("*.schema.json"))
    others = {path.name for path in (root / "schemas").glob("*.json")} - set(names)
    assert others == {"partner-api.openapi.json"}
    assert names == sorted(f"{kind}.schema.json" for kind in KINDS)
    for name in names:
        text = (root / "schemas" / name).read_text(encoding="utf-8")
        assert text.endswith("}\n")
        json.loads(text)


def plan(**step: object) -> dict[str, Any]:
    first = {
        "name": "pay",
        "deliver": "vault",
        "http": {
            "method": "POST",
            "url": "https://forward.example/forward",
            "headers": [["Authorization", {"$text": ["Bearer ", {"$": "vault.api_key"}]}]],
            "body": {
                "$json": {
                    "source": {"$source": True},
                    "reference": {"$limit": 80, "name": "reference", "of": {"$": "run.reference"}},
                    "body": {
                        "$json": {"cvc": {"$if": "card.cvc", "then": {"$raw": "{{card_cvv}}"}}},
                        "templated": True,
                    },
                    "odd": {"$map": [["$key", {"$number": "1.50"}]]},
                    "at": {"$call": "unix", "args": [{"$": "run.now"}]},
                }
            },
        },
        "destination": {"method": "POST", "url": "https://shop.example/pay"},
        "read": {
            "status": "/status",
            "headers": {"at": "/headers", "form": "arrays"},
            "body": "/body",
            "failures": [{"status": [402], "sent": "no"}],
        },
        "timeouts": {"connect_ms": 1000, "read_ms": 1000},
        "max_answer_bytes": 1000,
        "idempotent": False,
        "outputs": {"id": {"at": "/id"}},
        "answer": "json",
        "outcome": [{"rule": 1, "is": "unknown"}],
    }
    operation = {
        "initiator": "customer",
        "level": "full",
        "status": "documented",
        "notes": [],
        "params": [],
        "inputs": {},
        "requires": [],
        "may_lack": ["card.cvc"],
        "stored_secrets": [],
        "runtime_secrets": [],
        "credentials": ["api_key"],
        "steps": [first | step],
    }
    source = {
        "pattern": "^src_",
        "single_use": False,
        "bind": {"id": {"$": "source.id"}},
        "inputs": {},
    }
    return {
        "forwardc": 2,
        "vault": "checkout",
        "destination": "shop",
        "environment": "sandbox",
        "hosts": {"vault": ["forward.example"], "destination": ["shop.example"]},
        "credentials": {"api_key": {}},
        "sources": {
            "src_": {**source, "has": {"card.number": "always", "card.cvc": {"input": "cvv"}}}
        },
        "params": {},
        "secrets": {},
        "operations": {"pay": operation},
    }


def test_a_plan_fits_its_schema() -> None:
    Draft202012Validator(load_schema("plan")).validate(plan())


@pytest.mark.parametrize(
    "body",
    [
        {"$": "card.number"},
        {"$": "params.a", "more": 1},
        {"$unknown": 1},
        {"$text": "x"},
        {"$if": "card.cvc"},
        {"$json": {}, "$form": {}},
        {"$json": {"a": {"$code": "x"}}},
        {"a": 1, "$b": 2},
        1.5,
    ],
)
def test_a_plan_with_an_unknown_hole_is_refused(body: object) -> None:
    http = {"method": "POST", "url": "https://shop.example", "body": body}
    assert not Draft202012Validator(load_schema("plan")).is_valid(plan(http=http))


def test_the_schema_and_the_reader_know_the_same_types() -> None:
    defs = load_schema("destination")["$defs"]
    assert set(defs["setting"]["properties"]["type"]["enum"]) == set(SettingType)
    assert set(defs["param"]["properties"]["type"]["enum"]) == set(ParamType)
    request = defs["request"]
    assert {branch["required"][0] for branch in request["allOf"][0]["oneOf"]} == set(METHODS)
    assert set(BodyKind) <= set(request["properties"])


@pytest.mark.parametrize("name", ["adyen", "rocketpay", "rokt", "stripe", "visa"])
def test_the_destinations_of_this_repository_fit_in_an_editor(root: Path, name: str) -> None:
    text = (root / "destinations" / f"{name}.yaml").read_text(encoding="utf-8")
    first = text.splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    schema = json.loads((root / "destinations" / first).read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(yaml.safe_load(text))


@pytest.mark.parametrize("kind", ["plan", "setup"])
def test_what_is_built_fits_its_schema(root: Path, kind: Kind) -> None:
    files = sorted((root / "build").glob(f"*/*/*.{kind}.json"))
    assert files
    validator = Draft202012Validator(load_schema(kind))
    for path in files:
        places = [one.json_path for one in validator.iter_errors(json.loads(path.read_bytes()))]
        assert (path.name, places) == (path.name, [])


def test_the_plan_schema_and_the_plan_reader_know_the_same_fields() -> None:
    schema = load_schema("plan")
    defined = schema["$defs"]
    operation, step = defined["operation"]["properties"], defined["step"]["properties"]
    reading = operation["instrument"]
    pairs: list[tuple[type[DocumentPart], Any]] = [
        (Plan, schema),
        (ValueSpec, defined["value"]),
        (SourceKind, defined["source"]),
        (PlanStep, defined["step"]),
        (PlanRequest, defined["http"]),
        (PlanOperation, defined["operation"]),
        (Failure, defined["failure"]),
        (Note, defined["note"]),
        (PlanReuse, step["reuse"]),
        (InstrumentReading, reading),
        (InstrumentValueAt, reading["properties"]["values"]["additionalProperties"]),
    ]
    for part, object_ in pairs:
        members = {key_of(member) for member in fields(part)}
        assert members == set(object_["properties"]), part.__name__
