"""Compares two builds plan by plan, and a build with what was approved.

Only plans whose digests differ are read, a pair at a time. A change of the digits of money is
retold by currency.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final, TypeAlias

from forwardc.compile.review.diff.builds import MANIFEST, Build, NoBuildError
from forwardc.compile.review.diff.callers import caller_changes
from forwardc.compile.review.diff.difference import Difference, DifferenceClass, Subject, in_order
from forwardc.core.dataclass import replace
from forwardc.core.documents.writing import as_json
from forwardc.core.files.digest import file_digest
from forwardc.plan.approvals import approval_key, withdrawn
from forwardc.plan.changes import BEHAVIOUR, LEAVES, Change, changes, covers
from forwardc.plan.digests import review_surface
from forwardc.plan.formats import FORMAT_VERSION
from forwardc.plan.lock import Approval, Lock
from forwardc.plan.model import Plan, load_plan
from forwardc.plan.separation import needs_approval, why_needed

Json: TypeAlias = Any


# Two builds


def compare(old: Build, new: Build) -> list[Difference]:
    """Every difference, the gravest first.

    Raises:
        NoBuildError: A side cannot be read.
    """
    before, after = plan_digests(old), plan_digests(new)
    paths = sorted(path for path in {*before, *after} if before.get(path) != after.get(path))
    old_files = read_plans(old, {path: before[path] for path in paths if path in before})
    new_files = read_plans(new, {path: after[path] for path in paths if path in after})
    differences = [
        difference
        for path in paths
        for difference in _plan(_loaded(path, old_files), _loaded(path, new_files))
    ]
    return in_order(differences)


def accept(differences: list[Difference], reasons: Mapping[str, str]) -> list[Difference]:
    """The differences with the reasons for which breaks were accepted, by id.

    Nothing else can be accepted: an approval is lost or it is not.
    """
    return [
        replace(difference, accepted=reasons.get(difference.id))
        if difference.class_ is DifferenceClass.BREAKING
        else difference
        for difference in differences
    ]


def what_leaves(old: Json, new: Json) -> list[Change]:
    """What differs of all that leaves, without what the change of the surface says already."""
    differing = changes(old, new)
    return [change for change in differing if "/review/" not in change.pointer] or differing


def own_changes(old: Mapping[str, Json], new: Mapping[str, Json]) -> Iterator[str]:
    """What differs of what an own approval covers, in words: what leaves, and what decides."""
    for change in what_leaves(old[LEAVES], new[LEAVES]):
        yield from (f"leaves: {line}" for line in change_lines(change, old[LEAVES], new[LEAVES]))
    for change in changes(old[BEHAVIOUR], new[BEHAVIOUR]):
        yield f"behaviour: {change}"


def plan_digests(build: Build) -> dict[str, str]:
    """Digests of the plans by path, out of the manifest.

    Raises:
        NoBuildError: The manifest is damaged, or of another version.
    """
    try:
        manifest = json.loads(build.read([MANIFEST])[MANIFEST])
        if manifest["forwardc"] != FORMAT_VERSION:
            raise NoBuildError(f"{MANIFEST} has a version that this forwardc does not know")
        outputs = manifest["outputs"]
        return {str(p): str(d) for p, d in outputs.items() if str(p).endswith(".plan.json")}
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        if isinstance(problem, NoBuildError):
            raise
        raise NoBuildError(f"{MANIFEST} is damaged") from problem


def read_plans(build: Build, digests: Mapping[str, str]) -> Mapping[str, bytes]:
    """The bytes of these plans.

    Raises:
        NoBuildError: One is not what was built.
    """
    files = build.read(list(digests))
    for path, data in files.items():
        if file_digest(data) != digests[path]:
            raise NoBuildError(f"{path} differs from its digest in {MANIFEST}")
    return files


def load(path: str, data: bytes) -> Plan:
    """The plan of a file.

    Raises:
        NoBuildError: It is none of this version.
    """
    try:
        return load_plan(data)
    except ValueError as problem:
        raise NoBuildError(f"{path} is damaged or of another version") from problem


def _loaded(path: str, files: Mapping[str, bytes]) -> Plan | None:
    return load(path, files[path]) if path in files else None


def _plan(old: Plan | None, new: Plan | None) -> Iterator[Difference]:
    either = new or old
    if either is None:
        return
    before = old.operations if old else {}
    after = new.operations if new else {}
    for name in sorted({*before, *after}):
        subject = Subject(either.vault, either.destination, either.place, name)
        if new is None or name not in after:
            yield Difference(subject, DifferenceClass.BREAKING, "the operation is gone")
        elif old is None or name not in before:
            yield from _new(subject, new)
        else:
            yield from _operation(subject, old, new)


def _new(subject: Subject, plan: Plan) -> Iterator[Difference]:
    live = plan.environment_class == "production"
    needs_review = live and _is_reviewed(plan, subject.operation)
    class_ = DifferenceClass.REVIEW if needs_review else DifferenceClass.OWN
    yield Difference(
        subject, class_ if _is_approved(plan) else DifferenceClass.SAFE, "a new operation"
    )


def _operation(subject: Subject, old: Plan, new: Plan) -> Iterator[Difference]:
    name = subject.operation
    for class_, text in caller_changes((old, old.operations[name]), (new, new.operations[name])):
        yield Difference(subject, class_, text)
    if needs_approval(old) != needs_approval(new):
        where = f"{new.environment} needs"
        yield Difference(
            subject,
            DifferenceClass.OWN,
            f"{where} an own approval: {why_needed(new)}"
            if needs_approval(new)
            else f"{where} no own approval any more",
        )
    if "production" in (old.environment_class, new.environment_class):
        for change in changes(review_surface(old, name), review_surface(new, name)):
            yield Difference(subject, DifferenceClass.REVIEW, f"PSP sees: {change}")
    class_ = DifferenceClass.OWN if _is_approved(old, new) else DifferenceClass.SAFE
    for text in own_changes(covers(old, name), covers(new, name)):
        yield Difference(subject, class_, text)


def _is_approved(*plans: Plan) -> bool:
    """What needs no approval loses none; a change of class or of hosts may lose it."""
    return any(needs_approval(plan) for plan in plans)


def _is_reviewed(plan: Plan, operation: str) -> bool:
    return review_surface(plan, operation) is not None


# A build and its approvals
#
# Has no clock: the day is given.


def since_approval(lock: Lock, build: Build, today: date) -> list[Difference]:
    """Every difference between an approval and the present plan, and what nothing approves.

    Raises:
        NoBuildError: A plan cannot be read.
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
    key = approval_key(plan, name)
    own, psp = lock.own.get(key), lock.psp.get(key)
    surface = review_surface(plan, name)
    if own is None:
        yield Difference(subject, DifferenceClass.OWN, "never approved")
    else:
        for text in own_changes(as_json(own.covers), covers(plan, name)):
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
    built = {approval_key(plan, name) for plan in plans for name in plan.operations}
    for key in sorted({*lock.own, *lock.psp} - built):
        vault, destination, operation, where = key.split("/")
        subject = Subject(vault, destination, where, operation)
        yield Difference(subject, DifferenceClass.SAFE, "approved, and not built any more")


