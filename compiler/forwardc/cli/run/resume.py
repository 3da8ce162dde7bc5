"""`forwardc run --resume`: continues a recorded run at the first step that is not decided.

The plan and the sandbox must be as they were, and whoever holds the run must have let it go.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from forwardc.cli.output import problems
from forwardc.cli.run.request import warn_of_sensitive_argument
from forwardc.cli.run.target import (
    RunTarget,
    journal_for,
    load_approved_operation,
    look_up_for,
    reach_sandbox,
    run_dependencies,
)

if TYPE_CHECKING:
    from forwardc.cli.run.output import EarlyOutput, OutputOptions
    from forwardc.core.diagnostics.sink import Sink
    from forwardc.plan.model import Plan
    from forwardc.runtime.history.records import StoredRun
    from forwardc.runtime.history.store import Store
    from forwardc.runtime.run.request import ClockAndIds, RunRequest
    from forwardc.runtime.run.result import RunResult


def resume_run(
    run_id: str,
    request: "RunRequest",
    shown: Sequence[str],
    run_target: RunTarget,
    output: "OutputOptions",
) -> int:
    """Continue a run; `request` holds what no record does. The exit code tells the outcome.

    `shown` are the places of values that were given as arguments.
    """
    import asyncio

    from forwardc.cli.run.output import EarlyOutput
    from forwardc.core.diagnostics.sink import Sink

    sink, resumable, result = Sink(), None, None
    early: EarlyOutput | None = None
    with run_target.recording(sink, begin=False) as store:
        resumable = _resumable(run_id, request, run_target, store, sink)
        if resumable is not None and store is not None:
            for place in shown:
                warn_of_sensitive_argument(place, sink)
            early = EarlyOutput(resumable[1], sink, output)
            going_on = _go_on(*resumable, request, run_target, store, early)
            result = reach_sandbox(lambda: asyncio.run(going_on))
    return problems(sink, output.as_json) if early is None else early.finish(result)


def _resumable(
    run_id: str, request: "RunRequest", run_target: RunTarget, store: "Store | None", sink: "Sink"
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
    if not _is_open(run, run_target, sink) or _lacks(run, request, sink):
        return None
    plan = same_plan(run, run_target, sink)
    if plan is None:
        return None
    if _has_ended(run) and plan[0].operations[run.summary.operation].steps[-1].poll is None:
        sink.error("FC0821", f"run {run.id} has ended: {run.summary.outcome}")
        return None
    return (run, *plan)


def _has_ended(run: "StoredRun") -> bool:
    from forwardc.runtime.history.records import RunState

    return run.summary.state is RunState.DONE


def _is_open(run: "StoredRun", run_target: RunTarget, sink: "Sink") -> bool:
    summary = run.summary
    # Whether a pending payment can be asked for, its plan tells.
    if _has_ended(run) and summary.outcome != "pending":
        command = f"`forwardc reconcile {run.id}`" if summary.outcome == "unknown" else None
        sink.error("FC0821", f"run {run.id} has ended: {summary.outcome}", hint=command)
    elif summary.emulated != (run_target.sandbox is not None):
        said = "was answered by a sandbox" if summary.emulated else "is no sandbox's"
        hint = "name it with --sandbox" if summary.emulated else "leave --sandbox out"
        sink.error("FC0821", f"run {run.id} {said}", hint=hint)
    return not sink.has_errors


def _lacks(run: "StoredRun", request: "RunRequest", sink: "Sink") -> bool:
    """Whether a sensitive value is missing, or a value is given that the record holds."""
    names = {f"params.{name}" for name in (*request.texts, *request.params)}
    names |= {f"inputs.{name}" for name in request.inputs}
    sensitive = set(run.sensitive_params)
    for name in sorted(sensitive - names):
        root, _, rest = name.partition(".")
        option = "--params" if root == "params" else "--inputs"
        sink.error(
            "FC0821",
            f"{name} is sensitive and not recorded",
            hint=f"give {rest} in {option} FILE, or {option} - for standard input",
        )
    for name in sorted(names - sensitive):
        sink.error("FC0821", f"{name} is not to be given again: the run keeps what it began with")
    return sink.has_errors


def same_plan(
    run: "StoredRun", run_target: RunTarget, sink: "Sink"
) -> "tuple[Plan, ClockAndIds] | None":
    """The plan of a run and what is approved; None, with FC0821, where it has changed since."""
    from forwardc.plan.digests import approval_digest

    summary = run.summary
    target = f"{summary.destination}.{summary.operation}"
    approved_run = load_approved_operation(
        run_target, summary.vault, target, summary.environment, sink
    )
    if approved_run is None:
        return None
    plan, operation, ambient = approved_run
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
    new_values: "RunRequest",
    run_target: RunTarget,
    store: "Store",
    early: "EarlyOutput",
) -> "RunResult | None":
    from forwardc.runtime.history import asked_again
    from forwardc.runtime.run.run import resume
    from forwardc.runtime.run.run_record import progress_of, request_of

    sink = early.sink
    journal = journal_for(plan, run_target, store, emulated=run.summary.emulated)
    asks_again = _has_ended(run)
    if asks_again:
        await store.inline.write(lambda tx: asked_again.reopen(tx, run.id, store.timestamp()))
    if not await journal.take(run.id, run.owner):
        sink.error("FC0823", f"run {run.id} is held by another process, or has just ended")
        return None
    # Read again: until now another process may have written.
    now = store.load(run.id) or run
    operation, look_up = (
        now.summary.operation,
        look_up_for(plan, run_target.build, run_target.sandbox, run_target.secrets, sink),
    )
    request = request_of(now, new_values)
    async with run_dependencies(
        plan, operation, run_target.sandbox, ambient, journal
    ) as dependencies:
        result = await resume(
            plan, operation, progress_of(now), request, look_up, dependencies, sink
        )
        early.show(result, dependencies)
    if result is None and asks_again:
        await store.inline.write(
            lambda tx: asked_again.close_pending(tx, run.id, store.timestamp())
        )
    elif result is None:
        store.stop(run.id, "it could not be continued")
    return result
