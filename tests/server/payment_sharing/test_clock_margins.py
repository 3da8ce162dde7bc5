"""Two machines do not agree on the time: what one may still believe, the other does not end."""

from typing import Any

import pytest

from forwardc.runtime.history.store import Store
from forwardc.server.payment_sharing.claim import (
    ClaimFinished,
    ClaimRequest,
    ClaimResult,
    ClaimWon,
    ForwardState,
    claim_digest,
)
from forwardc.server.payment_sharing.claim_tables import ClaimingProcess, claim, end, forget
from sharing_house import House
from stored_runs import Clock

HERE = ClaimingProcess("here/1/a", "sandbox", True, 60.0)
SHARE, RUN = "00000000-0000-4000-8000-00000000000", "00000000-0000-4000-9000-00000000000"


def asked(number: int) -> ClaimRequest:
    """The same payment each time, by a call of its own. It is answered again for a minute."""
    reference = claim_digest("reference", "sandbox", True, "ROKT", "pay-1")
    return ClaimRequest(
        forward_id=f"{SHARE}{number}",
        run_id=f"{RUN}{number}",
        by_reference=reference,
        by_key=None,
        by_client=claim_digest("client", "sandbox", True, "client"),
        destination="ROKT",
        window_s=60,
        key_s=60,
    )


def claimed(store: Store, number: int) -> ClaimResult:
    return store.database.write(lambda tx: claim(tx, asked(number), HERE, store.timestamp()))


@pytest.mark.parametrize(("ahead_s", "kept"), [(25, True), (30, True), (30.001, False)])
def test_a_clock_that_is_ahead_forgets_nothing_that_another_may_be_asked_for(
    store: Store, clock: Clock, ahead_s: float, kept: bool
) -> None:
    held = claimed(store, 1)
    assert isinstance(held, ClaimWon)
    store.database.write(lambda tx: end(tx, held, ForwardState.DONE, 200, "sealed"))
    clock.turn(seconds=60 + ahead_s)
    store.database.write(lambda tx: forget(tx, store.timestamp()))
    # Where the clock is behind, the minute is not over: the payment must not go out again.
    clock.turn(seconds=-ahead_s - 1)
    found = claimed(store, 2)
    assert isinstance(found, ClaimFinished if kept else ClaimWon)


@pytest.mark.parametrize(("days", "kept"), [(0.9, True), (1.1, False)])
def test_what_may_be_under_way_is_forgotten_after_a_day(
    store: Store, clock: Clock, days: float, kept: bool
) -> None:
    assert isinstance(claimed(store, 1), ClaimWon)
    clock.turn(days=days)
    store.database.write(lambda tx: forget(tx, store.timestamp()))
    rows = store.database.read(lambda tx: tx.rows("SELECT id FROM shares"))
    assert bool(rows) == kept


@pytest.mark.parametrize(("lease_s", "sent"), [(9.0, 0), (10.0, 0), (10.001, 1)])
def test_a_claim_that_ends_within_seconds_sends_nothing(
    serve: Any, lease_s: float, sent: int
) -> None:
    async def work(house: House) -> tuple[int, int]:
        answer = await house.post()
        return answer.status_code, house.arrived()

    status, arrived = serve(work, lease_s=lease_s)
    assert arrived == sent
    assert (status == 200) == bool(sent)
