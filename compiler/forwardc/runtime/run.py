"""Runs one operation: its steps in order, each sent once, until one does not let the next go on.

Knows plans and no vault. Every problem found before sending goes to the sink.
"""

from dataclasses import dataclass, field
from typing import Any

from forwardc.diagnostics.sink import Sink
from forwardc.plan.model import Fallback, Plan, Step
from forwardc.plan.program import Outcome
from forwardc.plan.values import Secret
from forwardc.runtime.answer import Ended, direct_answer, read_answer
from forwardc.runtime.bind import bind
from forwardc.runtime.idempotency import keys_for
from forwardc.runtime.keys import KeyRing, NoKey
from forwardc.runtime.outcome import holds
from forwardc.runtime.prepare import Prepared, bind_step, moment, prepare, rehearse
from forwardc.runtime.redact import Redactor
from forwardc.runtime.report import Trip, conclude, reported
from forwardc.runtime.secrets import Lookup
from forwardc.runtime.send import Answer, HostRefused, Limits, Sender
from forwardc.runtime.shapes import (
    Ambient,
    Party,
    RunRequest,
    RunResult,
    ShownRequest,
    StepReport,
)

_ASK_LIMITS = Limits(connect_s=10, read_s=30, max_bytes=1024 * 1024)


@dataclass(frozen=True, slots=True)
class Means:
    """What a run sends with: connections, the vault's keys, the clock."""

    sender: Sender
    keys: KeyRing
    ambient: Ambient = field(default_factory=Ambient)


@dataclass(frozen=True, slots=True)
class _Journey:
    """One run under way: what earlier steps gave, and what must not be shown."""

    prepared: Prepared
    means: Means
    sink: Sink
    outputs: dict[str, Any] = field(default_factory=dict, repr=False)
    redactor: Redactor = field(default_factory=Redactor)


def preview(
    plan: Plan, name: str, request: RunRequest, look_up: Lookup, sink: Sink, ambient: Ambient
) -> list[ShownRequest] | None:
    """The masked request of every step, nothing sent; None with the problems in the sink."""
    prepared = prepare(plan, name, request, look_up, sink, ambient)
    if prepared is None:
        return None
    return [bound.shown for bound in rehearse(prepared, Sink(), ambient)]


async def run(
    plan: Plan, name: str, request: RunRequest, look_up: Lookup, means: Means, sink: Sink
) -> RunResult | None:
    """Run an operation. None, with the problems in the sink, where nothing was sent."""
    prepared = prepare(plan, name, request, look_up, sink, means.ambient)
    if prepared is None:
        return None
    fallback = prepared.operation.fallback
    if fallback is None:
        return await _steps(_Journey(prepared, means, sink))
    # What is wrong with the other operation must be known before anything is sent, too.
    other = prepare(
        plan, fallback.operation, request, look_up, sink, means.ambient, instead_of=prepared
    )
    if other is None:
        return None
    available = await _ask(fallback, prepared, means, sink)
    if available is None:
        return None
    if isinstance(available, Ended):
        return _result(prepared, [], fell_back=False, ended=available)
    chosen = prepared if available else other
    return await _steps(_Journey(chosen, means, sink), fell_back=not available)


async def _ask(
    fallback: Fallback, prepared: Prepared, means: Means, sink: Sink
) -> bool | Ended | None:
    """What the vault says about the instrument; `Ended` where it cannot be asked."""
    bound = bind(fallback.ask.http, prepared.scope({}), sink)
    if bound is None:
        return None
    answer = await means.sender.send(bound, prepared.plan.hosts.vault, _ASK_LIMITS)
    if not isinstance(answer, Answer):
        reason = "the vault cannot be asked about the instrument; nothing was sent"
        return Ended(Outcome.REJECTED, Party.VAULT, reason)
    return holds(fallback.ask.when, direct_answer(answer).values())


async def _steps(journey: _Journey, *, fell_back: bool = False) -> RunResult | None:
    journey.redactor.hide_values(journey.prepared.values)
    reports: list[StepReport] = []
    for step in journey.prepared.operation.steps:
        report = await _step(journey, step)
        if report is None:
            if not reports:
                return None
            stopped = Ended(Outcome.UNKNOWN, None, f"step {step.name} could not be bound")
            return _result(journey.prepared, reports, fell_back=fell_back, ended=stopped)
        reports.append(report)
        if report.outcome is not Outcome.APPROVED:
            break
    return _result(journey.prepared, reports, fell_back=fell_back)


async def _step(journey: _Journey, step: Step) -> StepReport | None:
    """Send one step; None where it cannot be bound, with the reason in the sink."""
    prepared, means = journey.prepared, journey.means
    keys = keys_for(
        prepared.given_key, prepared.operation, step.name, prepared.run_id, means.ambient
    )
    values = {**journey.outputs, **moment(keys, means.ambient.now())}
    try:
        values |= await _vault_key(prepared, step, means)
    except NoKey as problem:
        ended = Ended(Outcome.REJECTED, Party.VAULT, f"{problem}; nothing was sent")
        trip = Trip(keys, None, None)
        return reported(
            step, trip, conclude(step, ended, {}), prepared.scope(values), journey.redactor
        )
    scope = prepared.scope(values)
    bound = bind_step(step, scope, journey.sink)
    if bound is None:
        return None
    journey.redactor.hide_request(bound)
    limits = Limits(
        step.timeouts.connect_ms / 1000, step.timeouts.read_ms / 1000, step.max_answer_bytes
    )
    try:
        sent = await means.sender.send(bound, prepared.hosts(step), limits)
    except HostRefused as problem:
        journey.sink.error("FC0810", f"step {step.name}: {problem}")
        return None
    concluded = conclude(step, read_answer(step, sent), scope.values)
    for name, value in concluded.outputs.items():
        journey.outputs[f"steps.{step.name}.{name}"] = value
    journey.redactor.hide_values(journey.outputs)
    return reported(step, Trip(keys, bound, sent), concluded, scope, journey.redactor)


async def _vault_key(prepared: Prepared, step: Step, means: Means) -> dict[str, Any]:
    """The vault's public key, where the step encrypts to it. Raises `NoKey`."""
    if prepared.plan.keys is None or not prepared.needs_key(step.http):
        return {}
    jwk = await means.keys.key(prepared.plan.keys.jwks, prepared.plan.hosts.vault)
    return {"vault.jwk": Secret(jwk)}


def _result(
    prepared: Prepared,
    reports: list[StepReport],
    *,
    fell_back: bool,
    ended: Ended | None = None,
) -> RunResult:
    last: StepReport | Ended = ended or reports[-1]
    return RunResult(
        run_id=str(prepared.run_id),
        operation=prepared.name,
        fell_back=fell_back,
        digest=prepared.digest,
        outcome=last.outcome,
        rejected_by=last.rejected_by,
        reason=last.reason,
        steps=tuple(reports),
    )
