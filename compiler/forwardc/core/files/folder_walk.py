"""One folder after the other below a root: what their ways have in common is opened once.

A build writes a dozen files into each of a thousand folders, and each file is looked at, staged and
renamed. A walk of its own for each of these steps opens twenty folders a file; this one holds the
folders of its last way, and goes on from there. As in `walk.py` no link is followed.

Traced: `build/stripe/shop` is held, and `build/stripe/kiosk` is asked for. `shop` is closed,
`kiosk` is opened from `stripe`, and nothing else is touched. A folder that is removed meanwhile
stays open, and has nothing in it: whoever opens or makes a file there is told that it is missing.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from forwardc.core.files.walk import BY_DESCRIPTOR, OpenFolder, looked_at, open_below, open_root


class FolderWalk:
    """The folders below a root that were asked for last. To be closed.

    `make`: those that are missing are made, and their names can be synced; `synced`: they are.
    """

    def __init__(self, root: Path, *, make: bool = False, synced: bool = True) -> None:
        self._root, self._make, self._synced = root, make, synced
        self._parts: list[str] = []
        self._open: list[int] = []
        """A descriptor for the root, and for each of the parts."""

    def to(self, parts: Sequence[str]) -> OpenFolder:
        """The folder at `parts`, open until another one is asked for.

        Raises `FileRefusedError` for a link on the way, and `OSError`.
        """
        if not BY_DESCRIPTOR:
            return looked_at(self._root, parts, make=self._make)
        if not self._open:
            self._open.append(open_root(self._root, listed=self._make))
        same = 0
        while same < min(len(parts), len(self._parts)) and parts[same] == self._parts[same]:
            same += 1
        self._leave(same)
        for part in parts[same:]:
            self._open.append(self._opened(part))
            self._parts.append(part)
        return OpenFolder(self._open[-1])

    def close(self) -> None:
        """Close all folders. What is asked for later is opened anew."""
        self._leave(0)
        for descriptor in self._open:
            os.close(descriptor)
        self._open.clear()

    def _opened(self, part: str) -> int:
        above, make = self._open[-1], self._make
        return open_below(above, part, listed=make, make=make, synced=self._synced)

    def _leave(self, depth: int) -> None:
        while len(self._parts) > depth:
            self._parts.pop()
            os.close(self._open.pop())
