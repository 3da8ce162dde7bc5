"""Tells a request that comes again under its caller's idempotency key from a new one.

What a caller asked of a run is one text, compared as a keyed digest: it holds sensitive values. The
same content gives the recorded result, and nothing is sent; other content is refused.
"""

import json
from collections.abc import Mapping
from typing import Any, TypeAlias

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.terms.values import Secret
from forwardc.runtime.history.idempotency_keys import has_sent_nothing
from forwardc.runtime.history.records import RunState, StoredRun
from forwardc.runtime.run.journal import Journal
from forwardc.runtime.run.prepare import PreparedRun
from forwardc.runtime.run.result import RunResult
from forwardc.runtime.run.run_record import result_of, typed_by_hand

_GIVEN = ("params.", "inputs.")


def request_content(prepared: PreparedRun) -> Secret:
    """All that a caller's idempotency key stands for: operation, world, source, values.

    A reference that the caller left to the run is no part of it, nor is the plan's version.
    """
    plan, values = prepared.plan, prepared.values
    reference = values["run.reference"]
    own_reference = None if reference == str(prepared.run_id) else reference
    asked = [plan.place, plan.vault, plan.destination, prepared.name]
    more = [values.get("source.id"), own_reference, sorted(prepared.without)]
    return Secret(json.dumps([*asked, *more, _pairs(values, sensitive=None)]))


def withheld_values(prepared: PreparedRun) -> Secret | None:
    """The values that no record keeps, which `--resume` is given again; None without any."""
    pairs = _pairs(prepared.values, sensitive=True)
    return Secret(json.dumps(pairs)) if pairs else None


def _pairs(values: Mapping[str, Any], *, sensitive: bool | None) -> list[tuple[str, str]]:
    return [
        (name, typed_by_hand(value.reveal() if isinstance(value, Secret) else value))
        for name, value in sorted(values.items())
        if name.startswith(_GIVEN) and sensitive in (None, isinstance(value, Secret))
    ]


@dataclass(frozen=True, slots=True)
class NewRequest:
    """A request that was not made before. `content`: its keyed digest, None without a key."""

    prepared: PreparedRun
    content: str | None = None


@dataclass(frozen=True, slots=True)
class RepeatedRequest:
    """A request that was made before: what it came to; None with the reason in the sink."""

    result: RunResult | None


RequestKind: TypeAlias = NewRequest | RepeatedRequest


async def recognize_repeat(prepared: PreparedRun, journal: Journal, sink: Sink) -> RequestKind:
    """What a caller's key says of a request (FC0834, FC0835). Raises `JournalError`."""
    key = prepared.given_key
    content = await journal.digest(request_content(prepared)) if key is not None else None
    if key is None or content is None:
        return NewRequest(prepared)
    earlier = await journal.held(key)
    if earlier is None:
        return NewRequest(prepared, content)
    run, before = earlier
    if before != content:
        sink.error(
            "FC0834",
            f"the idempotency key came before with other content, in run {run.id}; "
            "nothing was sent",
            hint="a request that differs needs a key of its own",
        )
        return RepeatedRequest(None)
    if has_sent_nothing(run):
        return NewRequest(prepared, content)
    if run.summary.state is RunState.DONE:
        return RepeatedRequest(result_of(run))
    _not_ended(run, sink)
    return RepeatedRequest(None)


async def has_same_values(prepared: PreparedRun, journal: Journal, sink: Sink) -> bool:
    """Whether the sensitive values of a run that is continued are those that it began with.

    FC0834 in the sink where not: its steps keep the keys that they had. Raises `JournalError`.
    """
    sensitive = withheld_values(prepared)
    before = await journal.withheld(str(prepared.run_id)) if sensitive is not None else None
    if sensitive is None or before is None or before == await journal.digest(sensitive):
        return True
    sink.error(
        "FC0834",
        "the sensitive values are not those that the run began with; nothing was sent",
        hint="give them as they were: its steps keep their idempotency keys",
    )
    return False


def _not_ended(run: StoredRun, sink: Sink) -> None:
    running = run.summary.state is RunState.RUNNING
    sink.error(
        "FC0835",
        f"run {run.id} of this idempotency key {'is under way' if running else 'was stopped'}; "
        "nothing was sent",
        hint=f"`forwardc run --resume {run.id}` goes on where no process has it any more",
    )
