"""Writes `build/`, all or nothing: what changed is staged below it, and renamed when all is known.

| state | `build/` | `build/.staged/` |
|---|---|---|
| compiling | the old build | changed files, by numbers; its lock is held |
| syncing | the old build | the same, each on the disk before the first rename |
| renaming | files of both builds, the old manifest | those to come, and the names of new ones |
| done | the new build, its manifest the last | is gone |

Killed while compiling, a build leaves the old one. Killed while renaming, it leaves files of both,
which readers see by the digests of the manifest; the next build compares every file, and so
repairs it. What has no place in that next one is removed by the old manifest, and by the names that
were noted before the first rename: no file stays that nobody names.

For many files the disk is waited for at once (`whole_disk.py`), where the system can; for few, and
elsewhere, for each file and folder. That would be 14,000 waits for a thousand destinations. Without
any, a power cut could leave files that the new manifest names and that are empty, while the store
knows their size and times.

A second build waits for the lock. The staging folder is on the disk of its build, and git is not
shown it: it has a `.gitignore` of its own. A file that did not change is not touched.

Traced: `stripe/shop/review.html` changed. Its bytes become `.staged/0.tmp`. At the end, on the
disk by then, that is renamed to `stripe/shop/review.html` and the folder is synced, then
`manifest.json` is renamed in the same way, and `.staged/` is removed.
"""

import errno
import json
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Final, TypeVar

from forwardc.compile.review.comparison import MANIFEST, BuildChanges, BuildComparison, Outputs
from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.core.files.checkout import CheckoutPath, as_checkout
from forwardc.core.files.folder_lock import FolderLock, acquire
from forwardc.core.files.folder_walk import FolderWalk
from forwardc.core.files.kinds import BUILT, FileRefusedError
from forwardc.core.files.walk import OpenFolder, move, put_new, sync_file
from forwardc.core.files.whole_disk import sync_file_system
from forwardc.plan.formats import STAGED, STAGED_LOCK

_NAMES: Final = "names.json"
_IGNORED: Final = ".gitignore"
_ALL: Final = b"*\n"
# Those that are numbered, and what is to become the names.
_STAGED_FILE: Final = re.compile(r"(?:[0-9]+|\.[0-9a-f]+)\.tmp")
_AT_ONCE: Final = 8
"""Threads: a disk writes what many wait for in one go. 1,300 files take 5 s in turn, 0.2 s so."""
_IN_TURN: Final = 4
"""Files: to start threads for fewer takes longer than it saves."""
_MANY: Final = 64
"""Files: as much as five destinations have; what others wrote is not waited for with fewer."""
Each = TypeVar("Each")
PATIENCE_S = 60.0
"""Seconds: a cold build of a thousand destinations takes less."""


class BuildUnderWayError(ForwardcError, OSError):
    """Another process is writing the same folder, and did not end in time."""

    def __init__(self) -> None:
        super().__init__(errno.EBUSY, "another build of it is under way")


