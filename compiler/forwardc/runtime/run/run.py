"""Runs one operation: its steps in order, until one does not let the next go on.

Every problem found before sending goes to the sink, and nothing is sent. Then the run is recorded,
and each step goes through `attempts`; what it came to is recorded before the next one begins.
"""

import asyncio
from contextlib import suppress

from forwardc.core.dataclass import replace
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.outcome import Outcome
from forwardc.plan.model import Plan, PlanOperation, PlanStep
from forwardc.runtime.http.oauth import can_access
from forwardc.runtime.http.request import ShownRequest
from forwardc.runtime.run.answer import NoDestinationAnswer
from forwardc.runtime.run.attempts import may_send_again, send_step
from forwardc.runtime.run.bind import show_url
from forwardc.runtime.run.context import RunContext, RunDependencies
from forwardc.runtime.run.identifiers import keyed, names_sent
from forwardc.runtime.run.instrument import choose, values_again
from forwardc.runtime.run.journal import CallerKeyTakenError, JournalError, SendingPausedError
from forwardc.runtime.run.polling import is_decided
from forwardc.runtime.run.prepare import PreparedRun, attempt_values, keys_of, prepare, rehearse
from forwardc.runtime.run.repeated_request import (
    NewRequest,
    RepeatedRequest,
    has_same_values,
    recognize_repeat,
    withheld_values,
)
from forwardc.runtime.run.request import ClockAndIds, IdempotencyKeys, RunRequest
from forwardc.runtime.run.result import (
    Party,
    RunResult,
    StepReport,
)
from forwardc.runtime.run.run_record import (
    Doubt,
    RunProgress,
    is_asked_for,
    is_obtained_again,
    missing_outputs,
    new_run,
    only_asks,
    outputs_read,
    restored_outputs,
)
from forwardc.runtime.secret_providers.plan_secrets import SecretResolver, may_block
from forwardc.runtime.work_executor import run_blocking


def preview(
    plan: Plan,
    name: str,
    request: RunRequest,
    look_up: SecretResolver,
    sink: Sink,
    ambient: ClockAndIds,
) -> list[ShownRequest] | None:
    """The masked request of every step, nothing sent; None with the problems in the sink."""
    prepared = prepare(plan, name, request, look_up, sink, ambient)
    if prepared is None:
        return None
    return [bound.shown for bound in rehearse(prepared, Sink(), ambient)]


async def run(
    plan: Plan,
    name: str,
    request: RunRequest,
    look_up: SecretResolver,
    dependencies: RunDependencies,
    sink: Sink,
) -> RunResult | None:
    """Run an operation. None, with the problems in the sink, where nothing was sent."""
    prepared = await _prepared(plan, name, request, look_up, sink, dependencies.ambient)
    if prepared is None:
        return None
    try:
        asked = await recognize_repeat(prepared, dependencies.journal, sink)
    except JournalError as problem:
        sink.error(problem.code, f"{problem}; nothing was sent", hint=problem.hint)
        return None
    if isinstance(asked, RepeatedRequest):
        return asked.result
    return await _new(asked, request, look_up, dependencies, sink)


async def _new(
    asked: NewRequest,
    request: RunRequest,
    look_up: SecretResolver,
    dependencies: RunDependencies,
    sink: Sink,
) -> RunResult | None:
    """Run what was not asked for before."""
    prepared, fallback = asked.prepared, asked.prepared.operation.fallback
    other = None
    if fallback is not None:
        # What is wrong with the other operation must be known before anything is sent, too.
        target, ambient = fallback.operation, dependencies.ambient
        other = await _prepared(
            prepared.plan, target, request, look_up, sink, ambient, instead_of=prepared
        )
        if other is None:
            return None
    if not await can_access(prepared.clients(), dependencies.tokens, dependencies.sender, sink):
        return None
    chosen = await choose(prepared, other, dependencies, sink)
    if chosen is None:
        return None
    if isinstance(chosen, NoDestinationAnswer):
        return _result(prepared, [], RunProgress(), ended=chosen)
    context = RunContext(chosen.prepared, dependencies, sink, chosen.card, chosen.held)
    progress = RunProgress(fell_back=chosen.fell_back, asked=prepared.name if other else None)
    return await _begin(context, progress, asked)


