"""Kills a three-step run at one moment, continues it, and tells what everybody saw.

The run is `stripe.payment`: a card through Checkout.com, then two calls of our own. It is killed
in a process of its own; the sandbox lives on, as a vault would.
"""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from forwardc.core.files.digest import file_digest
from forwardc.core.outcome import Outcome
from forwardc.runtime.history.records import RunFilter, StepState, StoredRun
from forwardc.runtime.history.store import open_store
from forwardc.sandbox.serve import start_in_thread
from forwardc.sandbox.world import World

ROOT = Path(__file__).resolve().parent.parent.parent
DRIVER = Path(__file__).with_name("kill_driver.py")
PLAN = "checkout/stripe/sandbox.plan.json"
SOURCE = "src_visa_approved0000000000000"
STEPS = ("method", "intent", "confirm")
_ONCE = (
    "before the run is recorded",
    "the run is recorded",
    "before the end is recorded",
    "the end is recorded",
)
_EACH = (
    "before the intent is recorded",
    "inside the intent's transaction",
    "the intent is recorded",
    "half of the request is sent",
    "the request is sent",
    "the answer has begun",
    "before the answer is recorded",
    "inside the answer's transaction",
    "the answer is recorded",
)


@dataclass(frozen=True)
class Point:
    """A moment, and at which of the three steps (None: there is one such moment)."""

    moment: str
    step: int | None

    def __str__(self) -> str:
        return self.moment if self.step is None else f"{STEPS[self.step]}: {self.moment}"

    @property
    def variable(self) -> str:
        return f"{self.moment}:{1 if self.step is None else self.step + 1}"


POINTS = (
    *(Point(moment, None) for moment in _ONCE[:2]),
    *(Point(moment, step) for step in range(3) for moment in _EACH),
    *(Point(moment, None) for moment in _ONCE[2:]),
)


@dataclass(frozen=True)
class Seen:
    """What one killed run left behind.

    `requests` counts what arrived at the destination for each step, `effects` what it did.
    """

    point: Point
    killed: int
    requests: tuple[int, ...]
    effects: tuple[int, ...]
    keys: tuple[int, ...]
    left: str
    resumed: int
    record: StoredRun | None

    @property
    def outcome(self) -> str:
        if self.record is None:
            return "no run"
        states = ", ".join(f"{step.name} {step.state}" for step in self.record.steps)
        return f"{self.record.summary.outcome or self.record.summary.state} ({states})"


def build_folder(folder: Path, *, idempotent: bool) -> Path:
    """The compiled plan, with a destination that honours our key or one that does not."""
    plan = json.loads((ROOT / "build" / PLAN).read_bytes())
    for step in plan["operations"]["payment"]["steps"]:
        step["idempotent"] = idempotent
    data = json.dumps(plan).encode()
    (folder / PLAN).parent.mkdir(parents=True)
    (folder / PLAN).write_bytes(data)
    outputs = {PLAN: file_digest(data)}
    manifest = {"forwardc": 2, "language": 1, "inputs": {}, "outputs": outputs, "live_hosts": []}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


class Driver:
    """Runs commands, each in a process of its own that can be killed at a moment."""

    def __init__(self) -> None:
        paths = os.pathsep.join((str(ROOT / "compiler"), str(ROOT / "tests" / "support")))
        self._process = subprocess.Popen(
            [sys.executable, str(DRIVER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": paths},
            text=True,
        )

    def __enter__(self) -> "Driver":
        return self

    def __exit__(self, *_: object) -> None:
        with self._process:
            # Without its input it ends by itself.
            pass

    def call(self, *arguments: str, at: Point | None = None) -> int:
        """The exit code of a command; the negative number of a signal."""
        wanted = {"arguments": arguments, "at": at.variable if at else None}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(wanted) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


def kill_and_resume(driver: Driver, point: Point, build: Path, history: str) -> Seen:
    """Run, kill, look, continue twice, look again."""
    with start_in_thread() as sandbox:
        shared = ("--build", str(build), "--history", history, "--sandbox", sandbox.url)
        asked = ("--via", "checkout", "--env", "sandbox", "--source", SOURCE)
        params = ("-p", "amount=1000", "-p", "currency=EUR")
        killed = driver.call("run", "stripe.payment", *asked, *params, *shared, at=point)
        with open_store(history) as store:
            found = store.search(RunFilter()).runs
            before = store.load(found[0].id) if found else None
        resumed = 0
        if before is not None:
            again = ("run", "--resume", before.id, *shared)
            resumed = driver.call(*again)
            # What was not settled is not settled, or sent, by asking once more.
            if resumed:
                driver.call(*again)
        with open_store(history) as store:
            after = store.load(before.id) if before else None
        requests, keys = requests_of(sandbox.world)
        return Seen(
            point,
            killed,
            requests,
            effects_of(sandbox.world),
            keys,
            _left(before),
            resumed,
            after,
        )


def judge(seen: Seen, *, idempotent: bool) -> None:
    """What must hold whatever the moment. Raises `AssertionError`."""
    assert seen.killed == -signal.SIGKILL
    assert max(seen.keys) <= 1, "a step was sent under two keys of the destination"
    assert seen.record is not None or seen.point.moment == "before the run is recorded"
    is_true(seen.record, seen.requests, seen.effects, idempotent=idempotent)
    if seen.record is not None:
        decided = all(step.state is StepState.ANSWERED for step in seen.record.steps)
        assert (seen.record.summary.outcome is Outcome.APPROVED) is decided
        assert decided or not idempotent, "a run that could be continued was not"


def is_true(
    record: StoredRun | None,
    requests: tuple[int, ...],
    effects: tuple[int, ...],
    *,
    idempotent: bool,
) -> None:
    """Whether a record tells what has happened, once. Raises `AssertionError`."""
    assert max(effects) <= 1, "the destination did a step twice"
    assert idempotent or max(requests) <= 1, "a step was sent twice"
    assert record is not None or not any(requests), "nothing is known of a request"
    for step, arrived, done in zip(record.steps if record else (), requests, effects, strict=False):
        if step.state is StepState.WAITING:
            assert arrived == 0, "the record does not know of a request"
        if step.state is StepState.ANSWERED:
            assert done == 1, "the record tells of an answer that never was"


def _left(run: StoredRun | None) -> str:
    if run is None:
        return "no run"
    states = ", ".join(f"{step.name} {step.state}" for step in run.steps)
    return f"{run.summary.state} ({states})"


def requests_of(world: World) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """How many requests arrived at the destination for each step, under how many keys."""
    counted: Counter[int] = Counter()
    keys: dict[int, set[str]] = {0: set(), 1: set(), 2: set()}
    for one in world.received:
        if one.host != "api.stripe.com" or one.method != "POST":
            continue
        step = 0 if one.target == "/v1/payment_methods" else 2 if "/confirm" in one.target else 1
        counted[step] += 1
        keys[step].add(dict(one.headers)["idempotency-key"])
    return tuple(counted[step] for step in range(3)), tuple(len(keys[step]) for step in range(3))


def effects_of(world: World) -> tuple[int, ...]:
    """How often the destination did each step: methods made, intents made, intents paid."""
    methods = world.table("stripe.payment_methods").values()
    intents = [row["object"] for row in world.table("stripe.payment_intents").values()]
    return (
        sum(not row["fixed"] for row in methods),
        len(intents),
        sum(intent["status"] == "succeeded" for intent in intents),
    )
