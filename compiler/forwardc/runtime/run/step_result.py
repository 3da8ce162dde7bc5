"""What a step came to: the outcome and outputs of its answer, and what may be shown of both.

An outcome fails closed. An answer goes three ways before it is called approved: its status is a
2xx, its body parses as the destination says that its answers do, and a rule says so that is true. A
rule that reads what is missing is neither true nor false, so that it does not hold; where nothing
holds, nobody knows. With `answer: json` and the rules `1: status == 'PAID' is approved` and
`2: status == 'REFUSED' is declined`:

| answer | ends as | because |
|---|---|---|
| 200 `{"status": "PAID"}` | approved | rule 1 |
| 200 `{"status": "WAIT"}`, 200 `{}` | unknown | no rule holds |
| 200 `<html>`, 200 with nothing in it, 302 | unknown | no rule is asked |
| 500 `{"status": "PAID"}` | unknown | a rule that approves a 500 must name the status |
| 200 `{"status": "PAID", "status": "REFUSED"}` | unknown | rule 1 cannot be computed |

Outputs are scalars; their declared type decides, for a destination may write a number as text. One
that is required and missing, of another mode, or more than was asked for makes an approval unknown.

One file, since each of these can turn an approval into something else, and is read in that order.
"""

import re
from collections.abc import Mapping
from dataclasses import field
from decimal import Decimal
from typing import Any, Final

from forwardc.core.dataclass import dataclass, replace
from forwardc.core.diagnostics.render.printable import on_one_line
from forwardc.core.identity_cache import IdentityCache
from forwardc.core.outcome import Outcome
from forwardc.core.terms.compiled_writer import TermWriter, compiled_writer
from forwardc.core.terms.escaping import NotExpressibleError
from forwardc.core.terms.evaluator import Scope, evaluate
from forwardc.core.terms.functions import ComputationError
from forwardc.core.terms.money import AmountRefusedError
from forwardc.core.terms.specialize import conditions
from forwardc.core.terms.terms import Ref, Term, walk
from forwardc.core.terms.values import CONTRADICTION, MASK, Secret, Value, XmlLeaf, is_null, resolve
from forwardc.plan.answers import (
    LogAt,
    PlanOutcomeRule,
    PlanOutput,
    PlanPaymentReference,
    ReadDirect,
    ReasonAt,
)
from forwardc.plan.environment import EnvironmentClass
from forwardc.plan.model import PlanStep
from forwardc.runtime.http.request import ShownRequest
from forwardc.runtime.http.send import HttpAnswer, NotSent, SendResult
from forwardc.runtime.run.amounts import PARTIAL, amount_of, less_than_asked, more_than_asked
from forwardc.runtime.run.answer import (
    DestinationAnswer,
    NoDestinationAnswer,
    ResponseValues,
    StepAnswer,
    log_url,
    other_method,
    other_mode,
    text_of,
)
from forwardc.runtime.run.card_metadata import card_of_outputs
from forwardc.runtime.run.identifiers import names_given
from forwardc.runtime.run.losses import NO_LOSSES, StepLosses
from forwardc.runtime.run.redaction import Redactor, count_cards
from forwardc.runtime.run.request import IdempotencyKeys
from forwardc.runtime.run.result import (
    CardFacts,
    Party,
    PartyName,
    RawResponse,
    ShownValue,
    StepReport,
)

_STATUS: Final = "response.status"

NO_RULES: Final = "the destination's file does not say what its answers mean"


@dataclass(frozen=True, slots=True)
class OutcomeDecision:
    """What an answer means, and which rule says so; without one, `why` nobody does."""

    outcome: Outcome
    rule: int | None = None
    why: str | None = None


def decide(step: PlanStep, response: ResponseValues) -> OutcomeDecision:
    """The outcome of an answer: the first rule that holds, else unknown."""
    status = response[_STATUS]
    why = _unbelievable(step, status, response)
    if why is not None:
        return OutcomeDecision(Outcome.UNKNOWN, why=why)
    scope = Scope(response, reveal=True)
    for rule in _rules(step):
        try:
            holds_here = rule.condition is None or _is_true(rule.condition, scope)
        except (ComputationError, NotExpressibleError) as problem:
            why = f"rule {rule.number} cannot be computed: {problem}"
            return OutcomeDecision(Outcome.UNKNOWN, why=why)
        if holds_here and (rule.decides_failures or _is_success(status)):
            return OutcomeDecision(rule.outcome, rule=rule.number)
    return OutcomeDecision(
        Outcome.UNKNOWN, why=f"the destination answered {status}, and no rule holds"
    )


@dataclass(frozen=True, slots=True)
class _Rule:
    """A rule of a loaded plan, made ready once: `condition` is None where it always holds.

    `decides_failures`: it may decide outside 2xx; one that approves must name the status itself.
    """

    number: int
    outcome: Outcome
    condition: TermWriter | None
    decides_failures: bool


