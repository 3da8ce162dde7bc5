"""One call under way: what is known of it so far, for whoever watches.

Knows no library of metrics or traces, and no value of a request.
"""

from contextvars import ContextVar
from dataclasses import dataclass, field
from time import perf_counter
from typing import Final

from forwardc.runtime.ids import new_uuid
from forwardc.server.telemetry.calls import CallRecord

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_NOTHING: Final = CallRecord("", "", 0, 0.0)


@dataclass(slots=True)
class CallInProgress:
    """A call from its first byte to its last. `address` is a network, never a whole address.

    `trace_id` is that of its trace, in hexadecimal digits.
    """

    route: str
    method: str
    status: int = 0
    address: str | None = None
    problem: str | None = None
    trace_id: str | None = None
    told: CallRecord | None = None
    began: float = field(default_factory=perf_counter)
    id: str = field(default_factory=lambda: str(new_uuid()))

    def ending(self) -> CallRecord:
        """What can be told at its end: the call's own frame, and what its handler said of it."""
        told = self.told or _NOTHING
        return CallRecord(
            self.route,
            self.method if self.method in METHODS else "other",
            self.status,
            round((perf_counter() - self.began) * 1_000, 3),
            told.client_id,
            told.problem or self.problem,
            told.run_id,
            told.vault,
            told.destination,
            told.outcome,
            told.replayed,
        )


CURRENT_CALL: Final[ContextVar[CallInProgress | None]] = ContextVar("forwardc_call", default=None)
"""The call that this task works for; tasks that it starts work for it too."""
