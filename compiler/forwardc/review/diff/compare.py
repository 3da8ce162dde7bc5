"""Compares two builds plan by plan. Only plans whose digests differ are read.

Knows manifests, plans and approvals' surfaces; nothing of YAML.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace

from forwardc.plan.changes import changes
from forwardc.plan.digest import leaving, review_surface
from forwardc.plan.model import Plan, load_plan
from forwardc.review.diff.builds import MANIFEST, Build, NoBuild
from forwardc.review.diff.callers import given
from forwardc.review.diff.finding import Class, Difference, Subject, in_order


def compare(old: Build, new: Build) -> list[Difference]:
    """Every difference, the gravest first. Raises `NoBuild` where a side cannot be read."""
    before, after = plan_digests(old), plan_digests(new)
    paths = sorted(path for path in {*before, *after} if before.get(path) != after.get(path))
    old_plans = load_plans(old, [path for path in paths if path in before])
    new_plans = load_plans(new, [path for path in paths if path in after])
    found = [
        difference
        for path in paths
        for difference in _plan(old_plans.get(path), new_plans.get(path))
    ]
    return in_order(found)


def accept(found: list[Difference], reasons: Mapping[str, str]) -> list[Difference]:
    """The differences with the reasons for which some were accepted, by id."""
    return [replace(one, accepted=reasons.get(one.id)) for one in found]


def plan_digests(build: Build) -> dict[str, str]:
    """Digests of the plans by path, out of the manifest. Raises `NoBuild`."""
    try:
        outputs = json.loads(build.read([MANIFEST])[MANIFEST])["outputs"]
        return {str(p): str(d) for p, d in outputs.items() if str(p).endswith(".plan.json")}
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        if isinstance(problem, NoBuild):
            raise
        raise NoBuild(f"{MANIFEST} is damaged") from problem


def load_plans(build: Build, paths: list[str]) -> dict[str, Plan]:
    """Plans by path. Raises `NoBuild` where one is damaged."""
    try:
        return {path: load_plan(data) for path, data in build.read(paths).items()}
    except NoBuild:
        raise
    except ValueError as problem:
        raise NoBuild("a plan is damaged or of another version") from problem


def _plan(old: Plan | None, new: Plan | None) -> Iterator[Difference]:
    either = new or old
    if either is None:
        return
    before = old.operations if old else {}
    after = new.operations if new else {}
    for name in sorted({*before, *after}):
        subject = Subject(either.vault, either.destination, either.environment, name)
        if new is None or name not in after:
            yield Difference(subject, Class.BREAKING, "the operation is gone")
        elif old is None or name not in before:
            yield from _new(subject, new)
        else:
            yield from _operation(subject, old, new)


def _new(subject: Subject, plan: Plan) -> Iterator[Difference]:
    needs_review = _is_reviewed(plan, subject.operation)
    class_ = Class.REVIEW if needs_review else Class.OWN
    yield Difference(subject, class_ if _is_approved(subject) else Class.SAFE, "a new operation")


def _operation(subject: Subject, old: Plan, new: Plan) -> Iterator[Difference]:
    name = subject.operation
    for class_, what in given((old, old.operations[name]), (new, new.operations[name])):
        yield Difference(subject, class_, what)
    surface = changes(review_surface(old, name), review_surface(new, name))
    for change in surface:
        yield Difference(subject, _class(subject, Class.REVIEW), f"PSP sees: {change}")
    for change in changes(leaving(old, name), leaving(new, name)):
        yield Difference(subject, _class(subject, Class.OWN), f"leaves: {change}")


def _class(subject: Subject, class_: Class) -> Class:
    return class_ if _is_approved(subject) else Class.SAFE


def _is_approved(subject: Subject) -> bool:
    """The sandbox needs no approval, so that nothing is lost there."""
    return subject.environment == "production"


def _is_reviewed(plan: Plan, operation: str) -> bool:
    return review_surface(plan, operation) is not None
