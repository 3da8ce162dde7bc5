"""Find the objects of an account, and list them. Knows no object but its id, mode and time.

A row is a map with the API object under `object`, and beside it what the API does not show.
"""

from collections.abc import Callable
from typing import Any

from forwardc.sandbox.stripe.call import StripeCall
from forwardc.sandbox.stripe.errors import no_such

Row = dict[str, Any]


def find(call: StripeCall, table: str, kind: str, identifier: str, param: str | None = None) -> Row:
    """The row of an id in the caller's mode. Raises `resource_missing`.

    `param` names the parameter that holds the id: 400. Without it the id is the path's: 404.
    """
    row: Row | None = call.table(table).get(identifier)
    if row is None:
        raise no_such(kind, identifier, param=param)
    if _livemode(row) != call.caller.livemode:
        raise no_such(kind, identifier, param=param, other_mode=not call.caller.livemode)
    return row


def in_path(call: StripeCall, table: str, kind: str) -> Row:
    """The row of the path's id. Raises 404."""
    return find(call, table, kind, call.path["id"])


def newest(call: StripeCall, table: str, take: Callable[[Row], bool] = lambda _: True) -> list[Row]:
    """The objects of the caller's mode that `take` takes, newest first."""
    rows = [row for row in call.table(table).values() if take(row)]
    mine = [row["object"] for row in rows if _livemode(row) == call.caller.livemode]
    return mine[::-1]


def _livemode(row: Row) -> bool:
    """The mode of a row: the object's, or the row's own where the object does not show it."""
    return bool(row.get("livemode", row["object"].get("livemode")))


_TABLES = {"charge": "charges", "customer": "customers", "payment_intent": "payment_intents"}


def filtered(
    call: StripeCall, asked: dict[str, Any], names: tuple[str, ...]
) -> Callable[[Row], bool]:
    """A test of rows by those of `names` that a list was asked for. Raises 400 for no such id."""
    given = {name: asked[name] for name in names if name in asked}
    for name, identifier in given.items():
        if name in _TABLES:
            find(call, _TABLES[name], name, identifier, name)
    return lambda row: all(row["object"][name] == value for name, value in given.items())


def added(call: StripeCall, table: str, shown: dict[str, Any], **beside: Any) -> Row:
    """A new row of an object."""
    row = {"object": shown, **beside}
    call.table(table)[shown["id"]] = row
    return row
