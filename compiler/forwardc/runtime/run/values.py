"""The params of a run, each checked against its specification, all problems at once.

Defaults are filled in and sensitive values wrapped. A message names the value's place and the rule,
never the value.
"""

import json
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from forwardc.core.countries import COUNTRIES, USER_ASSIGNED
from forwardc.core.currencies import iso
from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.diagnostics.suggest import did_you_mean
from forwardc.core.diagnostics.text_file import BOM, ODD_SPACE, character_name
from forwardc.core.recognizer.cards import holds_card
from forwardc.core.terms.json_schema import InvalidSchemaError, from_plan, of_plan, problems
from forwardc.core.terms.patterns import matches
from forwardc.core.terms.values import Secret
from forwardc.core.uris import uri_problem
from forwardc.plan.model import Plan, PlanOperation, ValueSpec
from forwardc.runtime.run.request import RunRequest

_WHOLE = re.compile(r"-?[0-9]{1,30}")
_NUMBER = re.compile(r"-?[0-9]{1,30}(?:\.[0-9]{1,30})?")
# Whole numbers that every JSON reader of a vault or destination keeps exactly: signed 64 bits.
_INT64: Final = 2**63 - 1
# Levels of nesting of a param: no request has as many, and readers of JSON fail at some hundred.
_DEEPEST: Final = 64


class InvalidValueError(ForwardcError, ValueError):
    """A value does not fit its specification. The message names the rule only."""


def checked_value(spec: ValueSpec, value: Any, place: str, sink: Sink) -> Any:
    """The value in its own type, or None with FC0804 or FC0812 in the sink.

    `place` names it in messages, such as `params.amount`.
    """
    try:
        typed = _typed(spec, value)
        _limits(spec, typed)
    except InvalidValueError as problem:
        _refuse(value, place, problem, sink)
        return None
    if not spec.not_card and any(holds_card(text) for text in _texts(typed)):
        sink.error(
            "FC0812",
            f"{place} looks like a card number",
            pointer=_pointer(place),
            hint="card numbers stay in the vault; if this is none, declare `not_card: true`",
        )
        return None
    return typed


def from_text(spec: ValueSpec, text: str, place: str, sink: Sink) -> Any:
    """Read what a person typed by the type that is wanted, then check it as `checked` does."""
    try:
        value = _read(spec, text)
    except InvalidValueError as problem:
        _refuse(text, place, problem, sink)
        return None
    return checked_value(spec, value, place, sink)


def _refuse(value: Any, place: str, problem: InvalidValueError, sink: Sink) -> None:
    """FC0804, with the name of a space that nobody sees where it may be the reason."""
    odd = ODD_SPACE.search(value) if isinstance(value, str) else None
    hint = f"it holds {character_name(odd[0])}: delete it, or write a plain space" if odd else None
    sink.error("FC0804", f"{place} {problem}", pointer=_pointer(place), hint=hint)


def _pointer(place: str) -> str:
    root, _, name = place.partition(".")
    return f"/{root}/{name}"


def _read(spec: ValueSpec, text: str) -> Any:
    if spec.type not in ("string", "text"):
        # It comes out of a file that somebody put in, and is part of no number, code or word.
        text = text.removeprefix(BOM)
    match spec.type:
        case "integer" | "amount":
            if not _WHOLE.fullmatch(text):
                raise InvalidValueError("must be a whole number")
            return int(text)
        case "number":
            if not _NUMBER.fullmatch(text):
                raise InvalidValueError("must be a number in digits, such as 12 or 0.50")
            return Decimal(text)
        case "boolean":
            if text not in ("true", "false"):
                raise InvalidValueError("must be true or false")
            return text == "true"
        case "json":
            return parse_json(text)
        case "enum":
            return next((item for item in spec.values or () if _spelled(item) == text), text)
        case _:
            return text


def parse_json(text: str) -> Any:
    """JSON with decimals instead of floats. Raises `InvalidValueError`."""
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, RecursionError, ArithmeticError):
        raise InvalidValueError("must be JSON") from None


def _no_constant(_name: str) -> Any:
    raise ValueError("not a number of JSON")


def _spelled(item: str | int | bool) -> str:
    return item if isinstance(item, str) else json.dumps(item)


def _typed(spec: ValueSpec, value: Any) -> Any:
    match spec.type:
        case "integer" | "amount":
            return _integer(spec, value)
        case "number":
            return _number(value)
        case "boolean":
            if not isinstance(value, bool):
                raise InvalidValueError("must be true or false")
            return value
        case "json":
            return _json(spec, value)
        case "enum":
            if not any(_same(item, value) for item in spec.values or ()):
                allowed = ", ".join(_spelled(item) for item in spec.values or ())
                raise InvalidValueError(f"must be one of: {allowed}")
            return value
        case "currency":
            return _code(spec, value, _currencies(spec), "an ISO 4217 code, such as EUR")
        case "country":
            return _code(spec, value, _countries(spec), "an ISO 3166-1 alpha-2 code, such as NO")
        case "uri":
            return _uri(_text(value), spec.schemes)
        case _:
            return _text(value)


