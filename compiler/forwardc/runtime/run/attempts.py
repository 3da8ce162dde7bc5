"""Sends one step: recorded before, recorded after, and again only where that is safe.

The policy is data of the plan. Each attempt is an intent in the journal before it leaves; what it
came to is kept before the next one begins, and `retries` says whether there is a next one.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from forwardc.core.diagnostics.errors import error_place
from forwardc.core.recognizer.scan import mask
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
from forwardc.runtime.run.bind import RunScope, request_template
from forwardc.runtime.run.context import RunContext, RunDependencies, StepContext
from forwardc.runtime.run.identifiers import keyed, names_sent
from forwardc.runtime.run.journal import JournalError
from forwardc.runtime.run.losses import losses_after
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
    resend_decision,
)
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


async def send_step(journey: RunContext, step: PlanStep, doubt: Doubt | None) -> StepReport | None:
    """Send a step until it is decided or must not be sent again.

    None, with the reason in the sink, where no attempt was made at all.
    """
    course = _course(journey, step, doubt)
    last: _Attempt | None = None
    while (tried := await _attempt(course)) is not None:
        last = tried
        if tried.wait is None:
            break
        await journey.means.sleep(tried.wait)
    if last is None:
        return None
    for name, value in last.concluded.outputs.items():
        journey.outputs[f"steps.{step.name}.{name}"] = value
    journey.came[step.name] = raw_response_of(last.sent, last.read)
    report = last.report
    return replace(report, attempts=course.attempts) if course.attempts != 1 else report


def may_send_again(journey: RunContext, step: PlanStep, doubt: Doubt) -> bool:
    """Whether a step whose fate is unknown may be sent again, under some key."""
    return _under_same_key(journey, step, doubt) or _under_new_key(journey, step)


def _under_same_key(journey: RunContext, step: PlanStep, doubt: Doubt) -> bool:
    if step.vault_key_hours is None or not doubt.vault_keys or not doubt.silent:
        return False
    # An hour less than documented: the vault's clock and ours need not agree. A clock that has
    # jumped back before the sending tells nothing.
    hour = timedelta(hours=1)
    passed = journey.means.ambient.now() - doubt.sent_at
    return -hour < passed < (step.vault_key_hours - 1) * hour


def _under_new_key(journey: RunContext, step: PlanStep) -> bool:
    spent = _spent(journey, step)
    return (
        resend_decision(
            AttemptFate(None), idempotent=step.idempotent, vault_replays=False, spent=spent
        )
        is Resend.NEW_KEY
    )


def _course(journey: RunContext, step: PlanStep, doubt: Doubt | None) -> StepContext:
    prepared, means = journey.prepared, journey.means
    ready = prepared.ready.get(step.name)
    keys = ready.keys if ready else keys_of(prepared, step, means.ambient)
    doubts = set(doubt.vault_keys) if doubt else set()
    if doubt is not None and _under_same_key(journey, step, doubt):
        keys = IdempotencyKeys(keys.destination, doubt.vault_keys[-1])
    return StepContext(journey, step, keys, means.clock(), doubts)


def _spent(journey: RunContext, step: PlanStep) -> SpentValues:
    source = journey.prepared.source
    single_use = source.kind is not None and source.kind.single_use and step.deliver == "vault"
    holds_cvc = step.uses_cvc and "card.cvc" in source.present
    return SpentValues(holds_cvc=holds_cvc, single_use=single_use)


async def _attempt(course: StepContext) -> _Attempt | None:
    """One attempt, recorded before and after. None, with the reason in the sink: not sent."""
    journey, step = course.journey, course.step
    prepared, means = journey.prepared, journey.means
    values = {**journey.outputs, **attempt_values(course.keys, means.ambient.now())}
    scope = prepared.scope(values)
    course.aim(scope)
    try:
        resting = _resting(course)
        if resting is not None:
            return _nothing_sent(course, scope, resting)
        course.tokens = await _tokens(prepared, step, means)
        journey.redactor.hide_values(course.tokens)
        scope = prepared.scope(values | course.tokens | await _vault_key(course, scope))
        bound = _bound(course, scope)
        if bound is None:
            _release(course)
            return None
        course.names = names_sent(prepared.plan, prepared.operation.payment_reference, step, scope)
        intent = Intent(
            *(step.name, course.keys, mask(course.called), masked(bound.shown)),
            *(course.names, keyed(step)),
        )
        number = await means.journal.intent(str(prepared.run_id), intent)
    except VaultKeyError as problem:
        _release(course)
        return _nothing_sent(course, scope, str(problem))
    except JournalError as problem:
        _release(course)
        journey.sink.error(problem.code, f"step {step.name}: {problem}", hint=problem.hint)
        return None
    course.attempts += 1
    limits = SendLimits(
        step.timeouts.connect_ms / 1000, step.timeouts.read_ms / 1000, step.max_answer_bytes
    )
    try:
        sent = await means.sender.send(
            bound, prepared.hosts(step), limits, private=step.private and step.deliver == "direct"
        )
        tried = _tried(course, scope, bound, sent)
    except Exception as problem:
        tried = _tried(course, scope, bound, AnswerLost(_failed(course, problem)))
    wait = _next(course, tried)
    await _record(course, number, tried, final=wait is None)
    return tried if wait is None else replace(tried, wait=wait)


def _next(course: StepContext, tried: _Attempt) -> float | None:
    """Seconds before the next attempt, None where there must be none: not after a mistake of ours.

    The hosts on the way are judged by this one.
    """
    if course.failed:
        _release(course)
        return None
    try:
        _doubt_key(course, tried.read)
        breaker = course.journey.means.breaker
        count_attempt(breaker, course.step, course.hosts, tried.sent, tried.read)
        return _wait(course, tried)
    except Exception as problem:
        _failed(course, problem)
        return None


def _failed(course: StepContext, problem: Exception) -> str:
    """Report a mistake of ours after a request was sent, as FC9901; what is certain of the step.

    It must not end the process before the record tells that the request may have arrived.
    """
    course.failed = True
    course.journey.sink.error(
        "FC9901",
        f"step {course.step.name}: {error_place(problem)}, after the request was sent",
        hint="this is a mistake of forwardc: what the run says of the step is on its record",
    )
    return "forwardc failed after it was sent"


def _resting(course: StepContext) -> str | None:
    """Why nothing may be sent now, where a circuit is open."""
    breaker = course.journey.means.breaker
    let_through: list[str] = []
    for host in dict.fromkeys(course.hosts):
        if breaker.refuses(host):
            for other in let_through:
                breaker.release(other)
            return f"{host} failed several times in a row and is given a rest"
        let_through.append(host)
    return None


def _release(course: StepContext) -> None:
    for host in dict.fromkeys(course.hosts):
        course.journey.means.breaker.release(host)


def _nothing_sent(course: StepContext, scope: RunScope, reason: str) -> _Attempt:
    """An attempt that ended before there was a request."""
    return _tried(course, scope, None, NotSent(f"{reason}; nothing was sent"))


def _bound(course: StepContext, scope: RunScope) -> BoundRequest | None:
    journey, step = course.journey, course.step
    ready = journey.prepared.ready.get(step.name)
    if ready is not None and ready.keys is course.keys:
        bound: BoundRequest | None = ready.bound
    else:
        bound = bind_step(step, scope, journey.sink)
    if bound is None:
        return None
    try:
        check_url(bound.url, journey.prepared.hosts(step))
    except HostRefusedError as problem:
        journey.sink.error("FC0810", f"step {step.name}: {problem}")
        return None
    journey.redactor.hide_request(bound)
    return bound


async def _tokens(
    prepared: PreparedRun, step: PlanStep, means: RunDependencies
) -> dict[str, Secret]:
    """The access tokens of a vault step, in place of the vault's credentials. Raises `NoToken`."""
    if step.deliver == "direct":
        return {}
    return await access_tokens(prepared.clients(), means.tokens, means.sender)


