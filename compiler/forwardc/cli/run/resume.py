"""`forwardc run --resume`: continues a recorded run at the first step that is not decided.

Knows what must be as it was: the plan, the sandbox, and who holds the run. Sends nothing itself.
"""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from forwardc.cli.run.end import EarlyOutput, OutputOptions, problems
from forwardc.cli.run.request import tell_argument
from forwardc.cli.run.target import RunTarget, allowed, journal_for, look_up_for, means_for, reached

if TYPE_CHECKING:
    from forwardc.core.diagnostics.sink import Sink
    from forwardc.plan.model import Plan
    from forwardc.runtime.history.records import StoredRun
    from forwardc.runtime.history.store import Store
    from forwardc.runtime.run.request import ClockAndIds, RunRequest
    from forwardc.runtime.run.result import RunResult


def resume_run(
    run_id: str, given: "RunRequest", shown: Sequence[str], where: RunTarget, how: OutputOptions
) -> int:
    """Continue a run; `given` holds what no record does. The exit code tells the outcome.

    `shown` are the places of values that were given as arguments.
    """
    from forwardc.core.diagnostics.sink import Sink

    sink, found, result = Sink(), None, None
    early: EarlyOutput | None = None
    with where.recording(sink, begin=False) as store:
        found = _resumable(run_id, given, where, store, sink)
        if found is not None and store is not None:
            for place in shown:
                tell_argument(place, sink)
            early = EarlyOutput(found[1], sink, how)
            going_on = _go_on(*found, given, where, store, early)
            result = reached(lambda: asyncio.run(going_on))
    return problems(sink, how.as_json) if early is None else early.finish(result)


def _resumable(
    run_id: str, given: "RunRequest", where: RunTarget, store: "Store | None", sink: "Sink"
) -> "tuple[StoredRun, Plan, ClockAndIds] | None":
    """The run, its plan and what is approved; None with the reason in the sink."""
    if store is None:
        if not sink.has_errors:
            sink.error("FC0821", "a run that was recorded nowhere cannot be continued")
        return None
    run = store.load(run_id)
    if run is None:
        sink.error("FC0820", f"there is no run {run_id}", hint="`forwardc history` lists them")
        return None
    if not _is_open(run, where, sink) or _lacks(run, given, sink):
        return None
    plan = same_plan(run, where, sink)
    return (run, *plan) if plan else None


def _is_open(run: "StoredRun", where: RunTarget, sink: "Sink") -> bool:
    from forwardc.runtime.history.records import RunState

    summary = run.summary
    if summary.state is RunState.DONE:
        settle = f"`forwardc reconcile {run.id}`" if summary.outcome == "unknown" else None
        sink.error("FC0821", f"run {run.id} has ended: {summary.outcome}", hint=settle)
    elif summary.emulated != (where.sandbox is not None):
        said = "was answered by a sandbox" if summary.emulated else "is no sandbox's"
        hint = "name it with --sandbox" if summary.emulated else "leave --sandbox out"
        sink.error("FC0821", f"run {run.id} {said}", hint=hint)
    return not sink.has_errors


def _lacks(run: "StoredRun", given: "RunRequest", sink: "Sink") -> bool:
    """Whether a sensitive value is missing, or a value is given that the record holds."""
    names = {f"params.{name}" for name in (*given.texts, *given.params)}
    names |= {f"inputs.{name}" for name in given.inputs}
    wanted = set(run.sensitive_params)
    for name in sorted(wanted - names):
        root, _, rest = name.partition(".")
        option = "--params" if root == "params" else "--inputs"
        sink.error(
            "FC0821",
            f"{name} is sensitive and not recorded",
            hint=f"give {rest} in {option} FILE, or {option} - for standard input",
        )
    for name in sorted(names - wanted):
        sink.error("FC0821", f"{name} is not to be given again: the run keeps what it began with")
    return sink.has_errors


def same_plan(
    run: "StoredRun", where: RunTarget, sink: "Sink"
) -> "tuple[Plan, ClockAndIds] | None":
    """The plan of a run and what is approved; None, with FC0821, where it has changed since."""
    from forwardc.plan.digests import approval_digest

    summary = run.summary
    target = f"{summary.destination}.{summary.operation}"
    found = allowed(where, summary.vault, target, summary.environment, sink)
    if found is None:
        return None
    plan, operation, ambient = found
    if approval_digest(plan, operation) != run.digest:
        sink.error(
            "FC0821",
            f"what {target} sends has changed since run {run.id} began",
            hint=f"build the version of then, or settle it: `forwardc resolve {run.id}`",
        )
        return None
    return plan, ambient


async def _go_on(
    run: "StoredRun",
    plan: "Plan",
    ambient: "ClockAndIds",
    given: "RunRequest",
    where: RunTarget,
    store: "Store",
    early: EarlyOutput,
) -> "RunResult | None":
    from forwardc.runtime.run.run import resume
    from forwardc.runtime.run.run_record import progress_of, request_of

    sink = early.sink
    journal = journal_for(plan, where, store, emulated=run.summary.emulated)
    if not await journal.take(run.id, run.owner):
        sink.error("FC0823", f"run {run.id} is held by another process, or has just ended")
        return None
    # Read again: until now another process may have written.
    now = store.load(run.id) or run
    operation, look_up = (
        now.summary.operation,
        look_up_for(plan, where.build, where.sandbox, where.secrets, sink),
    )
    request = request_of(now, given)
    async with means_for(plan, operation, where.sandbox, ambient, journal) as means:
        result = await resume(plan, operation, progress_of(now), request, look_up, means, sink)
        early.show(result, means)
    if result is None:
        store.stop(run.id, "it could not be continued")
    return result
