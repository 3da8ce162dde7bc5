"""Says what one step came to: outcome, outputs, and what may be shown of the answer."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final

from forwardc.core.diagnostics.render.clean import on_one_line
from forwardc.core.outcome import Outcome
from forwardc.core.recognizer.scan import mask
from forwardc.core.terms.values import Secret, resolve
from forwardc.plan.answers import LogAt, PlanPaymentReference, ReadDirect, ReasonAt
from forwardc.plan.environment import EnvironmentClass
from forwardc.plan.model import PlanStep
from forwardc.runtime.http.send import HttpAnswer, NotSent, SendResult
from forwardc.runtime.run.answer import DestinationAnswer, NoDestinationAnswer, StepAnswer, text_of
from forwardc.runtime.run.identifiers import names_given
from forwardc.runtime.run.losses import NO_LOSSES, StepLosses
from forwardc.runtime.run.mode import other_method, other_mode
from forwardc.runtime.run.outcome import OutcomeDecision, decide
from forwardc.runtime.run.outputs import step_outputs
from forwardc.runtime.run.redaction import Redactor, count_cards, masked
from forwardc.runtime.run.result import (
    BoundRequest,
    CardFacts,
    IdempotencyKeys,
    Party,
    PartyName,
    RawResponse,
    StepReport,
)
from forwardc.runtime.run.sums import PARTIAL, less_than_asked, more_than_asked
from forwardc.runtime.run.told import card_of_outputs, log_url

LONGEST_REASON: Final = 200
"""Characters of a destination's reason that are kept: a sentence, and no page."""


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What a step's answer means. `outputs` holds values for later steps.

    `rule` is the number of the rule that decided; `said` is why, in the destination's own words,
    as they came: only `reported` may show them.
    """

    outcome: Outcome
    rejected_by: Party | None
    reason: str | None
    read: StepAnswer
    outputs: Mapping[str, Any] = field(default_factory=dict, repr=False)
    shown_outputs: Mapping[str, str | int | bool | None] = field(default_factory=dict)
    rule: int | None = None
    said: str | None = field(default=None, repr=False)


def conclude(
    step: PlanStep, read: StepAnswer, values: Mapping[str, Any], class_: EnvironmentClass | None
) -> Conclusion:
    """Apply the step's rules to what came back. A missing required output makes it unknown.

    So does an answer of another mode than `class_`, which is None where an emulator answers, and
    one of a vault that called the destination by another method than it agreed to.
    """
    if isinstance(read, NoDestinationAnswer):
        return Conclusion(read.outcome, read.rejected_by, read.reason, read)
    told = read.values(values)
    reads = step.outputs or step.reason or step.mode
    document = told.document(step.answer) if reads else None
    outputs = step_outputs(step.outputs, document, values)
    strange = (_other_mode(step, read, document, class_) if class_ else None) or _method(step, read)
    decision = (
        decide(step, told) if strange is None else OutcomeDecision(Outcome.UNKNOWN, why=strange)
    )
    part = False
    if decision.outcome is Outcome.APPROVED:
        doubt = outputs.lacking() or more_than_asked(step.outputs, outputs.values, values)
        if doubt:
            decision = replace(decision, outcome=Outcome.UNKNOWN, why=doubt)
        part = not doubt and less_than_asked(step.outputs, outputs.values, values)
    approved = decision.outcome is Outcome.APPROVED
    said = None if approved else _said(step.reason, document)
    why = PARTIAL if part else decision.why
    if why is None and said is None and not approved:
        why = f"the destination answered {read.status}"
    return Conclusion(
        outcome=decision.outcome,
        rejected_by=Party.DESTINATION if decision.outcome is Outcome.REJECTED else None,
        reason=why,
        read=read,
        outputs=outputs.values,
        shown_outputs=outputs.shown(),
        rule=decision.rule,
        said=said,
    )


@dataclass(frozen=True, slots=True)
class AttemptsInDoubt:
    """Attempts that may have arrived, by the vault's keys, and the key of this one.

    `replays`: the vault answers a second request under its key as it answered the first.
    """

    keys: AbstractSet[str]
    key: str
    replays: bool


def after_doubt(doubt: AttemptsInDoubt, read: StepAnswer, concluded: Conclusion) -> Conclusion:
    """What an answer means after an attempt in doubt: a refusal of the second tells nothing of it.

    The vault's answer under the very same key is the answer to the first.
    """
    if not doubt.keys or concluded.outcome is not Outcome.REJECTED:
        return concluded
    first_answer = isinstance(read, DestinationAnswer) or (
        read.failure is not None and read.failure.retry != "same_key"
    )
    if first_answer and doubt.replays and doubt.keys == {doubt.key}:
        return concluded
    reason = (
        f"an earlier attempt may have reached the destination; a second one: "
        f"{concluded.reason or 'it was refused'}"
    )
    return replace(concluded, outcome=Outcome.UNKNOWN, rejected_by=None, reason=reason)


def _other_mode(
    step: PlanStep, read: DestinationAnswer, document: Any, class_: EnvironmentClass
) -> str | None:
    """Why an answer is none of this class, of the destination or of the vault around it."""
    around = None if isinstance(step.read, ReadDirect) else step.read.mode
    return other_mode(step.mode, document, class_) or other_mode(around, read.around, class_)


def _method(step: PlanStep, read: DestinationAnswer) -> str | None:
    """Why the vault did not call the destination as it agreed to, where it tells."""
    agreed = None if isinstance(step.read, ReadDirect) else step.read.method
    return other_method(agreed, read.around)


def _said(places: tuple[ReasonAt, ...], document: Any) -> str | None:
    """The first reason that is there: a text with something in it, or a number."""
    for place in places:
        found = resolve(document, place.at)
        if isinstance(found, str | int | Decimal) and not isinstance(found, bool):
            text = " ".join(str(found).split())
            if text:
                return text
    return None


@dataclass(frozen=True, slots=True)
class Exchange:
    """What went out, None where nothing was bound, and what came back.

    `called` is the destination's method and URL; `card` is what the vault told by the way;
    `names` and `keyed` are as the intent has them, and `named` is the plan's. `in_doubt`: an
    earlier attempt may have arrived. `lacks` is what the destination did not get. `log` says where
    the vault names its own page of the call.
    """

    called: str
    keys: IdempotencyKeys
    bound: BoundRequest | None
    sent: SendResult
    card: CardFacts = field(default_factory=CardFacts)
    names: tuple[PartyName, ...] = ()
    keyed: tuple[Party, ...] = ()
    named: tuple[PlanPaymentReference, ...] = ()
    in_doubt: bool = False
    lacks: StepLosses = NO_LOSSES
    log: LogAt | None = None


def step_report(
    step: PlanStep, trip: Exchange, concluded: Conclusion, redactor: Redactor
) -> StepReport:
    """The step as it may be shown and kept: everything masked."""
    read = concluded.read
    answer = trip.sent if isinstance(trip.sent, HttpAnswer) else None
    # An answer that says what is wrong is worth showing; one of success may hold credentials.
    keep = concluded.outcome in (Outcome.REJECTED, Outcome.UNKNOWN)
    outputs = {name: redactor.shown(value) for name, value in concluded.shown_outputs.items()}
    withheld = tuple(name for name in outputs if _differs(concluded, name, outputs[name]))
    # A vault knows its card; a destination's word counts where it says nothing.
    card = trip.card if trip.card != CardFacts() else card_of_outputs(outputs)
    told = tuple(Party) if trip.in_doubt else _told(read, trip.sent)
    return StepReport(
        name=step.name,
        deliver=step.deliver,
        called=mask(trip.called),
        keys=trip.keys,
        outcome=concluded.outcome,
        rejected_by=concluded.rejected_by,
        reason=shown_reason(concluded, redactor),
        rule=concluded.rule,
        vault_status=read.vault_status,
        status=read.status if isinstance(read, DestinationAnswer) else None,
        request_id=redactor.identifier(read.request_id) if read.request_id else None,
        outputs=outputs,
        request=masked(trip.bound.shown) if trip.bound else None,
        answer=redactor.text(read.body) if keep and read.body else None,
        cards_masked=count_cards(text_of(answer)) if answer else 0,
        duration_ms=answer.duration_ms if answer else 0,
        withheld=withheld,
        scheme=card.scheme,
        issuing_country=card.issuing_country,
        names=(
            *(name for name in trip.names if name.party in told),
            *names_given(trip.named, step, outputs, withheld),
        ),
        keyed=tuple(party for party in trip.keyed if party in told),
        losses=trip.lacks.losses,
        untold=trip.lacks.untold,
        log_url=log_url(trip.log, read.around) if step.deliver == "vault" else None,
    )


def _told(read: StepAnswer, sent: SendResult) -> tuple[Party, ...]:
    """Who may have got what was sent."""
    if isinstance(sent, NotSent):
        return ()
    if isinstance(read, NoDestinationAnswer) and read.sent is False:
        return (Party.VAULT,)
    return tuple(Party)


def shown_reason(concluded: Conclusion, redactor: Redactor) -> str | None:
    """Why, in the destination's words where it has some: one line, masked, and not too long."""
    if concluded.said is None:
        return concluded.reason
    shown = on_one_line(redactor.hide(concluded.said))
    if len(shown) > LONGEST_REASON:
        shown = shown[: LONGEST_REASON - 3] + "..."
    return shown if concluded.reason is None else f"{concluded.reason}; it says: {shown}"


def raw_response_of(sent: SendResult, read: StepAnswer) -> RawResponse | None:
    """An answer as it came; None where there was none."""
    if not isinstance(sent, HttpAnswer):
        return None
    if isinstance(read, NoDestinationAnswer):
        return RawResponse(None, {}, sent.body, read.vault_status)
    return RawResponse(read.status, read.headers, sent.body, read.vault_status)


def _differs(concluded: Conclusion, name: str, shown: object) -> bool:
    """Whether what is shown of an output is not what a later step would be sent with."""
    return isinstance(concluded.outputs[name], Secret) or shown != concluded.shown_outputs[name]