# Digits of money in words

_BLOCK: Final = "/money"
_ROW: Final = f"{_BLOCK}/digits/"


def change_lines(change: Change, old: Mapping[str, Json], new: Mapping[str, Json]) -> Iterator[str]:
    """The change itself, or one line for each currency that counts otherwise."""
    if change.pointer == _BLOCK:
        yield str(change)
        for code, row in _rows(new or {}).items() if "money" in new else ():
            if code not in _rows(old) and _differs(row):
                yield f"{_currency_words(code, row)}, and was as in ISO 4217"
    elif change.pointer.startswith(_ROW):
        code = change.pointer.removeprefix(_ROW)
        now, then = _rows(new).get(code), _rows(old).get(code)
        before = f"was {_digits_words(then)}" if then else "was not counted"
        yield f"{_currency_words(code, now)}, and {before}"
    else:
        yield str(change)


def _rows(covered: Mapping[str, Json]) -> Mapping[str, str]:
    digits: Mapping[str, str] = (covered.get("money") or {}).get("digits") or {}
    return digits


def _differs(row: str) -> bool:
    own, digits, multiple = row.split()
    return own != digits or multiple != "1"


def _currency_words(code: str, row: str | None) -> str:
    return f"amounts in {code}: {_digits_words(row) if row else 'not counted any more'}"


def _digits_words(row: str) -> str:
    own, digits, multiple = row.split()
    steps = f" in steps of {multiple}" if multiple != "1" else ""
    return f"{digits} digits{steps} where ISO 4217 has {own}"
