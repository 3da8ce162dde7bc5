"""Whether the schema of a `json` param can be checked by, and whether its own examples fit it.

Knows the same validator that a run has; each problem stands at its place in the schema.
"""

import re
from collections.abc import Iterator
from typing import Final

from forwardc.compile.language.destination import Param
from forwardc.compile.language.nodes import Node, at, exact
from forwardc.compile.language.report import Report
from forwardc.core.terms.json_schema import DRAFT, BadSchema, Schema, check_schema, problems
from forwardc.core.terms.patterns import is_pattern
from forwardc.core.terms.schema_cost import leads_nowhere, subschemas

_REFERENCES: Final = ("$ref", "$dynamicRef")
_LOOKS: Final = re.compile(r"\(\?<?[=!]")
_BACK: Final = re.compile(r"\\[1-9]|\(\?P=")

Problem = tuple[str, str, str, str | None]
"""Code, JSON Pointer in the schema, message and hint."""


def usable_schema(node: Node | None, report: Report) -> Schema | None:
    """The schema of a param, its numbers exact; None where nothing can be checked by it.

    Reports FC0205, FC0208, FC0340 and FC0341.
    """
    schema = exact(node) if node is not None else None
    if node is None or not isinstance(schema, dict):
        return None
    # A schema that depends on others, or on another engine, cannot be tried.
    wrong = list(_unusable(schema)) or list(_wrong(schema))
    for code, pointer, message, hint in wrong:
        place = at(node, pointer) or node
        report.at(place.pointer).error(code, message, place.span, hint)
    return None if wrong else schema


def check_examples(param: Param, report: Report) -> None:
    """FC0208 for a default or an example that does not fit the schema."""
    for name in ("default", "example"):
        node = at(param.node, f"/{name}") if param.node is not None else None
        if node is None or param.schema is None:
            continue
        try:
            misfits = problems(param.schema, exact(node))
        except BadSchema as problem:
            misfits = [problem.reason]
        if misfits:
            message = f"the {name} does not fit its schema at {', '.join(misfits)}"
            here = report.at(node.pointer)
            # An example is for readers only; a default is sent.
            say = here.error if name == "default" else here.warning
            say("FC0208", message, node.span)


def pattern_problem(pattern: str) -> tuple[str, str, str] | None:
    """Code, message and hint for a pattern that the engine does not take; None where it does."""
    if is_pattern(pattern):
        return None
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        return "FC0205", "not a regular expression", "test it with the syntax of RE2 or Rust"
    if _LOOKS.search(pattern):
        message = "a pattern looks ahead or behind, which no linear search can"
        return "FC0340", message, "say which characters may stand there"
    if _BACK.search(pattern):
        message = "a pattern refers back to what it found, which no linear search can"
        return "FC0340", message, "write what is found once more, or check it elsewhere"
    message = "a pattern is too large, or has signs that only some engines know"
    return "FC0340", message, "write {0,3} for {,3}; give lengths as max_length; leave \\Z out"


def _unusable(schema: Schema) -> Iterator[Problem]:
    for pointer, subschema in subschemas(schema):
        yield from _foreign(pointer, subschema)
        patterns = [(f"{pointer}/pattern", subschema.get("pattern"))]
        named = subschema.get("patternProperties")
        if isinstance(named, dict):
            patterns += [(f"{pointer}/patternProperties", name) for name in named]
        for place, pattern in patterns:
            problem = pattern_problem(pattern) if isinstance(pattern, str) else None
            if problem:
                yield problem[0], place, problem[1], problem[2]


def _wrong(schema: Schema) -> Iterator[Problem]:
    try:
        check_schema(schema)
    except BadSchema as problem:
        if problem.costly:
            hint = "its references multiply: let each part be named once"
            yield "FC0341", "", problem.reason, hint
        else:
            lost = list(_lost(schema)) if not problem.pointer else []
            yield from lost or [("FC0208", problem.pointer, problem.reason, None)]


def _lost(schema: Schema) -> Iterator[Problem]:
    for pointer, subschema in subschemas(schema):
        for name in _REFERENCES:
            reference = subschema.get(name)
            if isinstance(reference, str) and leads_nowhere(schema, reference):
                message = "a reference of a JSON Schema leads nowhere"
                yield "FC0208", f"{pointer}/{name}", message, "write its definition under `$defs:`"


def _foreign(pointer: str, subschema: object) -> Iterator[Problem]:
    """What makes a schema depend on another document."""
    keywords = subschema if isinstance(subschema, dict) else {}
    for name in _REFERENCES:
        reference = keywords.get(name)
        if isinstance(reference, str) and not reference.startswith("#"):
            hint = "write the definition under `$defs:` of this schema"
            message = "a JSON Schema refers to another document"
            yield "FC0205", f"{pointer}/{name}", message, hint
    if "$id" in keywords:
        hint = "leave `$id` out: the schema is used here only"
        yield "FC0205", f"{pointer}/$id", "a JSON Schema names itself", hint
    if keywords.get("$schema", DRAFT) not in (DRAFT, f"{DRAFT}#"):
        yield "FC0205", f"{pointer}/$schema", "a JSON Schema of another draft", f"write {DRAFT}"
