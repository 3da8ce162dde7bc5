"""States of a run: the table of `runtime/run/journal.py` is what the journal makes of every run.

Every course that two steps of two attempts can take is gone through, each fact as the run, its
process's end, and whoever finds it later tell it; what changes is compared with the table.
"""

import asyncio
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest

from forwardc.core.outcome import Outcome
from forwardc.runtime.history.records import (
    AttemptState,
    RunState,
    StepState,
    StoredRun,
    StoredStep,
)
from forwardc.runtime.history.store import Store, open_store
from forwardc.runtime.recovery.reconcile import StepInDoubt
from forwardc.runtime.recovery.resolve import resolve_run, resolve_step
from forwardc.runtime.run import journal as chapter
from forwardc.runtime.run.store_journal import LEASE_S, StoreJournal
from stored_runs import Clock, intent_of, new_run, report_of, result_of

# Each step with the attempts that it may have: two of the first show what a second one changes.
STEPS = {"create": 2, "pay": 1}
Change = tuple[str, str]
States = dict[str, str]
# What each entity of the table is called in the keys of `states`.
ENTITIES = ("attempt", "step", "run")


def table() -> dict[str, dict[str, set[Change]]]:
    """By fact and entity, each `before → after` of the docstring."""
    block = re.search(r"(?:^\|.*\|\n)+", chapter.__doc__ or "", re.MULTILINE)
    assert block
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in block[0].splitlines()]
    for row in rows:
        row[2] = row[1] if row[2] == "as the attempt" else row[2]
    return {
        row[0]: {
            entity: {
                (before, after.strip())
                for change in cell.split(",")
                if "→" in change
                for befores, after in (change.split("→"),)
                for before in befores.strip().split("/")
            }
            for entity, cell in zip(ENTITIES, row[1:], strict=True)
        }
        for row in rows[2:]
    }


@dataclass
class Course:
    """One run, and what was told of it. `live`: the attempt of a process that still runs."""

    store: Store
    clock: Clock
    run: Any = field(default_factory=lambda: new_run(*STEPS))
    journal: StoreJournal = field(init=False)
    live: int | None = None
    dead: bool = False

    def __post_init__(self) -> None:
        self.run = replace(new_run(*STEPS), given_key=None)
        self.journal = StoreJournal(self.store)

    @property
    def stored(self) -> StoredRun | None:
        return self.store.load(self.run.id)

    @property
    def step(self) -> str | None:
        """The step that would be sent next; None where the last answer was not `approved`."""
        stored = self.stored
        assert stored
        for step in stored.steps:
            if step.state not in (StepState.ANSWERED, StepState.DONE):
                return step.name
            if step.outcome is not Outcome.APPROVED:
                return None
        return None

    def states(self) -> States:
        stored = self.stored
        if stored is None:
            return {}
        found = {"run": str(stored.summary.state)}
        for step in stored.steps:
            found[f"step {step.name}"] = str(step.state)
            for attempt in step.attempts:
                found[f"attempt {step.name} {attempt.number}"] = str(attempt.state)
        return found

    def signature(self) -> tuple[object, ...]:
        stored = self.stored
        outcomes = [step.outcome for step in stored.steps] if stored else []
        ended = stored.summary.outcome if stored else None
        return (*sorted(self.states().items()), *outcomes, ended, self.live, self.dead)

    def facts(self) -> Iterable[str]:
        """What can be told next."""
        stored = self.stored
        if stored is None:
            return ["`begin`", "`begin`, with its first attempt"]
        state, step = stored.summary.state, self.step
        attempts = next((one.attempts for one in stored.steps if one.name == step), ())
        sent = any(one.attempts for one in stored.steps)
        later = ["`resolve_run`", *self.found_out(stored)] if self.open_step(stored) else []
        if state is RunState.DONE:
            return later if stored.summary.outcome in (Outcome.UNKNOWN, Outcome.PENDING) else []
        again = ["`intent`"] if step and len(attempts) < STEPS[step] else []
        if self.dead or state is RunState.STOPPED:
            return [*again, *later]
        if self.live is not None:
            return [
                *("`not_sent`", "`unknown`", "`answered`", "`answered`, unknown"),
                *("`answered`, pending", "`leave`", "dies"),
            ]
        ends = ["`finish`", "`finish`, stopped"] if sent else []
        return [*again, *ends, "`leave`", "dies"]

    def open_step(self, stored: StoredRun) -> bool:
        return any(
            step.state in (StepState.INTENT, StepState.UNKNOWN)
            or (step.outcome is Outcome.PENDING and step.state is not StepState.DONE)
            for step in stored.steps
        )

    def found_out(self, stored: StoredRun) -> Iterable[str]:
        step = in_doubt(stored)
        if step is not None and step.attempts:
            last = step.name == stored.steps[-1].name
            yield "`resolve_step`, the last" if last else "`resolve_step`, an earlier"

    async def tell(self, fact: str) -> None:
        name, _, how = fact.replace("`", "").partition(", ")
        await getattr(self, f"_{name}")(how)
        # What a run's last answer waits for is the next write.
        await self.journal.withheld(self.run.id)

    async def _begin(self, how: str) -> None:
        first = intent_of(self.run, "create") if how else None
        await self.journal.begin(self.run, first)
        self.live = 1 if first else None

    async def _dies(self, _: str) -> None:
        self.dead, self.live = True, None
        self.clock.turn(seconds=LEASE_S + 1)

    async def _intent(self, _: str) -> None:
        stored = self.stored
        assert stored
        if self.dead or stored.summary.state is RunState.STOPPED:
            self.journal, self.dead = StoreJournal(self.store), False
            assert await self.journal.take(self.run.id, "")
        assert self.step
        self.live = await self.journal.intent(self.run.id, intent_of(self.run, self.step))

    async def _not_sent(self, _: str) -> None:
        assert self.step
        assert self.live
        await self.journal.not_sent(self.run.id, self.step, self.live, "no connection")
        self.live = None

    async def _unknown(self, _: str) -> None:
        assert self.step
        assert self.live
        await self.journal.unknown(self.run.id, self.step, self.live, "no answer")
        self.live = None

    async def _answered(self, how: str) -> None:
        assert self.step
        assert self.live
        outcome = Outcome(how) if how else Outcome.APPROVED
        report = report_of(self.step, outcome=outcome)
        await self.journal.answered(self.run.id, self.live, report)
        self.live = None

    async def _finish(self, how: str) -> None:
        stored = self.stored
        assert stored
        sent = [step for step in stored.steps if step.attempts]
        reports = [report_of(step.name, outcome=step.outcome or Outcome.UNKNOWN) for step in sent]
        result = replace(result_of(self.run, *reports), stopped=bool(how))
        await self.journal.finish(self.run.id, result)

    async def _leave(self, _: str) -> None:
        await self.journal.leave(self.run.id, "broken off")
        self.live = None

    async def _resolve_run(self, _: str) -> None:
        stored = self.stored
        assert stored
        self.clock.turn(seconds=LEASE_S + 1)
        await resolve_run(self.store, stored, "approved", "Bo", None)

    async def _resolve_step(self, _: str) -> None:
        stored = self.stored
        assert stored
        self.clock.turn(seconds=LEASE_S + 1)
        step = in_doubt(stored)
        assert step
        nothing = cast("Any", None)
        found_out = StepInDoubt(nothing, nothing, nothing, stored, step)
        await resolve_step(self.store, found_out, report_of(step.name))


