"""How the work of a function grows with its input: a ratio of two measurements of one run.

Processor time, so that a busy machine does not count; the smallest of three, so that one pause
does not either.
"""

import time
from collections.abc import Callable
from typing import TypeVar

Input = TypeVar("Input")
FACTOR = 4
# Linear work takes 4 times as long on 4 times the input, quadratic work 16 times.
MOST = 10
# Below this, in seconds, the clock's grain and warm caches say more than the work does.
GRAIN = 0.05


def assert_linear(work: Callable[[Input], object], make: Callable[[int], Input], size: int) -> None:
    """Assert that `work(make(FACTOR * size))` is far from `FACTOR` squared times the work."""
    small, large = _seconds(work, make(size)), _seconds(work, make(FACTOR * size))
    assert large < MOST * small + GRAIN, f"{large:.3f} s against {small:.3f} s"


def _seconds(work: Callable[[Input], object], value: Input) -> float:
    return min(_once(work, value) for _ in range(3))


def _once(work: Callable[[Input], object], value: Input) -> float:
    started = time.process_time()
    work(value)
    return time.process_time() - started
