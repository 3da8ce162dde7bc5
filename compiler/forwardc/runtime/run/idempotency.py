"""The two idempotency keys of every step: the destination's and the vault's.

Knows no header. The destination's key is the same for every attempt of a step, the vault's never.
"""

import re
from uuid import UUID, uuid5

from forwardc.core.diagnostics.sink import Sink
from forwardc.core.recognizer.cards import holds_card
from forwardc.core.terms.terms import Ref, walk
from forwardc.plan.model import PlanOperation, PlanStep
from forwardc.runtime.run.result import ClockAndIds, IdempotencyKeys

# Adyen allows 64 characters, the fewest of the destinations with a documented limit.
_FORM = re.compile(r"[A-Za-z0-9._~-]{1,64}")


def check_key(given: str | None, operation: PlanOperation, sink: Sink) -> None:
    """Report FC0811 where the caller's key cannot be used for this operation.

    One for a destination that honours none still tells the history a request that comes again.
    """
    if given is None:
        return
    longest = max((_key(given, operation, step.name) for step in operation.steps), key=len)
    if not _FORM.fullmatch(longest):
        sink.error(
            "FC0811",
            "the idempotency key must have 1 to 64 letters, digits, '-', '.', '_' or '~'"
            + (", the step's name included" if len(operation.steps) > 1 else ""),
        )
    elif holds_card(given):
        sink.error("FC0811", "the idempotency key looks like a card number")


def keys_for(
    given: str | None, operation: PlanOperation, step: str, run_id: UUID, ambient: ClockAndIds
) -> IdempotencyKeys:
    """The keys of a step for one attempt. They are never equal."""
    destination = _key(given, operation, step) if given else str(uuid5(run_id, step))
    vault = str(ambient.new_uuid())
    while vault == destination:
        vault = str(ambient.new_uuid())
    return IdempotencyKeys(destination, vault)


def keys_sent(step: PlanStep) -> tuple[bool, bool]:
    """Whether a step's request carries the destination's key, and the vault's."""
    http = step.http
    terms = [http.url, *(term for _, term in (*http.query, *http.headers))]
    terms += [http.body] if http.body is not None else []
    names = {node.name for term in terms for node in walk(term) if isinstance(node, Ref)}
    return "run.idempotency_key" in names, "vault.idempotency_key" in names


def _key(given: str, operation: PlanOperation, step: str) -> str:
    return given if len(operation.steps) == 1 else f"{given}-{step}"
