"""One step of a run whose result serves several: taken where there is one, else asked for.

How results are kept, and why a refused step may be sent again, tells `reused_results.py`.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from forwardc.core.dataclass import dataclass, replace
from forwardc.core.outcome import Outcome
from forwardc.core.terms.terms import Ref, walk
from forwardc.core.terms.values import resolve
from forwardc.plan.answers import PlanReuse
from forwardc.plan.model import PlanStep
from forwardc.runtime.http.declared_times import lifetime, renewed_after
from forwardc.runtime.http.oauth import REFUSED
from forwardc.runtime.run.answer import DestinationAnswer, StepAnswer
from forwardc.runtime.run.bind import request_template
from forwardc.runtime.run.context import ReusedStep, RunContext, StepContext
from forwardc.runtime.run.result import StepReport
from forwardc.runtime.run.retries import SpentValues
from forwardc.runtime.run.reused_results import Obtained, StepResult

REFUSED_RESULT: Final = "answered 401: what another run was given for it serves no more"
"""Why an attempt that reached the destination had no effect there."""
_TAKEN: Final = "not sent: what another run was given serves until it ends"
_THE_TIME: Final = "run.now"


@dataclass(frozen=True, slots=True)
class SentStep:
    """A step that was sent: its report, and the answer.

    `retry_after_s` are the seconds that the answer asks to wait, `number` is its last attempt's in
    the record, 0 where that one was not recorded. `broken`: a mistake of ours ended it.
    """

    report: StepReport
    read: StepAnswer
    retry_after_s: float | None = None
    number: int = 0
    broken: bool = False


async def obtain_step(
    run: RunContext,
    step: PlanStep,
    send: Callable[[], Awaitable[SentStep | None]],
    unsent: Callable[[str], StepReport],
) -> StepReport | None:
    """The report of a step whose result may be there; its outputs are those of the run then.

    `unsent` gives the report of one that was not sent, for a reason. None as `send` gives it.
    """
    own: list[SentStep | None] = []

    async def ask() -> Obtained:
        sent = await send()
        own.append(sent)
        return _obtained(run, step, sent)

    results, key = run.dependencies.results, _key(run, step)
    obtained = await results.obtain(key, ask)
    result = obtained.result
    if result is not None:
        run.reused[step.name] = ReusedStep(key, result.outputs, obtained.asked)
    if own:
        return own[0].report if own[0] else None
    if result is None:
        return unsent(f"another run asked for it and got none: {obtained.failure}")
    run.redactor.hide_values(result.outputs)
    run.outputs.update(result.outputs)
    return replace(
        unsent(_TAKEN),
        outcome=Outcome.APPROVED,
        rejected_by=None,
        reason=_TAKEN,
        outputs=result.shown,
        withheld=result.withheld,
    )


def are_refused(context: StepContext, read: DestinationAnswer, spent: SpentValues) -> bool:
    """Whether an answer refuses results of other runs, so that new ones are asked for.

    What was refused is forgotten in any case.
    """
    if read.status != REFUSED:
        return False
    run = context.run
    names = {
        node.name.split(".")[1]
        for term in context.step.http.terms()
        for node in walk(term)
        if isinstance(node, Ref) and node.root == "steps"
    }
    used = {name: run.reused[name] for name in sorted(names & run.reused.keys())}
    for result in used.values():
        run.dependencies.results.doubt(result.key, result.outputs)
    of_others = [name for name, result in used.items() if not result.asked]
    says_so = all(_reuse(run, name).renew_on_401 for name in of_others)
    is_spent = spent.holds_cvc or spent.single_use
    if not of_others or not says_so or is_spent or context.renewed_results:
        return False
    context.refused = tuple(of_others)
    return True


def _reuse(run: RunContext, name: str) -> PlanReuse:
    step = next(step for step in run.prepared.operation.steps if step.name == name)
    if step.reuse is None:
        raise TypeError("a result serves several runs only where its step says so")
    return step.reuse


def _key(run: RunContext, step: PlanStep) -> str:
    """The key of a step's result: where, of what was approved, and what its request reads."""
    prepared = run.prepared
    plan, scope = prepared.plan, prepared.scope({})
    reads = request_template(step.http, scope.real()).reads
    in_signature = walk(step.sign.secret) if step.sign else ()
    signing = [node.name for node in in_signature if isinstance(node, Ref)]
    names = {name for name in (*reads, *signing) if name != _THE_TIME}
    values = {name: scope.values[name] for name in names if name in scope.values}
    place = (plan.vault, plan.destination, plan.place, prepared.digest, prepared.name, step.name)
    return run.dependencies.results.key(place, values)


def _obtained(run: RunContext, step: PlanStep, sent: SentStep | None) -> Obtained:
    if sent is None:
        return Obtained(None, asked=True)
    report, reuse = sent.report, step.reuse
    if report.outcome is not Outcome.APPROVED or reuse is None:
        return Obtained(None, report.reason or str(report.outcome), asked=True)
    prefix = f"steps.{step.name}."
    outputs = {name: value for name, value in run.outputs.items() if name.startswith(prefix)}
    good_for = renewed_after(_seconds(reuse, step, sent.read))
    return Obtained(StepResult(outputs, report.outputs, report.withheld, good_for), asked=True)


def _seconds(reuse: PlanReuse, step: PlanStep, read: StepAnswer) -> int:
    """How long a result lasts; 0 where nobody says."""
    if reuse.expires_in is None or not isinstance(read, DestinationAnswer):
        return reuse.at_most_s or 0
    told = lifetime(resolve(read.values().document(step.answer), reuse.expires_in))
    if reuse.at_most_s is None:
        return told
    return min(told, reuse.at_most_s) if told else reuse.at_most_s
