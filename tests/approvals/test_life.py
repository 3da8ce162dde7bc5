"""The life of a record: tables in `review/approve.py` say what each event makes of each state."""

import datetime
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from forwardc.compile.review import approve as chapter
from forwardc.compile.review.approve import (
    ApprovalAct,
    LockVersion1,
    OwnApprovalVersion1,
    Withdrawal,
    renewals,
    renewed,
    with_approvals,
    with_revoked,
)
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.files.digest import file_digest
from forwardc.plan.approvals import ApprovalState, states
from forwardc.plan.digests import canonical, leaving
from forwardc.plan.lock import Lock
from forwardc.plan.model import Plan
from lock_file import TODAY, approve

Compiled = Callable[[Callable[[str], str], str], Plan]
DAY = datetime.timedelta(days=1)
LAST_DAY, AFTER = TODAY + DAY, TODAY + 2 * DAY
OPERATION, PLACE = "card_cit", "checkout/adyen/card_cit/production"
TABLES = [
    [line.strip("|").split("|") for line in block.strip().splitlines()]
    for block in re.findall(r"(?:^\|.*\|\n)+", chapter.__doc__ or "", re.MULTILINE)
]
LIFE, RENEWED = [
    [[cell.strip() for cell in row] for row in table if set("".join(row)) != {"-"}]
    for table in TABLES
]


@dataclass(frozen=True)
class World:
    """All that a state is computed from."""

    lock: Lock
    plan: Plan
    today: datetime.date = TODAY

    @property
    def state(self) -> ApprovalState:
        return states(self.plan, OPERATION, self.lock, self.today).own


def approved(world: World) -> World | None:
    act = ApprovalAct("Bo", world.today, world.today + DAY)
    lock = with_approvals(world.lock, world.plan, [OPERATION], act, Sink())
    return None if lock is None else replace(world, lock=lock)


def revoked(world: World) -> World | None:
    meant = Withdrawal("checkout", "adyen", OPERATION, "production", "Cy", world.today, "a leak")
    withdrawn = with_revoked(world.lock, meant, Sink())
    return None if withdrawn is None else replace(world, lock=withdrawn[0])


@pytest.fixture(scope="module")
def other(compiled: Compiled) -> Plan:
    """The plan with one header more."""
    return compiled(lambda text: text.replace("headers: {", 'headers: {X-Extra: "1", '), "checkout")


@pytest.fixture(scope="module")
def worlds(plans: Mapping[str, Plan], other: Plan) -> dict[str, World]:
    """A world in each state."""
    plan = plans["checkout"]
    lock = approve(Lock(), plan, [OPERATION], expires=LAST_DAY)
    withdrawn = revoked(World(lock, plan))
    assert withdrawn is not None
    return {
        "never": World(Lock(), plan),
        "approved": World(lock, plan),
        "changed": World(lock, other),
        "expired": World(lock, plan, AFTER),
        "revoked": withdrawn,
    }


def test_the_table_names_every_state_and_each_is_one(worlds: dict[str, World]) -> None:
    assert [row[0] for row in LIFE[1:]] == list(worlds)
    assert set(worlds) == {str(state) for state in ApprovalState}
    assert {name: str(world.state) for name, world in worlds.items()} == {
        name: name for name in worlds
    }


def test_what_each_event_makes_of_each_state(
    worlds: dict[str, World], plans: Mapping[str, Plan], other: Plan
) -> None:
    events: dict[str, Callable[[World], World | None]] = {
        "approve": approved,
        "the plan changes": lambda world: replace(world, plan=other),
        "the plan is as approved": lambda world: replace(world, plan=plans["checkout"]),
        "its last day passes": lambda world: replace(world, today=AFTER),
        "revoke": revoked,
    }
    assert LIFE[0] == ["state", *events]
    for name, *cells in LIFE[1:]:
        for (event, act), cell in zip(events.items(), cells, strict=True):
            after = act(worlds[name])
            assert ("refused" if after is None else str(after.state)) == cell, (name, event)


def test_what_becomes_of_a_record_of_version_1(plans: Mapping[str, Plan], other: Plan) -> None:
    def of_version_1(plan: Plan, expires: datetime.date | None = None) -> LockVersion1:
        covered = {**leaving(plan, OPERATION), "forwardc": 1}
        digest = file_digest(canonical(covered))
        record = OwnApprovalVersion1(
            digest=digest, date=TODAY, by="Ada", expires=expires, covers=covered
        )
        return LockVersion1(forwardc=1, own={PLACE: record})

    plan = plans["checkout"]
    built = {PLACE: (plan, OPERATION)}
    cases = {
        "covers what leaves now": (of_version_1(plan), built),
        "covers something else": (of_version_1(other), built),
        "is of what is not built any more": (of_version_1(plan), {}),
        "has a last day that is past": (of_version_1(plan, TODAY - DAY), built),
    }
    assert [row[0] for row in RENEWED[1:]] == list(cases)
    for name, state in RENEWED[1:]:
        old, present = cases[name]
        lock = renewed(old, list(renewals(old, present)), present, "Bo", TODAY)
        assert str(World(lock, plan).state) == state, name


def test_tests_that_the_chapter_names_are_there() -> None:
    text = chapter.__doc__ or ""
    named = re.findall(r"`(test_\w+\.py)::(test_\w+)`", text)
    assert named
    for file, name in named:
        assert f"def {name}(" in (Path(__file__).parent / file).read_text(encoding="utf-8"), name
