"""Asks the vault about an instrument, once and before anything is sent.

An operation asks for two reasons: to choose between itself and its fallback, and to read values of
the card that it sends (`instrument.brand`). Both are answered by one request. What was told serves
this run alone: it is masked wherever the run is shown, and no record of it has the first digits of
a card, nor the last ones.

| answer | with values that it reads | for a fallback alone |
|---|---|---|
| no connection, no access token | rejected by the vault | rejected by the vault |
| 200 with what is needed | the run goes on | the condition decides |
| 200 without it, or in a spelling that nobody listed | rejected where needed, else absent | - |
| any other status | rejected by the vault | the condition is false: the fallback runs |

Nothing was sent then. A source that cannot be asked about has none of the values, and is not asked
about. `${instrument.brand}` with `"scheme": "American Express"`: `words` of the plan has
`americanexpress: amex`, so the request gets `amex`, and whoever looks at it sees `***`.
"""

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Final

from forwardc.core.dataclass import dataclass, replace
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.instrument import INSTRUMENT, ROOT, folded
from forwardc.core.outcome import Outcome
from forwardc.core.terms.terms import If, Ref, walk
from forwardc.core.terms.values import Secret, resolve
from forwardc.plan.model import PlanOperation
from forwardc.plan.parts import PlanRequest
from forwardc.plan.questions import InstrumentReading, InstrumentValueAt
from forwardc.runtime.http.oauth import AccessTokenError, with_token
from forwardc.runtime.http.send import HttpAnswer, SendLimits, SendResult
from forwardc.runtime.run.answer import NoDestinationAnswer, direct_answer
from forwardc.runtime.run.bind import bind
from forwardc.runtime.run.card_metadata import card_facts
from forwardc.runtime.run.context import RunDependencies
from forwardc.runtime.run.losses import NOT_ASKED, atoms_held
from forwardc.runtime.run.prepare import PreparedRun
from forwardc.runtime.run.result import CardFacts, Party
from forwardc.runtime.run.run_record import RunProgress
from forwardc.runtime.run.step_result import holds

# A vault answers such a question within a second; a run that waits half a minute for it waits for a
# vault that would not forward either.
_LIMITS: Final = SendLimits(connect_s=10, read_s=30, max_bytes=1024 * 1024)
_WHY: Final = {
    401: "it does not know the credential",
    403: "the credential has no permission to ask",
    404: "it knows no such instrument",
    429: "it takes no more questions now",
}


@dataclass(frozen=True, slots=True)
class ChosenRun:
    """What runs, with the values of its instrument, and what else the vault told before it."""

    prepared: PreparedRun = field(repr=False)
    fell_back: bool = False
    card: CardFacts = field(default_factory=CardFacts)
    held: Mapping[str, bool] = field(default_factory=dict)


async def choose(
    prepared: PreparedRun, other: PreparedRun | None, dependencies: RunDependencies, sink: Sink
) -> ChosenRun | NoDestinationAnswer | None:
    """What is to run, after the vault was asked where it must be; `other` is the fallback.

    `NoDestinationAnswer` where it cannot be asked, or does not tell what is needed: nothing was
    sent. None with the problems in the sink.
    """
    fallback = prepared.operation.fallback
    reading = _reading(prepared)
    if fallback is None or other is None:
        if reading is None:
            return ChosenRun(prepared)
        answer = await _ask(reading.http, prepared, dependencies, sink)
        if not isinstance(answer, HttpAnswer):
            return answer
        return _with_values(ChosenRun(prepared), answer)
    answer = await _ask(fallback.ask.http, prepared, dependencies, sink)
    if not isinstance(answer, HttpAnswer):
        return answer
    values = direct_answer(answer).values()
    document = values["response.json"]
    # What is no description of the instrument tells nothing of what it lacks.
    described = answer.status == 200 and isinstance(document, dict)
    held = atoms_held(fallback.ask.holds, document) if described else NOT_ASKED
    serves = holds(fallback.ask.when, values)
    card = card_facts(fallback.ask.tells, document)
    chosen = ChosenRun(prepared if serves else other, not serves, card, held)
    return _with_values(chosen, answer)


