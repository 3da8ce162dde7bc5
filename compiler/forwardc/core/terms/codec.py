"""Terms as JSON and back: the typed holes of a plan file.

A hole is an object with a key that starts with `$`; a data map that needs such a key is written as
`{"$map": [[key, value]]}`. What is read was written by this codec, or is refused.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final, TypeAlias, assert_never, get_args

from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.core.identity_cache import IdentityCache
from forwardc.core.terms.functions import FUNCTIONS
from forwardc.core.terms.terms import (
    Amount,
    Atom,
    Call,
    Encoded,
    Encoding,
    If,
    Limit,
    Lit,
    Map,
    Measure,
    Raw,
    Ref,
    Seq,
    Source,
    Term,
    Text,
)

Json: TypeAlias = Any


class InvalidPlanError(ForwardcError, ValueError):
    """A plan holds something that this version does not know."""


def to_json(term: Term) -> Json:
    """The JSON of a term.

    Raises `InvalidPlanError` for an `Atom`: card data never enters a plan.
    """
    match term:
        case Lit(value=Decimal() as value):
            return {"$number": str(value)}
        case Lit(value=value):
            return value
        case Ref(name=name):
            return {"$": name}
        case Raw(text=text, number=number):
            return {"$raw": text, **({"number": True} if number else {})}
        case Call(function=function, args=args, named=named):
            call: dict[str, Json] = {"$call": function, "args": [to_json(arg) for arg in args]}
            return call | ({"named": {k: to_json(v) for k, v in named}} if named else {})
        case Text(parts=parts):
            return {"$text": [to_json(part) for part in parts]}
        case Map(entries=entries):
            return _map_to_json(entries)
        case Seq(items=items):
            return [to_json(item) for item in items]
        case If(present=present, then=then):
            return {"$if": present, "then": to_json(then)}
        case Encoded():
            return _encoded_to_json(term)
        case Limit(maximum=maximum, name=name, term=inner):
            return {"$limit": maximum, "name": name, "of": to_json(inner)}
        case Source():
            return {"$source": True}
        case Amount():
            return _amount_to_json(term)
        case Atom(name=name):
            raise InvalidPlanError(
                f"{name} is known only inside the vault and cannot stand in a plan"
            )
        case _:
            assert_never(term)


_WRITTEN: Final = IdentityCache[Json]()


def json_of(term: Term) -> Json:
    """The same, which nobody may change: of a text it is kept as long as that lives.

    A body stands in the plans of all environments that change nothing of it, and in their digests.
    """
    if type(term) is Encoded:
        return _WRITTEN.get(term, None, lambda: to_json(term))
    return to_json(term)


def _map_to_json(entries: tuple[tuple[str, Term], ...]) -> Json:
    for key, _ in entries:
        if key[:1] == "$":
            return {"$map": [[key, to_json(value)] for key, value in entries]}
    return {key: to_json(value) for key, value in entries}


def _encoded_to_json(term: Encoded) -> Json:
    encoded: dict[str, Json] = {f"${term.encoding}": to_json(term.tree)}
    if term.templated:
        encoded["templated"] = True
    if term.doctype:
        encoded["doctype"] = list(term.doctype)
    return encoded


def _amount_to_json(term: Amount) -> Json:
    """References by name and currencies by code: a code has no dot."""
    amount: dict[str, Json] = {} if term.of is None else {"of": _named(term.of)}
    amount["in"] = _named(term.currency)
    if term.measure is not Measure.WIRE:
        amount["as"] = str(term.measure)
    if term.at:
        amount["at"] = list(term.at)
    return {"$amount": amount}


def _named(term: Term) -> Json:
    return term.name if isinstance(term, Ref) else to_json(term)


def from_json(data: Json) -> Term:
    """The term that a plan's JSON stands for. Raises `InvalidPlanError` on an unknown hole."""
    if data is None or isinstance(data, bool | int | str):
        return Lit(data)
    if isinstance(data, float):
        raise InvalidPlanError("a number with a fraction is written as {'$number': text}")
    if isinstance(data, list):
        return Seq(tuple([from_json(item) for item in data]))
    if isinstance(data, dict):
        return _object_from_json(data)
    raise InvalidPlanError(f"no term is written as {type(data).__name__}")


_TERMS = frozenset(get_args(Term))


def term_of(data: Json) -> Term:
    """A term as it stands, or the one that JSON stands for. Raises `InvalidPlanError`."""
    # JSON that was read holds no term: only a structure that was never written does.
    return data if type(data) in _TERMS else from_json(data)


def constant_of(data: Json) -> Json:
    """What a constant holds that stands as a term; anything else as it is."""
    return data.value if isinstance(data, Lit) else data


def _object_from_json(data: dict[str, Json]) -> Term:
    for hole in data:
        if hole.startswith("$"):
            break
    else:
        return Map(tuple([(key, from_json(value)) for key, value in data.items()]))
    read = _HOLES.get(hole)
    if read is None:
        raise InvalidPlanError(f"unknown hole {hole}")
    try:
        return read(data)
    except (AttributeError, KeyError, TypeError, ValueError, ArithmeticError) as problem:
        raise InvalidPlanError(f"the hole {hole} is damaged") from problem


def _call(data: dict[str, Json]) -> Term:
    function = FUNCTIONS.get(data["$call"])
    if function is None or function.alternatives:
        raise InvalidPlanError("a function that no run computes")
    named = tuple((key, from_json(value)) for key, value in data.get("named", {}).items())
    return Call(data["$call"], tuple(from_json(arg) for arg in data["args"]), named)


def _encoded(encoding: Encoding) -> Callable[[dict[str, Json]], Term]:
    def read(data: dict[str, Json]) -> Term:
        doctype = data.get("doctype")
        return Encoded(
            encoding,
            from_json(data[f"${encoding}"]),
            templated=data.get("templated", False),
            doctype=(doctype[0], doctype[1]) if doctype else None,
        )

    return read


def _amount(data: dict[str, Json]) -> Term:
    amount = data["$amount"]
    if not isinstance(amount, dict) or set(amount) - {"of", "in", "as", "at"}:
        raise InvalidPlanError("an amount says more than this version knows")
    of = None if "of" not in amount else _from_name(amount["of"])
    measure, at = Measure(amount.get("as", Measure.WIRE)), tuple(map(str, amount.get("at", ())))
    if (of is None) is not (measure is Measure.EXPONENT):
        raise InvalidPlanError("an amount says what it is of, and an exponent does not")
    return Amount(of, _from_name(amount["in"]), measure, at)


def _from_name(data: Json) -> Term:
    return Ref(data) if isinstance(data, str) and "." in data else from_json(data)


_HOLES: dict[str, Callable[[dict[str, Json]], Term]] = {
    "$": lambda data: Ref(data["$"]),
    "$raw": lambda data: Raw(data["$raw"], data.get("number", False)),
    "$number": lambda data: Lit(Decimal(data["$number"])),
    "$call": _call,
    "$text": lambda data: Text(tuple([from_json(part) for part in data["$text"]])),
    "$map": lambda data: Map(tuple((key, from_json(value)) for key, value in data["$map"])),
    "$if": lambda data: If(data["$if"], from_json(data["then"])),
    "$limit": lambda data: Limit(data["$limit"], data["name"], from_json(data["of"])),
    "$amount": _amount,
    "$source": lambda _data: Source(),
    **{f"${encoding}": _encoded(encoding) for encoding in Encoding},
}