async def resume(
    plan: Plan,
    name: str,
    progress: RunProgress,
    request: RunRequest,
    look_up: SecretResolver,
    dependencies: RunDependencies,
    sink: Sink,
) -> RunResult | None:
    """Continue a run that this process holds, at the first step that is not decided.

    `name` is the operation that was chosen, `request` what was asked for, with the run's id. None,
    with the problems in the sink, where it cannot be prepared again or the record lacks an output.
    """
    prepared = await _prepared(plan, name, request, look_up, sink, dependencies.ambient)
    if prepared is None:
        return None
    lacking = missing_outputs(prepared.operation, progress)
    if lacking:
        sink.error(
            "FC0821",
            f"the record does not hold what a later step needs: {', '.join(lacking)}",
            hint="sensitive outputs are never stored: settle the run by hand with `resolve`",
        )
        return None
    if not await has_same_values(prepared, dependencies.journal, sink):
        return None
    if not await can_access(prepared.clients(), dependencies.tokens, dependencies.sender, sink):
        return None
    chosen = await values_again(prepared, progress, dependencies, sink)
    if isinstance(chosen, NoDestinationAnswer):
        hint = "nothing of the run is lost: continue it when the vault answers"
        sink.error("FC0851", str(chosen.reason), hint=hint)
        return None
    if chosen is None:
        return None
    context = RunContext(chosen.prepared, dependencies, sink, chosen.card)
    return await _steps(context, progress)


async def _prepared(
    plan: Plan,
    name: str,
    request: RunRequest,
    look_up: SecretResolver,
    sink: Sink,
    ambient: ClockAndIds,
    instead_of: PreparedRun | None = None,
) -> PreparedRun | None:
    """What `prepare` gives. A source that is slow to answer holds up this run alone."""

    def work() -> PreparedRun | None:
        return prepare(plan, name, request, look_up, sink, ambient, instead_of)

    waits = may_block(plan, plan.operations[name], look_up)
    return await run_blocking(work) if waits else work()


async def _begin(context: RunContext, progress: RunProgress, asked: NewRequest) -> RunResult | None:
    """Record the run, then go through its steps. Nothing is sent that was not recorded."""
    journal, sensitive = context.dependencies.journal, withheld_values(context.prepared)
    try:
        withheld = await journal.digest(sensitive) if sensitive is not None else None
        new = new_run(context.prepared, progress, context.dependencies.ambient.lock)
        if asked.content is not None or withheld is not None:
            new = replace(new, content=asked.content, withheld=withheld)
        await journal.begin(new)
    except CallerKeyTakenError as problem:
        return await _answer_of_other_run(asked, context, problem)
    except SendingPausedError as problem:
        context.sink.error(problem.code, str(problem), hint=problem.hint)
        return None
    except JournalError as problem:
        context.sink.error(problem.code, f"{problem}; nothing was sent", hint=problem.hint)
        return None
    return await _steps(context, progress)


async def _answer_of_other_run(
    asked: NewRequest, context: RunContext, problem: CallerKeyTakenError
) -> RunResult | None:
    """What another run with the same key, which began a moment before, came to by now."""
    again = await recognize_repeat(asked.prepared, context.dependencies.journal, context.sink)
    if isinstance(again, RepeatedRequest):
        return again.result
    context.sink.error(problem.code, str(problem), hint=problem.hint)
    return None


async def _steps(context: RunContext, progress: RunProgress) -> RunResult | None:
    """The steps of a recorded run. However they end, the record does not go on saying `running`."""
    try:
        return await _through(context, progress)
    except (Exception, asyncio.CancelledError) as problem:
        await _abandon(context, problem)
        raise


async def _abandon(context: RunContext, problem: BaseException) -> None:
    """Record that a run was broken off: what was on its way is unknown, the rest was not sent."""
    why = "a mistake of forwardc" if isinstance(problem, Exception) else "its process was stopped"
    # What ended the run is what is told, not that the record could not be made then as well.
    with suppress(Exception):
        await context.dependencies.journal.leave(str(context.prepared.run_id), f"broken off: {why}")


async def _through(context: RunContext, progress: RunProgress) -> RunResult | None:
    context.redactor.hide_values(context.prepared.values)
    reports: list[StepReport] = []
    ended: NoDestinationAnswer | None = None
    stopped = False
    for step in context.prepared.operation.steps:
        if step.poll is not None and reports[-1].outcome is not Outcome.PENDING:
            # What is decided is not asked for.
            break
        report = await _step(context, step, progress)
        if report is None and step.poll is not None:
            # The payment is pending, as the step before says, whether it could be asked for or not.
            break
        if report is None:
            ended, stopped = _unsendable(step, reports), True
            break
        reports.append(report)
        if report.outcome is Outcome.PENDING and is_asked_for(context.prepared.operation, step):
            continue
        if only_asks(context.prepared.operation, progress) and step.poll is None:
            # What only the question needs cannot end a payment that is pending.
            continue
        if report.outcome is not Outcome.APPROVED:
            stopped = _can_go_on(context.prepared.operation, reports)
            break
    reports = [context.renewed.get(report.name, report) for report in reports]
    result = _result(context.prepared, reports, progress, ended=ended, stopped=stopped)
    try:
        await context.dependencies.journal.finish(result.run_id, result)
    except JournalError as problem:
        message = f"the outcome could not be recorded: {problem}"
        context.sink.warning(problem.code, message, hint=problem.hint)
    if not reports:
        return None
    _ask_about_card(context, reports)
    raw = context.raw_responses.get(reports[-1].name)
    return replace(result, raw_response=raw, hide=context.redactor.hide)


