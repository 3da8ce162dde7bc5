"""`forwardc diff`: what changed since a commit or since the approvals, and who must act."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from forwardc.cli.findings import find_project, project_option, show

if TYPE_CHECKING:
    from forwardc.diagnostics.sink import Sink
    from forwardc.review.diff.builds import Build
    from forwardc.review.diff.finding import Difference

EXIT_DIFFERENT = 3
APPROVED = "approved"


@click.command(short_help="Show what changed, and whether it needs a new review.")
@click.option(
    "--against",
    default="HEAD",
    show_default=True,
    metavar="GIT_REF|approved",
    help="A commit's build/, or what forwardc.lock approves.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json", "markdown", "html"]),
    default="text",
    show_default=True,
    help="How differences are shown.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["review", "breaking", "own", "any"]),
    default="any",
    show_default=True,
    help="Exit with 3 only for differences of this class or a graver one.",
)
@project_option
def command(against: str, format_: str, fail_on: str, project: Path | None) -> int:
    """Compare the compiled project with what was committed or approved.

    A commit is compared by its committed build/, without compiling it.
    """
    from forwardc.diagnostics.sink import Sink
    from forwardc.review.diff.render import Format, render

    root = find_project(project)
    sink = Sink()
    found = _differences(root, against, sink)
    if found is None:
        show(sink, "text", root)
        return 1
    click.echo(render(found, Format(format_), against), nl=False)
    return EXIT_DIFFERENT if any(_fails(one, fail_on) for one in found) else 0


def _differences(root: Path, against: str, sink: "Sink") -> "list[Difference] | None":
    from forwardc.plan.approvals import lock_path, read_lock
    from forwardc.review.diff.builds import NoBuild, committed
    from forwardc.review.diff.compare import accept, compare
    from forwardc.review.diff.since_approval import since_approval

    new = _present(root, sink)
    if new is None:
        return None
    build, folder = new
    lock = read_lock(lock_path(root / folder), sink)
    if lock is None:
        return None
    try:
        if against == APPROVED:
            found = since_approval(lock, build)
        else:
            found = compare(committed(root, against, folder), build)
    except NoBuild as problem:
        sink.error("FC0707", f"{against}: {problem}", hint="name a commit that holds build/")
        return None
    return accept(found, {one.change: one.reason for one in lock.accepted})


def _present(root: Path, sink: "Sink") -> "tuple[Build, str] | None":
    """The build folder where it is fresh, which is quick to see, else a new compilation."""
    from forwardc.compile import compile_project
    from forwardc.language.load import load_project
    from forwardc.review.diff.builds import Folder, Made
    from forwardc.review.fresh import is_fresh

    project = load_project(root, sink)
    if project is not None and is_fresh(root, project):
        return Folder(root / project.build), project.build
    compiled = compile_project(root, sink)
    if sink.has_errors or compiled.loaded.project is None:
        return None
    return Made(dict(compiled.outputs())), compiled.loaded.project.build


def _fails(one: "Difference", fail_on: str) -> bool:
    from forwardc.review.diff.finding import Class

    if one.accepted:
        return False
    order = list(Class)
    return fail_on == "any" or order.index(one.class_) <= order.index(Class(fail_on))
