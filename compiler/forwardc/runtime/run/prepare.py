"""Everything that can be wrong with a run, found before anything is sent, all at once.

Values are collected, checked and bound once as a rehearsal, with `***` for what is known later.
What comes out is enough to bind every step as soon as the outputs before it are known.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from datetime import datetime
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from forwardc.core.dataclass import dataclass, replace
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.diagnostics.suggest import did_you_mean
from forwardc.core.instrument import ROOT
from forwardc.core.recognizer.cards import holds_card
from forwardc.core.terms.escaping import NotExpressibleError
from forwardc.core.terms.evaluator import MASKED, evaluate
from forwardc.core.terms.values import Secret
from forwardc.plan.approvals import refuse_unapproved, takes_any_shape
from forwardc.plan.digests import approval_digest
from forwardc.plan.model import Plan, PlanOperation, PlanStep
from forwardc.plan.questions import scopes_of_questions
from forwardc.runtime.http.oauth import OAuthClient, clients_of
from forwardc.runtime.http.request import BoundRequest
from forwardc.runtime.http.send import HostRefusedError, check_url
from forwardc.runtime.run.amounts import check_amounts, money_of
from forwardc.runtime.run.bind import RunScope, bind, request_template
from forwardc.runtime.run.client_identity import check_client_certificates
from forwardc.runtime.run.identifiers import check_key, keys_for
from forwardc.runtime.run.losses import NOT_ASKED, SuppliedValues
from forwardc.runtime.run.request import ClockAndIds, IdempotencyKeys, RunRequest
from forwardc.runtime.run.signing import signed
from forwardc.runtime.run.source import BoundSource, bind_source, may_be_left_out
from forwardc.runtime.run.values import param_values
from forwardc.runtime.secret_providers.plan_secrets import SecretResolver, collect_secrets

# Characters: the shortest that a vault documents (Checkout.com, `reference` of a forward request).
_LONGEST_REFERENCE: Final = 80
# Characters of hexadecimal: 128 bits, of which no two are ever equal.
_NONCE_LENGTH: Final = 32


@dataclass(frozen=True, slots=True)
class ReadyRequest:
    """A step's request as its first attempt sends it, under these keys."""

    keys: IdempotencyKeys
    bound: BoundRequest


@dataclass(frozen=True, slots=True)
class PreparedRun:
    """An operation with all values that are known before its first step."""

    plan: Plan
    name: str
    operation: PlanOperation
    digest: str
    run_id: UUID
    given_key: str | None
    source: BoundSource = field(repr=False)
    values: Mapping[str, Any] = field(repr=False)
    without: frozenset[str] = frozenset()
    ready: Mapping[str, ReadyRequest] = field(default_factory=dict)

    def clients(self) -> dict[str, OAuthClient]:
        """The OAuth clients that stand in for credentials, by the credential's name."""
        fallback, reading = self.operation.fallback, self.operation.instrument
        scopes = scopes_of_questions(fallback.ask.scopes if fallback else None, reading)
        return clients_of(self.plan, self.values, scopes)

    def scope(self, more: Mapping[str, Any]) -> RunScope:
        """The scope of a step: the known values and what has come since."""
        kind = self.source.kind
        return RunScope({**self.values, **more}, self.source.present, kind.bind if kind else None)

    def supplied_values(self, held: Mapping[str, bool] = NOT_ASKED) -> SuppliedValues:
        """What decides which values of the card a step may lack."""
        source = self.source
        return SuppliedValues(source.prefix, source.supplied, self.without, held)

    def hosts(self, step: PlanStep) -> tuple[str, ...]:
        """The hosts that a step may call."""
        hosts = self.plan.hosts
        return hosts.destination if step.deliver == "direct" else hosts.vault


def keys_of(prepared: PreparedRun, step: PlanStep, ambient: ClockAndIds) -> IdempotencyKeys:
    """The keys of a step for one attempt."""
    return keys_for(prepared.given_key, prepared.operation, step.name, prepared.run_id, ambient)


def attempt_values(keys: IdempotencyKeys, now: datetime) -> dict[str, Any]:
    """The values that belong to one attempt of one step."""
    return {
        "run.now": now,
        "run.idempotency_key": keys.destination,
        "vault.idempotency_key": keys.vault,
        # The vault's key is another one for each attempt; what names a run to it is not shown.
        "run.nonce": sha256(f"nonce:{keys.vault}".encode()).hexdigest()[:_NONCE_LENGTH],
    }


