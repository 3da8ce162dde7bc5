"""Whether what a declaration says fits together: limits, defaults, and the schema of a json param.

Knows the declarations of a destination, and no use of them.
"""

from collections.abc import Iterable, Iterator

from forwardc.compile.language.card_like_params import check_card_like
from forwardc.compile.language.destination import Bounds, Param, Setting
from forwardc.compile.language.param_schema import check_examples
from forwardc.compile.language.report import Report
from forwardc.core.terms.patterns import matches
from forwardc.core.terms.terms import Lit


def check_declared(declared: Iterable[Setting | Param], report: Report) -> None:
    """Report FC0204 to FC0206 for limits and examples, FC0343, and what is wrong with schemas."""
    for declaration in declared:
        here = report.at(declaration.pointer)
        if _is_above(declaration.bounds.minimum, declaration.bounds.maximum):
            here.error("FC0206", "the minimum is above the maximum", declaration.span)
        if _is_above(declaration.bounds.min_length, declaration.bounds.max_length):
            here.error("FC0206", "the least length is above the greatest", declaration.span)
        # The default of a setting is checked with the values that the project gives.
        default = declaration.default if isinstance(declaration, Param) else None
        for name, literal in (("default", default), ("example", declaration.example)):
            for code, problem in _problems(declaration.bounds, literal):
                here.error(
                    code, f"the {name} {problem}", literal.span if literal else declaration.span
                )
            if literal is not None and not _has_form(declaration.bounds, literal):
                # An example is for readers only; a default is sent.
                say = here.error if name == "default" else here.warning
                say("FC0205", f"the {name} does not have the form of its own pattern", literal.span)
        if isinstance(declaration, Param):
            check_examples(declaration, here)
            check_card_like(declaration, here)


def _is_above(least: object, most: object) -> bool:
    return least is not None and most is not None and bool(least > most)  # type: ignore[operator]


def _problems(bounds: Bounds, literal: Lit | None) -> Iterator[tuple[str, str]]:
    value = literal.value if literal else None
    if value is None or isinstance(value, bool):
        return
    if bounds.values and value not in bounds.values:
        yield "FC0204", "is none of the values"
    if isinstance(value, str):
        if _is_above(bounds.min_length, len(value)) or _is_above(len(value), bounds.max_length):
            yield "FC0206", "is shorter or longer than its own limits allow"
    elif _is_above(bounds.minimum, value) or _is_above(value, bounds.maximum):
        yield "FC0206", "is smaller or larger than its own limits allow"


def _has_form(bounds: Bounds, literal: Lit) -> bool:
    pattern, value = bounds.pattern, literal.value
    return pattern is None or not isinstance(value, str) or matches(pattern, value)
