"""Asks the vault what became of a step whose answer was lost. Sends nothing to a destination.

Knows the plan's data of how to ask, and no vault. What is not certain stays unknown: a request
that the vault does not list may still have been sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

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
        """When it was sent last."""
        doubt = doubt_of(self.stored)
        if doubt is None:
            raise ValueError("the step is not in doubt")
        return doubt.sent_at


def step_in_doubt(plan: Plan, run: StoredRun) -> StepInDoubt | None:
    """The step of a run that nobody knows the fate of; None without one."""
    operation = plan.operations[run.summary.operation]
    for stored in run.steps:
        if doubt_of(stored) is not None and stored.outcome in (None, Outcome.UNKNOWN):
            step = next(one for one in operation.steps if one.name == stored.name)
            return StepInDoubt(plan, operation, step, run, stored)
    return None


async def reconcile_step(
    what: StepInDoubt, look_up: SecretResolver, means: RunDependencies
) -> StepReport:
    """The step as the vault tells it now. Raises `StillUnknownError`."""
    ways = what.step.reconcile
    if ways is None:
        raise StillUnknownError("the request went past every vault, so that none can tell")
    days = max(way.days for way in (ways.get, ways.list) if way is not None)
    if means.ambient.now() - what.sent_at > timedelta(days=days):
        raise StillUnknownError(
            f"the vault keeps a request for {days} days, and it was sent before"
        )
    vault = _vault(what, look_up, means)
    if ways.get is not None and what.stored.request_id:
        return _told(what, await _by_id(vault, ways.get))
    if ways.list is not None:
        return _told(what, await _by_search(vault, ways.list))
    raise StillUnknownError("the vault is asked by the id of its answer, and the answer was lost")


@dataclass(frozen=True, slots=True)
class _Vault:
    """Whom to ask about a step, and with what credentials."""

    what: StepInDoubt
    means: RunDependencies
    values: Mapping[str, Any] = field(repr=False)
    clients: Mapping[str, OAuthClient] = field(repr=False)

    async def ask(self, http: PlanRequest, more: Mapping[str, Any]) -> HttpAnswer:
        """A question's answer, which has status 200. Raises `StillUnknownError`."""
        means = self.means

        async def once(tokens: Mapping[str, Secret]) -> HttpAnswer:
            return await self._once(http, {**self.values, **more, **tokens})

        try:
            answer = await with_token(self.clients, means.tokens, means.sender, once)
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
            answer = await self.means.sender.send(bound, self.what.plan.hosts.vault, _LIMITS)
        except HostRefusedError as problem:
            raise StillUnknownError(str(problem)) from None
        if not isinstance(answer, HttpAnswer):
            raise StillUnknownError(answer.reason)
        return answer


def _vault(what: StepInDoubt, look_up: SecretResolver, means: RunDependencies) -> _Vault:
    sink = Sink()
    ambient, name = means.ambient, what.run.summary.operation
    any_shape = ambient.emulated or takes_any_shape(
        what.plan, name, ambient.lock, ambient.now().date()
    )
    names = what.operation.credentials
    found = resolve_credentials(what.plan, names, look_up, sink, any_shape=any_shape)
    if sink.has_errors:
        raise StillUnknownError("; ".join(problem.message for problem in sink.sorted()))
    values: dict[str, Any] = {f"vault.{name}": value for name, value in found.items()}
    return _Vault(what, means, values, clients_of(what.plan, values))


async def _by_id(vault: _Vault, way: ReconcileGet) -> Any:
    known = {"vault.request_id": vault.what.stored.request_id}
    return parse_json(text_of(await vault.ask(way.http, known)))


async def _by_search(vault: _Vault, way: ReconcileList) -> Any:
    """The one request of this run and address, as the vault lists it."""
    what = vault.what
    around = (what.sent_at - _ROOM, what.sent_at + _ROOM)
    bounds = {
        "vault.created_from": str(int(around[0].timestamp())),
        "vault.created_to": str(int(around[1].timestamp())),
    }
    found: dict[str, Any] = {}
    cursors: list[str] = []
    while len(cursors) < _MOST_PAGES:
        after = {"vault.after": cursors[-1]} if cursors else {}
        answer = await vault.ask(way.http, {**bounds, **after})
        page = parse_json(text_of(answer))
        items, more = resolve(page, way.items), resolve(page, way.more)
        if not isinstance(items, list) or not isinstance(more, bool):
            raise StillUnknownError("the vault's list has another form than is documented")
        for item in items:
            if _is_ours(what, way, item):
                _add(found, _id(way, item), item)
        if not more:
            return _only(list(found.values()))
        cursors.append(_next(way, items, cursors))
    raise StillUnknownError("the vault's list is longer than can be searched")


