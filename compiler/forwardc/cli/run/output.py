"""Shows what a run did: lines for people, one object for programs. Everything comes masked.

It is shown once: at the end, or before what nobody is to wait for.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from forwardc.cli.output import problems, say, say_document, warnings
from forwardc.cli.unknown_runs import inquiry_lines
from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.documents.writing import as_json
from forwardc.core.outcome import Outcome
from forwardc.core.recognizer.scan import mask
from forwardc.plan.approvals import arrangements_of
from forwardc.plan.model import Plan
from forwardc.runtime.http.request import ShownRequest
from forwardc.runtime.http.request import curl as as_curl
from forwardc.runtime.recovery.inquiries import inquiries_of
from forwardc.runtime.run.context import RunDependencies
from forwardc.runtime.run.result import (
    ON_PURPOSE,
    Party,
    RunResult,
    StepReport,
    does_not_tell,
    exit_code,
    left_out,
    may_be_why,
    perhaps_why,
    sent_without,
    shown_data,
)


@dataclass(frozen=True, slots=True)
class OutputOptions:
    """How a result is shown."""

    curl: bool = False
    as_json: bool = False


@dataclass(slots=True)
class EarlyOutput:
    """Shows a result once: at its end, or before what nobody is to wait for."""

    plan: Plan
    sink: Sink
    options: OutputOptions
    code: int | None = None

    def show(self, result: RunResult | None, dependencies: RunDependencies) -> None:
        """Show a result now where something is still being asked."""
        if result is not None and dependencies.cards is not None and dependencies.cards.pending:
            self.code = self._shown(result)

    def finish(self, result: RunResult | None) -> int:
        """Show what was not shown; the exit code."""
        if self.code is not None:
            return self.code
        return problems(self.sink, self.options.as_json) if result is None else self._shown(result)

    def _shown(self, result: RunResult) -> int:
        options = self.options
        return finish(self.plan, result, self.sink, curl=options.curl, as_json=options.as_json)


def finish(plan: Plan, result: RunResult, sink: Sink, *, curl: bool, as_json: bool) -> int:
    """Show what a run came to; the exit code that tells its outcome."""
    if as_json:
        say_document(result_json(plan, result, curl=curl), sink)
    else:
        warnings(sink)
        for line in result_lines(plan, result, curl=curl):
            say(line)
    return exit_code(result)


def preview_lines(
    plan: Plan, operation: str, digest: str, requests: Sequence[ShownRequest], *, curl: bool
) -> Iterator[str]:
    """The masked requests of a dry run."""
    yield f"{_title(plan, operation)}, dry run: nothing is sent"
    yield from _agreed(plan, operation)
    yield f"digest {digest}"
    for step, request in zip(plan.operations[operation].steps, requests, strict=True):
        yield ""
        yield f"step {step.name}"
        yield from _request(request, curl=curl)


def result_lines(plan: Plan, result: RunResult, *, curl: bool) -> Iterator[str]:
    """A run's steps and outcome."""
    yield f"{_title(plan, result.operation)}, run {result.run_id}"
    yield from _agreed(plan, result.operation)
    yield f"digest {result.digest}"
    if result.fell_back:
        yield "the vault has no usable network token: the fallback operation ran"
    for step in result.steps:
        yield ""
        yield from _step(plan, step, curl=curl)
    yield ""
    yield from _verdict(plan, result)


def preview_json(
    plan: Plan, operation: str, digest: str, requests: Sequence[ShownRequest], *, curl: bool
) -> dict[str, Any]:
    """A dry run as data."""
    steps = plan.operations[operation].steps
    return {
        **_identity(plan, operation),
        "digest": digest,
        "dry_run": True,
        "steps": [
            {"name": step.name, "request": asdict(request), **_curl(request, curl)}
            for step, request in zip(steps, requests, strict=True)
        ],
    }


def result_json(plan: Plan, result: RunResult, *, curl: bool) -> dict[str, Any]:
    """A run as data."""
    shown = shown_data(result)
    steps = [
        {**step_data, **(_curl(step.request, curl) if step.request else {})}
        for step_data, step in zip(shown["steps"], result.steps, strict=True)
    ]
    return {
        **_identity(plan, result.operation),
        **shown,
        "exit_code": exit_code(result),
        "steps": steps,
    }


def _identity(plan: Plan, operation: str) -> dict[str, Any]:
    return {
        "destination": plan.destination,
        "operation": operation,
        "vault": plan.vault,
        "environment": plan.environment,
        **({"account": plan.account} if plan.account else {}),
        **_arrangements(plan, operation),
    }


