"""Keeps what was computed of an object, for as long as that very object lives.

Knows objects by identity: an equal one, or a changed copy, is computed anew. What is asked of
must never change, as plans and the requests in them do not.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from weakref import ref

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class _Shelf(Generic[Value]):
    owner: "ref[Any]"
    values: dict[Hashable, Value] = field(default_factory=dict)


class IdentityCache(Generic[Value]):
    """Values of objects, each under a few keys: the oldest goes when there are more than `most`."""

    __slots__ = ("_most", "_shelves")

    def __init__(self, most: int = 64) -> None:
        self._most = most
        self._shelves: dict[int, _Shelf[Value]] = {}

    def get(self, owner: object, key: Hashable, compute: Callable[[], Value]) -> Value:
        """What is kept of `owner` under `key`, or what `compute` gives, from now on."""
        shelf = self._shelves.get(id(owner))
        if shelf is None or shelf.owner() is not owner:
            shelf = self._shelf(owner)
        try:
            return shelf.values[key]
        except KeyError:
            value = compute()
        if len(shelf.values) >= self._most:
            for oldest in list(shelf.values)[:1]:
                shelf.values.pop(oldest, None)
        shelf.values[key] = value
        return value

    def _shelf(self, owner: object) -> _Shelf[Value]:
        place, shelves = id(owner), self._shelves

        def clear(gone: object) -> None:
            # The place may be another object's by now.
            if (there := shelves.get(place)) is not None and there.owner is gone:
                del shelves[place]

        shelf = shelves[place] = _Shelf(ref(owner, clear))
        return shelf
