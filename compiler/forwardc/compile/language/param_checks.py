"""Whether what a declaration says fits together: limits, defaults, examples, schemas, card numbers.

Patterns and schemas are asked of the engines that a run has, so that what is accepted here is
accepted there; each problem stands at its place in the schema.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final, assert_never

from forwardc.compile.language.destination import Bounds, Param, ParamType, Setting
from forwardc.compile.language.nodes import Node, at, exact
from forwardc.compile.language.report import Report
from forwardc.core.recognizer.cards import LONGEST, SHORTEST, lengths_of, passes_luhn
from forwardc.core.terms.json_schema import (
    DRAFT,
    InvalidSchemaError,
    Schema,
    check_schema,
    is_dangling,
    problems,
    subschemas,
)
from forwardc.core.terms.patterns import is_pattern, matches
from forwardc.core.terms.terms import Lit

# Limits, defaults and examples


def check_declared(declared: Iterable[Setting | Param], report: Report) -> None:
    """Report FC0204 to FC0206 for limits and examples, FC0343, and what is wrong with schemas."""
    for declaration in declared:
        here = report.at(declaration)
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


# Schemas and patterns

_REFERENCE_KEYWORDS: Final = ("$ref", "$dynamicRef")
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
        report.at(place).error(code, message, place.span, hint)
    return None if wrong else schema


def check_examples(param: Param, report: Report) -> None:
    """FC0208 for a default or an example that does not fit the schema."""
    for name in ("default", "example"):
        node = at(param.node, f"/{name}") if param.node is not None else None
        if node is None or param.schema is None:
            continue
        try:
            misfits = problems(param.schema, exact(node))
        except InvalidSchemaError as problem:
            misfits = [problem.reason]
        if misfits:
            message = f"the {name} does not fit its schema at {', '.join(misfits)}"
            here = report.at(node)
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
    except InvalidSchemaError as problem:
        if problem.costly:
            hint = "its references multiply: let each part be named once"
            yield "FC0341", "", problem.reason, hint
        else:
            lost = list(_lost(schema)) if not problem.pointer else []
            yield from lost or [("FC0208", problem.pointer, problem.reason, None)]


def _lost(schema: Schema) -> Iterator[Problem]:
    for pointer, subschema in subschemas(schema):
        for name in _REFERENCE_KEYWORDS:
            reference = subschema.get(name)
            if isinstance(reference, str) and is_dangling(schema, reference):
                message = "a reference of a JSON Schema leads nowhere"
                yield "FC0208", f"{pointer}/{name}", message, "write its definition under `$defs:`"


def _foreign(pointer: str, subschema: object) -> Iterator[Problem]:
    """What makes a schema depend on another document."""
    keywords = subschema if isinstance(subschema, dict) else {}
    for name in _REFERENCE_KEYWORDS:
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


# FC0343: numbers that may look like a card
#
# A guess for the author, by what the declaration admits: numbers of every brand are tried.

# What shops count: a house or a telephone has a number, too, and never one of 14 digits.
_COUNTED: Final = re.compile(
    r"(?:^|_)(?:order|invoice|reference|payment|booking|ticket|transaction|account|customer|receipt"
    r"|document|contract|policy|member|loyalty|purchase)_?(?:number|num|no|nr)$"
)
_REFERENCE_NAME: Final = re.compile(r"(?:^|_)(?:id|reference|ref|order|invoice|number|num|no|nr)$")
_DIGITS: Final = re.compile(r"[0-9]{6,}")
# What a pattern begins with as it stands: letters and digits before the first sign with a meaning.
_HEAD: Final = re.compile(r"\^?((?:[A-Za-z0-9_:# -]|\\[-./_#:])*)([?*+{]?)")
_LITERAL: Final = re.compile(r"(?<![\\{,0-9-])[0-9]{1,6}(?![0-9,}\]-])")
_FILLS: Final = ("0" * LONGEST, "7319582643179528364")
_LEAST: Final = 10 ** (SHORTEST - 1)


def check_card_like(param: Param, report: Report) -> None:
    """Warn where values of a param are numbers, and some of them look like card numbers."""
    if param.not_card or not _may_look_like_card(param):
        return
    report.warning(
        "FC0343",
        "a value of 14 to 19 digits may look like a card number, and is refused then",
        param.span,
        hint="declare `not_card: true`, or a pattern, max_length or maximum without such numbers",
    )


def _may_look_like_card(param: Param) -> bool:
    bounds = param.bounds
    match param.type:
        case ParamType.STRING:
            if bounds.pattern is not None:
                return _numeric_pattern(bounds.pattern, bounds.min_length, bounds.max_length)
            return _is_number(param) and _fits(bounds, SHORTEST, LONGEST)
        case ParamType.INTEGER | ParamType.NUMBER:
            return _is_reference(param) and (bounds.maximum is None or bounds.maximum >= _LEAST)
        case ParamType.BOOLEAN | ParamType.ENUM | ParamType.AMOUNT | ParamType.CURRENCY:
            return False
        case ParamType.COUNTRY | ParamType.URI | ParamType.JSON:
            return False
        case _:
            assert_never(param.type)


def _is_number(param: Param) -> bool:
    """Whether a text without a pattern is a number, by its name, example or default."""
    samples = (literal.value for literal in (param.example, param.default) if literal is not None)
    is_sampled = any(isinstance(value, str) and _DIGITS.fullmatch(value) for value in samples)
    return is_sampled or bool(_COUNTED.search(param.name))


def _is_reference(param: Param) -> bool:
    """Whether an integer names something, and is no count."""
    bounds = param.bounds
    is_long = any(
        limit is not None and limit >= _LEAST for limit in (bounds.minimum, bounds.maximum)
    )
    return is_long or bool(_REFERENCE_NAME.search(param.name))


def _fits(bounds: Bounds, shortest: int, longest: int) -> bool:
    least, most = bounds.min_length or 0, bounds.max_length
    return least <= longest and (most is None or most >= shortest)


@lru_cache(maxsize=256)
def _numeric_pattern(pattern: str, least: int | None, most: int | None) -> bool:
    """Whether a pattern admits a card number, and no letter in its place."""
    head = _HEAD.match(pattern)
    text = head[1] if head else ""
    text = re.sub(r"\\(.)", r"\1", text[:-1] if head and head[2] else text)
    before = text.rstrip("0123456789")
    begin = {text[len(before) :], *_LITERAL.findall(pattern)}
    for number in _card_numbers(frozenset(begin)):
        value = before + number
        if (least or 0) <= len(value) <= (most or len(value)) and matches(pattern, value):
            middle = len(before) + len(number) // 2
            letters = (value[:middle] + letter + value[middle + 1 :] for letter in "Aa")
            return not any(matches(pattern, text) for text in letters)
    return False


def _card_numbers(begin: frozenset[str]) -> Iterator[str]:
    """Numbers that look like a card's: of each range in two digits, and with these beginnings."""
    firsts = [f"{first}{fill[:2]}" for first in range(10, 100) for fill in _FILLS]
    firsts += [(digits + fill)[:6] for digits in sorted(begin) if digits for fill in _FILLS]
    for first in dict.fromkeys(firsts):
        for length in sorted(lengths_of(first[:4])):
            for fill in _FILLS:
                body = (first + fill)[: length - 1]
                yield next(f"{body}{digit}" for digit in range(10) if passes_luhn(f"{body}{digit}"))
