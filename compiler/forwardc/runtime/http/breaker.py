"""A circuit breaker for each host: after failures in a row, nothing is sent there for a while.

Lives in the memory of one process. Knows no step and no clock but the one it is given.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic


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
