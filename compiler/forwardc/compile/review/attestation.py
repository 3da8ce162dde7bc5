"""Whether a destination's PCI evidence is there and still holds, on a day that is given.

Only destinations that are built for production are asked; without a day, dates are only read.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

from forwardc.compile.ir.summary import DestinationSummary, PciSummary
from forwardc.core.diagnostics.sink import Sink

_NOTICE: Final = timedelta(days=60)
_CODE: Final = "FC0709"


def check_attestations(
    destinations: Iterable[DestinationSummary],
    produced: frozenset[str],
    today: date | None,
    sink: Sink,
) -> None:
    """FC0709 for evidence that is missing, no date, lapsed (errors) or near its end (a warning).

    FC0715 for another company's status of a day to come.

    `produced` names the destinations that are built for production; without a day, dates are
    only read. An own token vault needs evidence (docs.stripe.com/payments/forwarding-token-vault,
    May 2026: renewed each year).
    """
    for destination in destinations:
        if destination.name not in produced:
            continue
        if destination.own_vault:
            _check_there(destination, sink)
        if destination.pci is not None and destination.pci.expires:
            _check_day(destination.pci, today, sink)
        if destination.pci is not None and destination.pci.date:
            _check_status_day(destination.pci, today, sink)


def _check_there(destination: DestinationSummary, sink: Sink) -> None:
    pci = destination.pci
    said = {
        "attestation": pci.attestation if pci else "",
        "expires": pci.expires if pci else "",
    }
    missing = [name for name, text in said.items() if not text]
    if missing:
        sink.error(
            _CODE,
            f"an own token vault has no {' and no '.join(f'`pci.{name}`' for name in missing)}",
            pci.span if pci and pci.span else destination.span,
            pointer="/pci" if pci else "/own_vault",
            hint="pci: {level: 1, attestation: attestations/<file>, expires: YYYY-MM-DD}",
        )


def _check_status_day(pci: PciSummary, today: date | None, sink: Sink) -> None:
    """FC0715 for a status of a day that is still to come: nobody has confirmed it."""
    if today is not None and date.fromisoformat(pci.date) > today:
        message = f"the status is of {pci.date}, which is still to come"
        sink.error("FC0715", message, pci.status_span, pointer="/pci/date")


def _check_day(pci: PciSummary, today: date | None, sink: Sink) -> None:
    pointer = "/pci/expires"
    try:
        last = date.fromisoformat(pci.expires)
    except ValueError:
        sink.error(_CODE, "this day does not exist", pci.span, pointer=pointer)
        return
    if today is None:
        return
    hint = "renew it, and change `attestation` and `expires`"
    if last < today:
        sink.error(_CODE, f"the attestation lapsed on {last}", pci.span, pointer=pointer, hint=hint)
    elif last - today <= _NOTICE:
        message = f"the attestation ends on {last}"
        sink.warning(_CODE, message, pci.span, pointer=pointer, hint=hint)
