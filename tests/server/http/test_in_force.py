"""A server notices within seconds that an approval was withdrawn, has ended or fits no more."""

import asyncio
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import sleep
from typing import Any

import pytest

from forwardc.compile.review.approve import Withdrawal, lock_bytes, with_revoked
from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.build_folder import read_plan
from forwardc.plan.lock import Lock
from forwardc.plan.model import Plan
from forwardc.runtime.run.request import ClockAndIds
from forwardc.server.http.health import PartlyReadyError, Readiness
from forwardc.server.http.middleware import ConcurrencyLimit
from forwardc.server.payment_sharing.forwarder import ServedPlan
from forwardc.server.wiring.approved_plans import ApprovalsInForce
from lock_file import TODAY, approve
from own_ids import build_own
from patience import until, until_files_get_later_times
from serving import NAMED, PATH, Server, Shop, opened, reference

# What Adyen must be told beside the reference.
PARAMS = "param.amount,param.currency,param.return_url"

ROOT = Path(__file__).resolve().parents[3]
WAY = ("PAY", "checkout")
SAYS = "withdrawn by Grace Okoro on 2026-11-20: INC-7"


def production(operation: str = "card_cit", root: Path = ROOT) -> Plan:
    plan = read_plan(root / "build", "checkout", "adyen", "production", Sink())
    assert plan is not None
    assert operation in plan.operations
    # As a merchant's own project has it: this one has ids for trying out.
    return replace(plan, demo_ids={})


def withdrawn(lock: Lock, operation: str = "") -> Lock:
    meant = Withdrawal(
        *("checkout", "adyen", operation, "production", "Grace Okoro"), TODAY, "INC-7"
    )
    found = with_revoked(lock, meant, Sink())
    assert found is not None
    return found[0]


@dataclass
class House:
    """A lock beside a build folder, and two clocks that a test can turn."""

    folder: Path
    operations: tuple[str, ...] = ("card_cit",)
    day: datetime = datetime(2026, 11, 20, 12, tzinfo=UTC)
    seconds: float = 100.0
    told: dict[tuple[str, str], bool] = field(default_factory=dict)
    came: list[Lock] = field(default_factory=list)

    def __post_init__(self) -> None:
        (self.folder / "build").mkdir()
        plan = production()
        ways = {
            (f"PAY{n or ''}", "checkout"): ServedPlan(plan, name, {}.get)
            for n, name in enumerate(self.operations)
        }
        ambient = ClockAndIds(now=lambda: self.day)
        self.in_force = ApprovalsInForce(
            *(self.folder / "build", ways, ambient, self.told.update, self.came.append),
            clock=lambda: self.seconds,
        )

    def write(self, lock: Lock) -> None:
        new = self.folder / "new"
        new.write_bytes(lock_bytes(lock))
        new.replace(self.path)

    @property
    def path(self) -> Path:
        return self.folder / "forwardc.lock"

    def refused(self, after: float = 1.0) -> str:
        """Why the first way is refused, so many seconds later; empty where it is not."""

        async def go() -> str:
            self.seconds += after
            await self.in_force.now()
            return " ".join(self.in_force.refused.get(WAY, ()))

        return asyncio.run(go())


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


GOOD = approve(Lock(), production(), expires=TODAY)


def test_withdrawn_and_given_anew(house: House) -> None:
    house.write(GOOD)
    assert house.refused() == ""
    assert house.told == {WAY: True}
    house.write(withdrawn(GOOD))
    assert SAYS in house.refused()
    assert house.told == {WAY: False}
    house.write(GOOD)
    assert house.refused() == ""
    assert len(house.came) == 3


def test_no_later_than_a_second(house: House) -> None:
    house.write(GOOD)
    assert house.refused() == ""
    house.write(withdrawn(GOOD))
    assert house.refused(0.5) == ""
    assert SAYS in house.refused(0.5)


def test_a_day_that_passes_counts_at_once(house: House) -> None:
    house.write(GOOD)
    house.day = datetime(2026, 11, 20, 23, 59, 59, tzinfo=UTC)
    assert house.refused() == ""
    house.day += timedelta(seconds=1)
    assert "ended on 2026-11-20" in house.refused()
    assert house.told == {WAY: False}


