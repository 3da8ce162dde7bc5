"""Checks requests against the vendors' API contracts, and fills them with test cards before.

The contracts belong to others and are read at test time only.
"""

import json
import re
from typing import Any
from urllib.parse import parse_qsl

from jsonschema import Draft202012Validator

Json = Any
# Published test values of Adyen, and made-up ones of the same form.
FILLED = {
    "card_number": "4111111111111111",
    "card_expiry_month_mm": "03",
    "card_expiry_year_yyyy": "2030",
    "card_cvv": "737",
    "cardholder_name": "John Smith",
    "network_token_number": "4111111111111111",
    "network_token_expiry_month": "03",
    "network_token_expiry_year_yyyy": "2030",
    "network_token_cryptogram": "AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "network_token_eci": "05",
}


def filled(template: str) -> str:
    """A template of Checkout.com with the values of a test card."""
    return re.sub(r"\{\{(\w+)\}\}", lambda match: FILLED[match[1]], template)


def fill_blanks(tree: Json, card: dict[str, Json]) -> Json:
    """A body of Stripe with its blanks filled, by the names of the fields."""
    if isinstance(tree, dict):
        return {
            key: card[key] if key in card and value in ("", 0) else fill_blanks(value, card)
            for key, value in tree.items()
        }
    return tree


def request_schema(contract: Json, path: str) -> Json:
    """The schema of a POST body, with what it refers to."""
    (content,) = contract["paths"][path]["post"]["requestBody"]["content"].values()
    return {**content["schema"], "components": contract["components"]}


def response_schema(contract: Json, path: str, status: int) -> Json:
    """The schema of a POST's answer, with what it refers to. `KeyError` for another status."""
    (content,) = contract["paths"][path]["post"]["responses"][str(status)]["content"].values()
    return {**content["schema"], "components": uncut(contract["components"])}


def uncut(tree: Json) -> Json:
    """A cut contract in which a value of one of several schemas that were cut away is any of them.

    They accept anything, so that `oneOf` would never hold.
    """
    if isinstance(tree, list):
        return [uncut(item) for item in tree]
    if not isinstance(tree, dict):
        return tree
    kept = {key: uncut(value) for key, value in tree.items() if key != "oneOf"}
    choices = tree.get("oneOf", [])
    if choices:
        is_cut = all("x-cut" in choice for choice in choices)
        kept["anyOf" if is_cut else "oneOf"] = uncut(choices)
    return kept


def problems(schema: Json, value: Json) -> list[str]:
    """Where a value breaks a schema, by JSON path."""
    found = Draft202012Validator(schema).iter_errors(value)
    return [f"{error.json_path}: {error.message[:120]}" for error in found]


def from_form(text: str, schema: Json) -> Json:
    """A form as the nested value that its schema describes."""
    tree: dict[str, Json] = {}
    for name, value in parse_qsl(text, keep_blank_values=True, strict_parsing=True):
        parts = re.findall(r"[^\[\]]+", name)
        place = tree
        for part in parts[:-1]:
            place = place.setdefault(part, {})
        place[parts[-1]] = value
    return _typed(tree, schema)


def _typed(value: Json, schema: Json) -> Json:
    schemas = schema.get("anyOf", [schema])
    types = {one.get("type") for one in schemas}
    if isinstance(value, dict):
        if "array" in types:
            items = next(one for one in schemas if one.get("type") == "array")["items"]
            return [_typed(value[str(index)], items) for index in range(len(value))]
        known = next((one for one in schemas if one.get("type") == "object"), {})
        fields = known.get("properties", {})
        return {key: _typed(item, fields.get(key, {})) for key, item in value.items()}
    if "integer" in types and re.fullmatch("[0-9]+", value):
        return int(value)
    return json.loads(value) if "boolean" in types and value in ("true", "false") else value
