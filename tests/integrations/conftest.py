"""Stores of tokens in both databases, and runs that wait for a callback."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from forwardc.core.outcome import Outcome
from forwardc.integrations.rocketpay.token_tables import TokenTables
from forwardc.runtime.history.records import Intent, NewRun, PlannedStep
from forwardc.runtime.history.store import Store, open_store
from forwardc.runtime.http.request import ShownRequest
from forwardc.runtime.run.request import IdempotencyKeys
from forwardc.runtime.run.result import RunResult, StepReport

STEP = "payout"
NOW = datetime(2026, 11, 20, tzinfo=UTC)
StartRun = Callable[..., str]


@pytest.fixture
def store(history_url: str) -> Iterator[Store]:
    """An empty history."""
    with open_store(history_url, now=lambda: NOW) as opened:
        yield opened


@pytest.fixture
def tables(store: Store) -> TokenTables:
    return TokenTables(store)


@pytest.fixture
def start_run(store: Store) -> StartRun:
    """Record a run of one step: until it is sent, or with an outcome until its end."""

    def start(
        outcome: Outcome | None = None,
        *,
        payment_id: str | None = None,
        reference: str = "",
        request_id: str | None = None,
        destination: str = "rocketpay",
        emulated: bool = False,
    ) -> str:
        run_id = str(uuid4())
        store.begin(
            NewRun(
                *(run_id, "sandbox", "direct", destination, STEP, STEP, "digest"),
                reference=reference or run_id,
                steps=(PlannedStep(STEP, "direct"),),
                owner="test",
                emulated=emulated,
                params={"payment_id": payment_id} if payment_id else {},
            )
        )
        keys = IdempotencyKeys(str(uuid4()), str(uuid4()))
        shown = ShownRequest("POST", "https://api.rocketpay.kz/", (), None)
        number = store.intent(run_id, "test", Intent(STEP, keys, "POST", shown))
        if outcome is not None:
            outputs = {"request_id": request_id} if request_id else {}
            report = StepReport(STEP, "direct", "POST", keys, outcome, status=200, outputs=outputs)
            store.answered(run_id, number, report)
            result = RunResult(run_id, STEP, False, "digest", outcome, None, None, (report,))
            store.finish(run_id, result)
        return run_id

    return start
