"""Asks the vault what became of a step whose answer was lost.

The plan says how to ask: by the id of the vault's answer, or by a search around the time of
sending. What is not certain stays unknown: a request that the vault does not list may still have
been sent. Nothing goes to the destination.
"""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta
from typing import Any, Final

from forwardc.core.dataclass import dataclass, replace
from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.outcome import Outcome
from forwardc.core.recognizer.scan import mask
from forwardc.core.terms.terms import Ref, walk
from forwardc.core.terms.values import Secret, resolve
from forwardc.plan.answers import ReconcileGet, ReconcileList
from forwardc.plan.approvals import takes_any_shape
from forwardc.plan.model import Plan, PlanOperation, PlanStep
from forwardc.plan.parts import PlanRequest
from forwardc.runtime.history.records import StoredRun, StoredStep
from forwardc.runtime.http.oauth import AccessTokenError, OAuthClient, clients_of, with_token
from forwardc.runtime.http.send import HostRefusedError, HttpAnswer, SendLimits
from forwardc.runtime.run.amounts import recorded_amounts
from forwardc.runtime.run.answer import destination_in, parse_json, text_of
from forwardc.runtime.run.bind import RunScope, bind
from forwardc.runtime.run.context import RunDependencies
from forwardc.runtime.run.identifiers import names_given
from forwardc.runtime.run.losses import SuppliedValues, losses_of
from forwardc.runtime.run.redaction import Redactor
from forwardc.runtime.run.result import StepReport
from forwardc.runtime.run.run_record import doubt_of, report_of
from forwardc.runtime.run.step_result import conclude, shown_reason
from forwardc.runtime.secret_providers.plan_secrets import SecretResolver, resolve_credentials

_LIMITS: Final = SendLimits(connect_s=10, read_s=30, max_bytes=8 * 1024 * 1024)
# Room for the two clocks: ours when the step was sent, the vault's when it kept it.
_ROOM: Final = timedelta(hours=1)
# Pages of one search, over the requests of two hours: one that is not at its end by then would hold
# the command up for minutes, and is said to be too long.
_MOST_PAGES: Final = 100


class StillUnknownError(ForwardcError):
    """The vault does not tell. The text says why; the step stays unknown."""


@dataclass(frozen=True, slots=True)
class StepInDoubt:
    """A step in doubt: as the plan has it, and as it was recorded."""

    plan: Plan
    operation: PlanOperation
    step: PlanStep
    run: StoredRun
    stored: StoredStep

    @property
    def sent_at(self) -> datetime:
        """When it was sent last. Raises `ValueError` where it is not in doubt."""
        doubt = doubt_of(self.stored)
        if doubt is None:
            raise ValueError("the step is not in doubt")
        return doubt.sent_at


def step_in_doubt(plan: Plan, run: StoredRun) -> StepInDoubt | None:
    """The step of a run that nobody knows the fate of; None without one."""
    operation = plan.operations[run.summary.operation]
    for stored in run.steps:
        if doubt_of(stored) is not None and stored.outcome in (None, Outcome.UNKNOWN):
            step = next(candidate for candidate in operation.steps if candidate.name == stored.name)
            return StepInDoubt(plan, operation, step, run, stored)
    return None


async def reconcile_step(
    in_doubt: StepInDoubt, resolver: SecretResolver, dependencies: RunDependencies
) -> StepReport:
    """The step as the vault tells it now. Raises `StillUnknownError`."""
    ways = in_doubt.step.reconcile
    if ways is None:
        raise StillUnknownError("the request went past every vault, so that none can tell")
    days = max(query.days for query in (ways.get, ways.list) if query is not None)
    if dependencies.ambient.now() - in_doubt.sent_at > timedelta(days=days):
        raise StillUnknownError(
            f"the vault keeps a request for {days} days, and it was sent before"
        )
    vault = _vault_inquiry(in_doubt, resolver, dependencies)
    if ways.get is not None and in_doubt.stored.request_id:
        return _concluded_report(in_doubt, await _by_id(vault, ways.get))
    if ways.list is not None:
        return _concluded_report(in_doubt, await _by_search(vault, ways.list))
    raise StillUnknownError("the vault is asked by the id of its answer, and the answer was lost")


