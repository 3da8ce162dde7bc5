"""What names a run for the vault and for the destination: what each got of us, and what it gave.

Where such values stand is data of the plan. A value that may not be shown as it is, is left out:
nobody could quote it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from forwardc.core.recognizer.scan import mask
from forwardc.core.terms.evaluator import evaluate
from forwardc.core.terms.functions import ComputationError
from forwardc.core.terms.terms import Ref, walk
from forwardc.core.terms.values import Secret
from forwardc.plan.answers import PlanPaymentReference
from forwardc.plan.model import Plan, PlanStep
from forwardc.runtime.run.bind import RunScope
from forwardc.runtime.run.idempotency import keys_sent
from forwardc.runtime.run.result import Party, PartyName


def names_sent(
    plan: Plan, named: tuple[PlanPaymentReference, ...], step: PlanStep, scope: RunScope
) -> tuple[PartyName, ...]:
    """What a step's request tells each party by which it knows the run again."""
    return (*_to_vault(step, scope), *_to_destination(plan, named, step, scope))


def names_given(
    named: tuple[PlanPaymentReference, ...],
    step: PlanStep,
    shown: Mapping[str, Any],
    withheld: tuple[str, ...],
) -> tuple[PartyName, ...]:
    """What the destination's answer names the payment; `shown` are outputs as they may be shown."""
    return tuple(
        PartyName(Party.DESTINATION, "given", one.given[step.name], str(value))
        for one in named
        if step.name in one.given
        for output in (_output(one, step),)
        if output not in withheld
        for value in (shown.get(output),)
        if isinstance(value, str | int) and not isinstance(value, bool) and value != ""
    )


def keyed(step: PlanStep) -> tuple[Party, ...]:
    """The parties to whom a step's request carries the idempotency key that is theirs."""
    destination, vault = keys_sent(step)
    return (*((Party.DESTINATION,) if destination else ()), *((Party.VAULT,) if vault else ()))


def _output(one: PlanPaymentReference, step: PlanStep) -> str:
    name = one.value.name if isinstance(one.value, Ref) else ""
    return name.removeprefix(f"steps.{step.name}.")


def _to_vault(step: PlanStep, scope: RunScope) -> Iterator[PartyName]:
    for place, name in step.vault_reference.items():
        yield PartyName(Party.VAULT, "sent", place, str(scope.values[name]))


def _to_destination(
    plan: Plan, named: tuple[PlanPaymentReference, ...], step: PlanStep, scope: RunScope
) -> Iterator[PartyName]:
    for one in named:
        place = one.sent.get(step.name)
        value = _value(plan, one, scope) if place is not None else None
        if place is not None and value:
            yield PartyName(Party.DESTINATION, "sent", place, value)


def _value(plan: Plan, one: PlanPaymentReference, scope: RunScope) -> str | None:
    """The value as it was sent; None where it was left out, or must not be shown."""
    names = [node.name for node in walk(one.value) if isinstance(node, Ref)]
    values = [scope.values.get(name) for name in names]
    if any(value is None or isinstance(value, Secret) for value in values):
        return None
    try:
        text = str(evaluate(one.value, scope.real()))
    except (ComputationError, KeyError, TypeError):
        return None
    vouched = any(_is_no_card(plan, name) for name in names)
    return text if vouched or mask(text) == text else None


def _is_no_card(plan: Plan, name: str) -> bool:
    spec = plan.params.get(name.removeprefix("params."))
    return spec is not None and spec.not_card
