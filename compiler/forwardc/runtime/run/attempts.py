"""Sends one step: recorded before, recorded after, and again only where that is safe.

The policy is data of the plan. Each attempt is an intent in the journal before it leaves; what it
came to is kept before the next one begins, and `retries` says whether there is a next one.

One file, since each attempt goes through all of it, in the order in which it is written.
"""

from functools import partial
from typing import Any

from forwardc.core.dataclass import dataclass, replace
from forwardc.core.diagnostics.errors import error_place
from forwardc.core.outcome import Outcome
from forwardc.core.terms.values import Secret
from forwardc.plan.model import PlanStep
from forwardc.runtime.history.records import Intent
from forwardc.runtime.http.circuit_breaker import count_attempt
from forwardc.runtime.http.declared_times import retry_after
from forwardc.runtime.http.jwk_sets import VaultKeyError
from forwardc.runtime.http.oauth import REFUSED, access_tokens
from forwardc.runtime.http.request import BoundRequest, masked
from forwardc.runtime.http.send import (
    AnswerLost,
    HostRefusedError,
    HttpAnswer,
    NotSent,
    SendLimits,
    SendResult,
    check_url,
)
from forwardc.runtime.run.answer import (
    DestinationAnswer,
    NoDestinationAnswer,
    StepAnswer,
    read_answer,
)
from forwardc.runtime.run.bind import RunScope, fixed_request, request_template
from forwardc.runtime.run.client_identity import client_identity
from forwardc.runtime.run.context import RunContext, RunDependencies, StepContext
from forwardc.runtime.run.identifiers import keyed, names_sent
from forwardc.runtime.run.journal import JournalError
from forwardc.runtime.run.losses import losses_after
from forwardc.runtime.run.polled_steps import ask_until_decided
from forwardc.runtime.run.prepare import PreparedRun, attempt_values, bind_step, keys_of
from forwardc.runtime.run.recorded_answer import recorded_answer
from forwardc.runtime.run.request import IdempotencyKeys
from forwardc.runtime.run.result import (
    CardFacts,
    StepReport,
)
from forwardc.runtime.run.retries import (
    AttemptFate,
    AttemptsInDoubt,
    Resend,
    SpentValues,
    after_doubt,
    replays_still,
    resend_decision,
)
from forwardc.runtime.run.reused_steps import REFUSED_RESULT, SentStep, are_refused, obtain_step
from forwardc.runtime.run.run_record import Doubt
from forwardc.runtime.run.step_result import (
    Conclusion,
    Exchange,
    conclude,
    raw_response_of,
    step_report,
)


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What one attempt came to, and the seconds before another one; None: it was the last."""

    report: StepReport
    read: StepAnswer
    sent: SendResult
    concluded: Conclusion
    wait: float | None = None


async def send_step(run: RunContext, step: PlanStep, doubt: Doubt | None) -> StepReport | None:
    """Send a step until it is decided or must not be sent again.

    None, with the reason in the sink, where no attempt was made at all. One whose result serves
    several runs is sent only where there is none.
    """
    if step.poll is not None:
        return await ask_until_decided(run, step.poll, partial(_question, run, step))
    if step.reuse is None:
        sent = await _sent(run, step, doubt)
        return sent.report if sent else None
    unsent = partial(_unsent, run, step)
    return await obtain_step(run, step, lambda: _sent(run, step, doubt), unsent)


async def _question(run: RunContext, step: PlanStep, may_repeat: bool) -> SentStep | None:
    """A question for a pending payment; the second one of a refused token is a question, too."""
    context = _course(run, step, None)
    context.renewed_results = not may_repeat
    return await _attempts(context)


async def _sent(run: RunContext, step: PlanStep, doubt: Doubt | None) -> SentStep | None:
    return await _attempts(_course(run, step, doubt))


async def _attempts(context: StepContext) -> SentStep | None:
    run, step = context.run, context.step
    last: _Attempt | None = None
    while (attempt := await _attempt(context)) is not None:
        last = attempt
        if attempt.wait is None or (context.refused and not await _renewed(context)):
            break
        await run.dependencies.sleep(attempt.wait)
    if last is None:
        return None
    for name, value in last.concluded.outputs.items():
        run.outputs[f"steps.{step.name}.{name}"] = value
    run.raw_responses[step.name] = raw_response_of(last.sent, last.read)
    report = last.report
    report = replace(report, attempts=context.attempts) if context.attempts != 1 else report
    return SentStep(report, last.read, context.asked_s, context.number, context.failed)


def _unsent(run: RunContext, step: PlanStep, reason: str) -> StepReport:
    """The report of a step of which nothing was sent."""
    context = _course(run, step, None)
    values = {**run.outputs, **attempt_values(context.keys, run.dependencies.ambient.now())}
    scope = run.prepared.scope(values)
    context.note_targets(scope)
    return replace(_nothing_sent(context, scope, reason).report, attempts=0)


async def _renewed(context: StepContext) -> bool:
    """Whether the results that were refused could be had anew. Their steps are sent once more."""
    run, names = context.run, context.refused
    context.refused, context.renewed_results = (), True
    for step in run.prepared.operation.steps:
        if step.name in names:
            report = await send_step(run, step, None)
            if report is None or report.outcome is not Outcome.APPROVED:
                return False
            run.renewed[step.name] = report
    return True


def may_send_again(run: RunContext, step: PlanStep, doubt: Doubt) -> bool:
    """Whether a step whose fate is unknown may be sent again, under some key."""
    return _under_same_key(run, step, doubt) or _under_new_key(run, step)


def _under_same_key(run: RunContext, step: PlanStep, doubt: Doubt) -> bool:
    return replays_still(step.vault_key_hours, doubt, run.dependencies.ambient.now())


def _under_new_key(run: RunContext, step: PlanStep) -> bool:
    spent = _spent(run, step)
    return (
        resend_decision(
            AttemptFate(None), idempotent=step.idempotent, vault_replays=False, spent=spent
        )
        is Resend.NEW_KEY
    )


def _course(run: RunContext, step: PlanStep, doubt: Doubt | None) -> StepContext:
    prepared, means = run.prepared, run.dependencies
    ready = prepared.ready.get(step.name)
    keys = ready.keys if ready else keys_of(prepared, step, means.ambient)
    doubts = set(doubt.vault_keys) if doubt else set()
    if doubt is not None and _under_same_key(run, step, doubt):
        keys = IdempotencyKeys(keys.destination, doubt.vault_keys[-1])
    return StepContext(run, step, keys, means.clock(), doubts)


def _spent(run: RunContext, step: PlanStep) -> SpentValues:
    source = run.prepared.source
    single_use = source.kind is not None and source.kind.single_use and step.deliver == "vault"
    holds_cvc = step.uses_cvc and "card.cvc" in source.present
    return SpentValues(holds_cvc=holds_cvc, single_use=single_use)


async def _attempt(context: StepContext) -> _Attempt | None:
    """One attempt, recorded before and after. None, with the reason in the sink: not sent."""
    run, step = context.run, context.step
    prepared, means = run.prepared, run.dependencies
    values = {**run.outputs, **attempt_values(context.keys, means.ambient.now())}
    scope = prepared.scope(values)
    context.note_targets(scope)
    try:
        resting = _resting(context)
        if resting is not None:
            return _nothing_sent(context, scope, resting)
        context.tokens = await _tokens(prepared, step, means)
        run.redactor.hide_values(context.tokens)
        late = context.tokens | await _vault_key(context, scope)
        scope = prepared.scope(values | late) if late else scope
        bound = _bound(context, scope)
        if bound is None:
            _release(context)
            return None
        context.names = names_sent(prepared.plan, prepared.operation.payment_reference, step, scope)
        shown = context.shown = masked(bound.shown)
        intent = Intent(
            *(step.name, context.keys, context.called, shown),
            *(context.names, keyed(step), fixed_request(step.http, scope)),
        )
        number = await means.journal.intent(str(prepared.run_id), intent)
        context.number = number
    except VaultKeyError as problem:
        _release(context)
        return _nothing_sent(context, scope, str(problem))
    except JournalError as problem:
        _release(context)
        run.sink.error(problem.code, f"step {step.name}: {problem}", hint=problem.hint)
        return None
    context.attempts += 1
    limits = SendLimits(
        step.timeouts.connect_ms / 1000, step.timeouts.read_ms / 1000, step.max_answer_bytes
    )
    try:
        sent = await means.sender.send(
            *(bound, prepared.hosts(step), limits),
            private=step.private and step.deliver == "direct",
            identity=client_identity(step, prepared.values),
        )
        attempt = _conclude_attempt(context, scope, sent)
    except Exception as problem:
        attempt = _conclude_attempt(context, scope, AnswerLost(_failed(context, problem)))
    wait = _next(context, attempt)
    await _record(context, number, attempt, final=wait is None)
    return attempt if wait is None else replace(attempt, wait=wait)


def _next(context: StepContext, attempt: _Attempt) -> float | None:
    """Seconds before the next attempt, None where there must be none: not after a mistake of ours.

    The hosts on the way are judged by this one.
    """
    if context.failed:
        _release(context)
        return None
    try:
        _doubt_key(context, attempt.read)
        breaker = context.run.dependencies.breaker
        count_attempt(breaker, context.step, context.hosts, attempt.sent, attempt.read)
        return _wait(context, attempt)
    except Exception as problem:
        _failed(context, problem)
        return None


def _failed(context: StepContext, problem: Exception) -> str:
    """Report a mistake of ours after a request was sent, as FC9901; what is certain of the step.

    It must not end the process before the record tells that the request may have arrived.
    """
    context.failed = True
    context.run.sink.error(
        "FC9901",
        f"step {context.step.name}: {error_place(problem)}, after the request was sent",
        hint="this is a mistake of forwardc: what the run says of the step is on its record",
    )
    return "forwardc failed after it was sent"


def _resting(context: StepContext) -> str | None:
    """Why nothing may be sent now, where a circuit is open."""
    breaker = context.run.dependencies.breaker
    let_through: list[str] = []
    for host in dict.fromkeys(context.hosts):
        if breaker.refuses(host):
            for other in let_through:
                breaker.release(other)
            return f"{host} failed several times in a row and is given a rest"
        let_through.append(host)
    return None


def _release(context: StepContext) -> None:
    for host in dict.fromkeys(context.hosts):
        context.run.dependencies.breaker.release(host)


def _nothing_sent(context: StepContext, scope: RunScope, reason: str) -> _Attempt:
    """An attempt that ended before there was a request."""
    context.shown = None
    return _conclude_attempt(context, scope, NotSent(f"{reason}; nothing was sent"))


def _bound(context: StepContext, scope: RunScope) -> BoundRequest | None:
    run, step = context.run, context.step
    ready = run.prepared.ready.get(step.name)
    if ready is not None and ready.keys is context.keys:
        bound: BoundRequest | None = ready.bound
    else:
        bound = bind_step(step, scope, run.sink)
    if bound is None:
        return None
    try:
        check_url(bound.url, run.prepared.hosts(step))
    except HostRefusedError as problem:
        run.sink.error("FC0810", f"step {step.name}: {problem}")
        return None
    run.redactor.hide_request(bound)
    return bound


async def _tokens(
    prepared: PreparedRun, step: PlanStep, means: RunDependencies
) -> dict[str, Secret]:
    """The access tokens of a vault step, in place of the vault's credentials.

    Raises `AccessTokenError`.
    """
    if step.deliver == "direct":
        return {}
    return await access_tokens(prepared.clients(), means.tokens, means.sender)


def _has_new_token(context: StepContext, read: NoDestinationAnswer) -> bool:
    """Whether a refused token was given up, once: a refusal at the door reached nobody."""
    if read.vault_status != REFUSED or context.renewed_token:
        return False
    context.renewed_token = context.run.dependencies.tokens.refused(context.tokens.values())
    return context.renewed_token


async def _vault_key(context: StepContext, scope: RunScope) -> dict[str, Any]:
    """The vault's public key, where the step encrypts to it. Raises `VaultKeyError`."""
    plan, keys = context.run.prepared.plan, context.run.dependencies.keys
    if (
        plan.keys is None
        or "vault.jwk" not in request_template(context.step.http, scope.real()).reads
    ):
        return {}
    jwk = await keys.key(plan.keys.jwks, plan.hosts.vault)
    context.jwks = plan.keys.jwks
    return {"vault.jwk": Secret(jwk)}


