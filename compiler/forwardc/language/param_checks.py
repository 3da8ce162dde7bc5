"""Whether what a declaration says fits together: limits, defaults, and the schema of a json param.

Knows the declarations of a destination, and no use of them. Patterns are not tried on defaults:
one that takes for ever would do so here.
"""

from collections.abc import Iterable, Iterator, Mapping

from forwardc.language.destination import Bounds, Param, Setting
from forwardc.language.report import Report
from forwardc.plan.terms import Lit

_REFERENCES = ("$ref", "$dynamicRef")


def check_declared(declared: Iterable[Setting | Param], report: Report) -> None:
    """Report FC0204 to FC0206 and FC0208 for limits, defaults and schemas that cannot work."""
    for one in declared:
        here = report.at(one.pointer)
        if _is_above(one.bounds.minimum, one.bounds.maximum):
            here.error("FC0206", "the minimum is above the maximum", one.span)
        if _is_above(one.bounds.min_length, one.bounds.max_length):
            here.error("FC0206", "the least length is above the greatest", one.span)
        # The default of a setting is checked with the values that the project gives.
        default = one.default if isinstance(one, Param) else None
        for name, given in (("default", default), ("example", one.example)):
            for code, problem in _problems(one.bounds, given):
                here.error(code, f"the {name} {problem}", given.span if given else one.span)
        if isinstance(one, Param) and one.schema is not None:
            _check_schema(one, here)


def _is_above(least: object, most: object) -> bool:
    return least is not None and most is not None and bool(least > most)  # type: ignore[operator]


def _problems(bounds: Bounds, given: Lit | None) -> Iterator[tuple[str, str]]:
    value = given.value if given else None
    if value is None or isinstance(value, bool):
        return
    if bounds.values and value not in bounds.values:
        yield "FC0204", "is none of the values"
    if isinstance(value, str):
        if _is_above(bounds.min_length, len(value)) or _is_above(len(value), bounds.max_length):
            yield "FC0206", "is shorter or longer than its own limits allow"
    elif _is_above(bounds.minimum, value) or _is_above(value, bounds.maximum):
        yield "FC0206", "is smaller or larger than its own limits allow"


def _check_schema(param: Param, report: Report) -> None:
    import jsonschema_rs

    if any(not reference.startswith("#") for reference in _references(param.schema)):
        hint = "write the definition under `$defs:` of this schema"
        report.error("FC0205", "a JSON Schema refers to another document", param.span, hint)
        return
    try:
        jsonschema_rs.Draft202012Validator(dict(param.schema or {}))
    except (ValueError, jsonschema_rs.ValidationError):
        report.error("FC0208", "this is no JSON Schema of draft 2020-12", param.span)


def _references(schema: object) -> Iterator[str]:
    todo = [schema]
    while todo:
        one = todo.pop()
        if isinstance(one, Mapping):
            todo += one.values()
            yield from (str(one[name]) for name in _REFERENCES if name in one)
        elif isinstance(one, list):
            todo += one
