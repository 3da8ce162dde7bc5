"""A history with runs of every kind, recorded through the store as the engine does."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid5

from forwardc.core.outcome import Outcome
from forwardc.runtime.history.records import Intent, NewRun, PlannedStep
from forwardc.runtime.history.store import Store, open_store
from forwardc.runtime.http.request import ShownRequest
from forwardc.runtime.run.request import IdempotencyKeys
from forwardc.runtime.run.result import (
    Party,
    PartyName,
    RunResult,
    StepReport,
)

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
_SPACE = UUID("6f0d2b58-6f0e-4b4e-9a55-0d6a3d1f7a10")


@dataclass
class Clock:
    """A clock that stands still until somebody sets it."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True)
class Told:
    """One run to record. `outcome` None leaves it in the air: sent, and no answer."""

    reference: str
    outcome: Outcome | None = Outcome.APPROVED
    status: int | None = 200
    rejected_by: Party | None = None
    vault: str = "stripe"
    destination: str = "adyen"
    environment: str = "production"
    emulated: bool = False
    ago: timedelta = timedelta(hours=1)
    duration_ms: int = 420
    params: dict[str, object] = field(default_factory=lambda: {"amount": 1250, "currency": "EUR"})
    answer: str | None = None

    @property
    def run_id(self) -> str:
        return str(uuid5(_SPACE, self.reference))


@dataclass
class Recorded:
    """An open history and its clock."""

    store: Store
    clock: Clock

    def add(self, told: Told) -> str:
        """Record a run as it would have been at its time; its id."""
        self.clock.now = NOW - told.ago
        self.store.begin(_new(told))
        number = self.store.intent(told.run_id, "test", _intent(told))
        self.clock.now += timedelta(milliseconds=told.duration_ms)
        if told.outcome is None:
            self.store.unknown(told.run_id, "pay", number, "no answer within 75 s")
            self.store.stop(told.run_id, "no answer within 75 s")
        else:
            report = _report(told)
            if told.vault == "checkout":
                report = replace(report, scheme="visa", issuing_country="GB")
            self.store.answered(told.run_id, number, report)
            self.store.finish(told.run_id, _result(told, report))
        self.clock.now = NOW
        return told.run_id

    def rocketpay(self, payment_id: str) -> str:
        """Record a payout that waits for its callback; its run's id."""
        run_id = str(uuid5(_SPACE, payment_id))
        names = (run_id, "sandbox", "direct", "rocketpay", "payout", "payout", "digest", run_id)
        steps = (PlannedStep("payout", "direct"),)
        self.store.begin(NewRun(*names, steps, "test", params={"payment_id": payment_id}))
        result = RunResult(run_id, "payout", False, "digest", Outcome.PENDING, None, None, ())
        self.store.finish(run_id, result)
        return run_id


@contextmanager
def recording(folder: Path) -> Iterator[Recorded]:
    """The history of a folder, empty at first."""
    clock = Clock()
    with open_store(str(folder / "history.db"), now=clock) as store:
        yield Recorded(store, clock)


def _keys(told: Told) -> IdempotencyKeys:
    return IdempotencyKeys(
        destination=str(uuid5(_SPACE, f"{told.reference}/destination")),
        vault=str(uuid5(_SPACE, f"{told.reference}/vault")),
    )


def _url(told: Told) -> str:
    return f"https://{told.destination}.example/v71/payments"


def _new(told: Told) -> NewRun:
    return NewRun(
        id=told.run_id,
        environment=told.environment,
        vault=told.vault,
        destination=told.destination,
        operation="payment",
        asked_operation="payment",
        digest="sha256:" + "5e" * 32,
        reference=told.reference,
        steps=(PlannedStep("pay", "vault", idempotent=True),),
        owner="test",
        lease_s=0,
        emulated=told.emulated,
        source_kind="pm_" if told.vault == "stripe" else "src_",
        source_id=f"pm_{told.reference[-8:]}",
        params=told.params,
        sensitive_params=("email",),
        approval={
            "own": {"digest": "sha256:" + "5e" * 32, "by": "Aigerim Sadykova", "date": "2026-11-02"}
        },
    )


def _intent(told: Told) -> Intent:
    body = '{"amount":{"value":1250,"currency":"EUR"},"paymentMethod":{"number":"{{card_number}}"}}'
    shown = ShownRequest("POST", "https://vault.example/forward", (("Authorization", "***"),), body)
    return Intent("pay", _keys(told), f"POST {_url(told)}", shown, _names(told), tuple(Party))


def _names(told: Told) -> tuple[PartyName, ...]:
    """What each party gets: the destination another reference than ours."""
    return (
        PartyName(Party.DESTINATION, "sent", "/reference", f"shop-{told.reference}"),
        PartyName(Party.VAULT, "sent", "metadata[forwardc_run]", told.run_id),
    )


def _report(told: Told) -> StepReport:
    assert told.outcome is not None
    return StepReport(
        name="pay",
        deliver="vault",
        called=f"POST {_url(told)}",
        keys=_keys(told),
        outcome=told.outcome,
        rejected_by=told.rejected_by,
        reason=None if told.outcome is Outcome.APPROVED else f"the answer was {told.status}",
        rule=4 if told.outcome is Outcome.DECLINED else None,
        vault_status=200 if told.rejected_by is not Party.VAULT else 422,
        status=told.status,
        request_id=f"fwd_{told.reference}",
        outputs={"psp_reference": "QXBP9RM6Q327DN65"},
        answer=told.answer,
        duration_ms=told.duration_ms,
        names=tuple(
            name
            for name in _names(told)
            if name.party is Party.VAULT or told.rejected_by is not Party.VAULT
        ),
        keyed=(Party.VAULT,) if told.rejected_by is Party.VAULT else tuple(Party),
    )


def _result(told: Told, report: StepReport) -> RunResult:
    return RunResult(
        run_id=told.run_id,
        operation="payment",
        fell_back=False,
        digest="sha256:" + "5e" * 32,
        outcome=report.outcome,
        rejected_by=report.rejected_by,
        reason=report.reason,
        steps=(report,),
    )
