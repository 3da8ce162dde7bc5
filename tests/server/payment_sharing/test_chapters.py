"""The tables of two chapters, row by row: what a claim is, and what the merchant's data lead to."""

import re
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any
from uuid import uuid4

import pytest

from forwardc.runtime.history.records import Intent
from forwardc.runtime.history.store import Store
from forwardc.runtime.run.request import IdempotencyKeys
from forwardc.server.directory.payment_directory import DirectoryError, DirectoryFaultError
from forwardc.server.payment_sharing import claim_tables, payment_lookup
from forwardc.server.payment_sharing.claim import (
    ClaimFinished,
    ClaimHeld,
    ClaimKeyReused,
    ClaimOfAnotherClient,
    ClaimRequest,
    ClaimResult,
    ClaimUnknown,
    ClaimWon,
    ForwardState,
)
from forwardc.server.payment_sharing.claim_tables import ClaimingProcess, claim, end
from sharing_house import House
from stored_runs import SHOWN, Clock, new_run

INTENT = Intent("pay", IdempotencyKeys("d-key", "v-key"), "POST https://x.example/", SHOWN)
HERE, THERE = (ClaimingProcess(f"{name}/1/a", "sandbox", True, 60.0) for name in ("here", "there"))
RESULTS = {
    "won": ClaimWon,
    "of another client": ClaimOfAnotherClient,
    "key reused": ClaimKeyReused,
    "held": ClaimHeld,
    "unknown": ClaimUnknown,
    "finished": ClaimFinished,
}


def rows(chapter: ModuleType) -> list[list[str]]:
    """The rows of the one table in a docstring, without its head."""
    block = re.search(r"(?:^\|.*\|\n)+", chapter.__doc__ or "", re.MULTILINE)
    assert block
    lines = block[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def ask(reference: str = "pay-1", key: str | None = None, client: str = "rokt") -> ClaimRequest:
    ids = {"forward_id": str(uuid4()), "run_id": str(uuid4())}
    held = {"by_reference": reference, "by_key": key, "by_client": client}
    return ClaimRequest(**ids, **held, destination="R", window_s=600, key_s=600)  # type: ignore[arg-type]


def claimed(store: Store, asked: ClaimRequest, process: ClaimingProcess = THERE) -> ClaimResult:
    return store.database.write(lambda tx: claim(tx, asked, process, store.timestamp()))


def held_there(store: Store, state: ForwardState | None = None, *, intended: bool = False) -> None:
    """A payment that another process has claimed."""
    won = claimed(store, ask(key="key"))
    assert isinstance(won, ClaimWon)
    store.begin(replace(new_run(), id=won.run_id, owner=THERE.owner, lease_s=60))
    if intended:
        store.intent(won.run_id, THERE.owner, INTENT)
    if state is not None:
        store.database.write(lambda tx: end(tx, won, state, 200, "sealed"))


def later(store: Store, clock: Clock, minutes: float, *, intended: bool = False) -> ClaimRequest:
    held_there(store, intended=intended)
    clock.turn(minutes=minutes)
    return ask()


def ended(store: Store, state: ForwardState | None, asked: ClaimRequest) -> ClaimRequest:
    held_there(store, state)
    return asked


MADE: dict[tuple[str, str], Callable[[Store, Clock], ClaimRequest]] = {
    ("free", ""): lambda _, __: ask(),
    ("its window has passed", ""): lambda store, clock: later(store, clock, 11),
    ("held for another client", ""): lambda store, _: ended(store, None, ask(client="other")),
    ("held, and the key is another request's", ""): lambda store, _: ended(
        store, None, ask("pay-2", key="key")
    ),
    ("held", "running, its process is at it"): lambda store, _: ended(store, None, ask()),
    ("held", "running, left before its intent"): lambda store, clock: later(store, clock, 2),
    ("held", "running, left after its intent"): lambda store, clock: later(
        store, clock, 2, intended=True
    ),
    ("held", "not sent"): lambda store, _: ended(store, ForwardState.NOT_SENT, ask()),
    ("held", "unknown"): lambda store, _: ended(store, ForwardState.UNKNOWN, ask()),
    ("held", "done"): lambda store, _: ended(store, ForwardState.DONE, ask()),
}


def test_the_table_of_claims_has_each_state_once() -> None:
    assert [(row[0], row[1]) for row in rows(claim_tables)] == list(MADE)
    assert {row[2] for row in rows(claim_tables)} == set(RESULTS)


@pytest.mark.parametrize("row", rows(claim_tables), ids=[" ".join(r) for r in rows(claim_tables)])
def test_each_row_of_claims(store: Store, clock: Clock, row: list[str]) -> None:
    asked = MADE[row[0], row[1]](store, clock)
    assert isinstance(claimed(store, asked, HERE), RESULTS[row[2]])


ASKED: dict[str, tuple[str, Exception | None, dict[str, Any]]] = {
    "have the reference, for this customer": ("pay-1", None, {}),
    "have it, for another customer": (
        "pay-1",
        None,
        {"identifiers": {"email": "other@shop.example"}},
    ),
    "do not have it": ("pay-nobody", None, {}),
    "cannot be asked now": ("pay-1", DirectoryError("away"), {}),
    "have to be mended": ("pay-1", DirectoryFaultError("two rows"), {}),
}


def test_the_table_of_lookups_has_each_case_once() -> None:
    assert [row[0] for row in rows(payment_lookup)] == list(ASKED)


@pytest.mark.parametrize("row", rows(payment_lookup), ids=[r[0] for r in rows(payment_lookup)])
def test_each_row_of_lookups(serve: Callable[..., Any], row: list[str]) -> None:
    reference, fails, more = ASKED[row[0]]

    async def work(house: House) -> None:
        house.lookup.fails = fails
        answer = await house.post(reference, **more)
        missed = "yes" if house.rates.used["misses/rokt"] else "no"
        assert [str(answer.status_code), missed] == row[1:]

    serve(work)