def test_an_approval_of_another_plan_says_where(house: House) -> None:
    house.write(GOOD)
    assert house.refused() == ""
    key = "checkout/adyen/card_cit/production"
    old = replace(production(), hosts=replace(production().hosts, destination=("other.example",)))
    house.write(approve(Lock(), old, ["card_cit"]))
    assert (
        f"{key.replace('/card_cit/production', '.card_cit')}: the own approval" in house.refused()
    )
    assert "covers something else: what leaves: changed /" in house.refused()


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def edited(path: Path) -> None:
    data: Any = json.loads(path.read_bytes())
    data["own"]["checkout/adyen/card_cit/production"]["digest"] = "sha256:" + "0" * 64
    path.write_text(json.dumps(data))


def old(path: Path) -> None:
    path.write_text('{"forwardc": 1, "own": {}, "psp": {}, "accepted": []}')


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def circle(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


DAMAGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "cut off": (cut, "FC0705"),
    "edited": (edited, "FC0705"),
    "empty": (lambda path: path.write_bytes(b"") and None, "FC0705"),
    "of version 1": (old, "FC0710"),
    "a folder": (folder, "FC0705"),
    "a link to itself": (circle, "FC0118"),
    "gone": (Path.unlink, "was never given"),
}


@pytest.mark.parametrize(("damage", "says"), DAMAGES.values(), ids=DAMAGES)
def test_what_cannot_be_read_approves_nothing(
    damage: Callable[[Path], None], says: str, house: House
) -> None:
    house.write(GOOD)
    assert house.refused() == ""
    damage(house.path)
    assert says in house.refused()
    assert house.told == {WAY: False}
    # Also later, and when nobody touches it any more.
    assert says in house.refused(100)
    if house.path.is_dir() and not house.path.is_symlink():
        house.path.rmdir()
    house.path.unlink(missing_ok=True)
    house.write(GOOD)
    assert house.refused() == ""


def test_the_same_size_and_time_are_not_the_same_file(house: House) -> None:
    """A copy that keeps times (`cp -p`, rsync) may have the size of the one before."""
    house.write(GOOD)
    assert house.refused() == ""
    kept = house.path.stat()
    until_files_get_later_times()
    other = json.loads(lock_bytes(GOOD))
    other["own"]["checkout/adyen/card_cit/production"]["expires"] = "2026-11-19"
    house.path.write_text(json.dumps(other, indent=1, ensure_ascii=False) + "\n")
    os.utime(house.path, ns=(kept.st_atime_ns, kept.st_mtime_ns))
    assert house.path.stat().st_size == kept.st_size
    assert "ended on 2026-11-19" in house.refused()


def test_a_release_that_a_link_leads_to(tmp_path: Path) -> None:
    for name, lock in (("41", GOOD), ("42", withdrawn(GOOD))):
        (tmp_path / name).mkdir()
        (tmp_path / name / "build").mkdir()
        (tmp_path / name / "forwardc.lock").write_bytes(lock_bytes(lock))
    current = tmp_path / "current"
    current.symlink_to("41")
    seconds = iter(range(0, 100, 2))
    way = ServedPlan(production(), "card_cit", {}.get)
    ambient = ClockAndIds(now=lambda: datetime(2026, 11, 20, tzinfo=UTC))
    in_force = ApprovalsInForce(current / "build", {WAY: way}, ambient, clock=lambda: next(seconds))

    async def go() -> list[bool]:
        found = []
        for name in ("41", "42", "41"):
            current.unlink()
            current.symlink_to(name)
            await in_force.look()
            found.append(WAY in in_force.refused)
        return found

    assert asyncio.run(go()) == [False, True, False]


def test_many_callers_read_it_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.write(GOOD)
    reads = []
    real = __import__("forwardc.server.wiring.approved_plans", fromlist=["read_lock"]).read_lock

    def counting(path: Path, sink: Sink) -> Lock | None:
        reads.append(path)
        sleep(0.05)
        found: Lock | None = real(path, sink)
        return found

    monkeypatch.setattr("forwardc.server.wiring.approved_plans.read_lock", counting)

    async def go() -> None:
        locks = await asyncio.gather(*(house.in_force.now() for _ in range(50)))
        assert all(one.lock == GOOD for one in locks)

    asyncio.run(go())
    assert len(reads) == 1


