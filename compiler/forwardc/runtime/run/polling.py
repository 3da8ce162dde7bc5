"""Asks for a pending payment: when a polled step is sent, and when it is asked no more.

A destination that says *pending* has the payment, and says later what became of it. A step with
`poll:` is the last of its operation, and a direct one. It is sent while the step before is pending,
and passed over where that one is decided. Each question is an attempt of its own in the journal,
recorded before it leaves; the plan bounds them by number and by time, `RunDependencies.patience_s`
by the time of whoever waits. A question changes nothing at the destination, so that one without an
answer is asked again, also after the process was killed.

After a question the first line that fits decides:

| the question brought | and the limits | the step |
|---|---|---|
| a decision | anything | ends as decided |
| pending | allow another | asks again |
| pending | are reached | ends pending |
| no answer, or one that says nothing | allow another | asks again |
| no answer, or one that says nothing | are reached | ends pending |

An answer of 400 and above that a rule calls *rejected* says nothing: it refuses the question (no
access, no such path, too many of them), and the payment is what it was. A refusal of the payment
comes in another status, or is *declined*.

A question that is refused for a reused token is sent again with a new one, and is then two of
`times`; where only one is left, it is not sent again. A limit is reached with the last of `times`
questions, and where the next one would begin more than `at_most_s` seconds after the first wait.
`every_s` seconds pass before each; where the destination asks for more by `Retry-After`, so many. A
wait that ends beyond the limit is not begun, and the longest limit, 240 seconds, is shorter than a
run is held for its process (`LEASE_S`).

Invariants, and the tests that hold them:

- What the destination called pending is never unknown or rejected for want of an answer to a
  question, and a decision is never changed: `test_polling.py::test_the_table`.
- Nothing is sent beyond a limit, whatever a server asks for:
  `test_polling.py::test_limits`.
- A payment that is decided is not asked for: `test_polling.py::test_a_decided_payment`.
- A run that ended pending can be continued, and asks again:
  `test_polling.py::test_resume_asks_again`. `reconcile` continues all of them:
  `test_asked_later.py`.
- What a caller gets of a payment that is pending is the last answer that said so:
  `test_pending.py::test_nobody_waits_longer_than_the_patience_of_a_call`.

One payment, traced, with `{every: 2, at_most: 60, times: 3}`. `pay` is answered *pending*. Two
seconds later `status` is asked, and the connection breaks: nobody knows, so that two seconds later
it is asked again, and the answer says *pending*. The third answer says *paid*: the run is approved,
and its record has three attempts. Had it said *pending*, the run would be pending, and
`run --resume` would begin with three questions more.
"""

from typing import Final

from forwardc.core.dataclass import dataclass, replace
from forwardc.core.outcome import Outcome
from forwardc.plan.answers import PlanPoll
from forwardc.runtime.run.result import StepReport

LIMIT_REACHED: Final = "it is still pending, and a limit of the questions is reached"
# The least status by which a server refuses a request.
_REFUSED_QUESTION: Final = 400
NO_ANSWER: Final = (
    "the destination said pending, and the last question was not answered by a decision"
)


@dataclass(frozen=True, slots=True)
class QuestionsSoFar:
    """How many questions were asked, and the seconds since the first wait began."""

    asked: int
    passed_s: float


def wait_before_question(
    poll: PlanPoll, so_far: QuestionsSoFar, retry_after_s: float | None, patience_s: float | None
) -> float | None:
    """Seconds before the next question; None where a limit is reached."""
    if so_far.asked >= poll.times:
        return None
    wait = max(float(poll.every_s), retry_after_s or 0.0)
    limit = poll.at_most_s if patience_s is None else min(poll.at_most_s, patience_s)
    return wait if so_far.passed_s + wait <= limit else None


def is_decided(report: StepReport) -> bool:
    """Whether a question, asked now or on the record, tells what became of the payment."""
    if report.status is None or report.outcome in (Outcome.PENDING, Outcome.UNKNOWN):
        return False
    return report.outcome is not Outcome.REJECTED or report.status < _REFUSED_QUESTION


def still_pending(report: StepReport) -> StepReport:
    """A report of the last question when a limit is reached: the destination said pending."""
    answered = report.outcome is Outcome.PENDING
    said = f"{report.reason}; " if answered and report.reason else ""
    why = said + LIMIT_REACHED if answered else NO_ANSWER
    rule = report.rule if answered else None
    return replace(report, outcome=Outcome.PENDING, rejected_by=None, reason=why, rule=rule)
