"""`forwardc approve`: records that somebody accepted exactly what leaves in production.

Writes `forwardc.lock`, and then the pages of `build/` that show it. What only a
new format changed is renewed by `approvals.renew`.
"""

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from forwardc.cli import candidates
from forwardc.cli.approvals.renew import renew_all
from forwardc.cli.findings import show
from forwardc.cli.options import day_of, environment_option, today_option
from forwardc.cli.output import json_option, note, say, say_document, shown_path
from forwardc.cli.project_folder import find_project, project_option
from forwardc.core.dataclass import dataclass

if TYPE_CHECKING:
    from forwardc.compile.compiled import Compiled
    from forwardc.compile.review.approve import ApprovalAct
    from forwardc.core.diagnostics.sink import Sink
    from forwardc.core.files.checkout import CheckoutPath
    from forwardc.plan.lock import Lock
    from forwardc.plan.model import Plan


@click.command(short_help="Record what was accepted for production.")
@click.argument("vault", required=False, shell_complete=candidates.vaults)
@click.argument(
    "target",
    required=False,
    metavar="DEST[.OPERATION]",
    shell_complete=candidates.operations,
)
@environment_option()
@click.option("--by", metavar="NAME", help="Who approves. A claim, not a proof.")
@click.option(
    "--renew",
    is_flag=True,
    help="Show old records beside what there is now; with --by, renew them.",
)
@click.option("--psp-ticket", "ticket", metavar="TICKET", help="The PSP approved, under this.")
@click.option(
    "--expires",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="Last day on which it holds.",
)
@json_option
@today_option
@project_option
def command(
    vault: str | None,
    target: str | None,
    environment: str | None,
    by: str | None,
    renew: bool,
    ticket: str | None,
    expires: datetime.datetime | None,
    as_json: bool,
    today: datetime.datetime | None,
    project: Path | None,
) -> int:
    """Approve what an operation sends through VAULT; without OPERATION, every one there.

    Look at build/ first: it is what you approve. With --psp-ticket the PSP's approval is recorded
    beside your own.

    With --renew, each record of an older format is shown beside the present digests; --by renews
    in one go those of which only the format changed.
    """
    from forwardc.core.diagnostics.sink import Sink

    root, sink = find_project(project), Sink()
    if renew:
        if any((vault, target, environment, ticket, expires)):
            raise click.UsageError("--renew is for the whole lock: it takes --by only")
        return renew_all(root, by, day_of(today), sink, as_json=as_json)
    if vault is None or target is None:
        raise click.UsageError("name a VAULT and a DEST[.OPERATION]")
    if environment is None or by is None:
        raise click.UsageError("--env and --by are required")
    from forwardc.compile.review.approve import ApprovalAct

    day = day_of(today)
    act = ApprovalAct(by, day, expires.date() if expires else None, ticket)
    return _compile_and_approve(root, vault, target, environment, act, sink, as_json=as_json)


def _compile_and_approve(
    root: Path,
    vault: str,
    target: str,
    environment: str,
    act: "ApprovalAct",
    sink: "Sink",
    *,
    as_json: bool,
) -> int:
    from forwardc.compile.pipeline import compile_project

    compiled, done = compile_project(root, sink, act.date), None
    if not sink.has_errors:
        done = _approve(compiled, vault, target, environment, act, sink)
    if done is not None and not as_json:
        _show_approvals(done, act)
        _show_replaced(compiled.lock, done.plan, done.operations, act)
        _show_lowered(compiled, done.plan.destination)
    if as_json:
        say_document(_data(done, act) if done else None, sink, root)
    else:
        show(sink, "text", root)
    return 1 if sink.has_errors else 0


@dataclass(frozen=True, slots=True)
class _Done:
    """What was approved, and the lock that says so."""

    plan: "Plan"
    operations: list[str]
    lock: Path


def _data(done: _Done, act: "ApprovalAct") -> dict[str, Any]:
    from forwardc.plan.digests import approval_digest

    plan = done.plan
    approved = [
        {
            "vault": plan.vault,
            "destination": plan.destination,
            "operation": name,
            "environment": plan.place,
            "digest": approval_digest(plan, name),
            "by": act.by,
            "date": act.date.isoformat(),
            "ticket": act.ticket,
            "expires": act.expires and act.expires.isoformat(),
        }
        for name in done.operations
    ]
    return {"approved": approved, "written": shown_path(done.lock)}


