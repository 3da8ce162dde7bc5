"""Cut a list into pages by cursors. Knows no object but its `id` and `created`."""

from typing import Any

from forwardc.sandbox.stripe.errors import invalid, no_such


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