def test_one_of_several_ways_leaves_the_others(tmp_path: Path) -> None:
    house = House(tmp_path, ("card_cit", "card_mit"))
    house.write(withdrawn(GOOD, "card_mit"))
    assert house.refused() == ""
    assert house.told == {("PAY", "checkout"): True, ("PAY1", "checkout"): False}


def test_a_part_that_does_some_of_its_work_is_there() -> None:
    state: list[Exception | None] = [PartlyReadyError("one of two"), None, RuntimeError("x")]

    async def check() -> None:
        problem = state.pop(0)
        if problem is not None:
            raise problem

    async def go() -> None:
        seconds = iter(range(100))
        readiness = Readiness(
            {"approvals": check}, ConcurrencyLimit(1), clock=lambda: next(seconds)
        )
        found = [(await readiness.part_states())["approvals"] for _ in range(3)]
        assert found == ["partly", "ok", "failing"]

    asyncio.run(go())


SETTINGS = f"""\
forwardc = 1
[server]
port = 0
{NAMED}
[run]
environment = "production"
[destinations."PAY"]
run = "adyen.card_cit"
reference_param = "reference"
[lookup]
kind = "csv"
file = "references.csv"
"""
BODY = {"partnerPaymentReference": reference(1), "destination": "PAY"}
REVOKE = (
    *("approvals", "revoke", "checkout", "adyen.card_cit", "--env", "production"),
    *("--by", "Grace Okoro", "--reason", "INC-7"),
)


def shop_in(folder: Path, shop: Shop) -> None:
    build_own(ROOT, folder)
    (folder / "forwardc-server.toml").write_text(SETTINGS)
    row = f"{reference(1)},checkout,src_visa_approved0000000000000,1000,EUR,https://shop.example/"
    (folder / "references.csv").write_text(f"reference,vault,source,{PARAMS}\n{row}\n")
    (folder / "forwardc.lock").write_bytes(lock_bytes(approve(Lock(), production(root=folder))))
    assert shop.folder == folder


def ready(server: Server, word: str) -> None:
    """Wait until `/ready` says so of the approvals."""
    with server.client() as client:

        def says() -> bool:
            answer = client.get("/ready")
            if answer.json()["parts"]["approvals"] != word:
                return False
            assert answer.status_code == (200 if word == "ok" else 503)
            return True

        until(says)


def called(server: Server) -> str:
    """Ask to forward, and what the log says of it. Nothing leaves: the secrets are not there."""
    before = len(server.lines)
    with server.client() as client:
        headers = {"Authorization": f"Bearer {server.shop.token()}"}
        answer = client.post(PATH, json=BODY, headers=headers)
    # A lock that nobody can read may be whole in a moment; what it withdraws stays withdrawn.
    assert answer.status_code in (422, 503), answer.text

    def lines() -> list[str]:
        return [line for line in server.lines[before:] if " in run " in line]

    until(lines, lambda: "".join(server.lines))
    return str(json.loads(lines()[0])["event"]).partition(" in run ")[0]


@pytest.mark.slow
@pytest.mark.xdist_group("serving")
def test_a_server_notices_and_needs_no_restart(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        shop_in(tmp_path, shop)
        with shop.serving() as server:
            ready(server, "ok")
            assert "FC0806" in called(server)
            lock = (tmp_path / "forwardc.lock").read_bytes()
            assert shop.run(*REVOKE).returncode == 0
            ready(server, "failing")
            assert called(server) == "FC0814"
            with server.client() as client:
                figures = client.get("/metrics").text
            assert 'forwardc_approved{destination="PAY",vault="checkout"} 0.0' in figures
            (tmp_path / "forwardc.lock").write_bytes(lock)
            ready(server, "ok")
            assert "FC0806" in called(server)
            (tmp_path / "forwardc.lock").write_bytes(lock[:-40])
            ready(server, "failing")
            assert called(server) == "FC0814"
            (tmp_path / "forwardc.lock").unlink()
            ready(server, "failing")
            (tmp_path / "forwardc.lock").write_bytes(lock)
            ready(server, "ok")
        log = "".join(server.lines)
        told = shop.run("audit").stdout
    assert "the own approval of 2026-11-20 was withdrawn by Grace Okoro on" in log
    assert "FC0705 forwardc.lock is not JSON" in log
    assert "approved again" in log
    assert "Traceback" not in log
    assert "Grace Okoro" in told
    assert "withdrawn by" in told
