"""Retries and doubt: when a step is sent again, and what an answer means after one that was lost.

A payment that is sent twice is paid twice, and one that is given up may have been made. So nothing
is decided by hope: an attempt without an answer of the destination is told by what is *certain* of
it, and the request is sent again only where a second one does no harm. What is safe is data of the
plan, as the vendors document it; `tests/runtime/test_retry_tables.py` compares both tables with the
code. Nothing here sleeps or sends.

**Again?** After an attempt that brought no answer of the destination the first line that fits
decides. The destination's own key is the same in every attempt; *new* and *same* are the vault's.

| what is certain of the attempt | and of the request | again, under |
|---|---|---|
| the vault asks for the same key | anything | same key |
| not sent, and nobody answered | anything | new key |
| not sent, by an answer that is not documented | anything | no |
| not sent, documented as safe to repeat | it has used up its CVC | no |
| not sent, documented as safe to repeat | anything | new key |
| not sent, documented as final | anything | no |
| perhaps sent, and nobody answered | the vault repeats its answer to a key | same key |
| perhaps sent | our key is honoured, no CVC, a source that serves again | new key |
| perhaps sent | anything | no |

A token that the vault refuses (401) is renewed once, under the same key: that refusal reached
nobody. A mistake of our own after a request was sent is never followed by another attempt.

**Doubt.** An attempt that is perhaps sent leaves its key of the vault in doubt, for this process in
`StepContext.doubts` and for every other one in the record (`run_record.doubt_of`). From then on a
refusal says nothing of the first attempt, unless it is the answer to that very request:

| attempts in doubt | the next attempt brings | the step is |
|---|---|---|
| none | anything | as concluded |
| some | no refusal | as concluded |
| only under this key, which the vault repeats | a refusal as the first answer | as concluded |
| some | any other refusal | unknown |

A run that is continued begins its step in doubt: under the same key while the vault certainly keeps
it (`replays_still`), under a new one where the last line but one of the first table allows it, and
otherwise not at all: then it is unknown, and asked about (`recovery`).

Invariants, and the tests that hold them:

- Nothing is sent again without being recorded before:
  `test_retries.py::test_the_intent_is_recorded_before_anything_is_sent`.
- In doubt, a CVC or a source that serves once is never sent again:
  `test_retries.py::test_what_serves_once_is_not_sent_again_in_doubt`.
- A refusal of a second request never becomes `rejected`:
  `test_retries.py::test_a_refusal_of_a_second_request_says_nothing_of_the_first`.
- Waits are bounded, whatever a vendor asks for:
  `test_policy.py::test_how_long_it_waits` and
  `test_retries.py::test_a_wait_beyond_the_deadline_is_none`.

One key, traced. A step of a vault that repeats its answers for 24 hours is sent under `k1`, and no
answer comes: perhaps sent, nobody answered, so *same key*, and `k1` is in doubt. Within half a
second it is sent again under `k1`; the vault, still at work on the first, answers with the failure
that asks for the same key. The third attempt under `k1` brings a rejection by the destination: it
is the answer to the first request, so that the step is rejected, and not unknown. Had the process
died after the first attempt, `run --resume` would find `k1` in the record, and send under it for
23 hours.
"""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from forwardc.core.dataclass import dataclass, replace
from forwardc.core.outcome import Outcome
from forwardc.plan.answers import Failure
from forwardc.runtime.run.answer import DestinationAnswer, StepAnswer
from forwardc.runtime.run.run_record import Doubt
from forwardc.runtime.run.step_result import Conclusion

# The most by which the vault's clock and ours are thought to differ.
_CLOCKS_APART: Final = timedelta(hours=1)


class Resend(StrEnum):
    """Whether a step may be sent again, and how the vault's key goes with it."""

    NO = "no"
    NEW_KEY = "new key"
    SAME_KEY = "same key"


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how long. Seconds; the deadline bounds retries only, never a first answer.

    A customer may wait at a checkout: two minutes are the most that somebody waits there.
    """

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


def replays_still(vault_key_hours: int | None, doubt: Doubt, now: datetime) -> bool:
    """Whether the vault certainly still answers a key in doubt as it answered the first time.

    Only where no answer was recorded at all: one that was is what it would answer. An hour less
    than documented, since the vault's clock and ours need not agree; a clock that has jumped back
    before the sending tells nothing.
    """
    if vault_key_hours is None or not doubt.vault_keys or not doubt.silent:
        return False
    passed = now - doubt.sent_at
    return -_CLOCKS_APART < passed < vault_key_hours * timedelta(hours=1) - _CLOCKS_APART


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
