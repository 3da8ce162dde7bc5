"""`forwardc approve --renew`: old records beside the present digests, and renewed in one go.

`review.approve` tells which records only a new format changed.
"""

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forwardc.cli.findings import show
from forwardc.cli.output import note, say, say_document, shown_path
from forwardc.core.dataclass import dataclass

if TYPE_CHECKING:
    from forwardc.compile.compiled import Compiled
    from forwardc.compile.review.approve import LockVersion1, Renewal
    from forwardc.core.diagnostics.sink import Sink
    from forwardc.core.files.checkout import CheckoutPath
    from forwardc.plan.lock import Lock
    from forwardc.plan.model import Plan

    Plans = dict[str, tuple[Plan, str]]


def renew_all(
    root: Path, by: str | None, day: datetime.date, sink: "Sink", *, as_json: bool
) -> int:
    """Show every old record; with a name, write those of which only the format changed."""
    from forwardc.cli.approvals.lock_file import fresh_build
    from forwardc.compile.pipeline import compile_project

    compiled = compile_project(root, sink, day)
    folder = None if sink.has_errors else fresh_build(compiled, sink)
    old, done = _old(compiled, sink) if folder else None, None
    if folder is not None and old is not None:
        plans = _plans(folder, sink)
        if not sink.has_errors:
            done = _renew(folder, old, plans, by, day, sink)
    shown = _without_the_reason(sink)
    if as_json:
        say_document(None if done is None else _data(done), shown, root)
        return 1 if sink.has_errors else 0
    if done is not None:
        _show_renewals(done, named=by is not None)
    show(shown, "text", root)
    return 1 if sink.has_errors else 0


@dataclass(frozen=True, slots=True)
class _Done:
    """Every old record, and what was written of them: nothing without a name."""

    old: "LockVersion1"
    renewals: "list[Renewal]"
    unchanged_psp: frozenset[str]
    lock: "Lock | None" = None
    written: Path | None = None


def _without_the_reason(sink: "Sink") -> "Sink":
    """The findings without the warning that the lock is old, which is why somebody asks."""
    from forwardc.core.diagnostics.diagnostic import Severity
    from forwardc.core.diagnostics.sink import Sink

    shown = Sink()
    for finding in sink.sorted():
        if finding.code != "FC0710" or finding.severity is Severity.ERROR:
            shown.add(finding)
    return shown


def _old(compiled: "Compiled", sink: "Sink") -> "LockVersion1 | None":
    from forwardc.compile.review.approve import read_old

    data = compiled.loaded.lock
    if data is None:
        sink.error("FC0710", "there is no forwardc.lock: there is nothing to renew")
        return None
    return read_old(data, sink)


def _plans(folder: "CheckoutPath", sink: "Sink") -> "Plans":
    """Plan and operation of everything that is built for production, by place."""
    from forwardc.plan.approvals import approval_key
    from forwardc.plan.build_folder import read_plans

    return {
        approval_key(plan, name): (plan, name)
        for plan in read_plans(folder, sink)
        for name in plan.operations
    }


def _renew(
    folder: "CheckoutPath",
    old: "LockVersion1",
    plans: "Plans",
    by: str | None,
    day: datetime.date,
    sink: "Sink",
) -> _Done:
    from forwardc.cli.approvals.lock_file import save
    from forwardc.compile.review.approve import (
        check_name,
        renewals,
        renewed,
        unchanged_psp_approvals,
    )

    records = list(renewals(old, plans))
    same = frozenset(unchanged_psp_approvals(old, plans))
    if by is None or not check_name(by, sink):
        return _Done(old, records, same)
    lock = renewed(old, records, plans, by, day)
    return _Done(old, records, same, lock, save(folder, lock, day, sink))


def _show_renewals(done: _Done, *, named: bool) -> None:
    for renewal in done.renewals:
        _show_renewal(renewal)
    for place, record in sorted(done.old.psp.items()):
        say(f"{place}, by the PSP")
        say(f"  approved   {record.date}, ticket {record.ticket}")
        say(f"  then       surface    {record.digest}")
        why = (
            "it reviews the same: kept"
            if place in done.unchanged_psp
            else "it would see something else"
        )
        say(f"  {why}")
    if not named:
        note("nothing was written: add --by NAME to renew the records that fit")
    elif done.lock is not None and done.written is not None:
        own, psp = len(done.lock.own), len(done.lock.psp)
        lost = len(done.old.own) + len(done.old.psp) - own - psp
        say(f"{own} renewed, {psp} of PSPs kept, {lost} left out")
        say(f"written: {shown_path(done.written)}")


def _data(done: _Done) -> dict[str, Any]:
    own = [
        {
            "place": renewal.place,
            "whose": "own",
            "date": renewal.old.date.isoformat(),
            "then": renewal.old.digest,
            "now": dict(renewal.now),
            "fits": renewal.why_not is None,
            "why_not": renewal.why_not,
        }
        for renewal in done.renewals
    ]
    psp: list[dict[str, Any]] = [
        {
            "place": place,
            "whose": "psp",
            "date": record.date.isoformat(),
            "then": record.digest,
            "now": {},
            "fits": place in done.unchanged_psp,
            "why_not": None if place in done.unchanged_psp else "it would see something else",
        }
        for place, record in sorted(done.old.psp.items())
    ]
    return {"records": own + psp, "written": done.written and shown_path(done.written)}


def _show_renewal(renewal: "Renewal") -> None:
    until = f", until {renewal.old.expires}" if renewal.old.expires else ""
    say(renewal.place)
    say(f"  approved   {renewal.old.date} by {renewal.old.by}{until}")
    say(f"  then       leaves     {renewal.old.digest}")
    for name, digest in renewal.now.items():
        say(f"  now        {name:<10} {digest}")
    say(f"  {renewal.why_not}: approve it anew" if renewal.why_not else "  only the format changed")