def find_operation(plan: Plan, name: str | None, sink: Sink) -> str | None:
    """The operation to run; the name may be left out where there is one. FC0813 in the sink."""
    operations = sorted(plan.operations)
    if name is None and len(operations) == 1:
        return operations[0]
    if name in plan.operations:
        return name
    near = did_you_mean(name, operations) if name else None
    problem = "name one of its operations" if name is None else "has no such operation here"
    sink.error(
        "FC0813",
        f"{plan.destination}: {problem}",
        hint=f"did you mean {near}?" if near else f"the operations are: {', '.join(operations)}",
    )
    return None


def prepare(
    plan: Plan,
    name: str,
    request: RunRequest,
    look_up: SecretResolver,
    sink: Sink,
    ambient: ClockAndIds,
    instead_of: "PreparedRun | None" = None,
) -> PreparedRun | None:
    """Check and collect all values of an operation and rehearse every step.

    `instead_of` is the operation that this one is the fallback of: they share run and caller.
    None with every problem in the sink (codes FC0614, FC0801 to FC0815 and FC0845), or where the
    sink holds one already: nothing is sent beside a secrets file that is refused. Nothing else is
    looked at before the approvals, and only the clock of `ambient` decides on their end.
    """
    today = ambient.now().date()
    if refuse_unapproved(plan, name, ambient.lock, today, sink, emulated=ambient.emulated):
        return None
    problems = Sink()
    run_id = instead_of.run_id if instead_of else request.run_id or ambient.new_uuid()
    accepted = _accepted(plan, instead_of.operation if instead_of else plan.operations[name])
    any_shape = ambient.emulated or takes_any_shape(plan, name, ambient.lock, today)
    secrets = collect_secrets(plan, plan.operations[name], look_up, problems, any_shape=any_shape)
    check_client_certificates(plan, plan.operations[name], secrets, ambient.now(), problems)
    prepared = _collect(plan, name, request, secrets, problems, run_id, accepted)
    if prepared is not None and not problems.has_errors and not sink.has_errors:
        prepared = _with_ready(prepared, problems, ambient)
    for problem in problems.sorted():
        sink.add(problem)
    return None if sink.has_errors else prepared


def _collect(
    plan: Plan,
    name: str,
    request: RunRequest,
    secrets: Mapping[str, Secret],
    sink: Sink,
    run_id: UUID,
    accepted: list[PlanOperation],
) -> PreparedRun | None:
    operation = plan.operations[name]
    params = frozenset(param for candidate in accepted for param in candidate.params)
    inputs = frozenset(key for candidate in accepted for key in candidate.inputs)
    values = param_values(plan, operation, request, params, sink)
    without = frozenset(atom for candidate in accepted for atom in may_be_left_out(candidate))
    source = bind_source(plan, operation, request, inputs, sink, without)
    values |= secrets
    values |= {"run.id": str(run_id), "run.reference": _reference(request, run_id, sink)}
    check_key(request.idempotency_key, operation, sink)
    if source is None:
        return None
    values |= source.values | money_of(plan)
    kind = source.kind
    scope = RunScope(values, source.present, kind.bind if kind else None)
    check_amounts(plan, operation, scope.real(), sink)
    digest = approval_digest(plan, name)
    key = request.idempotency_key
    return PreparedRun(
        plan,
        name,
        operation,
        digest,
        run_id,
        key,
        source,
        values,
        request.without,
    )


def _accepted(plan: Plan, operation: PlanOperation) -> list[PlanOperation]:
    """The operations of which the caller may give values: the one asked for and its fallback."""
    fallback = operation.fallback
    return [operation, plan.operations[fallback.operation]] if fallback else [operation]


def _reference(request: RunRequest, run_id: UUID, sink: Sink) -> str:
    reference = request.reference
    if reference is None:
        return str(run_id)
    if not 1 <= len(reference) <= _LONGEST_REFERENCE:
        sink.error("FC0804", f"the reference must have 1 to {_LONGEST_REFERENCE} characters")
    if not request.not_card and holds_card(reference):
        sink.error("FC0812", "the reference looks like a card number")
    return reference


