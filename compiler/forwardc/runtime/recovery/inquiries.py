"""Whom to ask about a run of unknown fate, and by what that party knows it.

Read from the record, or from a result that has just come. A party is asked by what it certainly
got, or gave: what it never saw is asked of nobody.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from forwardc.core.dataclass import dataclass
from forwardc.core.outcome import Outcome
from forwardc.core.recognizer.scan import mask
from forwardc.runtime.history.records import (
    AttemptState,
    StepState,
    StoredAttempt,
    StoredRun,
    StoredStep,
)
from forwardc.runtime.run.result import (
    Party,
    PartyName,
    RunResult,
    StepReport,
)
from forwardc.runtime.run.run_record import doubt_of

_OPEN: Final = (Outcome.PENDING, Outcome.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What to ask one party about one step.

    `names` are what names the payment there, `keys` our idempotency keys that it got. `known` is
    False where the history is too old to tell: then both are empty. `status` is that of an answer
    that told no outcome.
    """

    party: Party
    step: str
    called: str
    sent_at: datetime | None
    names: tuple[PartyName, ...] = ()
    keys: tuple[str, ...] = ()
    status: int | None = None
    is_recorded: bool = True


@dataclass(frozen=True, slots=True)
class _Step:
    """A step as it was recorded or reported, as far as somebody may be asked about it."""

    name: str
    direct: bool
    called: str
    names: tuple[PartyName, ...]
    keyed: tuple[Party, ...]
    key: str
    vault_keys: tuple[str, ...]
    sent_at: datetime | None
    in_doubt: bool
    status: int | None
    request_id: str | None
    is_recorded: bool = True


def inquiries(run: StoredRun, *, pending: bool = False) -> list[Inquiry]:
    """Each thing to ask about a recorded run, the destination first; none where it has ended.

    With `pending` also about a step that the destination has taken, and not decided, unless a later
    question of the run has brought the decision.
    """
    waits = pending and run.summary.outcome in (None, *_OPEN)
    steps = [_stored(step, waits) for step in run.steps]
    called_pending = [waits and step.outcome is Outcome.PENDING for step in run.steps]
    if any(called_pending):
        # Behind it are only questions for the same payment.
        steps = steps[: called_pending.index(True) + 1]
    return list(_asked(steps))


def inquiries_of(result: RunResult) -> list[Inquiry]:
    """Each thing to ask about a run that has just ended as unknown."""
    if result.outcome is not Outcome.UNKNOWN:
        return []
    return list(_asked([_reported(step) for step in result.steps]))


def names_shown(step: StoredStep) -> tuple[PartyName, ...]:
    """What named the run in a step, for those who may have got it: the vault's id stands apart."""
    sent = any(attempt.state is not AttemptState.NOT_SENT for attempt in step.attempts)
    names = (step.names or ()) if sent else ()
    return tuple(n for n in names if n.party is Party.VAULT or reached(step))


def key_sent(step: StoredStep, attempt: StoredAttempt) -> bool:
    """Whether the vault may have got an attempt's key."""
    return attempt.state is not AttemptState.NOT_SENT and keyed(step, Party.VAULT)


def keyed(step: StoredStep, party: Party) -> bool:
    """Whether a party may have got the key of a step that is its own.

    A history of before kept only whether the destination honours it, and so is sent it.
    """
    if party is Party.VAULT:
        return step.deliver != "direct" and party in (step.keyed or ())
    has_key = step.idempotent if step.keyed is None else party in step.keyed
    return has_key and reached(step)


def reached(step: StoredStep) -> bool:
    """Whether the destination may have got a step's request."""
    in_air = (AttemptState.INTENT, AttemptState.UNKNOWN)
    return (
        step.status is not None
        or doubt_of(step) is not None
        or any(attempt.state in in_air for attempt in step.attempts)
    )


def _asked(steps: Sequence[_Step]) -> Iterator[Inquiry]:
    for number, step in enumerate(steps, 1):
        if not step.in_doubt:
            continue
        before = tuple(name for earlier in steps[:number] for name in earlier.names)
        keys: tuple[str, ...] = ()
        if Party.DESTINATION in step.keyed and step.key:
            keys = (step.key,)
        names = _of(Party.DESTINATION, before)
        place = (step.name, step.called, step.sent_at)
        yield Inquiry(Party.DESTINATION, *place, names, keys, step.status, step.is_recorded)
        if not step.direct and step.status is None:
            keys = step.vault_keys if Party.VAULT in step.keyed else ()
            names = (*_id_of(step), *_of(Party.VAULT, step.names))
            yield Inquiry(Party.VAULT, *place, names, keys, None, step.is_recorded or bool(names))


def _of(party: Party, names: Sequence[PartyName]) -> tuple[PartyName, ...]:
    """The names of one party, each value once."""
    names_by_value: dict[str, PartyName] = {}
    for name in names:
        if name.party is party:
            names_by_value.setdefault(name.value, name)
    return tuple(names_by_value.values())


def _id_of(step: _Step) -> tuple[PartyName, ...]:
    """The vault's own id of a request, where it gave one that may be shown."""
    identifier = step.request_id
    if not identifier or mask(identifier) != identifier:
        return ()
    return (PartyName(Party.VAULT, "given", "request id", identifier),)


def _stored(step: StoredStep, pending: bool) -> _Step:
    doubt = doubt_of(step)
    open_ = doubt is not None and step.outcome in (None, Outcome.UNKNOWN)
    waits = pending and step.outcome is Outcome.PENDING and step.state is not StepState.DONE
    keyed_ = tuple(party for party in Party if keyed(step, party))
    return _Step(
        name=step.name,
        direct=step.deliver == "direct",
        called=step.called or step.name,
        names=(step.names or ()) if reached(step) else (),
        keyed=keyed_,
        key=step.destination_key or "",
        vault_keys=doubt.vault_keys if doubt else (),
        sent_at=doubt.sent_at if doubt else _last(step),
        in_doubt=open_ or waits,
        status=step.status,
        request_id=step.request_id,
        is_recorded=step.names is not None,
    )


def _last(step: StoredStep) -> datetime | None:
    """When a step was sent last."""
    sent = [attempt for attempt in step.attempts if attempt.state is not AttemptState.NOT_SENT]
    return datetime.fromisoformat(sent[-1].started_at) if sent else None


def _reported(step: StepReport) -> _Step:
    return _Step(
        name=step.name,
        direct=step.deliver == "direct",
        called=step.called,
        names=step.names,
        keyed=step.keyed,
        key=step.keys.destination,
        vault_keys=(step.keys.vault,),
        sent_at=None,
        in_doubt=step.outcome is Outcome.UNKNOWN,
        status=step.status,
        request_id=step.request_id,
    )
