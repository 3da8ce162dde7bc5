"""What is paused, and the form that pauses."""

from forwardc.dashboard.views import Page, ViewContext, ViewRequest


def pauses(context: ViewContext, request: ViewRequest) -> Page:
    """The pauses in force; an admin can add and end them."""
    places = context.places()
    return Page(
        "pauses.html.j2",
        {
            "here": "/pauses",
            "pauses": context.store.pauses(),
            "names": sorted({*places.vaults, *places.destinations}),
            "done": "Done." if request.query.get("done") else None,
        },
    )
