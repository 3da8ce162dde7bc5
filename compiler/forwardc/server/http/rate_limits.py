"""Limits that hold over all processes of a history: permits of a window, taken in portions.

A process takes some permits at once from the table and spends them without asking, so that most
calls cost no transaction. Together the processes never spend more than the limit in a window; what
a process has not spent by its end is lost.

Two processes that lock the rows of several names in different order would wait for each other. So a
process asks for all names at once, in their order, and not again before it was answered.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import field
from functools import partial
from typing import Final

from forwardc.core.dataclass import dataclass
from forwardc.runtime.history.database import Transaction, first_row
from forwardc.runtime.history.errors import HistoryError
from forwardc.runtime.history.group_commit import GroupCommit

# Names held in memory, so that made-up ids take no more; the database has those that are pushed
# out.
_MOST_NAMES: Final = 10_000
# Portions of a limit: a process asks the database once for each, and at most this share of a window
# is lost with a process that ends.
_PORTIONS: Final = 20
# A client id of another issuer has 255 characters at most.
_LONGEST_NAME: Final = 300
# Longer than every window.
_KEPT_MS: Final = 2 * 86_400_000
# Seconds between two cleanings: rows are small, and each cleaning is a transaction.
_CLEAN_EVERY_S: Final = 600.0
# Seconds that the answer of a look is kept for.
_PEEK_AGAIN_S: Final = 1.0


@dataclass(slots=True)
class _Window:
    """The permits of one name that this process has in the window from `start` (milliseconds)."""

    start: int = -1
    permits: int = 0
    spent: bool = False
    peeked_at: float = 0.0
    # Calls that find no permit left wait for one portion together, and do not each ask for one.
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(frozen=True, slots=True)
class _PortionRequest:
    """A portion that somebody waits for."""

    name: str
    start: int
    portion: int
    limit: int
    granted: asyncio.Future[int] = field(repr=False)


@dataclass(slots=True)
class RateLimits:
    """Rate limits by name. `clock` gives seconds since the epoch, alike on every machine."""

    commits: GroupCommit
    clock: Callable[[], float] = time.time
    _held: OrderedDict[str, _Window] = field(default_factory=OrderedDict, repr=False)
    _requested: list[_PortionRequest] = field(default_factory=list, repr=False)
    _fetching: "asyncio.Task[None] | None" = field(default=None, repr=False)
    _cleaned_at: float = 0.0

    async def take(self, name: str, limit: int, window_s: int) -> float | None:
        """Take a permit. None where it is given, else the seconds until the next window.

        Raises `HistoryUnavailableError`.
        """
        held, wait = self._window(name, window_s)
        if held.permits > 0:
            held.permits -= 1
            return None
        if held.spent:
            return wait
        async with held.turn:
            held, wait = self._window(name, window_s)
            if held.permits == 0 and not held.spent:
                start, portion = held.start, max(1, limit // _PORTIONS)
                taken = await self._fetch(name, start, (portion, limit))
                if held.start != start:
                    # The window ended meanwhile, and the rest of its portion with it.
                    return None if taken else wait
                held.permits += taken
                held.spent = taken < portion
            if held.permits == 0:
                return wait
            held.permits -= 1
            return None

    async def peek(self, name: str, limit: int, window_s: int) -> float | None:
        """What `take` would give, without taking. At most a second old."""
        held, wait = self._window(name, window_s)
        if held.permits == 0 and not held.spent and self.clock() >= held.peeked_at:
            start, read_at = held.start, self.clock()
            used = await self.commits.read(lambda tx: _used(tx, name, start))
            if held.start == start:
                held.peeked_at = read_at + _PEEK_AGAIN_S
                held.spent = used >= limit
        return wait if held.spent and held.permits == 0 else None

    def _window(self, name: str, window_s: int) -> tuple[_Window, float]:
        """What is held of a name, and the seconds until its window ends."""
        if len(name) > _LONGEST_NAME:
            raise ValueError("the name of a limit is too long")
        now, window = round(self.clock() * 1000), window_s * 1000
        start = now - now % window
        held = self._held.get(name)
        if held is None:
            held = self._held[name] = _Window()
            if len(self._held) > _MOST_NAMES:
                self._held.popitem(last=False)
        if held.start != start:
            held.start, held.permits, held.spent, held.peeked_at = start, 0, False, 0.0
        return held, (start + window - now) / 1000

    async def _fetch(self, name: str, start: int, portions: tuple[int, int]) -> int:
        granted: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._requested.append(_PortionRequest(name, start, *portions, granted))
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.get_running_loop().create_task(self._fetch_all())
        return await granted

    async def _fetch_all(self) -> None:
        while self._requested:
            portions = sorted(self._requested, key=lambda request: (request.name, request.start))
            self._requested.clear()
            try:
                taken = await self.commits.write(partial(_take_all, portions))
            except BaseException as problem:
                for request in portions:
                    if not request.granted.done():
                        request.granted.set_exception(problem)
                if isinstance(problem, Exception):
                    continue
                raise
            for request, many in zip(portions, taken, strict=True):
                if not request.granted.done():
                    request.granted.set_result(many)
            await self._clean()

    async def _clean(self) -> None:
        """Delete rows of long ago, now and then, and in a transaction of its own."""
        now = self.clock()
        if now - self._cleaned_at >= _CLEAN_EVERY_S:
            self._cleaned_at = now
            oldest = round(now * 1000) - _KEPT_MS
            with suppress(HistoryError):
                await self.commits.write(
                    lambda tx: tx.run("DELETE FROM rates WHERE start < ?", oldest)
                )


def _take_all(requests: Sequence[_PortionRequest], tx: Transaction) -> list[int]:
    return [_take(tx, request) for request in requests]


def _take(tx: Transaction, request: _PortionRequest) -> int:
    """Take up to a portion within the limit; how many."""
    at = (request.name, request.start)
    # Changing the row, if only to itself, keeps other processes from it until this one is done.
    tx.run(
        "INSERT INTO rates (name, start, used) VALUES (?, ?, 0)"
        " ON CONFLICT (name, start) DO UPDATE SET used = rates.used",
        *at,
    )
    taken = max(0, min(request.portion, request.limit - _used(tx, *at)))
    tx.run("UPDATE rates SET used = used + ? WHERE name = ? AND start = ?", taken, *at)
    return taken


def _used(tx: Transaction, name: str, start: int) -> int:
    used_row = first_row(tx, "SELECT used FROM rates WHERE name = ? AND start = ?", name, start)
    return int(used_row[0]) if used_row else 0