async def values_again(
    prepared: PreparedRun, progress: RunProgress, dependencies: RunDependencies, sink: Sink
) -> ChosenRun | NoDestinationAnswer | None:
    """The same for a run that is continued: no record has the values, so that they are asked again.

    Not where every step that needs one is decided.
    """
    reading = _reading(prepared)
    left = (s for s in prepared.operation.steps if progress.step(s.name).report is None)
    if reading is None or not any(_reads_instrument(prepared.operation, s.name) for s in left):
        return ChosenRun(prepared)
    answer = await _ask(reading.http, prepared, dependencies, sink)
    return _with_values(ChosenRun(prepared), answer) if isinstance(answer, HttpAnswer) else answer


def _reading(prepared: PreparedRun) -> InstrumentReading | None:
    """What a run reads of its instrument; nothing of one that cannot be asked about."""
    reading = prepared.operation.instrument
    return reading if reading and prepared.source.prefix in reading.kinds else None


def _reads_instrument(operation: PlanOperation, name: str) -> bool:
    step = next(step for step in operation.steps if step.name == name)
    rules = (rule.when for rule in step.outcome if rule.when is not None)
    terms = (*step.http.terms(), *rules)
    return any(_name(node).startswith(f"{ROOT}.") for term in terms for node in walk(term))


def _name(node: object) -> str:
    return node.name if isinstance(node, Ref) else node.present if isinstance(node, If) else ""


async def _ask(
    http: PlanRequest, prepared: PreparedRun, dependencies: RunDependencies, sink: Sink
) -> HttpAnswer | NoDestinationAnswer | None:
    """The vault's answer; what it means for the run that there is none."""

    async def ask(tokens: Mapping[str, Secret]) -> SendResult | None:
        bound = bind(http, prepared.scope(tokens), sink)
        if bound is None:
            return None
        return await dependencies.sender.send(bound, prepared.plan.hosts.vault, _LIMITS)

    try:
        answer = await with_token(prepared.clients(), dependencies.tokens, dependencies.sender, ask)
    except AccessTokenError as problem:
        return _refused(f"{problem}")
    if answer is None or isinstance(answer, HttpAnswer):
        return answer
    return _refused("the vault cannot be asked about the instrument")


def _with_values(chosen: ChosenRun, answer: HttpAnswer) -> ChosenRun | NoDestinationAnswer:
    """The same run with what it reads of the answer."""
    prepared = chosen.prepared
    reading = _reading(prepared)
    if reading is None:
        return chosen
    document = direct_answer(answer).values()["response.json"]
    if answer.status != 200 or not isinstance(document, dict):
        why = _WHY.get(answer.status, f"it answered {answer.status}")
        why = "its answer is no description" if answer.status == 200 else why
        return _refused(f"the vault does not tell of the instrument: {why}")
    texts = {name: instrument_text(name, at, document) for name, at in reading.values.items()}
    missing = [name for name, at in reading.values.items() if at.required and texts[name] is None]
    if missing:
        names = ", ".join(f"{ROOT}.{name}" for name in missing)
        return _refused(f"the vault does not tell {names}, or in words that forwardc does not know")
    values = {f"{ROOT}.{name}": Secret(text) for name, text in texts.items() if text is not None}
    card = card_facts(reading.tells, document)
    with_values = replace(prepared, values={**prepared.values, **values})
    return replace(chosen, prepared=with_values, card=card)


def instrument_text(name: str, at: InstrumentValueAt, document: Any) -> str | None:
    """One value as an answer tells it, in our words; None where it does not."""
    value = resolve(document, at.at)
    if not isinstance(value, str):
        return None
    text = at.words.get(folded(value)) if at.words else value.strip()
    return text if text is not None and INSTRUMENT[name].is_one(text) else None


def _refused(why: str) -> NoDestinationAnswer:
    return NoDestinationAnswer(Outcome.REJECTED, Party.VAULT, f"{why}; nothing was sent")
