"""One step of a run that asks for a pending payment; when, and until when, tells `polling.py`."""

from collections.abc import Awaitable, Callable

from forwardc.core.dataclass import replace
from forwardc.core.outcome import Outcome
from forwardc.plan.answers import PlanPoll
from forwardc.runtime.run.context import RunContext
from forwardc.runtime.run.journal import JournalError
from forwardc.runtime.run.polling import (
    QuestionsSoFar,
    is_decided,
    still_pending,
    wait_before_question,
)
from forwardc.runtime.run.result import StepReport
from forwardc.runtime.run.reused_steps import SentStep


async def ask_until_decided(
    run: RunContext, poll: PlanPoll, ask: Callable[[bool], Awaitable[SentStep | None]]
) -> StepReport | None:
    """The report of the last question; None where none could be asked, or nobody waits for one.

    `ask` sends one question, and gives None, with the reason in the sink, where it was not sent. It
    is told whether it may send it once more where a result of another run, a token, is refused.
    At a limit, what came back is the last answer that said pending: it tells of the payment, and a
    question that was lost or refused does not.
    """
    means = run.dependencies
    pending_answer = run.raw_responses.get(run.prepared.operation.steps[-2].name)
    began, asked = means.clock(), 0
    last: SentStep | None = None
    while True:
        so_far = QuestionsSoFar(asked, means.clock() - began)
        retry_after_s = last.retry_after_s if last else None
        wait = wait_before_question(poll, so_far, retry_after_s, means.patience_s)
        if wait is None:
            break
        await means.sleep(wait)
        sent = await ask(poll.times - asked > 1)
        if sent is None:
            break
        asked, last = asked + max(sent.report.attempts, 1), sent
        if is_decided(sent.report):
            return replace(sent.report, attempts=asked)
        if sent.report.outcome is Outcome.PENDING:
            pending_answer = run.raw_responses.get(sent.report.name)
        if sent.broken:
            break
    if last is None:
        return None
    run.raw_responses[last.report.name] = pending_answer
    return await _at_limit(run, last, asked)


async def _at_limit(run: RunContext, last: SentStep, asked: int) -> StepReport:
    """The report of a payment that is still pending, which the record then tells alike."""
    report, means = replace(still_pending(last.report), attempts=asked), run.dependencies
    if last.number:
        try:
            await means.journal.answered(str(run.prepared.run_id), last.number, report)
        except JournalError as problem:
            message = f"step {report.name}: its result could not be recorded: {problem}"
            run.sink.warning(problem.code, message, hint=problem.hint)
    return report
