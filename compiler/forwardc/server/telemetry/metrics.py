"""The metrics of a server, for Prometheus. Every label has few values; none is a caller's.

With several workers they are files of one folder, `PROMETHEUS_MULTIPROC_DIR`, which must be set
before this module is imported: whichever worker is asked gives the sums of all. The history and the
payment directory are wrapped, so that their failures are counted and nothing else changes.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final, Literal, TypeAlias, TypeVar

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from forwardc.core.dataclass import dataclass
from forwardc.runtime.history.database import Database, Transaction
from forwardc.runtime.history.errors import HistoryConflictError, HistoryUnavailableError
from forwardc.server.directory.payment_directory import (
    DirectoryColumns,
    DirectoryError,
    Instrument,
    PaymentDirectory,
)
from forwardc.server.telemetry.calls import CallRecord
from forwardc.version import __version__

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_Mode: TypeAlias = Literal["livesum", "livemin", "livemax"]
_REFUSED_TOKENS: Final = frozenset({"invalid-token", "insufficient-scope"})


# When a figure was first counted is of no use to a scraper, and half of the text.
disable_created_metrics()  # type: ignore[no-untyped-call]


class Metrics:
    """All figures of this process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.calls = Counter(
            "forwardc_calls",
            "Calls that ended, by path, status and problem.",
            ("route", "method", "status", "problem"),
            registry=registry,
        )
        self.call_seconds = _seconds("forwardc_call", "a call, to its last byte", "route", registry)
        self.part_seconds = _seconds(
            "forwardc_part", "a part of a call: lookup, claim, forward, record", "part", registry
        )
        self.in_flight = _gauge("forwardc_calls_in_flight", "Calls under way.", "livesum", registry)
        self.forwards = Counter(
            "forwardc_forwards",
            "Payments that were to be forwarded, by what became of them.",
            ("vault", "destination", "outcome"),
            registry=registry,
        )
        self.losses = Counter(
            "forwardc_losses",
            "Payments that were forwarded without a value of the card, by its name.",
            ("vault", "destination", "atom"),
            registry=registry,
        )
        self.replays = Counter(
            "forwardc_replays",
            "Calls that were answered with a recorded answer.",
            ("destination",),
            registry=registry,
        )
        self.token_refusals = Counter(
            "forwardc_token_refusals",
            "Calls without an access token that is believed.",
            ("problem",),
            registry=registry,
        )
        self.lookup_failures = Counter(
            "forwardc_lookup_failures",
            "Times that the merchant's data could not be asked.",
            registry=registry,
        )
        self.rows_left_out = _gauge(
            "forwardc_lookup_rows_left_out",
            "Rows of the file of references that are wrong, so that their references are refused.",
            "livemax",
            registry,
        )
        self.history_failures = Counter(
            "forwardc_history_failures",
            "Times that the history could not be read or written.",
            registry=registry,
        )
        # Found once each: the library takes a lock and compares all labels to find one again.
        self.part = cache(self.part_seconds.labels)
        self._call = cache(self.calls.labels)
        self._seconds = cache(self.call_seconds.labels)
        self._forward = cache(self.forwards.labels)
        self._folder = os.environ.get(FOLDER)
        self._states()

    def _states(self) -> None:
        """What is so now, and not how often it was."""
        registry = self.registry
        self.ready = _gauge(
            "forwardc_ready",
            "Whether a part that the server needs is there: 1 or 0.",
            "livemin",
            registry,
            ("part",),
        )
        self.approved = _gauge(
            "forwardc_approved",
            "Whether what is served is approved: 1 or 0.",
            "livemin",
            registry,
            ("destination", "vault"),
        )
        text = "Payments whose fate is unknown, and that nobody has settled; 1000 at the most."
        self.unsettled = _gauge("forwardc_unsettled_runs", text, "livemax", registry)
        text = "Always 1; the version is the label."
        build = _gauge("forwardc_build_info", text, "livemax", registry, ("version",))
        build.labels(__version__).set(1)
        if not self._folder:
            ProcessCollector(registry=registry)

    def call(self, record: CallRecord) -> None:
        """Count a call that ended."""
        problem = record.problem or ""
        self._call(record.route, record.method, str(record.status), problem).inc()
        self._seconds(record.route).observe(record.duration_ms / 1_000)
        if problem in _REFUSED_TOKENS:
            self.token_refusals.labels(problem).inc()
        if record.replayed:
            self.replays.labels(record.destination or "").inc()

    def forward(self, vault: str, destination: str, outcome: str, losses: Sequence[str]) -> None:
        """Count a payment that was forwarded, and what it was sent without."""
        self._forward(vault, destination, outcome).inc()
        for atom in losses:
            self.losses.labels(vault, destination, atom).inc()

    def set_ready(self, parts: Mapping[str, bool]) -> None:
        """Keep which parts are there."""
        for part, there in parts.items():
            self.ready.labels(part).set(int(there))

    def set_approved(self, ways: Mapping[tuple[str, str], bool]) -> None:
        """Keep which ways may be used."""
        for (destination, vault), holds in ways.items():
            self.approved.labels(destination, vault).set(int(holds))

    def text(self) -> bytes:
        """All figures, of all workers, in Prometheus's text format."""
        if not self._folder:
            return generate_latest(self.registry)
        _forget_dead(Path(self._folder))
        together = CollectorRegistry()
        MultiProcessCollector(together, path=self._folder)  # type: ignore[no-untyped-call]
        return generate_latest(together)