def _approve(
    compiled: "Compiled",
    vault: str,
    target: str,
    environment: str,
    act: "ApprovalAct",
    sink: "Sink",
) -> _Done | None:
    from forwardc.cli.approvals.lock_file import fresh_build, save
    from forwardc.compile.review.approve import with_approvals

    folder = fresh_build(compiled, sink)
    plan = _plan(folder, vault, target, environment, compiled, sink) if folder else None
    if folder is None or plan is None:
        return None
    operations = _operations(plan, target.partition(".")[2], sink)
    if not operations:
        return None
    approved = with_approvals(compiled.lock, plan, operations, act, sink)
    if approved is None:
        return None
    written = save(folder, approved, act.date, sink)
    return None if written is None else _Done(plan, operations, written)


def _plan(
    folder: "CheckoutPath",
    vault: str,
    target: str,
    environment: str,
    compiled: "Compiled",
    sink: "Sink",
) -> "Plan | None":
    from forwardc.plan.build_folder import read_plan

    destination, _, name = target.partition(".")
    if name and _refusal(compiled, vault, destination, name, environment, sink):
        return None
    return read_plan(folder, vault, destination, environment, sink)


def _refusal(
    compiled: "Compiled", vault: str, destination: str, name: str, environment: str, sink: "Sink"
) -> bool:
    """Whether the vault refuses the operation, with the reason as FC0706."""
    reasons = [
        assessment.refusal
        for assessment in compiled.assessments
        if assessment.place == (vault, destination, name)
        and assessment.context.program.place == environment
    ]
    if not any(reasons):
        return False
    sink.error("FC0706", f"{vault} refuses {destination}.{name}: {reasons[0]}")
    return True


def _operations(plan: "Plan", name: str, sink: "Sink") -> list[str]:
    """The operations to approve; none, with FC0813 in the sink, where there is no such one."""
    from forwardc.runtime.run.prepare import find_operation

    if not name:
        return sorted(plan.operations)
    operation = find_operation(plan, name, sink)
    return [operation] if operation else []


def _show_replaced(before: "Lock", plan: "Plan", operations: list[str], act: "ApprovalAct") -> None:
    """Say what the new approvals stand in the place of: what was withdrawn, or was otherwise."""
    from forwardc.plan.approvals import approval_key, changed_since, withdrawn

    for name in operations:
        own, psp = (
            before.own.get(approval_key(plan, name)),
            before.psp.get(approval_key(plan, name)),
        )
        changed = changed_since(own, plan, name) if own is not None else ""
        if own is not None and changed:
            note(f"{name}: since your own one of {own.date}: {changed}")
        if own is not None and own.revoked is not None:
            note(f"{name}: your own one of {own.date} had been {withdrawn(own.revoked)}")
        if act.ticket is not None and psp is not None and psp.revoked is not None:
            note(f"{name}: the PSP's one of {psp.date} had been {withdrawn(psp.revoked)}")


def _show_lowered(compiled: "Compiled", name: str) -> None:
    """Say which of forwardc's own rules say less of a destination: who approves should know."""
    from forwardc.compile.review.lowered import lowered_rules

    for destination in compiled.loaded.destinations:
        if destination.name == name:
            for rule in lowered_rules(destination, compiled.loaded.project):
                reason = rule.reason or "no reason given"
                note(f"  {rule.code} {rule.how}, {rule.where}: {reason}")


def _show_approvals(done: _Done, act: "ApprovalAct") -> None:
    from forwardc.compile.review.amounts import counted
    from forwardc.plan.digests import approval_digest, review_surface
    from forwardc.plan.separation import needs_approval

    plan = done.plan
    until = f", until {act.expires}" if act.expires else ""
    for name in done.operations:
        say(f"approved {plan.vault} {plan.destination}.{name} {approval_digest(plan, name)}{until}")
        operation = plan.operations[name]
        for remark in operation.notes:
            note(f"  {operation.level}, {operation.status}: {remark.message} [{remark.code}]")
        for line in counted(plan, name):
            note(f"  {line}")
        live = plan.environment_class == "production"
        if live and review_surface(plan, name) is not None and act.ticket is None:
            note("  the PSP's approval is another one: add it with --psp-ticket")
    if not needs_approval(plan):
        note(
            f"  {plan.environment} is told from live by its credentials: a test credential needs no"
        )
        note("  approval; from now on others go, too")
    say(f"written: {shown_path(done.lock)}")
