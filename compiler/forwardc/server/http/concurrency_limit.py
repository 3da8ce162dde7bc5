"""How many calls are under way, and whether the server takes more. Knows no call.

One process counts its own: `in_flight` bounds each worker.
"""

from collections.abc import Callable


class ConcurrencyLimit:
    """Counts calls. All methods are for the event loop, but `stop`, which a signal may call."""

    __slots__ = ("_changed", "_limit", "_under_way", "stopping")

    def __init__(self, limit: int, changed: Callable[[int], None] = lambda _: None) -> None:
        self._limit = limit
        self._changed = changed
        self._under_way = 0
        self.stopping = False

    @property
    def under_way(self) -> int:
        """How many calls have begun and not ended."""
        return self._under_way

    def enter(self) -> bool:
        """Begin a call; False where there are too many."""
        if self._under_way >= self._limit:
            return False
        self._under_way += 1
        self._changed(self._under_way)
        return True

    def leave(self) -> None:
        """End a call that began."""
        self._under_way -= 1
        self._changed(self._under_way)

    def stop(self) -> None:
        """Take no more calls."""
        self.stopping = True
