"""Asks for recorded payments that are still pending, by the step that their plans have for it.

The asking is that of `run --resume`, within the limits of the plan; `reconcile` begins it for every
such run. A run whose plan has no such step waits for a callback or a person.
"""

from typing import TYPE_CHECKING, Final

from forwardc.cli.run.resume import (
    RecordedRun,
    continue_run,
    is_polled,
    lacks_values,
    same_plan,
)
from forwardc.cli.run.target import RunTarget

if TYPE_CHECKING:
    from forwardc.core.diagnostics.sink import Sink
    from forwardc.runtime.history.asked_again import PendingTarget
    from forwardc.runtime.history.records import StoredRun
    from forwardc.runtime.history.store import Store
    from forwardc.runtime.run.result import RunResult

_BY: Final = "forwardc reconcile"
# Runs of one operation that are asked for at once: each may take the minutes that its plan allows.
_MOST: Final = 1000


def polled_runs(store: "Store", run_target: RunTarget) -> "tuple[StoredRun, ...]":
    """Pending runs that no process holds and whose plan asks again, by operation, oldest first."""
    from forwardc.runtime.history.asked_again import pending_runs, pending_targets

    now = store.timestamp()
    targets = store.database.read(lambda tx: pending_targets(tx, now))
    polled = [target for target in targets if _is_polled(target, run_target)]

    def runs(target: "PendingTarget") -> "tuple[StoredRun, ...]":
        return store.database.read(lambda tx: pending_runs(tx, target, now, _MOST))

    return tuple(run for target in polled for run in runs(target))


def can_be_asked(run: "StoredRun", run_target: RunTarget) -> bool:
    """Whether a run is pending and its plan, as it is built now, has a step that asks."""
    from forwardc.core.outcome import Outcome
    from forwardc.runtime.history.asked_again import PendingTarget

    summary = run.summary
    waits = any(step.outcome is Outcome.PENDING for step in run.steps)
    if not waits or summary.outcome not in (None, Outcome.PENDING):
        return False
    place = (summary.vault, summary.destination, summary.environment)
    return _is_polled(PendingTarget(*place, summary.operation), run_target)


async def ask_again(
    run: "StoredRun", run_target: RunTarget, store: "Store", sink: "Sink"
) -> "RunResult":
    """What the run came to. Raises `StillUnknownError` where nothing could be asked.

    `SandboxUnreachableError` as `continue_run`.
    """
    from forwardc.core.diagnostics.sink import Sink
    from forwardc.runtime.recovery.reconcile import StillUnknownError
    from forwardc.runtime.run.request import RunRequest

    if run.summary.emulated != (run_target.sandbox is not None):
        raise StillUnknownError("a sandbox is asked for its own runs only: see --sandbox")
    findings, request, result = Sink(), RunRequest(), None
    if lacks_values(run, request, findings):
        raise StillUnknownError(f"{_text(findings)}; `forwardc run --resume {run.id}` takes it")
    plan = same_plan(run, run_target, findings)
    if plan is not None:
        recorded = RecordedRun(run, *plan, by=_BY)
        result = await continue_run(recorded, request, run_target, store, findings)
    if result is None:
        raise StillUnknownError(_text(findings))
    for finding in findings.sorted():
        sink.add(finding)
    return result


def _text(findings: "Sink") -> str:
    return "; ".join(problem.message for problem in findings.sorted())


def _is_polled(target: "PendingTarget", run_target: RunTarget) -> bool:
    from forwardc.core.diagnostics.sink import Sink
    from forwardc.plan.build_folder import read_plan

    place = (target.vault, target.destination, target.environment)
    plan = read_plan(run_target.build, *place, Sink())
    return plan is not None and is_polled(plan, target.operation)