def rehearse(prepared: PreparedRun, sink: Sink, ambient: ClockAndIds) -> list[BoundRequest]:
    """Bind every step with `***` for outputs and the vault's key, to find what cannot be sent."""
    return [bound for _, _, bound, _ in _rehearsed(prepared, _pending(prepared), sink, ambient)]


def _with_ready(prepared: PreparedRun, sink: Sink, ambient: ClockAndIds) -> PreparedRun:
    """Rehearse, and keep the requests that need not be bound again."""
    pending = _pending(prepared)
    ready = {
        step.name: ReadyRequest(keys, bound)
        for step, keys, bound, scope in _rehearsed(prepared, pending, sink, ambient)
        if _is_complete(step, scope, pending)
    }
    return replace(prepared, ready=ready)


def _pending(prepared: PreparedRun) -> dict[str, Any]:
    """What is known only when a step is sent, masked: outputs, and what the vault gives."""
    steps = prepared.operation.steps
    outputs = {f"steps.{step.name}.{output}" for step in steps for output in step.outputs}
    read = {f"{ROOT}.{name}" for name in _values_told(prepared)}
    return {**dict.fromkeys(outputs | read, MASKED), **_of_the_vault(prepared)}


def _values_told(prepared: PreparedRun) -> Iterable[str]:
    """The values of the instrument that the vault may tell of this kind of source."""
    reading = prepared.operation.instrument
    return reading.values if reading and prepared.source.prefix in reading.kinds else ()


def _is_complete(step: PlanStep, scope: RunScope, pending: Mapping[str, Any]) -> bool:
    reads = request_template(step.http, scope.real()).reads
    return step.sign is None and "run.now" not in reads and reads.isdisjoint(pending)


def _rehearsed(
    prepared: PreparedRun, pending: Mapping[str, Any], sink: Sink, ambient: ClockAndIds
) -> Iterator[tuple[PlanStep, IdempotencyKeys, BoundRequest, RunScope]]:
    _rehearse_question(prepared, sink)
    for step in prepared.operation.steps:
        keys = keys_of(prepared, step, ambient)
        scope = prepared.scope({**pending, **attempt_values(keys, ambient.now())})
        bound = bind_step(step, scope, sink)
        if bound is not None and _may_call(bound, prepared.hosts(step), step.name, sink):
            yield step, keys, bound, scope


def _of_the_vault(prepared: PreparedRun) -> dict[str, Any]:
    """What only the vault can give, masked: its key, and the access token of a client."""
    return {"vault.jwk": MASKED, **dict.fromkeys(prepared.clients(), MASKED)}


def _rehearse_question(prepared: PreparedRun, sink: Sink) -> None:
    fallback, reading = prepared.operation.fallback, prepared.operation.instrument
    question = fallback.ask if fallback else reading
    if question is None or (fallback is None and not _values_told(prepared)):
        return
    bound = bind(question.http, prepared.scope(_of_the_vault(prepared)), sink)
    if bound is not None:
        _may_call(bound, prepared.plan.hosts.vault, "fallback" if fallback else ROOT, sink)


def _may_call(bound: BoundRequest, hosts: tuple[str, ...], step: str, sink: Sink) -> bool:
    try:
        check_url(bound.url, hosts)
    except HostRefusedError as problem:
        sink.error("FC0810", f"step {step}: {problem}")
        return False
    return True


def bind_step(step: PlanStep, scope: RunScope, sink: Sink) -> BoundRequest | None:
    """The step's request, signed where the plan says so; None with the problems in the sink.

    Raises `TypeError` for a plan whose signing secret is no text: a mistake of ours.
    """
    problems = Sink()
    bound = bind(step.http, scope, problems)
    for problem in problems.sorted():
        sink.error(problem.code, f"step {step.name}: {problem.message}", hint=problem.hint)
    if bound is None or step.sign is None:
        return bound
    secret = evaluate(step.sign.secret, scope.real())
    if not isinstance(secret, str):
        raise TypeError("a signature's secret is not text in the plan")
    try:
        return signed(bound, step.sign, secret, scope.values["run.now"])
    except NotExpressibleError as problem:
        sink.error("FC0807", f"step {step.name}: {problem}")
        return None
