"""Checks a YAML tree against one of the JSON Schemas in `schemas/`.

A compiled validator decides, quickly; only where it says no, the slower one that explains is
imported.
"""

import json
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from forwardc.compile.language.nodes import Node, to_data
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.resources import data_dir

if TYPE_CHECKING:
    import jsonschema_rs

Kind = Literal["destination", "project", "plan", "setup", "lock", "production"]


def validate(kind: Kind, node: Node, sink: Sink) -> bool:
    """Whether the tree fits the schema of its kind. Reports FC0201 to FC0209, all at once.

    Nothing is reported for a scalar that the YAML reader has reported already, so that False
    can come back without a new diagnostic.
    """
    data = to_data(node)
    if _quick(kind).is_valid(data):
        return True
    # The explaining library takes longer to import than the whole check, and few files need it.
    from forwardc.compile.language.schema_findings import explain, explain_paths

    findings = explain(load_schema(kind), node, data)
    if not findings:
        findings = explain_paths(_quick(kind).iter_errors(data), node)
    for finding in findings:
        sink.add(finding)
    return False


@cache
def load_schema(kind: Kind) -> dict[str, Any]:
    """The JSON Schema of a kind of file, as data."""
    text = data_dir("schemas").joinpath(f"{kind}.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


@cache
def _quick(kind: Kind) -> "jsonschema_rs.Draft202012Validator":
    import jsonschema_rs

    return jsonschema_rs.Draft202012Validator(load_schema(kind))
