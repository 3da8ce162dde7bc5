"""Which leaves of the vaults' facts are read: facts that note each look at them."""

from collections.abc import Iterator, Mapping
from typing import Any

META = frozenset({"source"})
"""What a fact says of itself: read with the fact."""


class Noted(dict[str, Any]):
    """A mapping of the facts that notes the path of each leaf that somebody takes out of it.

    A dict, so that everything that takes a fact for data goes on doing so.
    """

    def __init__(self, data: Mapping[str, Any], path: tuple[str, ...], seen: set[str]) -> None:
        super().__init__(
            {
                key: Noted(value, (*path, str(key)), seen) if isinstance(value, dict) else value
                for key, value in data.items()
            }
        )
        self._path, self._seen = path, seen

    def __iter__(self) -> Iterator[str]:
        # Its own, so that `**` and `dict()` take the values one by one.
        return super().__iter__()

    def _look(self, key: str) -> None:
        self._seen.add("/".join((*self._path, str(key))))

    def __getitem__(self, key: str) -> Any:
        self._look(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        """As a dict has it."""
        if key in self:
            self._look(key)
        return super().get(key, default)

    def items(self) -> Any:
        """As a dict has it: whoever goes over all of them has seen all."""
        for key in self:
            self._look(key)
        return super().items()

    def values(self) -> Any:
        """As a dict has it."""
        for key in self:
            self._look(key)
        return super().values()

    def keys(self) -> Any:
        """As a dict has it; with the names a copy takes the values."""
        for key in self:
            self._look(key)
        return super().keys()


def leaves(data: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[str]:
    """The paths of all leaves of facts, with `/` between the names."""
    for key, value in data.items():
        if isinstance(value, dict):
            yield from leaves(value, (*path, str(key)))
        elif key not in META:
            yield "/".join((*path, str(key)))
