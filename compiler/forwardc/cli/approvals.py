"""`forwardc approvals`: what may run in production, and what not yet. Reads `build/` and the lock.

Needs no compiler, so that it answers on the machine that runs.
"""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from forwardc.cli.output import note, say_json, say_lines, table
from forwardc.cli.plan_options import build_option_for
from forwardc.cli.today import day_of, today_option
from forwardc.diagnostics.render.clean import on_one_line

if TYPE_CHECKING:
    from forwardc.diagnostics.sink import Sink
    from forwardc.plan.approvals import Approval, Approvals, Lock, State
    from forwardc.plan.model import Plan

_HEADER = ("VAULT", "OPERATION", "WHOSE", "STATE", "DATE", "BY", "TICKET", "EXPIRES")


@dataclass(frozen=True, slots=True)
class _Row:
    """One operation in production, with its two records."""

    plan: "Plan"
    operation: str
    states: "Approvals"
    own: "Approval | None"
    psp: "Approval | None"


@click.command(short_help="List what is approved for production.")
@click.option("--json", "as_json", is_flag=True, help="Show the list as JSON.")
@build_option_for("; forwardc.lock lies beside it")
@today_option
def command(as_json: bool, build: Path, today: datetime.datetime | None) -> int:
    """List the approvals of every operation that is built for production.

    Each is approved, changed since, expired, or was never given. The exit code is 0 all the same:
    it is `forwardc run` that refuses.
    """
    from forwardc.cli.findings import show
    from forwardc.diagnostics.sink import Sink
    from forwardc.plan.approvals import lock_path, read_lock

    sink = Sink()
    lock = read_lock(lock_path(build), sink)
    rows = list(_rows(build, lock, day_of(today), sink)) if lock is not None else []
    if sink.has_errors or lock is None:
        show(sink, "text", Path())
        return 1
    if as_json:
        say_json({"approvals": [_as_json(row) for row in rows]})
    elif rows:
        say_lines(table(_HEADER, [line for row in rows for line in _lines(row)]))
    else:
        note("nothing is built for production")
    _tell_unused(lock, rows)
    return 0


def _rows(build: Path, lock: "Lock", today: datetime.date, sink: "Sink") -> Iterator[_Row]:
    from forwardc.plan.approvals import place, states
    from forwardc.plan.build_dir import read_manifest, read_plan

    manifest = read_manifest(build, sink)
    for vault, destination, environment in manifest.plans() if manifest else ():
        if environment != "production":
            continue
        plan = read_plan(build, vault, destination, environment, sink)
        if plan is None:
            continue
        for name in plan.operations:
            key, found = place(plan, name), states(plan, name, lock, today)
            yield _Row(plan, name, found, lock.own.get(key), lock.psp.get(key))


def _lines(row: _Row) -> Iterator[list[str]]:
    where = [row.plan.vault, f"{row.plan.destination}.{row.operation}"]
    status = row.plan.operations[row.operation].status
    mark = "" if status == "documented" else f" ({status.replace('_', '-')})"
    yield [*where, "own", f"{row.states.own}{mark}", *_cells(row.own)]
    if row.states.psp is not None:
        yield [*where, "psp", str(row.states.psp), *_cells(row.psp)]


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
        "environment": row.plan.environment,
        "status": row.plan.operations[row.operation].status,
        "own": _record_json(row.states.own, row.own),
        "psp": None if row.states.psp is None else _record_json(row.states.psp, row.psp),
    }


def _record_json(state: "State", record: "Approval | None") -> dict[str, Any]:
    known = record.model_dump(mode="json", exclude={"covers"}) if record else {}
    return {"state": str(state), **known}


def _tell_unused(lock: "Lock", rows: list[_Row]) -> None:
    from forwardc.plan.approvals import place

    built = {place(row.plan, row.operation) for row in rows}
    for key in sorted({*lock.own, *lock.psp} - built):
        note(f"{on_one_line(key)} was approved and is not built")