def _seconds(name: str, timed: str, label: str, registry: CollectorRegistry) -> Histogram:
    return Histogram(
        f"{name}_seconds", f"Seconds of {timed}.", (label,), buckets=_SECONDS, registry=registry
    )


def _gauge(
    name: str,
    text: str,
    mode: _Mode,
    registry: CollectorRegistry,
    labels: tuple[str, ...] = (),
) -> Gauge:
    """A figure that goes up and down; `mode` says what several workers' are together."""
    return Gauge(name, text, labels, registry=registry, multiprocess_mode=mode)


def _forget_dead(folder: Path) -> None:
    """Let the gauges of workers that ended go; what they counted stays."""
    numbers = {path.stem.rpartition("_")[2] for path in folder.glob("gauge_live*.db")}
    for number in numbers:
        try:
            os.kill(int(number), 0)
        except (ProcessLookupError, ValueError):
            mark_process_dead(number, path=str(folder))  # type: ignore[no-untyped-call]
        except PermissionError:
            continue


T = TypeVar("T")
FailureCounter = Callable[[], None]


@dataclass(slots=True)
class InstrumentedDatabase:
    """A `Database`. What is contended will be done again, and is no failure yet."""

    inner: Database
    failed: FailureCounter
    is_local: bool = False

    @property
    def dialect(self) -> Mapping[str, str]:
        """What stands for the names in braces of a migration."""
        return self.inner.dialect

    def write(self, work: Callable[[Transaction], T]) -> T:
        """Do `work`, and return once it is on the disk."""
        return self._counted(self.inner.write, work)

    def read(self, work: Callable[[Transaction], T]) -> T:
        """Do `work` on one state of the database."""
        return self._counted(self.inner.read, work)

    def new_connection(self) -> Database:
        """The same database on a connection of its own, counted alike."""
        return instrumented(self.inner.new_connection(), self.failed)

    def close(self) -> None:
        """Give the connection back."""
        self.inner.close()

    def _counted(
        self,
        do: Callable[[Callable[[Transaction], T]], T],
        work: Callable[[Transaction], T],
    ) -> T:
        try:
            return do(work)
        except HistoryConflictError:
            raise
        except HistoryUnavailableError:
            self.failed()
            raise


def instrumented(database: Database, failed: FailureCounter) -> Database:
    """A database whose failures are told."""
    return InstrumentedDatabase(database, failed, database.is_local)


@dataclass(frozen=True, slots=True)
class InstrumentedDirectory:
    """A `PaymentDirectory`."""

    inner: PaymentDirectory
    failed: FailureCounter

    async def find(self, reference: str) -> Instrument | None:
        """The instrument of a reference."""
        try:
            return await self.inner.find(reference)
        except DirectoryError:
            self.failed()
            raise

    async def ready(self) -> None:
        """Ask without a reference. A probe that fails is no call that failed."""
        await self.inner.ready()

    async def supplies(self) -> DirectoryColumns | None:
        """What the lookup can tell."""
        return await self.inner.supplies()

    async def close(self) -> None:
        """Give connections back."""
        await self.inner.close()