def _ask_about_card(context: RunContext, reports: list[StepReport]) -> None:
    """Begin a question beside the run, for which nobody waits."""
    dependencies = context.dependencies
    if dependencies.cards is not None:
        dependencies.cards.after(
            context.prepared,
            reports,
            dependencies.journal,
            dependencies.sender,
            dependencies.tokens,
        )


def _can_go_on(operation: PlanOperation, reports: list[StepReport]) -> bool:
    """Whether a run that ended here may be continued.

    Its last step was not sent for want of a connection, or nobody knows what it came to, and other
    steps can follow once that is known.
    """
    last = reports[-1]
    if last.outcome is Outcome.UNKNOWN:
        return len(reports) < len(operation.steps)
    no_answer = last.status is None and last.vault_status is None
    return len(reports) > 1 and no_answer and last.outcome is Outcome.REJECTED


def _unsendable(step: PlanStep, reports: list[StepReport]) -> NoDestinationAnswer:
    if not reports:
        return NoDestinationAnswer(Outcome.REJECTED, Party.VAULT, "nothing was sent")
    return NoDestinationAnswer(Outcome.UNKNOWN, None, f"step {step.name} could not be sent")


async def _step(context: RunContext, step: PlanStep, progress: RunProgress) -> StepReport | None:
    """A step out of the record, or sent now; None where it cannot be sent."""
    earlier = progress.step(step.name)
    decided = earlier.report is not None and is_decided(earlier.report)
    if step.poll is not None and (earlier.doubt is not None or not decided):
        # A question changes nothing: one of which nobody knows the answer is asked again.
        return await send_step(context, step, None) if _can_ask(context, step) else None
    if is_obtained_again(step, context.prepared.operation, progress):
        if only_asks(context.prepared.operation, progress):
            return await _for_question(context, step) or earlier.report
        return await send_step(context, step, None)
    if earlier.report is not None and earlier.doubt is None:
        context.outputs.update(restored_outputs(step, earlier.report))
        return earlier.report
    if earlier.doubt is not None and not may_send_again(context, step, earlier.doubt):
        return earlier.report or _in_doubt(context, step, earlier.doubt)
    return await send_step(context, step, earlier.doubt)


async def _for_question(context: RunContext, step: PlanStep) -> StepReport | None:
    """Ask for what the question needs. Only an answer that approves it gives it."""
    report = await send_step(context, step, None)
    if report is not None and report.outcome is not Outcome.APPROVED:
        for name in step.outputs:
            context.outputs.pop(f"steps.{step.name}.{name}", None)
    return report


def _can_ask(context: RunContext, step: PlanStep) -> bool:
    """Whether a question has what it reads; else a warning tells what could not be had."""
    lacking = {
        f"steps.{other.name}.{name}"
        for other in context.prepared.operation.steps
        for name, output in other.outputs.items()
        if not output.optional
    }
    lacking &= outputs_read(step) - context.outputs.keys()
    if lacking:
        names = ", ".join(sorted(name.removeprefix("steps.") for name in lacking))
        context.sink.warning(
            "FC0821",
            f"step {step.name} was not sent: {names} could not be had; the payment is pending",
            hint=f"ask again later: `forwardc run --resume {context.prepared.run_id}`",
        )
    return not lacking


def _in_doubt(context: RunContext, step: PlanStep, doubt: Doubt) -> StepReport:
    """A step that was sent before the run stopped, and that must not be sent again."""
    prepared, ambient = context.prepared, context.dependencies.ambient
    # The vault knows a key that was sent to it. One that is made now would be nobody's.
    vault_key = doubt.vault_keys[-1] if doubt.vault_keys else ""
    keys = IdempotencyKeys(keys_of(prepared, step, ambient).destination, vault_key)
    scope = prepared.scope({**context.outputs, **attempt_values(keys, ambient.now())})
    return StepReport(
        name=step.name,
        deliver=step.deliver,
        called=f"{step.destination.method} {show_url(step.destination, scope)}",
        keys=keys,
        outcome=Outcome.UNKNOWN,
        reason="it was sent before the run stopped, no answer is known, and it is not sent again",
        attempts=0,
        names=names_sent(prepared.plan, prepared.operation.payment_reference, step, scope),
        keyed=keyed(step),
    )


def _result(
    prepared: PreparedRun,
    reports: list[StepReport],
    progress: RunProgress,
    *,
    ended: NoDestinationAnswer | None = None,
    stopped: bool = False,
) -> RunResult:
    last: StepReport | NoDestinationAnswer = ended or reports[-1]
    return RunResult(
        run_id=str(prepared.run_id),
        operation=prepared.name,
        fell_back=progress.fell_back,
        digest=prepared.digest,
        outcome=last.outcome,
        rejected_by=last.rejected_by,
        reason=last.reason,
        steps=tuple(reports),
        stopped=stopped,
        without=tuple(sorted(prepared.without)),
    )
