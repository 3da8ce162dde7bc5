"""Tells the circuit breaker what an attempt says about the two hosts on its way.

Knows no vendor: a vault that answers is well, whatever became of the destination behind it.
"""

from forwardc.plan.model import PlanStep
from forwardc.runtime.http.breaker import CircuitBreaker
from forwardc.runtime.http.send import HttpAnswer, SendResult
from forwardc.runtime.run.answer import DestinationAnswer, NoDestinationAnswer, StepAnswer


def count_attempt(
    breaker: CircuitBreaker,
    step: PlanStep,
    hosts: tuple[str, str],
    sent: SendResult,
    read: StepAnswer,
) -> None:
    """Count an attempt for the host that was called and for the destination's host."""
    called, destination = hosts
    if not isinstance(sent, HttpAnswer):
        breaker.failed(called)
        if step.deliver != "direct":
            breaker.release(destination)
        return
    if isinstance(read, DestinationAnswer):
        _count(breaker, called, well=step.deliver != "direct" or read.status < 500)
        if step.deliver != "direct":
            _count(breaker, destination, well=read.status < 500)
        return
    # A documented failure of the vault that is not its own: it could not reach the destination.
    behind = sent.status < 500 or read.failure is not None
    _count(breaker, called, well=behind)
    if _unreached(read, sent):
        breaker.failed(destination)
    else:
        breaker.release(destination)


def _unreached(read: NoDestinationAnswer, sent: HttpAnswer) -> bool:
    failure = read.failure
    if failure is None:
        return 200 <= sent.status <= 299
    return failure.retry != "same_key"


def _count(breaker: CircuitBreaker, host: str, *, well: bool) -> None:
    if well:
        breaker.worked(host)
    else:
        breaker.failed(host)
