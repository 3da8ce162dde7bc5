"""`forwardc approvals revoke`: withdraws approvals, at once and whatever the project looks like.

Writes `forwardc.lock` first, and then the pages of `build/` that show it, where they were fresh:
whoever withdraws in a hurry must not have to mend a destination before.
"""

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from forwardc.cli.findings import show
from forwardc.cli.output import note, say, say_document, shown_path
from forwardc.cli.project_folder import PROJECT_FILE
from forwardc.core.diagnostics.sink import Sink

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forwardc.compile.review.approve import Withdrawal

_WHOSE: Final = {"own": "own approval", "psp": "PSP's approval"}


def revoke(build: Path, meant: "Withdrawal", *, as_json: bool) -> int:
    """Withdraw, and tell what was; 1 with the reason where nothing can be."""
    sink = Sink()
    written = _written(build, meant, sink)
    if as_json:
        say_document(written and _data(*written), sink)
        return 0 if written else 1
    for approval in _data(*written)["withdrawn"] if written else ():
        of = "{vault} {destination}.{operation}, {environment}".format_map(approval)
        say(f"withdrawn: the {_WHOSE[approval['whose']]} of {of}")
    if written:
        say(f"written: {shown_path(written[1])}")
    show(sink, "text", None)
    return 0 if written else 1


def _data(withdrawn: "Sequence[tuple[str, str]]", path: Path) -> dict[str, Any]:
    names = ("vault", "destination", "operation", "environment", "whose")
    approvals = [
        dict(zip(names, (*key.split("/"), whose), strict=True)) for key, whose in withdrawn
    ]
    return {"withdrawn": approvals, "written": shown_path(path)}


def _written(
    build: Path, meant: "Withdrawal", sink: Sink
) -> "tuple[Sequence[tuple[str, str]], Path] | None":
    from forwardc.cli.compiled_plans import write_lock
    from forwardc.compile.review.approve import with_revoked
    from forwardc.plan.formats import lock_of_build
    from forwardc.plan.lock import read_lock

    lock = read_lock(lock_of_build(build), sink)
    revocation = with_revoked(lock, meant, sink) if lock is not None else None
    if revocation is None:
        return None
    root = _project_of(build)
    path = write_lock(build, revocation[0], sink)
    if path is None:
        return None
    _build(root, build, meant.date)
    return revocation[1], path


def _project_of(build: Path) -> Path | None:
    """The project whose build folder this is and stands fresh; None where there is none."""
    from forwardc.core.files.above import nearest
    from forwardc.core.files.checkout import below, named_by_person

    folder = named_by_person(build).path
    root = nearest(folder.parent, (PROJECT_FILE,)).folder
    if root is None:
        return None
    from forwardc.compile.language.load import load_project
    from forwardc.compile.review.fresh import is_fresh

    project = load_project(root, Sink())
    if project is None or (below(root) / project.build).path != folder:
        return None
    return root if is_fresh(root, project) else None


def _build(root: Path | None, build: Path, today: datetime.date) -> None:
    """Write the pages anew that show the lock."""
    from forwardc.cli.compiled_plans import build_again

    sink = Sink()
    if root is not None:
        build_again(root, build, today, sink)
    if root is None or sink.has_errors:
        note(f"{shown_path(build)}/ still shows the approval: run `forwardc build` for its pages")
