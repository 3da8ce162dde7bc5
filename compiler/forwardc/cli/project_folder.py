"""Where a person stands: the project around the working directory, and paths as seen from there.

What is typed starts at the working directory, and what is left out at the project's folder.
"""

import os
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import Final

PROJECT_FILE: Final = "forwardc.yaml"
_LOCK: Final = "forwardc.lock"


def project_above() -> Path | None:
    """The project's folder, found as `find_project` finds it; None where there is none.

    A machine that only runs may have no project file: then `forwardc.lock` beside `build/` tells.
    """
    from forwardc.core.files.above import nearest

    try:
        start = Path().resolve()
    except FileNotFoundError:
        return None
    return nearest(start, (PROJECT_FILE, _LOCK)).folder


def in_project(path: str) -> str:
    """A path of the project's folder as it is typed from here; the path itself without one."""
    root = project_above()
    return path if root is None else seen_from_here(root, path)


@contextmanager
def standing_in_project(of: object) -> Iterator[None]:
    """Stand in the project's folder meanwhile, where nobody said what to start with.

    All paths of a server's settings begin where it was started: so they mean the same wherever in
    the project somebody starts it.
    """
    root = project_above() if of is None else None
    if root is None or root == Path().resolve():
        yield
        return
    with chdir(root):
        yield


def seen_from_here(root: Path, path: str) -> str:
    """A path below `root` as it is typed in the working directory; an absolute one stays."""
    if Path(path).is_absolute():
        return path
    try:
        return Path(os.path.relpath(root / path)).as_posix()
    except (OSError, ValueError):
        # There is no working directory any more, or it is on another drive.
        return (root / path).as_posix()
