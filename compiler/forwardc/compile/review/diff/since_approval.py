"""Compares what was approved with what would leave now, by the covers in the lock file.

Has no clock: the day is given.
"""

from collections.abc import Iterator
from datetime import date

from forwardc.compile.review.diff.builds import Build
from forwardc.compile.review.diff.compare import load, own_changes, plan_digests, read_plans
from forwardc.compile.review.diff.finding import Difference, DifferenceClass, Subject, in_order
from forwardc.plan.approvals import Approval, Lock, place, withdrawn
from forwardc.plan.changes import changes
from forwardc.plan.covers import covers
from forwardc.plan.digests import review_surface
from forwardc.plan.model import Plan


def since_approval(lock: Lock, build: Build, today: date) -> list[Difference]:
    """Every difference between an approval and the present plan, and what nothing approves.

    Raises `NoBuild` where a plan cannot be read.
    """
    plans = [load(path, data) for path, data in read_plans(build, plan_digests(build)).items()]
    plans = [plan for plan in plans if plan.environment_class == "production"]
    differences = [
        difference
        for plan in plans
        for name in plan.operations
        for difference in _since(lock, plan, name, today)
    ]
    return in_order([*differences, *_gone(lock, plans)])


def _since(lock: Lock, plan: Plan, name: str, today: date) -> Iterator[Difference]:
    subject = Subject(plan.vault, plan.destination, plan.place, name)
    key = place(plan, name)
    own, psp = lock.own.get(key), lock.psp.get(key)
    surface = review_surface(plan, name)
    if own is None:
        yield Difference(subject, DifferenceClass.OWN, "never approved")
    else:
        for text in own_changes(own.covers.model_dump(), covers(plan, name)):
            yield Difference(subject, DifferenceClass.OWN, text)
        yield from _ended(subject, DifferenceClass.OWN, "your own approval", own, today)
    if surface is not None and psp is None:
        yield Difference(subject, DifferenceClass.REVIEW, "never approved by the PSP")
    elif surface is not None and psp is not None:
        for change in changes(psp.covers, surface):
            yield Difference(subject, DifferenceClass.REVIEW, f"PSP sees: {change}")
        yield from _ended(subject, DifferenceClass.REVIEW, "the PSP's approval", psp, today)


def _ended(
    subject: Subject, class_: DifferenceClass, which: str, record: Approval, today: date
) -> Iterator[Difference]:
    if record.revoked is not None:
        yield Difference(subject, class_, f"{which} was {withdrawn(record.revoked)}")
    elif record.expires is not None and record.expires < today:
        yield Difference(subject, class_, f"{which} ended on {record.expires}")


def _gone(lock: Lock, plans: list[Plan]) -> Iterator[Difference]:
    built = {place(plan, name) for plan in plans for name in plan.operations}
    for key in sorted({*lock.own, *lock.psp} - built):
        vault, destination, operation, where = key.split("/")
        subject = Subject(vault, destination, where, operation)
        yield Difference(subject, DifferenceClass.SAFE, "approved, and not built any more")