def _doubt_key(context: StepContext, read: StepAnswer) -> None:
    """Where a vault refused what was encrypted for it, ask for its keys again before the next."""
    if context.jwks and isinstance(read, NoDestinationAnswer) and read.vault_status is not None:
        context.run.dependencies.keys.doubt(context.jwks)


def _conclude_attempt(context: StepContext, scope: RunScope, sent: SendResult) -> _Attempt:
    run, step = context.run, context.step
    prepared = run.prepared
    read = read_answer(step, sent, asks_cvc="card.cvc" in prepared.source.present)
    class_ = None if run.dependencies.ambient.emulated else prepared.plan.environment_class
    doubt = AttemptsInDoubt(context.doubts, context.keys.vault, context.replays)
    concluded = after_doubt(doubt, read, conclude(step, read, scope.values, class_))
    run.redactor.hide_values(concluded.outputs)
    card = run.card if step.deliver == "vault" else CardFacts()
    trip = Exchange(
        *(context.called, context.keys, context.shown, sent, card, context.names, keyed(step)),
        prepared.operation.payment_reference,
        bool(context.doubts),
        losses_after(prepared.operation, step, prepared.supplied_values(run.held), read),
        prepared.plan.log,
    )
    return _Attempt(step_report(step, trip, concluded, run.redactor), read, sent, concluded)


