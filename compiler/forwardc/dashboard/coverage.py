"""The table of operation by vault, as `build/coverage.json` has it."""

from collections.abc import Mapping
from typing import Any, Final

from forwardc.core.diagnostics.sink import Sink
from forwardc.dashboard.desk import Asked, Desk, Page
from forwardc.dashboard.filters import NAME, address, wrong
from forwardc.dashboard.project import Covered, problems

_COLOURS: Final[Mapping[str, str]] = {
    "full": "approved",
    "degraded": "declined",
    "refused": "rejected",
}
_NAMES: Final = ("destination", "vault", "level")


def coverage(desk: Desk, asked: Asked) -> Page:
    """Each operation with what each vault makes of it. Raises `Refused` with status 400."""
    if set(asked.query) - set(_NAMES):
        raise wrong("A filter stands in it that this page does not have.")
    given = {name: asked.query.get(name, "").strip() for name in _NAMES}
    for name, value in given.items():
        if value and not NAME.match(value):
            raise wrong(f"The {name} is not a name.")
    sink, project = Sink(), desk.settings.project
    found = project.coverage(sink) if project else None
    rows = found.coverage if found else ()
    return Page(
        "coverage.html.j2",
        {
            "here": "/coverage",
            "project": project,
            "problems": problems(sink),
            "given": given,
            "choices": {name: _choices(rows, name, given[name]) for name in _NAMES},
            "all": len(rows),
            "vaults": sorted({row.vault for row in rows}),
            "rows": [row for row in rows if _fits(row, given)],
            "colours": _COLOURS,
            "history": _history,
        },
    )


def _fits(row: Covered, given: Mapping[str, str]) -> bool:
    return all(not value or getattr(row, name) == value for name, value in given.items())


def _choices(rows: tuple[Covered, ...], name: str, chosen: str) -> list[tuple[str, str]]:
    known: set[Any] = {getattr(row, name) for row in rows}
    names = sorted({*known, *([chosen] if chosen else [])})
    return [("", "all"), *((value, value) for value in names)]


def _history(row: Covered) -> str:
    """The runs of an operation through a vault."""
    given = {"vault": row.vault, "destination": row.destination, "operation": row.operation}
    return address("/history", given)
