"""The table of operation by vault, as `build/coverage.json` has it."""

from collections.abc import Mapping
from typing import Any, Final

from forwardc.core.diagnostics.sink import Sink
from forwardc.dashboard.filters import NAME, address, address_error
from forwardc.dashboard.project import BuiltCoverageRow, problems
from forwardc.dashboard.views import Page, ViewContext, ViewRequest

_COLOURS: Final[Mapping[str, str]] = {
    "full": "approved",
    "degraded": "declined",
    "refused": "rejected",
}
_NAMES: Final = ("destination", "vault", "level")


def coverage(context: ViewContext, request: ViewRequest) -> Page:
    """Each operation with what each vault makes of it. Raises `Refused` with status 400."""
    if set(request.query) - set(_NAMES):
        raise address_error("A filter stands in it that this page does not have.")
    chosen = {name: request.query.get(name, "").strip() for name in _NAMES}
    for name, value in chosen.items():
        if value and not NAME.match(value):
            raise address_error(f"The {name} is not a name.")
    sink, project = Sink(), context.settings.project
    table = project.coverage(sink) if project else None
    rows = table.coverage if table else ()
    return Page(
        "coverage.html.j2",
        {
            "here": "/coverage",
            "project": project,
            "problems": problems(sink),
            "given": chosen,
            "choices": {name: _choices(rows, name, chosen[name]) for name in _NAMES},
            "all": len(rows),
            "vaults": sorted({row.vault for row in rows}),
            "rows": [row for row in rows if _fits(row, chosen)],
            "colours": _COLOURS,
            "history": _history,
        },
    )


def _fits(row: BuiltCoverageRow, chosen: Mapping[str, str]) -> bool:
    return all(not value or getattr(row, name) == value for name, value in chosen.items())


def _choices(rows: tuple[BuiltCoverageRow, ...], name: str, chosen: str) -> list[tuple[str, str]]:
    values: set[Any] = {getattr(row, name) for row in rows}
    names = sorted({*values, *([chosen] if chosen else [])})
    return [("", "all"), *((value, value) for value in names)]


def _history(row: BuiltCoverageRow) -> str:
    """The runs of an operation through a vault."""
    chosen = {"vault": row.vault, "destination": row.destination, "operation": row.operation}
    return address("/history", chosen)