def _is_ours(what: StepInDoubt, way: ReconcileList, item: Any) -> bool:
    called, url = (what.stored.called or "").partition(" ")[2], resolve(item, way.url)
    # What is recorded is masked: a number in the address hides no request.
    same = isinstance(url, str) and mask(url) == mask(called)
    return same and resolve(item, way.run_id) == what.run.id


def _add(found: dict[str, Any], known_as: str | None, item: Any) -> None:
    """Keep a request under its id: one that two pages show is one request.

    Raises `StillUnknownError` where it cannot be told from another, or is shown in two ways: then
    nobody knows which of the two is what became of it.
    """
    if known_as is None:
        raise StillUnknownError("the vault lists a request of this run without its id")
    if found.setdefault(known_as, item) != item:
        raise StillUnknownError(
            "the vault lists the request of this run twice, with different content: ask again later"
        )


def _next(way: ReconcileList, items: list[Any], cursors: list[str]) -> str:
    """Where the next page begins.

    Raises `StillUnknownError` where that leads nowhere, or in a circle.
    """
    last = _id(way, items[-1]) if items else None
    if last is None:
        raise StillUnknownError("the vault's list goes on, and does not tell where")
    if last in cursors:
        raise StillUnknownError("the vault's list does not move on from one page to the next")
    return last


def _id(way: ReconcileList, item: Any) -> str | None:
    """What the vault calls an item: its text, or its number as some write it; None without."""
    match resolve(item, way.id):
        case bool():
            return None
        case int() as number:
            return str(number)
        case str() as text if text:
            return text
        case _:
            return None


def _only(found: list[Any]) -> Any:
    if not found:
        raise StillUnknownError("the vault lists no request of this run")
    if len(found) > 1:
        raise StillUnknownError(
            f"the vault lists {len(found)} requests of this run to that address"
        )
    return found[0]


def _told(what: StepInDoubt, document: Any) -> StepReport:
    """The step by its own rules. A rule that needs what no record holds cannot be applied."""
    read = destination_in(what.step, document, 200)
    if read is None:
        raise StillUnknownError("the vault knows the request, and no answer of the destination")
    values = {
        "run.id": what.run.id,
        "run.reference": what.run.summary.reference,
        "source.id": what.run.source_id,
        **recorded_amounts(what.plan, what.run.params),
    }
    lacking = [name for name in _rule_names(what.step) if name not in values]
    if lacking:
        raise StillUnknownError(
            f"the outcome rules need {', '.join(lacking)}, which are not recorded"
        )
    class_ = None if what.run.summary.emulated else what.plan.environment_class
    concluded = conclude(what.step, read, values, class_)
    if concluded.outcome is Outcome.UNKNOWN:
        why = shown_reason(concluded, Redactor())
        raise StillUnknownError(why or "the destination's answer tells nothing")
    lacks = losses_of(what.operation, what.step, _given(what.run), document)
    redactor = Redactor()
    redactor.hide_values(concluded.outputs)
    shown = {name: redactor.shown(value) for name, value in concluded.shown_outputs.items()}
    withheld = tuple(name for name in shown if shown[name] != concluded.outputs[name])
    before, named = report_of(what.stored), what.operation.payment_reference
    return replace(
        before,
        names=(*before.names, *names_given(named, what.step, shown, withheld)),
        outcome=concluded.outcome,
        rejected_by=concluded.rejected_by,
        reason=shown_reason(concluded, redactor),
        rule=concluded.rule,
        vault_status=read.vault_status,
        status=read.status,
        request_id=read.request_id or what.stored.request_id,
        outputs=shown,
        withheld=withheld,
        answer=None,
        losses=lacks.losses,
        untold=lacks.untold,
    )


def _given(run: StoredRun) -> SuppliedValues:
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
