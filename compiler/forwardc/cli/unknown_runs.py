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
    found = inquiries(run, pending=True)
    if not found:
        yield "  nothing about it is unknown"
        return
    yield from asked(found, summary.destination, summary.vault)
    yield f"  ours: run {run.id}, reference {summary.reference}"
    yield f"  then: forwardc resolve {run.id} --as approved|declined|not_sent --by NAME"


def questions_json(run: "StoredRun") -> list[dict[str, Any]]:
    """The same as data: each thing to ask, none where nothing is unknown."""
    from forwardc.runtime.recovery.inquiries import inquiries

    summary = run.summary
    return [
        {
            "party": one.party,
            "name": _who(one, summary.destination, summary.vault),
            "step": one.step,
            "request": one.called,
            "sent_at": one.sent_at and one.sent_at.isoformat(timespec="seconds"),
            "status": one.status,
            "names": [asdict(name) for name in one.names],
            "keys": list(one.keys),
            "names_were_recorded": one.is_recorded,
        }
        for one in inquiries(run, pending=True)
    ]


def _who(one: "Inquiry", destination: str, vault: str) -> str:
    from forwardc.runtime.run.result import Party

    return destination if one.party is Party.DESTINATION else vault


def asked(found: "Iterable[Inquiry]", destination: str, vault: str) -> Iterator[str]:
    """Each question, with what its party knows the payment by."""
    from forwardc.runtime.run.result import Party

    for one in found:
        to_destination = one.party is Party.DESTINATION
        who = _who(one, destination, vault)
        asks = f"whether it did step {one.step}" if to_destination else "whether it passed that on"
        yield f"  ask {who} {asks}:"
        if to_destination:
            yield f"    request    {one.called}"
        if one.sent_at is not None:
            yield f"    sent       {one.sent_at.isoformat(timespec='seconds')}"
        if one.status is not None:
            yield f"    answered   {one.status}, which decides nothing"
        yield from (f"    quote      {_name(name)}" for name in one.names)
        yield from (f"    quote      {key}, sent as idempotency key" for key in one.keys)
        if not one.names:
            yield f"    quote      {_nothing(one)}"


def _name(name: "PartyName") -> str:
    return f"{name.value}, {name.way} as {name.place}"


def _nothing(one: "Inquiry") -> str:
    what = "nothing else" if one.keys else "nothing"
    if not one.is_recorded:
        return f"{what}: what it got by name was not recorded by this older history"
    return f"{what}: `payment_reference:` of its file names no value that was sent there"