@dataclass(frozen=True, slots=True)
class _VaultInquiry:
    """Whom to ask about a step, and with what credentials."""

    in_doubt: StepInDoubt
    means: RunDependencies
    values: Mapping[str, Any] = field(repr=False)
    clients: Mapping[str, OAuthClient] = field(repr=False)

    async def ask(self, http: PlanRequest, more: Mapping[str, Any]) -> HttpAnswer:
        """A question's answer, which has status 200. Raises `StillUnknownError`."""
        dependencies = self.means

        async def once(tokens: Mapping[str, Secret]) -> HttpAnswer:
            return await self._once(http, {**self.values, **more, **tokens})

        try:
            answer = await with_token(self.clients, dependencies.tokens, dependencies.sender, once)
        except AccessTokenError as problem:
            raise StillUnknownError(str(problem)) from None
        if answer.status == 404:
            raise StillUnknownError("the vault does not know the request")
        if answer.status != 200:
            raise StillUnknownError(f"the vault answered {answer.status}")
        return answer

    async def _once(self, http: PlanRequest, values: Mapping[str, Any]) -> HttpAnswer:
        sink = Sink()
        bound = bind(http, RunScope(values), sink)
        if bound is None:
            raise StillUnknownError("; ".join(problem.message for problem in sink.sorted()))
        try:
            answer = await self.means.sender.send(bound, self.in_doubt.plan.hosts.vault, _LIMITS)
        except HostRefusedError as problem:
            raise StillUnknownError(str(problem)) from None
        if not isinstance(answer, HttpAnswer):
            raise StillUnknownError(answer.reason)
        return answer


def _vault_inquiry(
    in_doubt: StepInDoubt, resolver: SecretResolver, dependencies: RunDependencies
) -> _VaultInquiry:
    sink = Sink()
    ambient, name = dependencies.ambient, in_doubt.run.summary.operation
    any_shape = ambient.emulated or takes_any_shape(
        in_doubt.plan, name, ambient.lock, ambient.now().date()
    )
    names = in_doubt.operation.credentials
    credentials = resolve_credentials(in_doubt.plan, names, resolver, sink, any_shape=any_shape)
    if sink.has_errors:
        raise StillUnknownError("; ".join(problem.message for problem in sink.sorted()))
    values: dict[str, Any] = {f"vault.{name}": value for name, value in credentials.items()}
    return _VaultInquiry(in_doubt, dependencies, values, clients_of(in_doubt.plan, values))


async def _by_id(vault: _VaultInquiry, query: ReconcileGet) -> Any:
    values = {"vault.request_id": vault.in_doubt.stored.request_id}
    return parse_json(text_of(await vault.ask(query.http, values)))


async def _by_search(vault: _VaultInquiry, query: ReconcileList) -> Any:
    """The one request of this run and address, as the vault lists it."""
    in_doubt = vault.in_doubt
    around = (in_doubt.sent_at - _ROOM, in_doubt.sent_at + _ROOM)
    bounds = {
        "vault.created_from": str(int(around[0].timestamp())),
        "vault.created_to": str(int(around[1].timestamp())),
    }
    requests: dict[str, Any] = {}
    cursors: list[str] = []
    while len(cursors) < _MOST_PAGES:
        after = {"vault.after": cursors[-1]} if cursors else {}
        answer = await vault.ask(query.http, {**bounds, **after})
        page = parse_json(text_of(answer))
        items, more = resolve(page, query.items), resolve(page, query.more)
        if not isinstance(items, list) or not isinstance(more, bool):
            raise StillUnknownError("the vault's list has another form than is documented")
        for item in items:
            if _is_ours(in_doubt, query, item):
                _add(requests, _id(query, item), item)
        if not more:
            return _only(list(requests.values()))
        cursors.append(_next(query, items, cursors))
    raise StillUnknownError("the vault's list is longer than can be searched")


def _is_ours(in_doubt: StepInDoubt, query: ReconcileList, item: Any) -> bool:
    called, url = (in_doubt.stored.called or "").partition(" ")[2], resolve(item, query.url)
    # What is recorded is masked: a number in the address hides no request.
    same = isinstance(url, str) and mask(url) == mask(called)
    return same and resolve(item, query.run_id) == in_doubt.run.id


