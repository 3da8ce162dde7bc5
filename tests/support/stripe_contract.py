"""Judges answers of the emulated Stripe: by the vendor's contract, and by its own client's types.

The contract belongs to others and is read at test time only. It has four resources; stripe-python
types all of them: what is not optional there must be there, and nothing that it does not know may.
"""

import json
import re
import types
import typing
from functools import lru_cache
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import stripe
from stripe._object_classes import get_object_class

Json = Any
FILES = ("stripe-openapi-subset.json", "stripe-openapi-subset.dahlia.json")
_SCALARS = {str: "string", int: "integer", bool: "boolean", float: "number"}
_DELETED = {
    "type": "object",
    "properties": {"id": {"type": "string"}, "object": {}, "deleted": {"const": True}},
    "required": ["id", "object", "deleted"],
    "additionalProperties": False,
}


class Validator:
    """A schema, asked by the quick validator first: hardly any answer has something to tell."""

    def __init__(self, schema: Json) -> None:
        self.quick = jsonschema_rs.Draft202012Validator(schema)
        self.telling = jsonschema.Draft202012Validator(schema)

    def problems(self, answer: Json) -> list[str]:
        if self.quick.is_valid(answer):
            return []
        found = self.telling.iter_errors(answer)
        return [f"{one.json_path}: {one.message[:200]}" for one in found]


class Contract:
    """The answers of one contract file, by method and path."""

    def __init__(self, file: Path) -> None:
        document = json.loads(file.read_text(encoding="utf-8"))
        schemas = document["components"]["schemas"]
        self.schemas = {name: plain(schema) for name, schema in schemas.items()}
        self.built: dict[str, Validator] = {}
        self.answers = {
            (method.upper(), re.sub(r"\{\w+\}", "[^/]+", path)): operation["responses"]
            for path, operations in document["paths"].items()
            for method, operation in operations.items()
        }

    def problems(self, method: str, path: str, status: int, answer: Json) -> list[str]:
        """Where an answer breaks the contract; nothing for a path that it does not have."""
        for (known, pattern), responses in self.answers.items():
            if known == method and re.fullmatch(pattern, path):
                name = str(status) if str(status) in responses else "default"
                (content,) = responses[name]["content"].values()
                key = f"{method} {pattern} {name}"
                return self.validator(key, plain(content["schema"])).problems(answer)
        return self.against("error", answer) if status >= 400 else []

    def against(self, name: str, answer: Json) -> list[str]:
        """Where an answer breaks the schema of that name."""
        return self.validator(name, self.schemas[name]).problems(answer)

    def validator(self, key: str, schema: Json) -> Validator:
        """The validator of a schema of this document, built once."""
        if key not in self.built:
            root = {"allOf": [schema], "components": {"schemas": self.schemas}}
            self.built[key] = Validator(root)
        return self.built[key]


def plain(schema: Json) -> Json:
    """An OpenAPI 3.0 schema as JSON Schema: `nullable` becomes a choice."""
    if isinstance(schema, list):
        return [plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    changed = {key: plain(item) for key, item in schema.items() if key != "nullable"}
    return {"anyOf": [changed, {"type": "null"}]} if schema.get("nullable") is True else changed


def typed_problems(answer: Json) -> list[str]:
    """Where an object, or a list of them, is none of stripe-python's, by its `object`."""
    if answer.get("object") == "list":
        assert sorted(answer) == ["data", "has_more", "object", "url"]
        return [line for item in answer["data"] for line in typed_problems(item)]
    if answer.get("deleted"):
        return Validator(_DELETED).problems(answer)
    return _typed(answer["object"]).problems(answer)


@lru_cache(maxsize=64)
def _typed(name: str) -> Validator:
    known = _Known()
    schema = known.of(get_object_class("V1", name))
    return Validator({**schema, "$defs": known.defs})


class _Known:
    """JSON Schemas of stripe-python's classes."""

    def __init__(self) -> None:
        self.defs: dict[str, Json] = {}

    def of(self, kind: type) -> Json:
        name = f"{kind.__module__}.{kind.__qualname__}"
        if name not in self.defs:
            self.defs[name] = {}
            fields = {
                key: hint
                for key, hint in kind.__annotations__.items()
                if typing.get_origin(hint) is not typing.ClassVar and not key.startswith("_")
            }
            self.defs[name] = {
                "type": "object",
                "properties": {key: self.hint(hint, kind) for key, hint in fields.items()},
                "required": [key for key, hint in fields.items() if not _optional(hint)],
                "additionalProperties": False,
            }
        return {"$ref": f"#/$defs/{name}"}

    def hint(self, hint: Any, kind: type) -> Json:
        if isinstance(hint, typing.ForwardRef):
            hint = hint.__forward_arg__
        if isinstance(hint, str):
            return self.named(hint, kind)
        origin, parts = typing.get_origin(hint), typing.get_args(hint)
        if hint is type(None):
            return {"type": "null"}
        if hint in _SCALARS:
            return {"type": _SCALARS[hint]}
        if origin in (typing.Union, types.UnionType):
            return self.union(parts, kind)
        if getattr(origin, "__name__", "") == "Literal" or "Literal" in str(origin):
            return {"enum": list(parts)}
        if origin is list:
            return {"type": "array", "items": self.hint(parts[0], kind)}
        if origin is not None:
            return {"type": "object"}
        if isinstance(hint, type):
            return {"type": "object"} if not hint.__module__.startswith("stripe") else self.of(hint)
        return {}

    def union(self, parts: tuple[Any, ...], kind: type) -> Json:
        """A closed list of words stays closed: what is open is for what Stripe adds later."""
        words = [part for part in parts if "Literal" in str(typing.get_origin(part))]
        kept = [part for part in parts if not (words and part is str)]
        return {"anyOf": [self.hint(part, kind) for part in kept]}

    def named(self, name: str, kind: type) -> Json:
        outer: Any = kind
        for place in (outer, stripe, *vars(stripe).values()):
            found = getattr(place, name, None)
            if isinstance(found, type):
                return self.of(found)
        return {"type": "object"}


def _optional(hint: Any) -> bool:
    return type(None) in typing.get_args(hint)


class Judge:
    """Checks answers against the contract files that are there, and the client's types."""

    def __init__(self, files: list[Path]) -> None:
        self.contracts = [Contract(file) for file in files]

    def problems(self, method: str, path: str, status: int, answer: Json) -> list[str]:
        """Where an answer is one that Stripe could not give."""
        found = [
            line
            for contract in self.contracts
            for line in contract.problems(method, path, status, answer)
        ]
        if status == 200:
            return found + typed_problems(answer)
        inside = [part for part in answer["error"].values() if isinstance(part, dict)]
        return found + [line for part in inside for line in typed_problems(part)]

    def by_name(self, name: str, answer: Json) -> list[str]:
        """Where a value breaks the schema of that name, in any of the files."""
        return [line for contract in self.contracts for line in contract.against(name, answer)]
