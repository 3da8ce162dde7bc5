"""Lends a few things out to many, in the order in which they ask. Knows nothing of the things.

`asyncio.Queue` would let whoever just gave a thing back take it again before those who wait.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Generic, TypeVar

T = TypeVar("T")


class FairQueue(Generic[T]):
    """Things of which each is used by one task at a time, on one event loop."""

    def __init__(self, things: Iterable[T]) -> None:
        self._free = list(things)
        self._waiting: deque[asyncio.Future[T]] = deque()

    async def take(self) -> T:
        """The thing that was given back last; waits while there is none."""
        if self._free:
            return self._free.pop()
        turn: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give(turn.result())
            raise

    def give(self, thing: T) -> None:
        """Give a thing back: to whoever has waited longest."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(thing)
                return
        self._free.append(thing)
