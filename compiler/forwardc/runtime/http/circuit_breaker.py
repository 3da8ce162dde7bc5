"""A circuit breaker for each host: after failures in a row, nothing is sent there for a while.

It lives in the memory of one process. What an attempt says of the two hosts on its way is counted
apart: a vault that answers is well, whatever became of the destination behind it.
"""

from collections.abc import Callable
from dataclasses import field
from time import monotonic

from forwardc.core.dataclass import dataclass
from forwardc.plan.model import PlanStep
from forwardc.runtime.http.send import HttpAnswer, SendResult
from forwardc.runtime.run.answer import DestinationAnswer, NoDestinationAnswer, StepAnswer


@dataclass(slots=True)
class _Circuit:
    failures: int = 0
    opened_at: float | None = None
    probing: bool = False


@dataclass(slots=True)
class CircuitBreaker:
    """Closed, open or half-open for each host. Times in seconds."""

    failures: int = 5
    rest_s: float = 30.0
    clock: Callable[[], float] = monotonic
    _circuits: dict[str, _Circuit] = field(default_factory=dict)

    def refuses(self, host: str) -> bool:
        """Whether nothing may be sent to a host now. After the rest one probe is let through."""
        circuit = self._circuits.get(host)
        if circuit is None or circuit.opened_at is None:
            return False
        if circuit.probing or self.clock() - circuit.opened_at < self.rest_s:
            return True
        circuit.probing = True
        return False

    def release(self, host: str) -> None:
        """A probe that was let through was not sent after all."""
        if host in self._circuits:
            self._circuits[host].probing = False

    def worked(self, host: str) -> None:
        """A host answered as it should."""
        self._circuits.pop(host, None)

    def failed(self, host: str) -> None:
        """A host gave no answer, or one that says that it is broken."""
        circuit = self._circuits.setdefault(host, _Circuit())
        circuit.failures += 1
        # A probe that fails is one more: only an answer sets the count back.
        if circuit.failures >= self.failures:
            circuit.opened_at, circuit.probing = self.clock(), False


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
