"""Put objects in the place of their ids where `expand[]` asks for it.

What can be inlined is the table of links. Rules of the API reference: four levels at most, and in
lists each path begins with `data.`.
"""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Final

from forwardc.sandbox.stripe import methods
from forwardc.sandbox.stripe.call import StripeCall, find
from forwardc.sandbox.stripe.errors import StripeError, invalid
from forwardc.sandbox.stripe.param_shapes import MapParam

LINKS: Final[Mapping[str, Mapping[str, str]]] = {
    "charge": {
        "application": "",
        "balance_transaction": "",
        "customer": "customer",
        "on_behalf_of": "",
        "payment_intent": "payment_intent",
    },
    "customer": {"default_source": "", "test_clock": ""},
    "forwarding.request": {},
    "payment_intent": {
        "application": "",
        "customer": "customer",
        "latest_charge": "charge",
        "on_behalf_of": "",
        "payment_method": "payment_method",
        "review": "",
        "source": "",
    },
    "payment_method": {"customer": "customer"},
    "refund": {
        "balance_transaction": "",
        "charge": "charge",
        "payment_intent": "payment_intent",
        "source_transfer_reversal": "",
        "transfer_reversal": "",
    },
    "setup_intent": {
        "application": "",
        "customer": "customer",
        "latest_attempt": "",
        "mandate": "",
        "on_behalf_of": "",
        "payment_method": "payment_method",
        "single_use_mandate": "",
    },
}
"""Object, property, and the object behind it; an empty text where the sandbox holds only null."""


# Levels (API reference, expanding responses).
DEPTH = 4
_TABLES = {"charge": "charges", "customer": "customers", "payment_intent": "payment_intents"}


def asked(call: StripeCall, shape: MapParam, kind: str, *, in_list: bool = False) -> dict[str, Any]:
    """The parameters of a call that answers with an object of this kind, or a list of them.

    Raises 400 for a wrong parameter, and for what cannot be expanded: before anything is done.
    """
    params = call.read(shape)
    for at, path in enumerate(params.get("expand", [])):
        parts = path.split(".")
        if len(parts) > DEPTH:
            text = f"You cannot expand more than {DEPTH} levels of a property."
            raise invalid(text, param=f"expand[{at}]")
        if in_list and (parts[0] != "data" or len(parts) == 1):
            raise _cannot(path, at, in_list=True)
        behind = kind
        for name in parts[1:] if in_list else parts:
            links = LINKS.get(behind, {})
            if name not in links:
                raise _cannot(path, at)
            behind = links[name]
    return params


def shown(call: StripeCall, value: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
    """A copy of an object or a list, with what was asked for inlined."""
    value = deepcopy(value)
    for path in params.get("expand", []):
        parts = path.split(".")
        if value["object"] == "list":
            for item in value["data"]:
                _inline(call, item, parts[1:])
        else:
            _inline(call, value, parts)
    return value


def _inline(call: StripeCall, value: dict[str, Any], parts: list[str]) -> None:
    name, rest = parts[0], parts[1:]
    held = value.get(name)
    if isinstance(held, str):
        held = value[name] = _load(call, LINKS[value["object"]][name], held)
    if rest and held is not None:
        _inline(call, held, rest)


def _load(call: StripeCall, kind: str, identifier: str) -> dict[str, Any]:
    if kind == "payment_method":
        row = methods.find(call, identifier, param=None)
    else:
        row = find(call, _TABLES[kind], kind, identifier)
    if row.get("deleted"):
        return {"id": identifier, "object": kind, "deleted": True}
    return deepcopy(dict(row["object"]))


def _cannot(path: str, at: int, *, in_list: bool = False) -> StripeError:
    plain = path.replace("_", "").replace(".", "")
    name = path if plain.isascii() and plain.isalpha() and len(path) <= 60 else "..."
    hint = f" You may want to try expanding 'data.{name}' instead." if in_list else ""
    return invalid(f"This property cannot be expanded ({name}).{hint}", param=f"expand[{at}]")
