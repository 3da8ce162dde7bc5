"""What became of a run that nobody knew of is recorded whole, or not at all."""

import asyncio
from typing import Any, cast

import pytest

from forwardc.core.outcome import Outcome
from forwardc.runtime.history import writes
from forwardc.runtime.history.records import RunState, StepState
from forwardc.runtime.history.store import Store
from forwardc.runtime.recovery.reconcile import StepInDoubt
from forwardc.runtime.recovery.resolve import resolve_step
from stored_runs import OWNER, intent_of, new_run, report_of


class _BrokenOffError(Exception):
    """The process ended in the middle."""


def test_nobody_finds_a_decided_step_in_a_run_that_is_not(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = new_run()
    store.begin(run)
    store.unknown(run.id, "pay", store.intent(run.id, OWNER, intent_of(run)), "no answer")
    store.lease(run.id, OWNER, -1)
    stored = store.load(run.id)
    assert stored is not None
    nothing = cast("Any", None)
    step = StepInDoubt(nothing, nothing, nothing, stored, stored.steps[0])

    def breaks_off(*_: object) -> None:
        raise _BrokenOffError

    with monkeypatch.context() as patch:
        patch.setattr(writes, "finish", breaks_off)
        with pytest.raises(_BrokenOffError):
            asyncio.run(resolve_step(store, step, report_of()))
    left = store.load(run.id)
    assert left is not None
    assert (left.summary.state, left.steps[0].state) == (RunState.RUNNING, StepState.UNKNOWN)
    assert store.events() == ()
    store.lease(run.id, left.owner, -1)
    assert asyncio.run(resolve_step(store, step, report_of())) is False
    ended = store.load(run.id)
    assert ended is not None
    assert (ended.summary.outcome, ended.steps[0].state) == (Outcome.APPROVED, StepState.ANSWERED)
    assert [event.kind for event in store.events()] == ["reconcile"]