class StagedBuild:
    """A build that is being written. Left without `finish`, the old one is as it was.

    `waiting` is called once where another build is under way, for which this one waits, at most
    `patience_s` seconds.
    """

    def __init__(
        self,
        folder: CheckoutPath,
        waiting: Callable[[], None] = lambda: None,
        patience_s: float | None = None,
    ) -> None:
        self._folder, self._waiting = folder, waiting
        self._patience_s = PATIENCE_S if patience_s is None else patience_s
        self._at = folder / STAGED
        self._comparison = BuildComparison(folder)
        self._staging = FolderWalk(folder.root, make=True)
        self._staged: dict[str, str] = {}
        """What is to be renamed, by the path that it gets."""
        self._number = 0
        self._lock: FolderLock | None = None
        self._left: list[str] = []
        """What a build that was broken off may have put there."""
        self._problem: OSError | None = None
        self._unwritable: OSError | None = None
        self._has_begun = self._is_new = False

    def __enter__(self) -> "StagedBuild":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def begin(self) -> None:
        """Hold the lock, and clear what a build left that was broken off; once, however often.

        Raises:
            BuildUnderWayError: Another build of the folder does not end.
            FileRefusedError: A link stands on the way to it.
        """
        if self._has_begun:
            return
        self._has_begun, self._is_new = True, not self._folder.exists()
        try:
            self._hide()
            self._lock = acquire(self._at / STAGED_LOCK, self._patience_s, self._waiting)
        except FileRefusedError:
            raise
        except OSError as problem:
            # What nobody may write can be compared all the same.
            self._unwritable = problem
            return
        if self._lock is None:
            raise BuildUnderWayError
        # The one before it may have removed the folder meanwhile.
        self._hide()
        self._left = self._noted_names()
        for staged in self._leftovers():
            staged.remove()

    def take(self, path: str, data: bytes) -> None:
        """Stage one file where it differs from what is there; of two for a path, the later.

        What goes wrong with a file is told by `finish`: until then nobody knows whether a mistake
        in a destination is to be told instead.

        Raises:
            BuildUnderWayError: Another build of the folder does not end.
        """
        if self._problem is not None:
            return
        try:
            self.begin()
            self._unstage(path)
            if self._comparison.take(path, data):
                self._stage(path, data)
        except BuildUnderWayError:
            raise
        except OSError as problem:
            self._problem = problem

    def stays(self, path: str) -> None:
        """Count a file that is known to be there as it is to be: it is not compared."""
        self._comparison.stays(path)

    def finish(self, made: Collection[str] | None = None) -> BuildChanges:
        """Rename what was staged, the manifest last, and remove what is not made any more.

        `made` are the files of the build; a destination whose file changed meanwhile may have made
        others before. None for all that were taken.

        Raises:
            OSError: A file could not be compared, staged, renamed or removed.
            FileRefusedError: A link stands on the way to any of it.
        """
        if self._problem is not None:
            raise self._problem
        if made is not None:
            self._comparison.keep_only(made)
        changes = self._comparison.changes(self._left)
        if changes.any:
            at_once = self._sync(sorted(self._staged))
            self._note_new_names()
            self._change(changes, at_once=at_once)
            self._is_new = False
        self._left = []
        return changes

    def _hide(self) -> None:
        ignored = self._at / _IGNORED
        try:
            ignored.create(_ALL)
        except FileExistsError:
            # A build may have been killed before it said so.
            if ignored.read(BUILT) != _ALL:
                ignored.replace(_ALL)

    def _leftovers(self) -> list[CheckoutPath]:
        return [self._at / name for name in self._at.names(".tmp") if _STAGED_FILE.fullmatch(name)]

    def _noted_names(self) -> list[str]:
        try:
            names = json.loads((self._at / _NAMES).read(BUILT))
        except FileRefusedError:
            raise
        except (OSError, ValueError, RecursionError):
            return []
        return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []

    def _stage(self, path: str, data: bytes) -> None:
        if self._unwritable is not None:
            raise self._unwritable
        name = f"{self._number}.tmp"
        self._number += 1
        with self._named(path):
            mode = self._comparison.mode_of(path)
            put_new(self._staging.to(self._at.parts), name, data, mode, synced=False)
        self._staged[path] = name

    def _unstage(self, path: str) -> None:
        staged = self._staged.pop(path, None)
        if staged is not None:
            (self._at / staged).remove()

    def _note_new_names(self) -> None:
        """Write down what no manifest names yet, before it is there."""
        if self._unwritable is not None:
            raise self._unwritable
        names = sorted({*self._comparison.unnamed(), *self._left})
        if names:
            (self._at / _NAMES).replace(json.dumps(names).encode())

    def _sync(self, paths: Sequence[str]) -> bool:
        """Wait until all that is staged is on the disk; whether it was waited for at once."""
        staging = self._staging.to(self._at.parts)
        if len(paths) > _MANY and sync_file_system(staging):
            return True
        _together(partial(self._sync_one, staging), paths)
        return False

    def _sync_one(self, staging: OpenFolder, path: str) -> None:
        with self._named(path):
            sync_file(staging, self._staged[path])

    def _change(self, changes: BuildChanges, *, at_once: bool) -> None:
        touched: dict[tuple[str, ...], CheckoutPath] = {}
        with closing(FolderWalk(self._folder.root, make=True, synced=not at_once)) as there:
            for path in changes.written:
                if path != MANIFEST:
                    touched[(self._folder / path).parts[:-1]] = self._rename(path, there)
            for path in changes.removed:
                with self._named(path):
                    (self._folder / path).remove()
                touched[(self._folder / path).parts[:-1]] = self._folder / path
            # All names are on the disk before the manifest says that they are so.
            if not (at_once and sync_file_system(self._staging.to(self._at.parts))):
                _together(CheckoutPath.sync_folder, list(touched.values()))
            if MANIFEST in self._staged:
                self._rename(MANIFEST, there).sync_folder()

    def _rename(self, path: str, there: FolderWalk) -> CheckoutPath:
        file, staging = self._folder / path, self._staging.to(self._at.parts)
        with self._named(path):
            move(staging, self._staged[path], there.to(file.parts[:-1]), file.parts[-1])
        return file

    @contextmanager
    def _named(self, path: str) -> Iterator[None]:
        """What goes wrong is told of this file, and not of the one that is staged for it."""
        try:
            yield
        except FileRefusedError:
            raise
        except OSError as problem:
            problem.filename = "/".join((self._folder / path).parts)
            problem.filename2 = None
            raise

    def _end(self) -> None:
        """Remove the staging folder, and let others build. What stays, the next build removes."""
        self._staging.close()
        self._comparison.close()
        if self._lock is None:
            return
        try:
            files = [*self._leftovers(), self._lock.file]
            if not self._left:
                # Else the names of a killed build are still what tells its files.
                files[-1:] = [self._at / _NAMES, self._at / _IGNORED, self._lock.file]
            for file in files:
                with suppress(OSError):
                    file.remove()
            with suppress(OSError):
                self._at.remove_folder()
                if self._is_new:
                    self._folder.remove_folder()
        finally:
            self._lock.release()


def _together(wait: Callable[[Each], None], each: Sequence[Each]) -> None:
    """Wait for the disk for each of them: for many at once. Raises the first error, in order."""
    if len(each) <= _IN_TURN:
        for item in each:
            wait(item)
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(_AT_ONCE) as threads:
        for _ in threads.map(wait, each):
            pass


def write(folder: Path | CheckoutPath, outputs: Outputs) -> BuildChanges:
    """Bring a build folder up to date, all or nothing.

    Raises:
        OSError: A file cannot be written or removed.
        BuildUnderWayError: Another build of the folder does not end.
    """
    with StagedBuild(as_checkout(folder)) as staged:
        for path, data in outputs:
            staged.take(path, data)
        return staged.finish()
