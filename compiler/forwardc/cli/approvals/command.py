"""`forwardc approvals`: what may run in production, and what not yet; `revoke` withdraws some.

The list reads `build/` and the lock, so that it answers on the machine that runs. `revoke` writes
`forwardc.lock` first, and then the pages of `build/` that show it, where they were fresh: whoever
withdraws in a hurry must not have to mend a destination before.
"""

import datetime
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from click.core import ParameterSource

from forwardc.cli import candidates
from forwardc.cli.options import build_option_for, day_of, environment_option, today_option
from forwardc.cli.output import json_option, note, say, say_document, say_lines, shown_path, table
from forwardc.cli.project_folder import PROJECT_FILE
from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.render.printable import on_one_line
from forwardc.core.documents.writing import as_json

if TYPE_CHECKING:
    from forwardc.compile.review.approve import Whose, Withdrawal
    from forwardc.core.diagnostics.sink import Sink
    from forwardc.plan.approvals import Approvals, ApprovalState
    from forwardc.plan.lock import Approval, Lock
    from forwardc.plan.model import Plan

_WHOSE: Final = {"own": "own approval", "psp": "PSP's approval"}
_TYPED: Final = ParameterSource.COMMANDLINE
_HEADER = ("VAULT", "OPERATION", "WHOSE", "STATE", "DATE", "BY", "TICKET", "EXPIRES")


@dataclass(frozen=True, slots=True)
class _Row:
    """One operation in production, with its two records."""

    plan: "Plan"
    operation: str
    states: "Approvals"
    own: "Approval | None"
    psp: "Approval | None"
    why: dict[str, str]


_build_option = build_option_for("; forwardc.lock lies beside it")


@click.group(invoke_without_command=True, short_help="List or withdraw what is approved.")
@json_option
@_build_option
@today_option
@click.pass_context
def command(
    ctx: click.Context, as_json: bool, build: Path, today: datetime.datetime | None
) -> int | None:
    """List the approvals of every operation that is built for production, or withdraw some.

    Each is approved, changed since, expired, revoked, or was never given. The exit code is 0 all
    the same: it is `forwardc run` that refuses.
    """
    if ctx.invoked_subcommand is None:
        return _listed(as_json, build, today)
    typed = [option for option in ctx.params if ctx.get_parameter_source(option) == _TYPED]
    if typed:
        raise click.UsageError(f"options of the list go without {ctx.invoked_subcommand}")
    return None


@command.command()
@click.argument("vault", shell_complete=candidates.vaults)
@click.argument("target", metavar="DEST[.OPERATION]", shell_complete=candidates.operations)
@environment_option(required=True)
@click.option("--by", required=True, metavar="NAME", help="Who withdraws it. A claim, not a proof.")
@click.option("--reason", required=True, metavar="TEXT", help="Why, in one line.")
@click.option("--own", "whose", flag_value="own", help="Your own approval only.")
@click.option("--psp", "whose", flag_value="psp", help="The PSP's approval only.")
@json_option
@_build_option
@today_option
def revoke(
    vault: str,
    target: str,
    environment: str,
    by: str,
    reason: str,
    whose: "Whose | None",
    as_json: bool,
    build: Path,
    today: datetime.datetime | None,
) -> int:
    """Withdraw the approvals of an operation through VAULT; without OPERATION, of every one there.

    From then on they count for nothing: runs are refused, and servers notice within seconds. Both
    your own and the PSP's are withdrawn, unless --own or --psp names one. `forwardc approve` gives
    a new one.
    """
    from forwardc.compile.review.approve import Withdrawal

    destination, _, operation = target.partition(".")
    day = day_of(today)
    return _revoke(
        build,
        Withdrawal(vault, destination, operation, environment, by, day, reason, whose),
        as_json=as_json,
    )


def _listed(as_json: bool, build: Path, today: datetime.datetime | None) -> int:
    """Show every operation's records."""
    from forwardc.cli.findings import show
    from forwardc.core.diagnostics.sink import Sink
    from forwardc.plan.formats import lock_of_build
    from forwardc.plan.lock import read_lock

    sink = Sink()
    lock = read_lock(lock_of_build(build), sink)
    rows = list(_rows(build, lock, day_of(today), sink)) if lock is not None else []
    if sink.has_errors or lock is None:
        say_document(None, sink) if as_json else show(sink, "text", None)
        return 1
    if as_json:
        unused = _unused(lock, rows)
        say_document({"approvals": [_as_json(row) for row in rows], "not_built": unused}, sink)
        return 0
    if rows:
        say_lines(table(_HEADER, [line for row in rows for line in _lines(row)]))
    else:
        note("nothing that is built needs an approval")
    _tell_why(rows)
    for key in _unused(lock, rows):
        note(f"{on_one_line(key)} was approved and is not built")
    return 0


def _rows(build: Path, lock: "Lock", today: datetime.date, sink: "Sink") -> Iterator[_Row]:
    from forwardc.plan.approvals import approval_key, shortfalls, states
    from forwardc.plan.build_folder import read_plans
    from forwardc.plan.separation import needs_approval

    for plan in read_plans(build, sink):
        for name in plan.operations:
            key = approval_key(plan, name)
            if not needs_approval(plan) and key not in lock.own:
                continue
            approvals, why = states(plan, name, lock, today), shortfalls(plan, name, lock, today)
            yield _Row(plan, name, approvals, lock.own.get(key), lock.psp.get(key), why)


