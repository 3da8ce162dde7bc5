"""Checks what a destination's file says of another company's PCI status: whole, and on a real day.

Knows the file as it is written, and no clock.
"""

from datetime import date

from forwardc.compile.language import access
from forwardc.compile.language.nodes import Node
from forwardc.compile.language.report import Report

_CODE = "FC0715"
_WHOLE = "pci: {status: confirmed, confirmed_by: WHO, date: YYYY-MM-DD}"
_ASKED = "pci: {status: asked, date: YYYY-MM-DD}"


def check_pci_status(node: Node | None, report: Report) -> None:
    """Report FC0715 for a status that is told in part, and for a day that does not exist."""
    if node is None:
        return
    said = {name: access.get(node, name) for name in ("status", "confirmed_by", "date")}
    status = access.text(node, "status")
    needed = {"confirmed": ("confirmed_by", "date"), "asked": ("date",)}.get(status or "", ())
    for name in (name for name in needed if said[name] is None):
        place = said["status"] or node
        here = report.at(place.pointer)
        hint = _ASKED if status == "asked" else _WHOLE
        here.error(_CODE, f"`pci.status: {status}` has no `pci.{name}`", place.span, hint)
    only = ("confirmed_by",) if status == "asked" else () if status else ("confirmed_by", "date")
    for name in only:
        part = said[name]
        if part is not None:
            message = f"`pci.{name}` tells nothing without `pci.status: confirmed`"
            report.at(part.pointer).error(_CODE, message, part.span, _WHOLE)
    _check_day(said["date"], access.text(node, "date"), report)


def _check_day(place: Node | None, day: str | None, report: Report) -> None:
    if place is None or day is None:
        return
    try:
        date.fromisoformat(day)
    except ValueError:
        report.at(place.pointer).error(_CODE, "this day does not exist", place.span)
