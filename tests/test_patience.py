"""No test depends on how quick a machine is.

A busy machine stops a process for seconds. A test that waits, waits for what happens
(`tests/support/patience.py`), and one that says how long something may take has a bound far from
that. What does otherwise has its reason in the line before.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TESTS = ROOT / "tests"
PATIENCE = TESTS / "support" / "patience.py"
# Seconds below which an upper bound needs its reason: what takes half a second on an idle machine
# takes ten where others work, too.
SHORT_S = 30
# For each clock. Of processor time others take nothing.
CLOCKS = {"monotonic": SHORT_S, "perf_counter": SHORT_S, "time": SHORT_S, "process_time": 5}
# Calls that give up after some seconds, and which argument says so, apart from `timeout=`.
WAITS = {"wait_for": 1, "timeout": 0, "join": 0, "communicate": 1, "result": 0, "wait": 0}
WAITS |= {"settimeout": 0, "Barrier": 2, "create_connection": 1, "HTTPConnection": 2}


def mistakes(text: str) -> list[tuple[int, str]]:
    """The lines of a file that depend on a machine's speed, and how."""
    tree, lines = ast.parse(text), text.splitlines()
    told = [(line, "a short upper bound") for line in {*compared(tree), *waited(tree)}]
    told += [(line, "sleeps in a loop until something is so") for line in polls(tree)]
    return sorted(
        (line, what) for line, what in told if not lines[line - 2].strip().startswith("#")
    )


def compared(tree: ast.AST) -> Iterator[int]:
    """Where a time is asserted to be less than few seconds."""
    times = {
        name(node.targets[0]): short
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and (short := short_of_time(node.value, {}))
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assert) or not isinstance(node.test, ast.Compare):
            continue
        parts = [node.test.left, *node.test.comparators]
        for left, op, right in zip(parts, node.test.ops, parts[1:], strict=False):
            low, high = (left, right) if isinstance(op, ast.Lt | ast.LtE) else (right, left)
            if is_less(high, short_of_time(low, times)):
                yield node.lineno


def waited(tree: ast.AST) -> Iterator[int]:
    """Where something must happen within few seconds, else the test fails."""
    for node in ast.walk(tree):
        # With more than one argument, a `wait` is no Event's and no process's.
        of_others = isinstance(node, ast.Call) and name(node.func) == "wait" and len(node.args) > 1
        if isinstance(node, ast.Call) and name(node.func) in WAITS and not of_others:
            at = WAITS[name(node.func)]
            seconds = [word.value for word in node.keywords if word.arg == "timeout"]
            if any(is_less(one, SHORT_S) for one in [*node.args[at : at + 1], *seconds]):
                yield node.lineno


def is_less(node: ast.expr, seconds: float) -> bool:
    """Whether it is a number of seconds, and below these."""
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, int | float)
        and 0 < node.value < seconds
    )


def short_of_time(node: ast.expr, times: dict[str, float]) -> float:
    """Below how many seconds a bound of it is short; 0 where it is no time.

    A time is the difference of two readings of a clock, or a name of such.
    """
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub):
        return CLOCKS.get(name(node.left.func), 0) if isinstance(node.left, ast.Call) else 0
    return times.get(node.id, 0) if isinstance(node, ast.Name) else 0


def name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def polls(tree: ast.AST) -> Iterator[int]:
    """Loops that look, sleep a moment, and end when something is so or after some turns."""
    for node in ast.walk(tree):
        if isinstance(node, ast.While | ast.For) and any(map(naps, node.body)):
            forever = isinstance(node, ast.For) or isinstance(node.test, ast.Constant)
            if not forever or any(map(leaves, node.body)):
                yield node.lineno


def leaves(node: ast.stmt) -> bool:
    """Whether it ends the loop where something is so."""
    ends = (isinstance(one, ast.Break | ast.Return) for one in ast.walk(node))
    return isinstance(node, ast.If) and any(ends)


def naps(node: ast.stmt) -> bool:
    """Whether it sleeps for longer than a turn of the loop."""
    call = node.value if isinstance(node, ast.Expr) else None
    call = call.value if isinstance(call, ast.Await) else call
    if not isinstance(call, ast.Call) or name(call.func) not in ("sleep", "wait") or not call.args:
        return False
    seconds = call.args[0]
    return not (isinstance(seconds, ast.Constant) and not seconds.value)


FILES = [path for path in sorted(TESTS.rglob("*.py")) if path != PATIENCE]


@pytest.mark.costly
def test_no_test_depends_on_how_quick_a_machine_is() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {what}"
        for path in FILES
        for line, what in mistakes(path.read_text(encoding="utf-8"))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("assert monotonic() - began < 1", 1),
        ("assert 0.5 < time.perf_counter() - began <= 2.5", 1),
        ("assert 1 > monotonic() - began", 1),
        ("# Its own patience is three seconds.\nassert monotonic() - began < 2", 0),
        ("took = monotonic() - began\nassert took < 1", 1),
        ("process.communicate(timeout=1)", 1),
        ("asyncio.wait_for(ended.wait(), 1)", 1),
        ("asyncio.timeout(1)", 1),
        ("asyncio.wait_for(ended.wait(), LONG_S)", 0),
        ("thread.join(30)", 0),
        ("assert monotonic() - began < 29", 1),
        ("assert monotonic() - began < 30", 0),
        ("assert process_time() - began < 4", 1),
        ("assert process_time() - began < 5", 0),
        ("event.wait(10)", 1),
        ("policy.wait(10, 0)", 0),
        ("socket.create_connection(there, timeout=5)", 1),
        ("HTTPConnection(host, port, timeout=LONG_S)", 0),
        ("assert monotonic() - began > 0.5", 0),
        ("while not there():\n    sleep(0.1)", 1),
        ("for _ in range(9):\n    if there():\n        break\n    time.sleep(0.1)", 1),
        ("async def go():\n    while not there():\n        await asyncio.sleep(0.1)", 1),
        ("# As a caller does.\nwhile not there():\n    sleep(0.1)", 0),
        ("while True:\n    beat()\n    sleep(0.1)", 0),
        ("async def go():\n    while not there():\n        await asyncio.sleep(0)", 0),
        ("for part in parts:\n    send(part)\n    time.sleep(0.1)", 0),
    ],
)
def test_the_rule_sees(text: str, count: int) -> None:
    assert len(mistakes("x = 1\n" + text)) == count
