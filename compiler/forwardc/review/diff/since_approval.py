"""Compares what was approved with what would leave now, by the covers in the lock file."""

from collections.abc import Iterator

from forwardc.plan.approvals import Lock
from forwardc.plan.changes import changes
from forwardc.plan.digest import leaving, review_surface
from forwardc.plan.model import Plan
from forwardc.review.diff.builds import Build
from forwardc.review.diff.compare import load_plans, plan_digests
from forwardc.review.diff.finding import Class, Difference, Subject, in_order

ENVIRONMENT = "production"


def since_approval(lock: Lock, build: Build) -> list[Difference]:
    """Every difference between an approval and the present plan, and what was never approved."""
    wanted = f"/{ENVIRONMENT}.plan.json"
    paths = [path for path in plan_digests(build) if path.endswith(wanted)]
    plans = load_plans(build, paths).values()
    found = [one for plan in plans for name in plan.operations for one in _since(lock, plan, name)]
    return in_order([*found, *_gone(lock, list(plans))])


def _since(lock: Lock, plan: Plan, name: str) -> Iterator[Difference]:
    subject = Subject(plan.vault, plan.destination, plan.environment, name)
    place = f"{plan.vault}/{plan.destination}/{name}/{plan.environment}"
    own, psp = lock.own.get(place), lock.psp.get(place)
    surface = review_surface(plan, name)
    if own is None:
        yield Difference(subject, Class.OWN, "never approved")
    else:
        for change in changes(own.covers, leaving(plan, name)):
            yield Difference(subject, Class.OWN, f"leaves: {change}")
    if surface is not None and psp is None:
        yield Difference(subject, Class.REVIEW, "never approved by the PSP")
    elif surface is not None and psp is not None:
        for change in changes(psp.covers, surface):
            yield Difference(subject, Class.REVIEW, f"PSP sees: {change}")


def _gone(lock: Lock, plans: list[Plan]) -> Iterator[Difference]:
    known = {
        f"{plan.vault}/{plan.destination}/{name}/{plan.environment}"
        for plan in plans
        for name in plan.operations
    }
    for place in sorted({*lock.own, *lock.psp} - known):
        vault, destination, operation, environment = place.split("/")
        subject = Subject(vault, destination, environment, operation)
        yield Difference(subject, Class.SAFE, "approved, and not built any more")
