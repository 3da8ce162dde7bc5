"""What is paused, and the form that pauses."""

from forwardc.dashboard.desk import Asked, Desk, Page


def pauses(desk: Desk, asked: Asked) -> Page:
    """The pauses in force; an admin can add and end them."""
    places = desk.places()
    return Page(
        "pauses.html.j2",
        {
            "here": "/pauses",
            "pauses": desk.store.pauses(),
            "names": sorted({*places.vaults, *places.destinations}),
            "done": "Done." if asked.query.get("done") else None,
        },
    )