def _add(requests: dict[str, Any], known_as: str | None, item: Any) -> None:
    """Keep a request under its id: one that two pages show is one request.

    Raises `StillUnknownError` where it cannot be told from another, or is shown in two ways: then
    nobody knows which of the two is what became of it.
    """
    if known_as is None:
        raise StillUnknownError("the vault lists a request of this run without its id")
    if requests.setdefault(known_as, item) != item:
        raise StillUnknownError(
            "the vault lists the request of this run twice, with different content: ask again later"
        )


def _next(query: ReconcileList, items: list[Any], cursors: list[str]) -> str:
    """Where the next page begins.

    Raises `StillUnknownError` where that leads nowhere, or in a circle.
    """
    last = _id(query, items[-1]) if items else None
    if last is None:
        raise StillUnknownError("the vault's list goes on, and does not tell where")
    if last in cursors:
        raise StillUnknownError("the vault's list does not move on from one page to the next")
    return last


def _id(query: ReconcileList, item: Any) -> str | None:
    """What the vault calls an item: its text, or its number as some write it; None without."""
    match resolve(item, query.id):
        case bool():
            return None
        case int() as number:
            return str(number)
        case str() as text if text:
            return text
        case _:
            return None


def _only(requests: list[Any]) -> Any:
    if not requests:
        raise StillUnknownError("the vault lists no request of this run")
    if len(requests) > 1:
        raise StillUnknownError(
            f"the vault lists {len(requests)} requests of this run to that address"
        )
    return requests[0]


def _concluded_report(in_doubt: StepInDoubt, document: Any) -> StepReport:
    """The step by its own rules. A rule that needs what no record holds cannot be applied."""
    read = destination_in(in_doubt.step, document, 200)
    if read is None:
        raise StillUnknownError("the vault knows the request, and no answer of the destination")
    values = {
        "run.id": in_doubt.run.id,
        "run.reference": in_doubt.run.summary.reference,
        "source.id": in_doubt.run.source_id,
        **recorded_amounts(in_doubt.plan, in_doubt.run.params),
    }
    lacking = [name for name in _rule_names(in_doubt.step) if name not in values]
    if lacking:
        raise StillUnknownError(
            f"the outcome rules need {', '.join(lacking)}, which are not recorded"
        )
    class_ = None if in_doubt.run.summary.emulated else in_doubt.plan.environment_class
    concluded = conclude(in_doubt.step, read, values, class_)
    if concluded.outcome is Outcome.UNKNOWN:
        why = shown_reason(concluded, Redactor())
        raise StillUnknownError(why or "the destination's answer tells nothing")
    lacks = losses_of(in_doubt.operation, in_doubt.step, _supplied_values(in_doubt.run), document)
    redactor = Redactor()
    redactor.hide_values(concluded.outputs)
    shown = {name: redactor.shown(value) for name, value in concluded.shown_outputs.items()}
    withheld = tuple(name for name in shown if shown[name] != concluded.outputs[name])
    before, named = report_of(in_doubt.stored), in_doubt.operation.payment_reference
    return replace(
        before,
        names=(*before.names, *names_given(named, in_doubt.step, shown, withheld)),
        outcome=concluded.outcome,
        rejected_by=concluded.rejected_by,
        reason=shown_reason(concluded, redactor),
        rule=concluded.rule,
        vault_status=read.vault_status,
        status=read.status,
        request_id=read.request_id or in_doubt.stored.request_id,
        outputs=shown,
        withheld=withheld,
        answer=None,
        losses=lacks.losses,
        untold=lacks.untold,
    )


def _supplied_values(run: StoredRun) -> SuppliedValues:
    """What the run was given, as its record has it: of sensitive inputs the names."""
    hidden = (name for name in run.sensitive_params if name.startswith("inputs."))
    names = (*run.inputs, *(name.removeprefix("inputs.") for name in hidden))
    return SuppliedValues(run.source_kind, frozenset(names), frozenset(run.without))


def _rule_names(step: PlanStep) -> list[str]:
    names = {
        node.name
        for rule in step.outcome
        if rule.when is not None
        for node in walk(rule.when)
        if isinstance(node, Ref) and not node.name.startswith("response.")
    }
    return sorted(names)
