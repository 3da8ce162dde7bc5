"""`forwardc diff`: what changed since a commit or since the approvals, and who must act."""

import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from forwardc.cli.compiled_plans import collector_paused
from forwardc.cli.findings import show
from forwardc.cli.options import day_of, today_option
from forwardc.cli.output import json_option, note, say, say_document, shown_path
from forwardc.cli.project_folder import find_project, project_option

if TYPE_CHECKING:
    from forwardc.compile.review.diff.builds import Build
    from forwardc.compile.review.diff.difference import Difference
    from forwardc.core.diagnostics.sink import Sink

EXIT_DIFFERENT = 3
"""Exit code: `build --check` and `diff` alike, so that a pipeline tells it from a mistake (1)."""
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
@json_option
@click.option(
    "--fail-on",
    type=click.Choice(["review", "breaking", "own", "any"]),
    default="any",
    show_default=True,
    help="Exit with 3 only for differences of this class or a graver one.",
)
@click.option(
    "--accept",
    "accepted",
    multiple=True,
    metavar="ID",
    help="Accept a break of callers, by the id that is shown; with --reason and --by.",
)
@click.option("--reason", metavar="TEXT", help="Why the break is accepted.")
@click.option("--by", metavar="NAME", help="Who accepts it. A claim, not a proof.")
@today_option
@project_option
@collector_paused()
def command(
    against: str,
    format_: str,
    as_json: bool,
    fail_on: str,
    accepted: tuple[str, ...],
    reason: str | None,
    by: str | None,
    today: datetime.datetime | None,
    project: Path | None,
) -> int:
    """Compare the compiled project with what was committed or approved.

    A commit is compared by its committed build/, without compiling it. A break of callers that is
    meant can be accepted: it is written to forwardc.lock with the reason, and fails no more.
    """
    from forwardc.compile.review.diff.render import DiffFormat, data, render
    from forwardc.core.diagnostics.sink import Sink

    if bool(accepted) != bool(reason) or bool(accepted) != bool(by):
        raise click.UsageError("--accept ID, --reason TEXT and --by NAME go together.")
    root, sink = find_project(project), Sink()
    as_json = as_json or format_ == DiffFormat.JSON
    differences = _differences(root, against, day_of(today), sink)
    if differences is None:
        say_document(None, sink, root) if as_json else show(sink, "text", root)
        return 1
    if reason is not None and by is not None:
        show(sink, "text", root, err=True)
        return _accept(root, differences, accepted, reason, by, day_of(today), as_json=as_json)
    if as_json:
        say_document(data(differences, against), sink, root)
    else:
        show(sink, "text", root, err=True)
        click.echo(render(differences, DiffFormat(format_), against), nl=False)
    return EXIT_DIFFERENT if any(_fails(difference, fail_on) for difference in differences) else 0


def _differences(
    root: Path, against: str, today: datetime.date, sink: "Sink"
) -> "list[Difference] | None":
    from forwardc.compile.review.diff.builds import NoBuildError, committed
    from forwardc.compile.review.diff.compare import accept, compare, since_approval
    from forwardc.core.files.checkout import below
    from forwardc.plan.formats import lock_of_build
    from forwardc.plan.lock import read_lock

    new = _present(root, today, sink)
    if new is None:
        return None
    build, folder = new
    lock = read_lock(lock_of_build(below(root) / folder), sink)
    if lock is None:
        return None
    try:
        if against == APPROVED:
            differences = since_approval(lock, build, today)
        else:
            differences = compare(committed(root, against, folder), build)
    except NoBuildError as problem:
        sink.error("FC0707", f"{against}: {problem}", hint="name a commit that holds build/")
        return None
    return accept(
        differences, {acceptance.change: acceptance.reason for acceptance in lock.accepted}
    )


def _present(root: Path, today: datetime.date, sink: "Sink") -> "tuple[Build, str] | None":
    """The build folder where it is fresh, which is quick to see, else a new compilation."""
    from forwardc.compile.language.load import load_project
    from forwardc.compile.pipeline import compile_project
    from forwardc.compile.review.diff.builds import CompiledBuild, FolderBuild
    from forwardc.compile.review.fresh import check_evidence, is_fresh
    from forwardc.core.files.checkout import below

    project = load_project(root, sink)
    if project is not None and is_fresh(root, project):
        check_evidence(root, project, today, sink)
        return (
            None if sink.has_errors else (FolderBuild(below(root) / project.build), project.build)
        )
    compiled = compile_project(root, sink, today)
    if sink.has_errors or compiled.loaded.project is None:
        return None
    folder = compiled.loaded.project.build
    note(f"{folder}/ is stale: what the destinations compile to now is compared")
    return CompiledBuild(dict(compiled.plans())), folder


def _fails(difference: "Difference", fail_on: str) -> bool:
    from forwardc.compile.review.diff.difference import DifferenceClass

    if difference.accepted:
        return False
    order = list(DifferenceClass)
    return fail_on == "any" or order.index(difference.class_) <= order.index(
        DifferenceClass(fail_on)
    )


def _accept(
    root: Path,
    differences: "list[Difference]",
    ids: tuple[str, ...],
    reason: str,
    by: str,
    today: datetime.date,
    *,
    as_json: bool,
) -> int:
    """Write the acceptances into the lock, all or none."""
    from forwardc.cli.approvals.lock_file import fresh_build, save
    from forwardc.compile.pipeline import compile_project
    from forwardc.compile.review.approve import ApprovalAct, with_accepted
    from forwardc.core.diagnostics.sink import Sink

    sink = Sink()
    meant = _meant(differences, ids, sink)
    compiled = compile_project(root, sink, today)
    folder = None if sink.has_errors else fresh_build(compiled, sink)
    lock = (
        with_accepted(compiled.lock, ids, reason, ApprovalAct(by, today), sink) if folder else None
    )
    written = save(folder, lock, today, sink) if folder and lock else None
    if as_json:
        accepted = [
            {"id": difference.id, "subject": str(difference.subject), "what": difference.text}
            for difference in meant
        ]
        say_document({"accepted": accepted} if written is not None else None, sink, root)
        return 1 if written is None else 0
    show(sink, "text", root, err=not sink.has_errors)
    if written is None:
        return 1
    for difference in meant:
        say(f"accepted {difference.id}  {difference.subject}: {difference.text}")
    say(f"written: {shown_path(written)}")
    return 0


def _meant(
    differences: "list[Difference]", ids: tuple[str, ...], sink: "Sink"
) -> "list[Difference]":
    """The differences of these ids; FC0706 for one that is none, or breaks no caller."""
    from forwardc.compile.review.diff.difference import DifferenceClass

    by_id = {difference.id: difference for difference in differences}
    for id_ in ids:
        if id_ not in by_id:
            sink.error(
                "FC0706", f"no difference has the id {id_[:64]!r}", hint="run `forwardc diff`"
            )
        elif by_id[id_].class_ is not DifferenceClass.BREAKING:
            sink.error(
                "FC0706",
                f"{id_} breaks no caller, and only that is accepted with a reason",
                hint="what leaves is accepted with `forwardc approve`",
            )
    return [by_id[id_] for id_ in dict.fromkeys(ids) if id_ in by_id]
