"""Tells what to ask whom about a run that nobody knows the fate of."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from forwardc.runtime.history.records import StoredRun
    from forwardc.runtime.recovery.inquiries import Inquiry
    from forwardc.runtime.run.result import PartyName


def questions(run: "StoredRun") -> Iterator[str]:
    """What each party needs to find the request, and how to record its answer."""
    from forwardc.runtime.recovery.inquiries import inquiries

    summary = run.summary
    pending = inquiries(run, pending=True)
    if not pending:
        yield "  nothing about it is unknown"
        return
    yield from inquiry_lines(pending, summary.destination, summary.vault)
    yield f"  ours: run {run.id}, reference {summary.reference}"
    yield f"  then: forwardc resolve {run.id} --as approved|declined|not_sent --by NAME"


def questions_json(run: "StoredRun") -> list[dict[str, Any]]:
    """The same as data: each thing to ask, none where nothing is unknown."""
    from forwardc.runtime.recovery.inquiries import inquiries

    summary = run.summary
    return [
        {
            "party": inquiry.party,
            "name": _who(inquiry, summary.destination, summary.vault),
            "step": inquiry.step,
            "request": inquiry.called,
            "sent_at": inquiry.sent_at and inquiry.sent_at.isoformat(timespec="seconds"),
            "status": inquiry.status,
            "names": [asdict(name) for name in inquiry.names],
            "keys": list(inquiry.keys),
            "names_were_recorded": inquiry.is_recorded,
        }
        for inquiry in inquiries(run, pending=True)
    ]


def _who(inquiry: "Inquiry", destination: str, vault: str) -> str:
    from forwardc.runtime.run.result import Party

    return destination if inquiry.party is Party.DESTINATION else vault


def inquiry_lines(inquiries: "Iterable[Inquiry]", destination: str, vault: str) -> Iterator[str]:
    """Each question, with what its party knows the payment by."""
    from forwardc.runtime.run.result import Party

    for inquiry in inquiries:
        to_destination = inquiry.party is Party.DESTINATION
        who = _who(inquiry, destination, vault)
        asks = (
            f"whether it did step {inquiry.step}" if to_destination else "whether it passed that on"
        )
        yield f"  ask {who} {asks}:"
        if to_destination:
            yield f"    request    {inquiry.called}"
        if inquiry.sent_at is not None:
            yield f"    sent       {inquiry.sent_at.isoformat(timespec='seconds')}"
        if inquiry.status is not None:
            yield f"    answered   {inquiry.status}, which decides nothing"
        yield from (f"    quote      {_name(name)}" for name in inquiry.names)
        yield from (f"    quote      {key}, sent as idempotency key" for key in inquiry.keys)
        if not inquiry.names:
            yield f"    quote      {_nothing(inquiry)}"


def _name(name: "PartyName") -> str:
    return f"{name.value}, {name.way} as {name.place}"


def _nothing(inquiry: "Inquiry") -> str:
    nothing = "nothing else" if inquiry.keys else "nothing"
    if not inquiry.is_recorded:
        return f"{nothing}: what it got by name was not recorded by this older history"
    return f"{nothing}: `payment_reference:` of its file names no value that was sent there"
