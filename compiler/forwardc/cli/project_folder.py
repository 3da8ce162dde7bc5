"""Where a person stands: the project around the working directory, and paths as seen from there.

What is typed starts at the working directory, and what is left out at the project's folder.
"""

import os
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import Final

import click

PROJECT_FILE: Final = "forwardc.yaml"
_LOCK: Final = "forwardc.lock"
project_option = click.option(
    "--project",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help=f"The folder of {PROJECT_FILE}. Default: the nearest one above the working directory.",
)


def find_project(folder: Path | None) -> Path:
    """The project's folder, resolved once. Raises a usage error where there is none.

    A link called `forwardc.yaml` counts as one here: the reader refuses it, and says why.
    """
    from forwardc.core.files.above import search_upwards

    try:
        start = (folder or Path()).resolve()
    except FileNotFoundError:
        raise click.UsageError("The working directory is not there any more.") from None
    if folder:
        if os.path.lexists(start / PROJECT_FILE):
            return start
        raise click.UsageError(f"--project: there is no {PROJECT_FILE} in that folder.")
    search = search_upwards(start, (PROJECT_FILE,))
    if search.folder is not None:
        return search.folder
    ended = f" The search ended below {search.ended}: {search.why}." if search.ended else ""
    raise click.UsageError(
        f"There is no {PROJECT_FILE} here or above.{ended} Name its folder with --project."
    )


def project_above() -> Path | None:
    """The project's folder, found as `find_project` finds it; None where there is none.

    A machine that only runs may have no project file: then `forwardc.lock` beside `build/` tells.
    """
    from forwardc.core.files.above import search_upwards

    try:
        start = Path().resolve()
    except FileNotFoundError:
        return None
    return search_upwards(start, (PROJECT_FILE, _LOCK)).folder


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