async def _record(context: StepContext, number: int, attempt: _Attempt, *, final: bool) -> None:
    """Keep what an attempt came to. The outcome is not lost where that fails: the caller has it."""
    journal, run_id = context.run.dependencies.journal, str(context.run.prepared.run_id)
    name, read = context.step.name, attempt.read
    try:
        if final and isinstance(attempt.sent, HttpAnswer):
            await journal.answered(run_id, number, _with_answer(context, attempt))
        elif isinstance(read, DestinationAnswer):
            await journal.not_sent(run_id, name, number, REFUSED_RESULT)
        elif read.sent is None:
            await journal.unknown(run_id, name, number, read.reason)
        else:
            await journal.not_sent(run_id, name, number, read.reason)
    except JournalError as problem:
        message = f"step {name}: its result could not be recorded: {problem}"
        context.run.sink.warning(problem.code, message, hint=problem.hint)


def _with_answer(context: StepContext, attempt: _Attempt) -> StepReport:
    """The report with what is kept of the answer. No answer keeps an outcome from its record."""
    report, redactor = attempt.report, context.run.redactor
    if not context.run.dependencies.journal.keeps_answers:
        return report
    try:
        recorded = recorded_answer(context.step, attempt.read, attempt.sent, report, redactor)
    except Exception as problem:
        _failed(context, problem)
        return report
    return replace(report, recorded=recorded)


