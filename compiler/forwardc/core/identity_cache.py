"""Keeps what was computed of an object, for as long as that very object lives.

Objects are told by identity: an equal one, or a changed copy, is computed anew. What is asked of
must never change, as plans and the requests in them do not.
"""

from collections.abc import Callable, Hashable
from dataclasses import field
from typing import Any, Generic, TypeVar
from weakref import ref

from forwardc.core.dataclass import dataclass

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class _Entries(Generic[Value]):
    owner: "ref[Any]"
    values: dict[Hashable, Value] = field(default_factory=dict)


class IdentityCache(Generic[Value]):
    """Values of objects, each under a few keys: the oldest goes when there are more than `most`."""

    __slots__ = ("_by_owner", "_most")

    def __init__(self, most: int = 64) -> None:
        self._most = most
        self._by_owner: dict[int, _Entries[Value]] = {}

    def get(self, owner: object, key: Hashable, compute: Callable[[], Value]) -> Value:
        """What is kept of `owner` under `key`, or what `compute` gives, from now on."""
        entries = self._by_owner.get(id(owner))
        if entries is None or entries.owner() is not owner:
            entries = self._new_entries(owner)
        try:
            return entries.values[key]
        except KeyError:
            value = compute()
        if len(entries.values) >= self._most:
            for oldest in list(entries.values)[:1]:
                entries.values.pop(oldest, None)
        entries.values[key] = value
        return value

    def _new_entries(self, owner: object) -> _Entries[Value]:
        place, by_owner = id(owner), self._by_owner

        def clear(gone: object) -> None:
            # The place may be another object's by now.
            if (there := by_owner.get(place)) is not None and there.owner is gone:
                del by_owner[place]

        entries = by_owner[place] = _Entries(ref(owner, clear))
        return entries