def _has_new_token(course: StepContext, read: NoDestinationAnswer) -> bool:
    """Whether a refused token was given up, once: a refusal at the door reached nobody."""
    if read.vault_status != REFUSED or course.renewed_token:
        return False
    course.renewed_token = course.journey.means.tokens.refused(course.tokens.values())
    return course.renewed_token


async def _vault_key(course: StepContext, scope: RunScope) -> dict[str, Any]:
    """The vault's public key, where the step encrypts to it. Raises `VaultKeyError`."""
    plan, keys = course.journey.prepared.plan, course.journey.means.keys
    if (
        plan.keys is None
        or "vault.jwk" not in request_template(course.step.http, scope.real()).reads
    ):
        return {}
    jwk = await keys.key(plan.keys.jwks, plan.hosts.vault)
    course.jwks = plan.keys.jwks
    return {"vault.jwk": Secret(jwk)}


def _doubt_key(course: StepContext, read: StepAnswer) -> None:
    """Where a vault refused what was encrypted for it, ask for its keys again before the next."""
    if course.jwks and isinstance(read, NoDestinationAnswer) and read.vault_status is not None:
        course.journey.means.keys.doubt(course.jwks)


def _tried(
    course: StepContext, scope: RunScope, bound: BoundRequest | None, sent: SendResult
) -> _Attempt:
    journey, step = course.journey, course.step
    prepared = journey.prepared
    read = read_answer(step, sent, asks_cvc="card.cvc" in prepared.source.present)
    class_ = None if journey.means.ambient.emulated else prepared.plan.environment_class
    doubt = AttemptsInDoubt(course.doubts, course.keys.vault, course.replays)
    concluded = after_doubt(doubt, read, conclude(step, read, scope.values, class_))
    journey.redactor.hide_values(concluded.outputs)
    card = journey.card if step.deliver == "vault" else CardFacts()
    trip = Exchange(
        *(course.called, course.keys, bound, sent, card, course.names, keyed(step)),
        prepared.operation.payment_reference,
        bool(course.doubts),
        losses_after(prepared.operation, step, prepared.given(journey.held), read),
        prepared.plan.log,
    )
    return _Attempt(step_report(step, trip, concluded, journey.redactor), read, sent, concluded)


