"""One call of the emulated API as the endpoints see it: its caller, parameters, rows and pages.

A row is a map with the API object under `object`, and beside it what the API does not show. Lists
are cut into pages by cursors, newest first.
"""

import secrets
import string
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from forwardc.sandbox.stripe.account import StripeCaller
from forwardc.sandbox.stripe.errors import invalid, no_such
from forwardc.sandbox.stripe.param_shapes import MapParam
from forwardc.sandbox.stripe.params import read
from forwardc.sandbox.world import World


@dataclass(frozen=True, slots=True)
class StripeCall:
    """One call. Parameters are those of query and body together, not yet checked.

    `forwarded` tells that another vault of the sandbox sends this, and not a client: only then
    do test cards make the creation of a payment method fail in transport.
    """

    world: World
    caller: StripeCaller
    version: str
    params: dict[str, Any] = field(repr=False)
    path: dict[str, str]
    forwarded: bool = False

    @property
    def now(self) -> int:
        """The time of the world in whole seconds."""
        return int(self.world.now())

    def read(self, shape: MapParam) -> dict[str, Any]:
        """The parameters, checked and converted. Raises 400."""
        return read(shape, self.params, self.version, self.world.lets)

    def table(self, name: str) -> dict[str, Any]:
        """The rows of one table of the account that is called, by id."""
        account = self.caller.account
        return self.world.table(f"stripe.{name}" if account is None else f"stripe.{name}@{account}")


Handler = Callable[[StripeCall], Awaitable[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class StripeEndpoint:
    """A route of the API with the permission that a restricted key needs."""

    method: str
    path: str
    permission: str
    handler: Handler


_LETTERS = string.ascii_letters + string.digits


def new_id(prefix: str, length: int = 24) -> str:
    """A fresh id such as `pm_1Qx...`."""
    return f"{prefix}_" + "".join(secrets.choice(_LETTERS) for _ in range(length))


# --- Rows

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
    objects = [row["object"] for row in rows if _livemode(row) == call.caller.livemode]
    return objects[::-1]


def _livemode(row: Row) -> bool:
    """The mode of a row: the object's, or the row's own where the object does not show it."""
    return bool(row.get("livemode", row["object"].get("livemode")))


_TABLES = {"charge": "charges", "customer": "customers", "payment_intent": "payment_intents"}


def filtered(
    call: StripeCall, asked: dict[str, Any], names: tuple[str, ...]
) -> Callable[[Row], bool]:
    """A test of rows by those of `names` that a list was asked for. Raises 400 for no such id."""
    filters = {name: asked[name] for name in names if name in asked}
    for name, identifier in filters.items():
        if name in _TABLES:
            find(call, _TABLES[name], name, identifier, name)
    return lambda row: all(row["object"][name] == value for name, value in filters.items())


def added(call: StripeCall, table: str, shown: dict[str, Any], **beside: Any) -> Row:
    """A new row of an object."""
    row = {"object": shown, **beside}
    call.table(table)[shown["id"]] = row
    return row


# --- Pages


def page(asked: dict[str, Any], rows: list[dict[str, Any]], url: str, kind: str) -> dict[str, Any]:
    """The list object for checked parameters. `rows` come newest first.

    Raises 400 for both cursors at once, or a cursor that leads nowhere.
    """
    after, before = asked.get("starting_after"), asked.get("ending_before")
    if after and before:
        raise invalid(
            "You may only specify one of these parameters: starting_after, ending_before.",
            param="starting_after",
        )
    limit = asked.get("limit", 10)
    ids = [row["id"] for row in rows]
    start, end = 0, len(rows)
    if after:
        start = _place(ids, after, kind, "starting_after") + 1
    if before:
        end = _place(ids, before, kind, "ending_before")
    matching = [row for row in rows[start:end] if _in_time(row["created"], asked.get("created"))]
    # Before a cursor stands the page that is nearest to it, still newest first.
    data = matching[-limit:] if before else matching[:limit]
    return {"object": "list", "url": url, "has_more": len(matching) > len(data), "data": data}


def _place(ids: list[str], cursor: str, kind: str, param: str) -> int:
    if cursor not in ids:
        raise no_such(kind, cursor, param=param)
    return ids.index(cursor)


def _in_time(created: int, bounds: dict[str, int] | int | None) -> bool:
    if isinstance(bounds, int):
        return created == bounds
    bounds = bounds or {}
    return (
        created > bounds.get("gt", created - 1)
        and created >= bounds.get("gte", created)
        and created < bounds.get("lt", created + 1)
        and created <= bounds.get("lte", created)
    )


# --- Customers

CUSTOMERS_TABLE = "customers"


def alive(call: StripeCall, identifier: str, *, param: str | None = None) -> Row:
    """The row of a customer. Raises `resource_missing`, for a deleted one too."""
    row = find(call, CUSTOMERS_TABLE, "customer", identifier, param)
    if row.get("deleted"):
        raise no_such("customer", identifier, param=param)
    return row