def _curl(request: ShownRequest, curl: bool) -> dict[str, str]:
    return {"curl": as_curl(request)} if curl else {}


def _agreed(plan: Plan, operation: str) -> Iterator[str]:
    """By what the vault had to agree to, or what a sandbox plays as if it had."""
    for arrangement in arrangements_of(plan, operation):
        ticket = (
            "as if agreed" if arrangement.as_if_agreed else f"by arrangement ({arrangement.ticket})"
        )
        yield f"{ticket}: {arrangement.id}"


def _arrangements(plan: Plan, operation: str) -> dict[str, Any]:
    arrangements = [
        as_json(arrangement, without_defaults=True)
        for arrangement in arrangements_of(plan, operation)
    ]
    return {"arrangements": arrangements} if arrangements else {}


def _title(plan: Plan, operation: str) -> str:
    return f"{plan.destination}.{operation} via {plan.vault} ({plan.place})"


def _request(request: ShownRequest, *, curl: bool) -> Iterator[str]:
    if curl:
        yield from as_curl(request).split("\n")
        return
    yield f"  {request.method} {request.url}"
    yield from (f"  {name}: {value}" for name, value in request.headers)
    if request.body is not None:
        yield ""
        yield from (f"  {line}" for line in request.body.split("\n"))


def _step(plan: Plan, step: StepReport, *, curl: bool) -> Iterator[str]:
    yield f"step {step.name}: {step.called}"
    if curl and step.request is not None:
        yield from as_curl(step.request).split("\n")
    if step.keyed:
        yield f"  keys     {_keys(step)}"
    yield f"  answer   {_answer(plan, step)}"
    for name, value in step.outputs.items():
        yield f"  output   {name} = {value}"
    if step.scheme or step.issuing_country:
        card = ", ".join(part for part in (step.scheme, step.issuing_country) if part)
        yield f"  card     {card}"
    if step.cards_masked:
        yield f"  warning  the answer held {step.cards_masked} card number(s), masked here"
    if step.losses:
        yield f"  {sent_without(step.losses)}"
    if step.untold:
        yield f"  {does_not_tell(plan.vault, step.untold)}"
    if step.answer:
        yield f"  says     {step.answer}"
    if step.attempts > 1:
        yield f"  sent     {step.attempts} times"
    yield f"  time     {step.duration_ms} ms"


def _keys(step: StepReport) -> str:
    """The idempotency keys that were sent, by the party whose each is."""
    keys = {Party.DESTINATION: step.keys.destination, Party.VAULT: step.keys.vault}
    return ", ".join(f"{party} {keys[party]}" for party in step.keyed)


def _answer(plan: Plan, step: StepReport) -> str:
    parts = [] if step.status is None else [f"{step.status} from {plan.destination}"]
    if step.vault_status is not None:
        parts.append(f"{step.vault_status} from {plan.vault}")
    if step.request_id:
        parts.append(mask(step.request_id))
    if step.rule is not None:
        parts.append(f"rule {step.rule} decided")
    return ", ".join(parts) or "none"


def _verdict(plan: Plan, result: RunResult) -> Iterator[str]:
    if result.replayed:
        yield "recorded before, under the same idempotency key: nothing was sent"
    reason = f": {result.reason}" if result.reason else ""
    if result.without:
        yield left_out(result.without)
    if may_be_why(result.outcome, result.rejected_by, result.losses):
        yield f"{perhaps_why(result.losses)}; {ON_PURPOSE}"
    yield f"{result.outcome}{_by(plan, result)}{reason}"
    if result.stopped:
        yield f"later steps were not sent; to go on: forwardc run --resume {result.run_id}"
    if result.outcome is Outcome.PENDING and _asks(plan, result):
        yield f"to ask again: forwardc run --resume {result.run_id}"
    if result.outcome is Outcome.UNKNOWN:
        yield f"find out what {plan.destination} did before you run this again"
        yield from inquiry_lines(inquiries_of(result), plan.destination, plan.vault)


def _asks(plan: Plan, result: RunResult) -> bool:
    """Whether the operation has a step that asks for a pending payment."""
    return plan.operations[result.operation].steps[-1].poll is not None


def _by(plan: Plan, result: RunResult) -> str:
    if result.outcome is not Outcome.REJECTED:
        return ""
    if result.rejected_by is Party.DESTINATION:
        return f" by {plan.destination}"
    # A direct step that could not be sent was rejected by nobody.
    direct = bool(result.steps) and result.steps[-1].deliver == "direct"
    return "" if direct else f" by {plan.vault}"