async def _record(course: StepContext, number: int, tried: _Attempt, *, final: bool) -> None:
    """Keep what an attempt came to. The outcome is not lost where that fails: the caller has it."""
    journal, run_id = course.journey.means.journal, str(course.journey.prepared.run_id)
    name, read = course.step.name, tried.read
    try:
        if isinstance(read, DestinationAnswer) or (final and isinstance(tried.sent, HttpAnswer)):
            await journal.answered(run_id, number, _with_answer(course, tried))
        elif read.sent is None:
            await journal.unknown(run_id, name, number, read.reason)
        else:
            await journal.not_sent(run_id, name, number, read.reason)
    except JournalError as problem:
        told = f"step {name}: its result could not be recorded: {problem}"
        course.journey.sink.warning(problem.code, told, hint=problem.hint)


def _with_answer(course: StepContext, tried: _Attempt) -> StepReport:
    """The report with what is kept of the answer. No answer keeps an outcome from its record."""
    report, redactor = tried.report, course.journey.redactor
    if not course.journey.means.journal.keeps_answers:
        return report
    try:
        kept = recorded_answer(course.step, tried.read, tried.sent, report, redactor)
    except Exception as problem:
        _failed(course, problem)
        return report
    return replace(report, kept=kept)


def _wait(course: StepContext, tried: _Attempt) -> float | None:
    """Seconds before the next attempt, whose keys are then set; None where there must be none."""
    read, means, step = tried.read, course.journey.means, course.step
    if not isinstance(read, NoDestinationAnswer):
        return None
    if _has_new_token(course, read):
        # Under the same key: an earlier attempt may be in doubt, and no vault keeps this refusal.
        return 0.0
    if read.sent is None:
        course.doubts.add(course.keys.vault)
    decision = resend_decision(
        AttemptFate(read.sent, read.failure, silent=not isinstance(tried.sent, HttpAnswer)),
        idempotent=step.idempotent,
        vault_replays=course.replays,
        spent=_spent(course.journey, step),
    )
    if decision is Resend.NO:
        return None
    wait = means.policy.wait(
        course.attempts, means.clock() - course.started, _asked(tried, means), means.jitter
    )
    if wait is not None and decision is Resend.NEW_KEY:
        course.renew()
    return wait


def _asked(tried: _Attempt, means: RunDependencies) -> float | None:
    if not isinstance(tried.sent, HttpAnswer):
        return None
    return retry_after(tried.sent.headers, means.ambient.now())
