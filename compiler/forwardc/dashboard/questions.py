"""What to ask whom about a run whose fate is unknown. Texts for people, from what is recorded."""

from collections.abc import Iterator
from typing import Final

from forwardc.dashboard.render import moment
from forwardc.runtime.history.records import StoredRun
from forwardc.runtime.recovery.inquiries import Inquiry, inquiries
from forwardc.runtime.run.result import Party, PartyName

_NOTHING: Final = " `payment_reference:` of its file names no value that was sent there."
_UNKNOWN: Final = " What it got by name was not recorded by an older history."


def questions(run: StoredRun) -> list[str]:
    """Each thing to ask, the destination first; empty where the run's fate is known."""
    return [" ".join(_text(run, inquiry)) for inquiry in inquiries(run)]


def _text(run: StoredRun, inquiry: Inquiry) -> Iterator[str]:
    summary = run.summary
    when = moment(inquiry.sent_at.isoformat() if inquiry.sent_at else summary.created_at)
    if inquiry.party is Party.DESTINATION:
        yield f"Ask {summary.destination}: did it receive `{inquiry.called}` at about {when} UTC,"
        yield "and what became of it?"
    else:
        yield f"Ask {summary.vault}: has it a request of about {when} UTC to `{inquiry.called}`,"
        yield "and did it reach the destination?"
    yield _quoted(inquiry)
    if inquiry.status is not None:
        yield f"Its answer, {inquiry.status}, tells no outcome."
    elif inquiry.party is Party.DESTINATION:
        yield "There is no answer on record."
    else:
        yield f"Where the vault can be asked by program, `forwardc reconcile {run.id}` does."


def _quoted(inquiry: Inquiry) -> str:
    """What that party knows the payment by, or that it knows it by nothing."""
    named = [_name(name) for name in inquiry.names]
    keyed = [f"`{key}`, sent as idempotency key" for key in inquiry.keys]
    quote = f"Quote {'; '.join([*named, *keyed])}." if named or keyed else ""
    if not named:
        quote += _NOTHING if inquiry.is_recorded else _UNKNOWN
    return quote.strip()


def _name(name: PartyName) -> str:
    return f"`{name.value}`, {name.way} as {name.place}"
