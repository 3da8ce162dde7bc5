"""Decides whether a step may be sent again, with which key of the vault, and after what wait.

Knows no vendor: what is safe is data of the plan. Nothing here sleeps or sends.
"""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from enum import StrEnum

from forwardc.core.outcome import Outcome
from forwardc.plan.answers import Failure
from forwardc.runtime.run.answer import DestinationAnswer, StepAnswer
from forwardc.runtime.run.step_result import Conclusion


class Resend(StrEnum):
    """Whether a step may be sent again, and how the vault's key goes with it."""

    NO = "no"
    NEW_KEY = "new key"
    SAME_KEY = "same key"


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how long. Seconds; the deadline bounds retries only, never a first answer."""

    attempts: int = 3
    first_wait_s: float = 0.5
    longest_wait_s: float = 20.0
    deadline_s: float = 120.0

    def wait(
        self, attempt: int, since_start_s: float, asked_s: float | None, random: Callable[[], float]
    ) -> float | None:
        """Seconds before the attempt after `attempt` (from 1); None where there is no other one.

        Full jitter over an exponential bound; what the vendor asks for (`Retry-After`) is the
        least.
        """
        if attempt >= self.attempts:
            return None
        bound = min(self.longest_wait_s, self.first_wait_s * 2 ** (attempt - 1))
        wait = bound * random() + (asked_s or 0.0)
        return wait if since_start_s + wait <= self.deadline_s else None


ONCE = RetryPolicy(attempts=1)
"""Every step is sent once."""


@dataclass(frozen=True, slots=True)
class AttemptFate:
    """What is certain of an attempt that brought no answer of the destination.

    `sent` is None where nobody knows; `failure` is the vault's documented one; `silent` says that
    nobody answered at all, not even the vault.
    """

    sent: bool | None
    failure: Failure | None = None
    silent: bool = False


@dataclass(frozen=True, slots=True)
class SpentValues:
    """What one request uses up: it holds a CVC, or its source serves once."""

    holds_cvc: bool = False
    single_use: bool = False


def resend_decision(
    fate: AttemptFate, *, idempotent: bool, vault_replays: bool, spent: SpentValues
) -> Resend:
    """Whether to send again after an attempt without the destination's answer.

    Where nothing was sent: yes, but not without a CVC that the vault has already used up. Where
    nobody knows: under the same key of the vault, where that gives the first answer once more;
    under a new one only where the destination honours our key and the request would be the same.
    """
    failure = fate.failure
    if failure is not None and failure.retry == "same_key":
        return Resend.SAME_KEY
    if fate.sent is False:
        if failure is None:
            return Resend.NEW_KEY if fate.silent else Resend.NO
        used_up = failure.consumes_cvc and spent.holds_cvc
        return Resend.NEW_KEY if failure.retry == "new_key" and not used_up else Resend.NO
    if fate.sent is None and fate.silent and vault_replays:
        return Resend.SAME_KEY
    if fate.sent is None and idempotent and not spent.holds_cvc and not spent.single_use:
        return Resend.NEW_KEY
    return Resend.NO


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