def _lines(row: _Row) -> Iterator[list[str]]:
    where = [row.plan.vault, _named(row)]
    status = row.plan.operations[row.operation].status
    mark = "" if status == "documented" else f" ({status.replace('_', '-')})"
    yield [*where, "own", f"{row.states.own}{mark}", *_cells(row.own)]
    if row.states.psp is not None:
        yield [*where, "psp", str(row.states.psp), *_cells(row.psp)]


def _named(row: _Row) -> str:
    """The operation, and where it is built where that is not simply production."""
    where = f" ({row.plan.place})" if row.plan.place != "production" else ""
    return f"{row.plan.destination}.{row.operation}{where}"


def _cells(record: "Approval | None") -> list[str]:
    if record is None:
        return ["-", "-", "-", "-"]
    ticket = getattr(record, "ticket", "-")
    return [str(record.date), record.by, ticket, str(record.expires or "-")]


def _as_json(row: _Row) -> dict[str, Any]:
    return {
        "vault": row.plan.vault,
        "destination": row.plan.destination,
        "operation": row.operation,
        "environment": row.plan.place,
        "status": row.plan.operations[row.operation].status,
        "own": _record_json(row.states.own, row.own, row.why.get("own")),
        "psp": None
        if row.states.psp is None
        else _record_json(row.states.psp, row.psp, row.why.get("psp")),
    }


def _record_json(
    state: "ApprovalState", record: "Approval | None", why: str | None
) -> dict[str, Any]:
    unused = {"covers"} if record is None or record.revoked else {"covers", "revoked"}
    record_data = as_json(record, exclude=unused) if record else {}
    reason = {"why": why} if record is not None and why is not None else {}
    return {"state": str(state), **record_data, **reason}


def _tell_why(rows: list[_Row]) -> None:
    """Why a record that is there does not hold: who withdrew it, or what differs and where."""
    for row in rows:
        where = f"{row.plan.vault} {_named(row)}"
        for whose, record in (("own", row.own), ("psp", row.psp)):
            if record is not None and whose in row.why:
                note(f"{where} {whose}: {row.why[whose]}")


def _unused(lock: "Lock", rows: list[_Row]) -> list[str]:
    """Places that were approved and are not built."""
    from forwardc.plan.approvals import approval_key

    built = {approval_key(row.plan, row.operation) for row in rows}
    return sorted({*lock.own, *lock.psp} - built)


def _revoke(build: Path, meant: "Withdrawal", *, as_json: bool) -> int:
    """Withdraw, and tell what was; 1 with the reason where nothing can be."""
    from forwardc.cli.findings import show
    from forwardc.core.diagnostics.sink import Sink

    sink = Sink()
    written = _written_revocation(build, meant, sink)
    if as_json:
        say_document(written and _revoked_data(*written), sink)
        return 0 if written else 1
    for approval in _revoked_data(*written)["withdrawn"] if written else ():
        of = "{vault} {destination}.{operation}, {environment}".format_map(approval)
        say(f"withdrawn: the {_WHOSE[approval['whose']]} of {of}")
    if written:
        say(f"written: {shown_path(written[1])}")
    show(sink, "text", None)
    return 0 if written else 1


def _revoked_data(withdrawn: "Sequence[tuple[str, str]]", path: Path) -> dict[str, Any]:
    names = ("vault", "destination", "operation", "environment", "whose")
    approvals = [
        dict(zip(names, (*key.split("/"), whose), strict=True)) for key, whose in withdrawn
    ]
    return {"withdrawn": approvals, "written": shown_path(path)}


def _written_revocation(
    build: Path, meant: "Withdrawal", sink: "Sink"
) -> "tuple[Sequence[tuple[str, str]], Path] | None":
    from forwardc.cli.approvals.lock_file import write_lock
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
    _write_pages(root, build, meant.date)
    return revocation[1], path


def _project_of(build: Path) -> Path | None:
    """The project whose build folder this is and stands fresh; None where there is none."""
    from forwardc.core.files.above import search_upwards
    from forwardc.core.files.checkout import below, named_by_person

    folder = named_by_person(build).path
    root = search_upwards(folder.parent, (PROJECT_FILE,)).folder
    if root is None:
        return None
    from forwardc.compile.language.load import load_project
    from forwardc.compile.review.fresh import is_fresh
    from forwardc.core.diagnostics.sink import Sink

    project = load_project(root, Sink())
    if project is None or (below(root) / project.build).path != folder:
        return None
    return root if is_fresh(root, project) else None


def _write_pages(root: Path | None, build: Path, today: datetime.date) -> None:
    """Write the pages anew that show the lock."""
    from forwardc.cli.approvals.lock_file import build_again
    from forwardc.core.diagnostics.sink import Sink

    sink = Sink()
    if root is not None:
        build_again(root, build, today, sink)
    if root is None or sink.has_errors:
        note(f"{shown_path(build)}/ still shows the approval: run `forwardc build` for its pages")
