"""Writes `forwardc.lock` for the commands that change it, and then the pages that show it.

What the lock holds is the command's; here it replaces the file at once, and `build/` is compiled
anew with it.
"""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from forwardc.core.files.checkout import CheckoutPath
from forwardc.core.files.kinds import FileRefusedError

if TYPE_CHECKING:
    from forwardc.compile.compiled import Compiled
    from forwardc.core.diagnostics.sink import Sink
    from forwardc.plan.lock import Lock


def fresh_build(compiled: "Compiled", sink: "Sink") -> CheckoutPath | None:
    """The build folder, None with FC0706 where it is not what the destinations compile to."""
    from forwardc.compile.review.comparison import compare
    from forwardc.core.diagnostics.text_file import unreadable

    folder = compiled.loaded.build
    shown = "/".join(folder.parts)
    try:
        changes = compare(folder, compiled.outputs())
    except FileRefusedError as problem:
        unreadable(problem, f"{shown}/", "FC0706", sink)
        return None
    if not changes.any:
        return folder
    stale = (*changes.written, *changes.removed)
    sink.error(
        "FC0706",
        f"{shown}/ is not what the destinations compile to: {len(stale)} stale, "
        f"the first is {stale[0]}",
        hint="run `forwardc build`, look at what changed, then approve",
    )
    return None


def save(folder: CheckoutPath, lock: "Lock", today: date, sink: "Sink") -> Path | None:
    """Write the lock, and build again what shows it; None with FC0706 where it cannot be."""
    path = write_lock(folder, lock, sink)
    if path is not None:
        build_again(folder.root, folder, today, sink)
    return path


def write_lock(folder: Path | CheckoutPath, lock: "Lock", sink: "Sink") -> Path | None:
    """Write the lock of a build folder; None with FC0706 where it cannot be."""
    from forwardc.compile.review.approve import lock_bytes
    from forwardc.plan.formats import LOCK, lock_of_build

    file = lock_of_build(folder)
    try:
        file.replace(lock_bytes(lock))
    except OSError as problem:
        sink.error("FC0706", f"{LOCK} cannot be written: {problem.strerror}")
        return None
    return file.path


def build_again(root: Path, folder: Path | CheckoutPath, today: date, sink: "Sink") -> None:
    """Compile and write `build/`; what it finds in the project is in the sink."""
    from forwardc.compile.pipeline import compile_project
    from forwardc.compile.review.staged_build import write
    from forwardc.core.diagnostics.sink import Sink
    from forwardc.plan.formats import LOCK

    # What it finds was found before the lock was written.
    again = Sink()
    compiled = compile_project(root, again, today)
    if again.has_errors:
        for finding in again.sorted():
            sink.add(finding)
        return
    try:
        write(folder, compiled.outputs())
    except OSError as problem:
        message = f"{LOCK} is written, and {compiled.loaded.build.path.name}/ cannot be"
        hint = "run `forwardc build`: it writes what is left"
        sink.error("FC0701", f"{message}: {problem.strerror}", hint=hint)
