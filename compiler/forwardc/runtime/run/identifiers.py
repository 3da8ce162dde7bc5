"""By what the vault and the destination know a run: keys that they get, names that they give.

A step has two idempotency keys: the destination's is the same for every attempt, the vault's never.
Where names stand is data of the plan. A value that may not be shown as it is, is left out: nobody
could quote it.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from uuid import UUID, uuid5

from forwardc.core.diagnostics.sink import Sink
from forwardc.core.identity_cache import IdentityCache
from forwardc.core.recognizer.cards import holds_card
from forwardc.core.recognizer.scan import mask
from forwardc.core.terms.evaluator import evaluate
from forwardc.core.terms.functions import ComputationError
from forwardc.core.terms.terms import Ref, walk
from forwardc.core.terms.values import Secret
from forwardc.plan.answers import PlanPaymentReference
from forwardc.plan.model import Plan, PlanOperation, PlanStep
from forwardc.runtime.run.bind import RunScope
from forwardc.runtime.run.request import ClockAndIds, IdempotencyKeys
from forwardc.runtime.run.result import Party, PartyName

# Adyen allows 64 characters, the fewest of the destinations with a documented limit.
_FORM = re.compile(r"[A-Za-z0-9._~-]{1,64}")


def check_key(caller_key: str | None, operation: PlanOperation, sink: Sink) -> None:
    """Report FC0811 where the caller's key cannot be used for this operation.

    One for a destination that honours none still tells the history a request that comes again.
    """
    if caller_key is None:
        return
    longest = max((_key(caller_key, operation, step.name) for step in operation.steps), key=len)
    if not _FORM.fullmatch(longest):
        sink.error(
            "FC0811",
            "the idempotency key must have 1 to 64 letters, digits, '-', '.', '_' or '~'"
            + (", the step's name included" if len(operation.steps) > 1 else ""),
        )
    elif holds_card(caller_key):
        sink.error("FC0811", "the idempotency key looks like a card number")


def keys_for(
    caller_key: str | None, operation: PlanOperation, step: str, run_id: UUID, ambient: ClockAndIds
) -> IdempotencyKeys:
    """The keys of a step for one attempt. They are never equal."""
    destination = _key(caller_key, operation, step) if caller_key else str(uuid5(run_id, step))
    vault = str(ambient.new_uuid())
    while vault == destination:
        vault = str(ambient.new_uuid())
    return IdempotencyKeys(destination, vault)


_KEYS_SENT: Final = IdentityCache[tuple[bool, bool]]()


def keys_sent(step: PlanStep) -> tuple[bool, bool]:
    """Whether a step's request carries the destination's key, and the vault's."""
    return _KEYS_SENT.get(step, None, lambda: _keys_sent(step))


def _keys_sent(step: PlanStep) -> tuple[bool, bool]:
    nodes = (node for term in step.http.terms() for node in walk(term))
    names = {node.name for node in nodes if isinstance(node, Ref)}
    return "run.idempotency_key" in names, "vault.idempotency_key" in names


def _key(caller_key: str, operation: PlanOperation, step: str) -> str:
    return caller_key if len(operation.steps) == 1 else f"{caller_key}-{step}"


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
        PartyName(Party.DESTINATION, "given", reference.received[step.name], str(value))
        for reference in named
        if step.name in reference.received
        for output in (_output(reference, step),)
        if output not in withheld
        for value in (shown.get(output),)
        if isinstance(value, str | int) and not isinstance(value, bool) and value != ""
    )


def keyed(step: PlanStep) -> tuple[Party, ...]:
    """The parties to whom a step's request carries the idempotency key that is theirs."""
    destination, vault = keys_sent(step)
    return (*((Party.DESTINATION,) if destination else ()), *((Party.VAULT,) if vault else ()))


def _output(reference: PlanPaymentReference, step: PlanStep) -> str:
    name = reference.value.name if isinstance(reference.value, Ref) else ""
    return name.removeprefix(f"steps.{step.name}.")


def _to_vault(step: PlanStep, scope: RunScope) -> Iterator[PartyName]:
    for place, name in step.vault_reference.items():
        yield PartyName(Party.VAULT, "sent", place, str(scope.values[name]))


def _to_destination(
    plan: Plan, named: tuple[PlanPaymentReference, ...], step: PlanStep, scope: RunScope
) -> Iterator[PartyName]:
    for reference in named:
        place = reference.sent.get(step.name)
        value = _value(plan, reference, scope) if place is not None else None
        if place is not None and value:
            yield PartyName(Party.DESTINATION, "sent", place, value)


def _value(plan: Plan, reference: PlanPaymentReference, scope: RunScope) -> str | None:
    """The value as it was sent; None where it was left out, or must not be shown."""
    names = [node.name for node in walk(reference.value) if isinstance(node, Ref)]
    values = [scope.values.get(name) for name in names]
    if any(value is None or isinstance(value, Secret) for value in values):
        return None
    try:
        text = str(evaluate(reference.value, scope.real()))
    except (ComputationError, KeyError, TypeError):
        return None
    vouched = any(_is_no_card(plan, name) for name in names)
    return text if vouched or mask(text) == text else None


def _is_no_card(plan: Plan, name: str) -> bool:
    spec = plan.params.get(name.removeprefix("params."))
    return spec is not None and spec.not_card