def _same(item: str | int | bool, value: Any) -> bool:
    return type(item) is type(value) and bool(item == value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidValueError("must be text")
    return value


def _integer(spec: ValueSpec, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidValueError("must be a whole number")
    if abs(value) > _INT64:
        raise InvalidValueError("does not fit 64 bits")
    if spec.type == "amount" and value < 0:
        raise InvalidValueError("must not be negative: it is an amount in minor units")
    return value


def _number(value: Any) -> Decimal | int:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise InvalidValueError("must be a number")
    # An exponent is written out, and 1e999999 has a million digits.
    if isinstance(value, Decimal) and not value.is_finite():
        raise InvalidValueError("must be a number")
    if not -(10**30) < value < 10**30:
        raise InvalidValueError("has too many digits, or too large an exponent")
    if isinstance(value, Decimal) and int(value.as_tuple().exponent) < -30:
        raise InvalidValueError("has too many digits behind the point")
    return value


def _code(spec: ValueSpec, value: Any, codes: frozenset[str], expected: str) -> str:
    text = _text(value)
    if text.upper() not in codes or text not in (text.upper(), text.lower()):
        raise InvalidValueError(f"must be {expected}")
    if spec.values and text.upper() not in spec.values:
        raise InvalidValueError(f"must be one of: {', '.join(map(str, spec.values))}")
    return text


def _currencies(spec: ValueSpec) -> frozenset[str]:
    """The codes that a param takes: current ones, ended ones where it says so, the vendor's own."""
    iso_codes = iso()
    return frozenset(
        (*iso_codes.current, *(iso_codes.ended if spec.withdrawn else ()), *spec.extra)
    )


def _countries(spec: ValueSpec) -> frozenset[str]:
    """The codes that a param takes: an author's `values` may name what ISO leaves to its users."""
    return COUNTRIES | USER_ASSIGNED.intersection(map(str, spec.values or ()))


def _uri(text: str, schemes: tuple[str, ...]) -> str:
    if problem := uri_problem(text, schemes):
        raise InvalidValueError(problem)
    return text


def _json(spec: ValueSpec, value: Any) -> Any:
    _no_floats(value, 0)
    if spec.json_schema is not None:
        _by_schema(spec.json_schema, value)
    return value


def _no_floats(value: Any, depth: int) -> None:
    if depth > _DEEPEST:
        raise InvalidValueError(f"nests deeper than {_DEEPEST} levels")
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise InvalidValueError("must have text as its keys")
            _no_floats(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _no_floats(item, depth + 1)
    elif isinstance(value, int | Decimal) and not isinstance(value, bool):
        _number(value)
    elif not (value is None or isinstance(value, bool | str)):
        raise InvalidValueError("must be JSON")


def _by_schema(schema: Any, value: Any) -> None:
    try:
        places = problems(of_plan(schema), value)
    except InvalidSchemaError as problem:
        raise InvalidValueError(f"cannot be checked by its schema: {problem.reason}") from None
    if places:
        raise InvalidValueError(f"does not fit its schema at {', '.join(places)}")


def _limits(spec: ValueSpec, value: Any) -> None:
    if isinstance(value, str):
        if spec.min_length is not None and len(value) < spec.min_length:
            raise InvalidValueError(f"must have at least {spec.min_length} characters")
        if spec.max_length is not None and len(value) > spec.max_length:
            raise InvalidValueError(f"must have at most {spec.max_length} characters")
        if spec.pattern is not None and not matches(spec.pattern, value):
            raise InvalidValueError("does not have the required form")
    elif isinstance(value, int | Decimal) and not isinstance(value, bool):
        if spec.minimum is not None and value < Decimal(spec.minimum):
            raise InvalidValueError(f"must be at least {spec.minimum}")
        if spec.maximum is not None and value > Decimal(spec.maximum):
            raise InvalidValueError(f"must be at most {spec.maximum}")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, int | Decimal):
        if not isinstance(value, bool):
            yield str(value)
    elif value is not None:
        raise TypeError("not a value of a run")


def default_of(spec: ValueSpec) -> Any:
    """A spec's default in its own type; a number with a fraction stands in a plan as text."""
    value = spec.default
    if spec.type == "json":
        return from_plan(value)
    if spec.type == "number" and isinstance(value, dict):
        value = value.get("$number")
    if spec.type == "number" and isinstance(value, str):
        try:
            return Decimal(value)
        except InvalidOperation:
            return value
    return value


def param_values(
    plan: Plan, operation: PlanOperation, request: RunRequest, allowed: frozenset[str], sink: Sink
) -> dict[str, Any]:
    """The values of `params.<name>` for an operation; FC0803, FC0804, FC0805, FC0812 in the sink.

    `allowed` names the params that may be given: the operation's own and its fallback's.
    """
    _refuse_unknown({*request.texts, *request.params}, allowed, sink)
    values: dict[str, Any] = {}
    for name in operation.params:
        spec = plan.params[name]
        value = _param(name, spec, request, sink)
        if value is not None:
            values[f"params.{name}"] = wrapped(spec, value)
    return values


def wrapped(spec: ValueSpec, value: Any) -> Any:
    """A sensitive value as a `Secret`, any other as it is."""
    return Secret(value) if spec.sensitive else value


def _param(name: str, spec: ValueSpec, request: RunRequest, sink: Sink) -> Any:
    place = f"params.{name}"
    if name in request.texts:
        return from_text(spec, request.texts[name], place, sink)
    if request.params.get(name) is not None:
        return checked_value(spec, request.params[name], place, sink)
    if spec.default is not None:
        return default_of(spec)
    if not spec.optional:
        hint = f"give {name} in --params FILE" if spec.sensitive else f"add -p {name}=..."
        sink.error("FC0803", f"{place} is required", pointer=f"/params/{name}", hint=hint)
    return None


def _refuse_unknown(names: set[str], allowed: frozenset[str], sink: Sink) -> None:
    for name in sorted(names - allowed):
        near = did_you_mean(name, allowed)
        listed = ", ".join(sorted(allowed)) or "none"
        hint = f"did you mean {near}?" if near else f"the params are: {listed}"
        # A name that the plan does not have may be a value in the wrong place.
        sink.error("FC0805", "the operation has no such param" + _named(name), hint=hint)


def _named(name: str) -> str:
    return f": {name}" if len(name) <= 64 and name.replace("_", "a").isalnum() else ""
