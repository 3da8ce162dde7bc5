"""Which files wake `forwardc watch`, and what the system tells of them.

What is watched are the folders of all inputs, without what lies deeper; of what is told of them
only inputs count, so that the files which a build writes wake nobody.
"""

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Final

from forwardc.cli.project_folder import PROJECT_FILE
from forwardc.core.dataclass import dataclass

_LOOK_MS: Final = 200
"""Milliseconds after which no news is news, too: so long it takes to know that watching has begun.

The library itself looks for signals every 50.
"""


@dataclass(frozen=True, slots=True)
class WatchedInputs:
    """Absolute paths: `files`, what else ends in `.yaml` in the folder `listed`, and `folders`.

    `folders` are those of all of them, below the project.
    """

    files: frozenset[str]
    listed: str
    folders: frozenset[str]

    @classmethod
    def of(cls, root: Path, destinations: str, others: Iterable[str]) -> "WatchedInputs":
        """The inputs of a project with its destinations in a folder, and `others` below it."""
        files = {root / path for path in (PROJECT_FILE, *others)}
        listed = root / destinations
        ends = {*(file.parent for file in files), listed}
        folders = {way for end in ends for way in (end, *end.parents) if way.is_relative_to(root)}
        return cls(_paths(files), listed.as_posix(), _paths(folders))

    def wakes(self, path: str) -> bool:
        """Whether a change there is one of an input, or of a folder of inputs."""
        folder, _, name = path.rpartition("/")
        is_listed = folder == self.listed and name.endswith(".yaml")
        return is_listed or path in self.files or path in self.folders


def _paths(paths: Iterable[Path]) -> frozenset[str]:
    return frozenset(path.as_posix() for path in paths)


class InputEvents:
    """What happens to the inputs of a project, whichever they are by now."""

    def __init__(self, inputs: WatchedInputs) -> None:
        self.inputs = inputs
        self._news: Iterator[set[str]] = iter(())
        self._first: set[str] = set()
        self._watched: frozenset[str] = frozenset()

    def begin(self) -> None:
        """Watch from now on: what happens after this is heard."""
        self._watched = self._folders()
        self._news = _news(self._watched)
        self._first = next(self._news, set())

    def wait(self) -> frozenset[str]:
        """Wait for a change; the paths that changed.

        None of them where watching began anew: nobody heard what happened meanwhile. Raises
        `KeyboardInterrupt`.
        """
        if self._folders() != self._watched:
            self.begin()
            return self._inputs_among(self._first)
        for paths in chain((self._first,), self._news):
            self._first = set()
            changed = self._inputs_among(paths)
            if changed & self._watched:
                # Of a folder that was made anew nothing more would be heard.
                self._watched = frozenset()
            if changed:
                return changed
        raise KeyboardInterrupt

    def _folders(self) -> frozenset[str]:
        return frozenset(folder for folder in self.inputs.folders if Path(folder).is_dir())

    def _inputs_among(self, paths: Iterable[str]) -> frozenset[str]:
        return frozenset(filter(self.inputs.wakes, paths))


def _news(folders: frozenset[str]) -> Iterator[set[str]]:
    """The paths of each change in these folders; none where nothing was heard for a while."""
    from watchfiles import watch

    events = watch(
        *sorted(folders),
        watch_filter=None,
        recursive=False,
        rust_timeout=_LOOK_MS,
        yield_on_timeout=True,
    )
    for changes in events:
        yield {Path(path).as_posix() for _, path in changes}