def in_doubt(stored: StoredRun) -> StoredStep | None:
    open_states = (StepState.INTENT, StepState.UNKNOWN)
    return next((step for step in stored.steps if step.state in open_states), None)


def changes(before: States, after: States) -> Iterable[tuple[str, Change]]:
    for key, state in after.items():
        if before.get(key, "new") != state:
            yield key.partition(" ")[0], (before.get(key, "new"), state)


async def courses(store: Store, clock: Clock) -> dict[str, dict[str, set[Change]]]:
    """Every fact in every state that is reached, and what it changes."""
    seen: dict[str, dict[str, set[Change]]] = defaultdict(lambda: defaultdict(set))
    reached: set[tuple[object, ...]] = set()
    waiting: list[tuple[str, ...]] = [()]
    while waiting:
        told = waiting.pop()
        course = Course(store, clock)
        for fact in told:
            await course.tell(fact)
        signature = course.signature()
        if signature in reached:
            continue
        reached.add(signature)
        for fact in course.facts():
            course = Course(store, clock)
            for earlier in told:
                await course.tell(earlier)
            before = course.states()
            await course.tell(fact)
            for entity, change in changes(before, course.states()):
                seen[fact][entity].add(change)
            waiting.append((*told, fact))
    return seen


@pytest.mark.costly
def test_the_table_is_what_happens(tmp_path: Path) -> None:
    clock = Clock()
    with open_store(f"sqlite:///{tmp_path / 'history.db'}", now=clock) as store:
        seen = asyncio.run(courses(store, clock))
    # What an answer says is no other fact.
    for variant in [fact for fact in seen if fact.startswith("`answered`, ")]:
        for entity, kinds in seen.pop(variant).items():
            seen["`answered`"][entity] |= kinds
    assert {fact: {entity: seen[fact][entity] for entity in ENTITIES} for fact in seen} == table()


def test_the_states_are_those_of_the_record() -> None:
    named = {
        state
        for row in table().values()
        for cell in row.values()
        for pair in cell
        for state in pair
    }
    assert named == {"new", *AttemptState, *StepState, *RunState}