_RULES: Final = IdentityCache[tuple[_Rule, ...]]()


def _rules(step: PlanStep) -> tuple[_Rule, ...]:
    return _RULES.get(step, "", lambda: tuple(map(_ready, step.outcome)))


def _ready(rule: PlanOutcomeRule) -> _Rule:
    outcome = Outcome(rule.verdict)
    names_status = rule.when is not None and _names_status(rule.when)
    return _Rule(
        rule.rule,
        outcome,
        None if rule.when is None else _folded(rule.when),
        outcome is not Outcome.APPROVED or names_status,
    )


def holds(condition: Term, values: Mapping[str, Any]) -> bool:
    """Whether a condition is true. One that cannot be computed over this answer is not."""
    try:
        return evaluate(condition, Scope(values, reveal=True)) is True
    except (ComputationError, NotExpressibleError):
        return False


def _unbelievable(step: PlanStep, status: int, response: ResponseValues) -> str | None:
    """Why no rule is asked at all."""
    if not step.outcome:
        return NO_RULES
    if status < 200 or 300 <= status <= 399:
        return f"the destination answered {status}, which is no answer to a payment"
    if _is_success(status) and not response.reads_as(step.answer):
        return f"the destination answered {status}, and {_NOT[step.answer]}"
    return None


_NOT: Final[Mapping[str, str]] = {
    "json": "the body is no JSON",
    "xml": "the body is no XML",
    "form": "the body is no form",
    "text": "the body is empty or a page",
    "empty": "the body is not empty",
}


def _is_success(status: int) -> bool:
    return 200 <= status <= 299


def _names_status(condition: Term) -> bool:
    return any(isinstance(node, Ref) and node.name == _STATUS for node in walk(condition))


def _is_true(condition: TermWriter, scope: Scope) -> bool:
    """Raises `ComputationError` for what is neither true, false nor null."""
    value: Value = condition(scope)
    if is_null(value):
        return False
    if not isinstance(value, bool):
        raise ComputationError("it is neither true nor false")
    return value


def _folded(condition: Term) -> TermWriter:
    # What is optional in it would have to be decided for each answer.
    if conditions(condition):
        return lambda scope: evaluate(condition, scope)
    return compiled_writer(condition)


# No number of a payment has as many; an integer of a large exponent would fill the memory.
_MOST_DIGITS: Final = 100
_NUMBER: Final = re.compile(rf"-?[0-9]{{1,{_MOST_DIGITS}}}(\.[0-9]{{1,{_MOST_DIGITS}}})?")


@dataclass(frozen=True, slots=True)
class StepOutputs:
    """Values by output name, sensitive ones as `Secret`, and the names of required ones missing.

    `inexact` are amounts that cannot be read in the destination's digits, optional or not, and
    `twice` are the required ones that the answer gives twice, with different values.
    """

    values: Mapping[str, Any] = field(repr=False)
    missing: tuple[str, ...] = ()
    twice: tuple[str, ...] = ()
    inexact: tuple[str, ...] = ()

    def lacking(self) -> str:
        """Why required outputs are missing, in words; empty where none is."""
        lost = [name for name in self.missing if name not in self.twice]
        reasons = [f"the answer lacks {', '.join(lost)}"] if lost else []
        if self.twice:
            reasons.append(f"the answer gives {', '.join(self.twice)} twice, with different values")
        if self.inexact:
            reasons.append(f"{', '.join(self.inexact)}: no exact amount as the destination counts")
        return "; ".join(reasons)

    def shown(self) -> dict[str, ShownValue]:
        """The values as they may be shown."""
        return {name: _shown(value) for name, value in self.values.items()}


def step_outputs(
    declared: Mapping[str, PlanOutput], document: Any, run_values: Mapping[str, Any] | None = None
) -> StepOutputs:
    """The declared outputs, as they came: masked is only what is shown of them.

    `known` are the values of the run, of which amounts need their currency.
    """
    values: dict[str, Any] = {}
    missing: list[str] = []
    twice: list[str] = []
    inexact: list[str] = []
    for name, output in declared.items():
        value_at = resolve(document, output.at)
        try:
            is_amount = output.type == "amount"
            value = (
                _amount(output, value_at, run_values or {})
                if is_amount
                else _typed(value_at, output.type)
            )
        except AmountRefusedError:
            inexact.append(name)
            continue
        if value is not None:
            values[name] = Secret(value) if output.sensitive else value
        elif not output.optional:
            missing.append(name)
            twice += [name] if value_at is CONTRADICTION else []
    return StepOutputs(values, tuple(missing), tuple(twice), tuple(inexact))


