"""`forwardc approve --renew`: old records beside the present digests, and renewed in one go.

Decides nothing: what only the format changed is told by `review.renew`.
"""

import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from forwardc.cli.findings import show
from forwardc.cli.output import note, say, shown_path

if TYPE_CHECKING:
    from forwardc.compile import Compiled
    from forwardc.diagnostics.sink import Sink
    from forwardc.files.checkout import CheckoutPath
    from forwardc.plan.model import Plan
    from forwardc.review.renew import OldLock, Renewal

    Plans = dict[str, tuple[Plan, str]]


def renew_all(root: Path, by: str | None, day: datetime.date, sink: "Sink") -> int:
    """Show every old record; with a name, write those of which only the format changed."""
    from forwardc.cli.lock_file import fresh_build
    from forwardc.compile import compile_project

    compiled = compile_project(root, sink, day)
    folder = None if sink.has_errors else fresh_build(compiled, sink)
    old = _old(compiled, sink) if folder else None
    if folder is not None and old is not None:
        plans = _plans(folder, sink)
        if not sink.has_errors:
            _renew(folder, old, plans, by, day, sink)
    show(_without_the_reason(sink), "text", root)
    return 1 if sink.has_errors else 0


def _without_the_reason(sink: "Sink") -> "Sink":
    """The findings without the warning that the lock is old, which is why somebody asks."""
    from forwardc.diagnostics.diagnostic import Severity
    from forwardc.diagnostics.sink import Sink

    shown = Sink()
    for one in sink.sorted():
        if one.code != "FC0710" or one.severity is Severity.ERROR:
            shown.add(one)
    return shown


def _old(compiled: "Compiled", sink: "Sink") -> "OldLock | None":
    from forwardc.review.renew import read_old

    data = compiled.loaded.lock
    if data is None:
        sink.error("FC0710", "there is no forwardc.lock: there is nothing to renew")
        return None
    return read_old(data, sink)


def _plans(folder: "CheckoutPath", sink: "Sink") -> "Plans":
    """Plan and operation of everything that is built for production, by place."""
    from forwardc.plan.approvals import place
    from forwardc.plan.build_dir import read_plans

    return {
        place(plan, name): (plan, name)
        for plan in read_plans(folder, sink)
        for name in plan.operations
    }


def _renew(
    folder: "CheckoutPath",
    old: "OldLock",
    plans: "Plans",
    by: str | None,
    day: datetime.date,
    sink: "Sink",
) -> None:
    from forwardc.cli.lock_file import save
    from forwardc.review.approve import check_name
    from forwardc.review.renew import renewals, renewed

    found = list(renewals(old, plans))
    for one in found:
        _tell(one)
    _tell_psp(old, plans)
    if by is None:
        note("nothing was written: add --by NAME to renew the records that fit")
        return
    if not check_name(by, sink):
        return
    lock = renewed(old, found, plans, by, day)
    written = save(folder, lock, day, sink)
    if written is not None:
        lost = len(old.own) + len(old.psp) - len(lock.own) - len(lock.psp)
        say(f"{len(lock.own)} renewed, {len(lock.psp)} of PSPs kept, {lost} left out")
        say(f"written: {shown_path(written)}")


def _tell_psp(old: "OldLock", plans: "Plans") -> None:
    from forwardc.review.renew import kept

    same = kept(old, plans)
    for place, record in sorted(old.psp.items()):
        say(f"{place}, by the PSP")
        say(f"  approved   {record.date}, ticket {record.ticket}")
        say(f"  then       surface    {record.digest}")
        why = "it reviews the same: kept" if place in same else "it would see something else"
        say(f"  {why}")


def _tell(one: "Renewal") -> None:
    until = f", until {one.old.expires}" if one.old.expires else ""
    say(one.place)
    say(f"  approved   {one.old.date} by {one.old.by}{until}")
    say(f"  then       leaves     {one.old.digest}")
    for name, digest in one.now.items():
        say(f"  now        {name:<10} {digest}")
    say(f"  {one.why_not}: approve it anew" if one.why_not else "  only the format changed")
