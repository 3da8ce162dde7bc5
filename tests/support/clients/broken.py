"""Each rule of Stripe's tables broken once, as the parameters of a client's call."""

from collections.abc import Iterator, Mapping
from typing import Any

from clients.stripe_base import CARD, USD, order
from forwardc.sandbox.stripe import (
    customers,
    forwarding,
    intents,
    method_endpoints,
    param_shapes,
    setups,
)
from forwardc.sandbox.stripe.account import VERSION
from forwardc.sandbox.stripe.params import (
    BooleanParam,
    ClearableParam,
    DatedParam,
    EitherParam,
    IntegerParam,
    ListParam,
    MapParam,
    MetadataParam,
    ParamKind,
    TextParam,
)

# The call of a client, its table, and parameters that it takes.
CALLS: Mapping[str, tuple[MapParam, Mapping[str, Any]]] = {
    "payment_methods.create": (method_endpoints.CREATE, {"type": "card", "card": CARD}),
    "customers.create": (customers.CREATE, {}),
    "customers.list": (customers.LIST, {}),
    "setup_intents.create": (setups.CREATE, {}),
    "setup_intents.list": (setups.LIST, {}),
    "payment_intents.create": (intents.CREATE, USD),
    "payment_intents.list": (intents.LIST, {}),
    "forwarding.requests.create": (forwarding.CREATE, order("pm_card_visa")),
    "forwarding.requests.list": (param_shapes.FORWARDING_LIST, {}),
}
UNKNOWN = "no_such_parameter"
DEEPEST = 3


def broken(call: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The param that is refused, with the parameters of the call that have one mistake there."""
    table, sound = CALLS[call]
    yield UNKNOWN, {**sound, UNKNOWN: "1"}
    for name, kind in table.fields.items():
        for inside, value in _wrong(kind, name, 1):
            given = _merged(sound.get(name), value) if isinstance(value, dict) else value
            yield inside, {**sound, name: given}
    for name in table.required:
        yield name, {key: value for key, value in sound.items() if key != name}


def _wrong(kind: ParamKind, name: str, depth: int) -> Iterator[tuple[str, Any]]:
    """The path of a mistake below a parameter, with a value of the parameter that has it."""
    match kind:
        case TextParam(choices=choices) if choices:
            yield name, "no_such_choice"
        case TextParam(limit=limit):
            yield name, "x" * (limit + 1)
        case IntegerParam():
            yield name, "ten"
        case BooleanParam():
            yield name, "perhaps"
        case MetadataParam():
            yield name, {"k" * 41: "v"}
        case ListParam(of=TextParam() | IntegerParam() as of):
            for inside, value in _wrong(of, f"{name}[0]", depth):
                yield inside, [value]
        case MapParam(fields=fields) if depth < DEEPEST:
            yield f"{name}[{UNKNOWN}]", {UNKNOWN: "1"}
            for member, below in fields.items():
                for inside, value in _wrong(below, f"{name}[{member}]", depth + 1):
                    yield inside, {member: value}
        case ClearableParam(kind=below) | EitherParam(map=below):
            yield from _wrong(below, name, depth)
        case DatedParam(kind=below, since=since, until=until) if since <= VERSION < until:
            yield from _wrong(below, name, depth)


def _merged(sound: Any, wrong: dict[str, Any]) -> dict[str, Any]:
    return {**sound, **wrong} if isinstance(sound, dict) else wrong