def _amount(output: PlanOutput, value: Any, run_values: Mapping[str, Any]) -> int | None:
    """The amount where it is there. Raises `AmountRefusedError`."""
    return None if value is None or value is CONTRADICTION else amount_of(output, value, run_values)


def _typed(value: Any, declared: str) -> Any:
    """The value in its declared type; None where it is none."""
    if isinstance(value, bool):
        return value if declared == "boolean" else None
    if not isinstance(value, str | int | Decimal):
        return None
    if isinstance(value, XmlLeaf) and not value:
        # `<TransactionId/>` names nothing.
        return None
    match declared:
        case "text":
            return str(value)
        case "number":
            return _number(value)
        case "integer":
            return _integer(_number(value))
        case _:
            return {"true": True, "false": False}.get(value) if isinstance(value, str) else None


def _number(value: str | int | Decimal) -> int | Decimal | None:
    """A number, or a text of its digits as one."""
    if not isinstance(value, str):
        return value
    text = value.strip(" \t\r\n")
    if _NUMBER.fullmatch(text) is None:
        return None
    return Decimal(text) if "." in text else int(text)


def _integer(value: int | Decimal | None) -> int | None:
    if isinstance(value, Decimal):
        whole = value.adjusted() < _MOST_DIGITS and value == value.to_integral_value()
        return int(value) if whole else None
    return value


def _shown(value: Any) -> ShownValue:
    if isinstance(value, Secret):
        return MASK
    return str(value) if isinstance(value, Decimal) else value


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
    response = read.values(values)
    reads = step.outputs or step.reason or step.mode
    document = response.document(step.answer) if reads else None
    outputs = step_outputs(step.outputs, document, values)
    strange = (_other_mode(step, read, document, class_) if class_ else None) or _method(step, read)
    decision = (
        decide(step, response) if strange is None else OutcomeDecision(Outcome.UNKNOWN, why=strange)
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


def _other_mode(
    step: PlanStep, read: DestinationAnswer, document: Any, class_: EnvironmentClass
) -> str | None:
    """Why an answer is none of this class, of the destination or of the vault around it."""
    around = None if isinstance(step.read, ReadDirect) else step.read.mode
    return other_mode(step.mode, document, class_) or other_mode(
        around, read.vault_document, class_
    )


def _method(step: PlanStep, read: DestinationAnswer) -> str | None:
    """Why the vault did not call the destination as it agreed to, where it tells."""
    agreed = None if isinstance(step.read, ReadDirect) else step.read.method
    return other_method(agreed, read.vault_document)


def _said(places: tuple[ReasonAt, ...], document: Any) -> str | None:
    """The first reason that is there: a text with something in it, or a number.

    Where codes have words, these are the reason, and a code without them is none.
    """
    for place in places:
        value = resolve(document, place.at)
        if isinstance(value, str | int | Decimal) and not isinstance(value, bool):
            text = " ".join(str(value).split())
            said = " ".join(place.words.get(text, "").split()) if place.words else text
            if said:
                return said
    return None


@dataclass(frozen=True, slots=True)
class Exchange:
    """What went out as it may be shown, None where nothing was bound, and what came back.

    `called` is the destination's method and URL, as they may be shown; `card` is what the vault
    told by the way; `names` and `keyed` are as the intent has them, and `named` is the plan's.
    `in_doubt`: an earlier attempt may have arrived. `lacks` is what the destination did not get.
    `log` says where the vault names its own page of the call.
    """

    called: str
    keys: IdempotencyKeys
    shown: ShownRequest | None
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
    reached = tuple(Party) if trip.in_doubt else _reached_parties(read, trip.sent)
    return StepReport(
        name=step.name,
        deliver=step.deliver,
        called=trip.called,
        keys=trip.keys,
        outcome=concluded.outcome,
        rejected_by=concluded.rejected_by,
        reason=shown_reason(concluded, redactor),
        rule=concluded.rule,
        vault_status=read.vault_status,
        status=read.status if isinstance(read, DestinationAnswer) else None,
        request_id=redactor.identifier(read.request_id) if read.request_id else None,
        outputs=outputs,
        request=trip.shown,
        answer=redactor.text(read.body) if keep and read.body else None,
        cards_masked=count_cards(text_of(answer)) if answer else 0,
        duration_ms=answer.duration_ms if answer else 0,
        withheld=withheld,
        scheme=card.scheme,
        issuing_country=card.issuing_country,
        names=(
            *(name for name in trip.names if name.party in reached),
            *names_given(trip.named, step, outputs, withheld),
        ),
        keyed=tuple(party for party in trip.keyed if party in reached),
        losses=trip.lacks.losses,
        untold=trip.lacks.untold,
        log_url=log_url(trip.log, read.vault_document) if step.deliver == "vault" else None,
    )


def _reached_parties(read: StepAnswer, sent: SendResult) -> tuple[Party, ...]:
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
