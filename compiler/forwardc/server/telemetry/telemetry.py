"""The observer of a server: metrics, logs and traces together. Each may be off.

A call is told once, at its end, with what its handler said of it. What goes wrong in here is
logged, and never touches a call.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from time import perf_counter
from typing import Final

from forwardc.core.dataclass import dataclass
from forwardc.server.telemetry.calls import CURRENT_CALL, CallInProgress, CallRecord
from forwardc.server.telemetry.logs import log_call
from forwardc.server.telemetry.metrics import Metrics
from forwardc.server.telemetry.traces import Traces

_LOG: Final = logging.getLogger("forwardc.server")


@dataclass(frozen=True, slots=True)
class Telemetry:
    """An `Observer`. A call is told at its end, once, whoever in it knew something to tell."""

    metrics: Metrics | None = None
    traces: Traces | None = None

    def call(self, record: CallRecord) -> None:
        """Keep what a handler knows until its call has ended."""
        call = CURRENT_CALL.get()
        if call is not None:
            call.handler_record = record
        elif self.metrics is not None:
            self.metrics.call(record)

    def forward(
        self, vault: str, destination: str, outcome: str, losses: Sequence[str] = ()
    ) -> None:
        """Count a payment that was forwarded now, and what it was sent without."""
        if self.metrics is not None:
            self.metrics.forward(vault, destination, outcome, losses)

    def span(
        self, name: str, attributes: Mapping[str, str] | None = None
    ) -> AbstractContextManager[None]:
        """A part of a call: timed, and part of its trace."""
        timed = _Timed(self.metrics, name)
        return _traced(self.traces, timed, name, attributes) if self.traces else timed

    @contextmanager
    def observed(self, call: CallInProgress, parent: str | None = None) -> Iterator[None]:
        """A whole call, told when the block ends."""
        token = CURRENT_CALL.set(call)
        try:
            with self.traces.call(call, parent) if self.traces else nullcontext():
                yield
        finally:
            CURRENT_CALL.reset(token)
            self._report(call)

    def _report(self, call: CallInProgress) -> None:
        try:
            record = call.record()
            if self.metrics is not None:
                self.metrics.call(record)
            log_call(call, record)
        except Exception:
            _LOG.exception("a call could not be told")

    def in_flight(self, calls: int) -> None:
        """Tell how many calls are under way."""
        if self.metrics is not None:
            self.metrics.in_flight.set(calls)

    def close(self) -> None:
        """Send what is left."""
        if self.traces is not None:
            self.traces.close()


class _Timed:
    """A block whose time is one of the figures. Entered four times a call: no generator."""

    __slots__ = ("_began", "_metrics", "_name")

    def __init__(self, metrics: Metrics | None, name: str) -> None:
        self._metrics = metrics
        self._name = name

    def __enter__(self) -> None:
        self._began = perf_counter()

    def __exit__(self, *_: object) -> None:
        if self._metrics is not None:
            self._metrics.part(self._name).observe(perf_counter() - self._began)


@contextmanager
def _traced(
    traces: Traces, timed: _Timed, name: str, attributes: Mapping[str, str] | None
) -> Iterator[None]:
    with timed, traces.part(name, attributes):
        yield
