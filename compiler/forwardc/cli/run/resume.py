"""`forwardc run --resume`: continues a recorded run at the first step that is not decided.

The plan and the sandbox must be as they were, and whoever holds the run must have let it go.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

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
from forwardc.core.dataclass import dataclass

if TYPE_CHECKING:
    from forwardc.cli.run.output import OutputOptions
    from forwardc.core.diagnostics.sink import Sink
    from forwardc.plan.model import Plan
    from forwardc.runtime.history.records import StoredRun
    from forwardc.runtime.history.store import Store
    from forwardc.runtime.run.context import RunDependencies
    from forwardc.runtime.run.request import ClockAndIds, RunRequest
    from forwardc.runtime.run.result import RunResult

_BY: Final = "forwardc run --resume"


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """A run that can be continued, with its plan, what is approved, and the command's name."""

    run: "StoredRun"
    plan: "Plan"
    ambient: "ClockAndIds"
    by: str = _BY


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
            early = EarlyOutput(resumable.plan, sink, output)
            going_on = continue_run(resumable, request, run_target, store, sink, early.show)
            result = reach_sandbox(lambda: asyncio.run(going_on))
    return problems(sink, output.as_json) if early is None else early.finish(result)


def _resumable(
    run_id: str, request: "RunRequest", run_target: RunTarget, store: "Store | None", sink: "Sink"
) -> RecordedRun | None:
    """The run, its plan and what is approved; None with the reason in the sink."""
    if store is None:
        if not sink.has_errors:
            sink.error("FC0821", "a run that was recorded nowhere cannot be continued")
        return None
    run = store.load(run_id)
    if run is None:
        sink.error("FC0820", f"there is no run {run_id}", hint="`forwardc history` lists them")
        return None
    if not _is_open(run, run_target, sink) or lacks_values(run, request, sink):
        return None
    plan = same_plan(run, run_target, sink)
    if plan is None:
        return None
    recorded = RecordedRun(run, *plan)
    if has_ended(run) and not is_polled(recorded.plan, run.summary.operation):
        sink.error("FC0821", f"run {run.id} has ended: {run.summary.outcome}")
        return None
    return recorded


def is_polled(plan: "Plan", operation: str) -> bool:
    """Whether a payment of an operation is asked for while it is pending."""
    return operation in plan.operations and plan.operations[operation].steps[-1].poll is not None


def has_ended(run: "StoredRun") -> bool:
    """Whether a run is done, with whatever outcome."""
    from forwardc.runtime.history.records import RunState

    return run.summary.state is RunState.DONE


def _is_open(run: "StoredRun", run_target: RunTarget, sink: "Sink") -> bool:
    summary = run.summary
    # Whether a pending payment can be asked for, its plan tells.
    if has_ended(run) and summary.outcome != "pending":
        command = f"`forwardc reconcile {run.id}`" if summary.outcome == "unknown" else None
        sink.error("FC0821", f"run {run.id} has ended: {summary.outcome}", hint=command)
    elif summary.emulated != (run_target.sandbox is not None):
        said = "was answered by a sandbox" if summary.emulated else "is no sandbox's"
        hint = "name it with --sandbox" if summary.emulated else "leave --sandbox out"
        sink.error("FC0821", f"run {run.id} {said}", hint=hint)
    return not sink.has_errors


def lacks_values(run: "StoredRun", request: "RunRequest", sink: "Sink") -> bool:
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


async def continue_run(
    recorded: "RecordedRun",
    new_values: "RunRequest",
    run_target: RunTarget,
    store: "Store",
    sink: "Sink",
    show: "Callable[[RunResult | None, RunDependencies], None] | None" = None,
) -> "RunResult | None":
    """Continue a run that may be; None, with the reason in the sink, where nothing was sent.

    One that ended pending is open meanwhile. What became of a pending payment is told by an event
    of the command, too. The result is given to `show` before what nobody waits for. Raises
    `SandboxUnreachableError`.
    """
    from forwardc.runtime.history import asked_again
    from forwardc.runtime.run.run import resume
    from forwardc.runtime.run.run_record import progress_of, request_of

    run, plan, ambient = recorded.run, recorded.plan, recorded.ambient
    journal = journal_for(plan, run_target, store, emulated=run.summary.emulated)
    operation = run.summary.operation
    look_up = look_up_for(plan, run_target.build, run_target.sandbox, run_target.secrets, sink)
    async with run_dependencies(
        plan, operation, run_target.sandbox, ambient, journal
    ) as dependencies:
        # Only now: a sandbox that is not there leaves the run as it ended.
        asks_again = has_ended(run) and await store.inline.write(
            lambda tx: asked_again.reopen(tx, run.id, store.timestamp())
        )
        if not await journal.take(run.id, run.owner):
            sink.error("FC0823", f"run {run.id} is held by another process, or has just ended")
            return None
        # Read again: until now another process may have written.
        now = store.load(run.id) or run
        request = request_of(now, new_values)
        result = await resume(
            plan, operation, progress_of(now), request, look_up, dependencies, sink
        )
        if show is not None:
            show(result, dependencies)
    if result is None and asks_again:
        await store.inline.write(
            lambda tx: asked_again.close_pending(tx, run.id, store.timestamp())
        )
    elif result is None:
        store.stop(run.id, "it could not be continued")
    elif any(step.outcome == "pending" for step in run.steps):
        await store.inline.write(
            lambda tx: asked_again.record_settlement(tx, run.id, recorded.by, store.timestamp())
        )
    return result
