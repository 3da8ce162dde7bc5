"""Runs to put into a history, and a clock that a test can turn. Only made-up ids."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4, uuid5

from forwardc.core.outcome import Outcome
from forwardc.runtime.history.records import (
    Intent,
    NewRun,
    PlannedStep,
    RunFilter,
    RunState,
    StoredRun,
)
from forwardc.runtime.history.store import Store
from forwardc.runtime.http.request import ShownRequest
from forwardc.runtime.run.request import IdempotencyKeys
from forwardc.runtime.run.result import Party, RunResult, StepReport

OWNER = "host-1"
SHOWN = ShownRequest("POST", "https://vault.example/forward", (("Authorization", "***"),), "{}")


@dataclass
class Clock:
    """A clock that stands still until it is turned."""

    now: datetime = datetime(2026, 11, 20, 12, 0, 0, 250_000, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **by: float) -> None:
        self.now += timedelta(**by)


def new_run(*steps: str, **fields: object) -> NewRun:
    """A run of steps, `pay` by default; the destination honours our key in all of them."""
    run = NewRun(
        id=str(uuid4()),
        environment="sandbox",
        vault="stripe",
        destination="adyen",
        operation="payment",
        asked_operation="payment",
        digest="sha256:0",
        reference="ORDER-1",
        steps=tuple(PlannedStep(name, "vault", idempotent=True) for name in steps or ("pay",)),
        owner=OWNER,
        source_kind="pm_",
        source_id="pm_1",
    )
    return replace(run, **fields)


def keys_of(run: NewRun, step: str = "pay") -> IdempotencyKeys:
    """The same key for the destination on every attempt, a new one for the vault."""
    return IdempotencyKeys(str(uuid5(UUID(run.id), step)), str(uuid4()))


def intent_of(run: NewRun, step: str = "pay") -> Intent:
    keys = keys_of(run, step)
    return Intent(step, keys, "POST https://adyen.example/payments", SHOWN, keyed=tuple(Party))


def report_of(step: str = "pay", **fields: object) -> StepReport:
    report = StepReport(
        name=step,
        deliver="vault",
        called="POST https://adyen.example/payments",
        keys=IdempotencyKeys("d", "v"),
        outcome=Outcome.APPROVED,
        vault_status=200,
        status=200,
        request_id="fwdreq_1",
        request=SHOWN,
        duration_ms=120,
    )
    return replace(report, **fields)


def result_of(run: NewRun, *reports: StepReport) -> RunResult:
    last = reports[-1]
    ends = (last.outcome, last.rejected_by, last.reason)
    return RunResult(run.id, run.operation, run.fell_back, run.digest, *ends, reports)


def complete(store: Store, run: NewRun, **report: object) -> NewRun:
    """Record a whole run of one step."""
    store.begin(run)
    number = store.intent(run.id, run.owner, intent_of(run))
    told = report_of(**report)
    store.answered(run.id, number, told)
    store.finish(run.id, result_of(run, told))
    return run


def open_runs(store: Store) -> list[StoredRun]:
    """Up to a hundred runs that have not ended, whether or not a process still holds them."""
    pages = (store.search(RunFilter(state=one), limit=100) for one in RunState if one != "done")
    found = (store.load(run.id) for page in pages for run in page.runs)
    return [run for run in found if run is not None]
