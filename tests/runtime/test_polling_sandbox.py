"""A pending payment from end to end: commands, both vaults' sandboxes, and an echo that was told.

The card goes through the vault once; the questions go to the gateway itself.
"""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from arranged import handed
from forwardc.cli.main import run as cli
from forwardc.plan.model import load_plan
from forwardc.runtime.history.records import RunFilter, StoredRun
from forwardc.runtime.history.store import open_store
from forwardc.sandbox.serve import RunningSandbox, start_in_thread
from forwardc.sandbox.world import World
from kills import Driver, Point

FILE: Final = """forwardc: 1
name: late
title: A gateway that decides later
environments: {sandbox: {base_url: https://late.gateway.example}}
params: {order: {type: string, example: ORDER-1}}
secrets: {late_token: {description: Token}}
operations:
  charge:
    initiator: customer
    steps:
      charge:
        request:
          POST: /charges
          headers: {Authorization: "Bearer ${secrets.late_token}"}
          json: {order: "${params.order}", number: "${card.number}"}
        response:
          outputs: {id: {at: /id}}
          outcome: &outcome
            - {when: "${response.json['state'] == 'new'}", is: pending}
            - {when: "${response.json['state'] == 'done'}", is: approved}
            - {when: "${response.json['state'] == 'no'}", is: declined}
      status:
        deliver: direct
        poll: {every: 1, at_most: 30, times: 2}
        request:
          GET: /charges/${steps.charge.id}
          headers: {Authorization: "Bearer ${secrets.late_token}"}
        response: {outcome: *outcome}
"""
SOURCES: Final = {"checkout": "src_visa_approved0000000000000", "stripe": "pm_sandbox_visa"}
HOST: Final = "late.gateway.example"
BROKEN: Final = {"fault": "broken"}
APPROVED, DECLINED, PENDING, NOT_SENT = 0, 10, 14, 1


def state(name: str, times: int = 1) -> dict[str, Any]:
    return {"json": {"id": "c9", "state": name}, "times": times}


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("late")
    (folder / "destinations").mkdir()
    (folder / "destinations/late.yaml").write_text(FILE)
    (folder / "forwardc.yaml").write_text(
        "forwardc: 1\nmerchant: {name: Shop}\nenvironments:\n  sandbox:\n    vaults:\n"
        "      checkout: {processing_channel_id: pc_sandbox0000000000000000000, prefix: shop}\n"
        "      stripe: {account: acct_sandbox, api_version: 2026-09-30.endive}\n"
    )
    assert cli(["build", "--project", str(folder)]) == 0
    return folder / "build"


class Shop:
    """Commands against one sandbox, whose gateway was told what to answer."""

    def __init__(self, running: RunningSandbox, build: Path, history: str) -> None:
        self.world, self.history = running.world, history
        self.shared = ("--build", str(build), "--history", history, "--sandbox", running.url)
        self._switch = f"{running.url}/{HOST}/_sandbox/echo/answers"

    def tell(self, *answers: dict[str, Any]) -> None:
        httpx.post(self._switch, json=answers).raise_for_status()

    def charge(self, vault: str) -> tuple[str, ...]:
        asked = ("--via", vault, "--env", "sandbox", "--source", SOURCES[vault])
        return ("run", "late", *asked, "-p", "order=A-17", *self.shared)

    def resume(self) -> tuple[str, ...]:
        return ("run", "--resume", self.record().id, *self.shared)

    def record(self) -> StoredRun:
        with open_store(self.history) as store:
            (row,) = store.search(RunFilter()).runs
            stored = store.load(row.id)
        assert stored is not None
        return stored

    def asked(self) -> list[str]:
        """What the gateway received: method and path."""
        return [f"{one.method} {one.target}" for one in self.world.received if one.host == HOST]


@pytest.fixture
def shop(build: Path, tmp_path: Path) -> Iterator[Shop]:
    plans = [load_plan(path.read_bytes()) for path in sorted(build.rglob("*.plan.json"))]
    with start_in_thread(World(project=handed(plans))) as running:
        yield Shop(running, build, str(tmp_path / "history.db"))


CHARGE, QUESTION = "POST /charges", "GET /charges/c9"


@pytest.mark.parametrize("vault", SOURCES)
@pytest.mark.parametrize(
    ("last", "code"), [("done", APPROVED), ("no", DECLINED)], ids=["approved", "declined"]
)
def test_a_pending_payment_is_asked_for(vault: str, last: str, code: int, shop: Shop) -> None:
    shop.tell(state("new"), BROKEN, state(last))
    assert cli(shop.charge(vault)) == code
    assert shop.asked() == [CHARGE, QUESTION, QUESTION]
    card = b"4242424242424242"
    assert [card in one.body for one in shop.world.received] == [True, False, False]
    assert [len(step.attempts) for step in shop.record().steps] == [1, 2]


@pytest.mark.parametrize(
    ("vault", "limit", "last", "code"),
    [
        ("checkout", "new", "done", APPROVED),
        ("stripe", "new", "done", APPROVED),
        ("checkout", "new", "no", DECLINED),
        ("stripe", "lost", "done", APPROVED),
    ],
    ids=["checkout-approved", "stripe-approved", "declined", "unanswered"],
)
def test_a_limit_is_reached_and_the_command_asks_again(
    vault: str, limit: str, last: str, code: int, shop: Shop, capfd: pytest.CaptureFixture[str]
) -> None:
    first = state("new", 3) if limit == "new" else state("new")
    lost = () if limit == "new" else (BROKEN | {"times": 2},)
    shop.tell(first, *lost, state(last))
    assert cli(shop.charge(vault)) == PENDING
    assert "\npending" in capfd.readouterr().out
    assert shop.record().summary.outcome == "pending"
    assert cli(shop.resume()) == code
    assert shop.asked() == [CHARGE, *[QUESTION] * 3]
    assert shop.record().summary.outcome == ("approved" if code == APPROVED else "declined")
    # Once it is decided, nobody asks.
    assert cli(shop.resume()) == NOT_SENT
    assert len(shop.asked()) == 4


@pytest.fixture(scope="module")
def driver() -> Iterator[Driver]:
    with Driver() as running:
        yield running


# Around the first question: the second request of the run. The vault takes turns.
KILLS: Final = (
    ("the intent is recorded", "checkout", 2),
    ("the request is sent", "stripe", 2),
    ("the answer is recorded", "checkout", 2),
)


@pytest.mark.parametrize(("moment", "vault", "asked"), KILLS, ids=[row[0] for row in KILLS])
def test_a_process_is_killed_while_it_asks(
    moment: str, vault: str, asked: int, shop: Shop, driver: Driver
) -> None:
    """The card is sent once, and whoever goes on asks until the answer decides."""
    shop.tell(state("new", 2), state("done", 9))
    assert driver.call(*shop.charge(vault), at=Point(moment, 1)) == -signal.SIGKILL
    left = shop.record()
    assert left.summary.outcome is None
    assert left.steps[0].outcome == "pending"
    assert driver.call(*shop.resume()) == APPROVED
    ended = shop.record()
    assert ended.summary.outcome == "approved"
    assert [step.outcome for step in ended.steps] == ["pending", "approved"]
    assert shop.asked() == [CHARGE, *[QUESTION] * asked]