def _wait(context: StepContext, attempt: _Attempt) -> float | None:
    """Seconds before the next attempt, whose keys are then set; None where there must be none."""
    read, means, step = attempt.read, context.run.dependencies, context.step
    if step.poll is not None:
        context.asked_s = _asked(attempt, means)
    if not isinstance(read, NoDestinationAnswer):
        if not are_refused(context, read, _spent(context.run, step)):
            return None
        context.renew()
        return 0.0
    if _has_new_token(context, read):
        # Under the same key: an earlier attempt may be in doubt, and no vault keeps this refusal.
        return 0.0
    if step.poll is not None:
        # The next question is the next attempt, and its limits are those of the plan.
        return None
    if read.sent is None:
        context.doubts.add(context.keys.vault)
    decision = resend_decision(
        AttemptFate(read.sent, read.failure, silent=not isinstance(attempt.sent, HttpAnswer)),
        idempotent=step.idempotent,
        vault_replays=context.replays,
        spent=_spent(context.run, step),
    )
    if decision is Resend.NO:
        return None
    wait = means.policy.wait(
        context.attempts, means.clock() - context.started, _asked(attempt, means), means.jitter
    )
    if wait is not None and decision is Resend.NEW_KEY:
        context.renew()
    return wait


def _asked(attempt: _Attempt, means: RunDependencies) -> float | None:
    if not isinstance(attempt.sent, HttpAnswer):
        return None
    return retry_after(attempt.sent.headers, means.ambient.now())
