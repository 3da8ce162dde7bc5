"""Reads `forwardc.lock` and compares it with a plan: what may leave in production.

Writes nothing, and has no clock: the day is given. Everything here refuses by default.
"""

import datetime
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationError

from forwardc.core.diagnostics.render.clean import one_line as one_line_of
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.diagnostics.text_file import BUILT, NotTextError, decoded, unreadable
from forwardc.core.files.checkout import CheckoutPath, as_checkout
from forwardc.core.files.kinds import LOCK as LOCK_KIND
from forwardc.plan.agreed import refuse_not_agreed
from forwardc.plan.changes import (
    BEHAVIOUR,
    LEAVES,
    changes,
    covered_differences,
    covers,
    described,
    differences_in_words,
    digests,
)
from forwardc.plan.demo_ids import refuse_demo_ids, warn_of_demo_ids
from forwardc.plan.digests import canonical, file_digest, review_surface, surface_digest
from forwardc.plan.environment import place_of
from forwardc.plan.formats import FORMAT_VERSION, LOCK
from forwardc.plan.model import Plan
from forwardc.plan.separation import has_shapes, needs_approval, why_needed
from forwardc.plan.unfit import refuse_unfit

_RESTORE = "restore it from version control; nothing was changed"


def one_line(text: str) -> str:
    """The text itself. Raises `ValueError` where it is empty or not one line that can be shown."""
    if not text.strip() or not text.isprintable():
        raise ValueError("must be one line of printable text")
    return text


Shown: TypeAlias = Annotated[str, StringConstraints(max_length=200), AfterValidator(one_line)]
Place: TypeAlias = Annotated[
    str, StringConstraints(pattern=r"^[^/\s]+/[^/\s]+/[^/\s]+/[a-z0-9_]+(@[a-z0-9_]+)?$")
]
Digest: TypeAlias = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class Revoked(_Entry):
    """Somebody withdrew an approval: from then on it counts for nothing."""

    by: Shown
    date: datetime.date
    reason: Shown


class Covers(_Entry):
    """What an own approval is of: all that leaves, and all that decides."""

    leaves: dict[str, Any]
    behaviour: dict[str, Any]


class OwnApproval(_Entry):
    """Somebody of the merchant accepted all that leaves and all that decides.

    `digest` is of what leaves, `behaviour` of what decides. `expires` is the last day it holds.
    `revoked` is there once it was withdrawn.
    """

    digest: Digest
    behaviour: Digest
    date: datetime.date
    by: Shown
    expires: datetime.date | None = None
    revoked: Revoked | None = None
    covers: Covers


class PspApproval(_Entry):
    """The PSP accepted the review surface, under its own `ticket`."""

    digest: Digest
    date: datetime.date
    by: Shown
    ticket: Shown
    expires: datetime.date | None = None
    revoked: Revoked | None = None
    covers: list[Any]


class AcceptedChange(_Entry):
    """A known break of callers, accepted with a reason. `change` is the id that `diff` gives."""

    change: Shown
    reason: Shown
    by: Shown
    date: datetime.date


class Lock(_Entry):
    """The lock file. Keys are `vault/destination/operation/environment[@account]`."""

    forwardc: Literal[2] = 2
    own: dict[Place, OwnApproval] = {}
    psp: dict[Place, PspApproval] = {}
    accepted: tuple[AcceptedChange, ...] = ()


Approval: TypeAlias = OwnApproval | PspApproval


class ApprovalState(StrEnum):
    """What a record says of what leaves now."""

    APPROVED = "approved"
    CHANGED = "changed"
    EXPIRED = "expired"
    REVOKED = "revoked"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Approvals:
    """The states of one operation; `psp` is None where the vault reviews nothing."""

    own: ApprovalState
    psp: ApprovalState | None

    @property
    def hold(self) -> bool:
        """Whether nothing is missing."""
        return self.own is ApprovalState.APPROVED and self.psp in (None, ApprovalState.APPROVED)


def place(plan: Plan, operation: str) -> str:
    """The key of an operation's records."""
    return f"{plan.vault}/{plan.destination}/{operation}/{plan.place}"


def read_lock(file: CheckoutPath | Path, sink: Sink) -> Lock | None:
    """The lock, empty where there is no file; None with the reason in the sink.

    FC0118 a link or the like, FC0703, FC0705 or FC0710. `lock_of_build` says which file.
    """
    try:
        data = as_checkout(file).read(LOCK_KIND)
    except FileNotFoundError:
        return Lock()
    except OSError as problem:
        unreadable(problem, LOCK, "FC0705", sink, hint=BUILT)
        return None
    return lock_of(data, sink)


def lock_of(data: bytes, sink: Sink) -> Lock | None:
    """The lock of these bytes; None with FC0703, FC0705 or FC0710 in the sink."""
    data_of_lock = parsed_lock(data, sink)
    if data_of_lock is None or not _is_of_this_version(data_of_lock["forwardc"], sink):
        return None
    try:
        lock = Lock.model_validate_json(decoded(data))
    except ValidationError as problem:
        damaged(f"is damaged at {_first_place(problem)}", sink)
        return None
    edited = list(_edited(lock))
    for pointer in edited:
        damaged("was edited: a digest is not that of what its record covers", sink, pointer)
    return None if edited else lock


def parsed_lock(data: bytes, sink: Sink) -> dict[str, Any] | None:
    """The object of a lock file with its version; None with FC0705 in the sink."""
    try:
        document = json.loads(decoded(data), object_pairs_hook=_no_repetition)
    except NotTextError as problem:
        damaged(f"is {problem.reason}", sink)
        return None
    except (ValueError, RecursionError):
        damaged("is not JSON, or an object has the same key twice", sink)
        return None
    version = document.get("forwardc") if isinstance(document, dict) else None
    if not isinstance(version, int) or isinstance(version, bool):
        damaged("has no version", sink)
        return None
    return dict(document)


def _is_of_this_version(version: int, sink: Sink) -> bool:
    if version == 1:
        message = f"{LOCK} has version 1, whose approvals do not cover what decides"
        sink.error("FC0710", message, hint="look at both: `forwardc approve --renew`")
    elif version != FORMAT_VERSION:
        sink.error("FC0703", f"{LOCK} has a version that this forwardc does not know")
    return version == FORMAT_VERSION


def damaged(state: str, sink: Sink, pointer: str = "") -> None:
    """Report FC0705: the lock is not as it was written."""
    where = f" ({pointer})" if pointer else ""
    sink.error("FC0705", f"{LOCK} {state}{where}", pointer=pointer, hint=_RESTORE)


def _no_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Raise `ValueError` for a key given twice: people read the first, readers take the last."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key is there twice")
    return members


def _first_place(problem: ValidationError) -> str:
    return "".join(f"/{part}" for part in problem.errors(include_input=False)[0]["loc"]) or "/"


def _edited(lock: Lock) -> Iterator[str]:
    for key, own in lock.own.items():
        whole = own.digest == _digest(own.covers.leaves) and key == _place(own.covers.leaves)
        if not whole or own.behaviour != _digest(own.covers.behaviour):
            yield f"/own/{key.replace('/', '~1')}"
    for key, psp in lock.psp.items():
        if psp.digest != _digest(psp.covers):
            yield f"/psp/{key.replace('/', '~1')}"


def _place(leaves: dict[str, Any]) -> str:
    where = place_of(str(leaves.get("environment")), str(leaves.get("account") or ""))
    parts = [leaves.get(name) for name in ("vault", "destination", "operation")]
    return "/".join(map(str, [*parts, where]))


def _digest(covered: Any) -> str:
    return file_digest(canonical(covered))


def states(plan: Plan, operation: str, lock: Lock, today: datetime.date) -> Approvals:
    """The states of one operation. Raises `KeyError` if the plan has no such operation."""
    key = place(plan, operation)
    # A vault's reviewers look at what production sends, and at nothing else.
    live = plan.environment_class == "production"
    reviewed = live and any(step.review for step in plan.operations[operation].steps)
    surface = surface_digest(plan, operation) if reviewed else None
    own, psp, now = lock.own.get(key), lock.psp.get(key), digests(plan, operation)
    same = own is not None and (own.digest, own.behaviour) == (now[LEAVES], now[BEHAVIOUR])
    return Approvals(
        own=_state(own, same, today),
        psp=None
        if surface is None
        else _state(psp, psp is not None and psp.digest == surface, today),
    )


def _state(record: Approval | None, same: bool, today: datetime.date) -> ApprovalState:
    if record is None:
        return ApprovalState.NEVER
    if record.revoked is not None:
        return ApprovalState.REVOKED
    if not same:
        return ApprovalState.CHANGED
    if record.expires is not None and record.expires < today:
        return ApprovalState.EXPIRED
    return ApprovalState.APPROVED


def takes_any_shape(plan: Plan, operation: str, lock: Lock, today: datetime.date) -> bool:
    """Whether somebody approved that a sandbox runs with credentials of any shape, as live ones do.

    Raises `KeyError` if the plan has no such operation.
    """
    if plan.environment_class == "production" or not has_shapes(plan):
        return False
    return states(plan, operation, lock, today).hold


def refuse_unapproved(
    plan: Plan,
    operation: str,
    lock: Lock,
    today: datetime.date,
    sink: Sink,
    *,
    emulated: bool = False,
) -> bool:
    """Whether this operation must not run: FC0711, FC0814, FC0815, FC0856, FC0857 or FC0859.

    All of them in the sink; of a rehearsal, FC0859 as a warning.

    A fallback can run in its place, so that it must be approved too. A plan of a sandbox needs an
    approval where nothing tells it from live, but where a sandbox on this machine answers
    (`emulated`). Raises `KeyError` if the plan has no such operation.
    """
    fallback = plan.operations[operation].fallback
    names = [operation, fallback.operation] if fallback else [operation]
    refused = [refuse_not_agreed(plan, name, today, sink, emulated=emulated) for name in names]
    if not emulated:
        refused.append(refuse_demo_ids(plan, sink))
    if needs_approval(plan) and not (emulated and plan.environment_class != "production"):
        refused += [_refuse(plan, name, lock, today, sink) for name in names]
    if emulated and not any(refused):
        warn_of_demo_ids(plan, sink)
    return any(refused)


def _refuse(plan: Plan, name: str, lock: Lock, today: datetime.date, sink: Sink) -> bool:
    if refuse_unfit(plan, name, sink):
        return True
    missing = shortfalls(plan, name, lock, today)
    for whose, why in missing.items():
        _report(
            plan, name, "the own approval" if whose == "own" else "the PSP's approval", why, sink
        )
    return bool(missing)


def shortfalls(plan: Plan, name: str, lock: Lock, today: datetime.date) -> dict[str, str]:
    """Why each approval, `own` or `psp`, does not hold: names and places, and never a value.

    Empty where nothing is missing. Raises `KeyError` if the plan has no such operation.
    """
    approvals, key = states(plan, name, lock, today), place(plan, name)
    own, psp = lock.own.get(key), lock.psp.get(key)
    why: dict[str, str] = {}
    if approvals.own is not ApprovalState.APPROVED:
        why["own"] = _why(approvals.own, own, lambda: _own_changes(own, plan, name))
    if approvals.psp not in (None, ApprovalState.APPROVED):
        why["psp"] = _why(approvals.psp, psp, lambda: _psp_changes(psp, plan, name))
    return why


def changed_since(record: OwnApproval, plan: Plan, name: str) -> str:
    """What differs from what was approved: which of the two, and where. Empty for nothing."""
    return _own_changes(record, plan, name)


def withdrawn(record: Revoked) -> str:
    """Who withdrew an approval, when and why, in one line that may be shown."""
    # The lock may come with anybody's pull request.
    by, reason = one_line_of(record.by), one_line_of(record.reason)
    return f"withdrawn by {by} on {record.date}: {reason}"


def _own_changes(record: OwnApproval | None, plan: Plan, name: str) -> str:
    then = record.covers.model_dump() if record else {}
    return differences_in_words(covered_differences(then, covers(plan, name)))


def _psp_changes(record: PspApproval | None, plan: Plan, name: str) -> str:
    return described(changes(record.covers if record else None, review_surface(plan, name)))


def _report(plan: Plan, name: str, which: str, why: str, sink: Sink) -> None:
    ticket = " --psp-ticket TICKET" if "PSP" in which else ""
    account = f" --account {plan.account}" if plan.account else ""
    whose = "" if plan.environment_class == "production" else f", and {why_needed(plan)}"
    sink.error(
        "FC0814",
        f"{plan.vault}/{plan.destination}.{name}: {which} {why}{whose}",
        hint=f"after a review: `forwardc approve {plan.vault} {plan.destination}.{name}"
        f" --env {plan.environment}{account}{ticket} --by NAME`",
    )


def _why(state: ApprovalState | None, record: Approval | None, changed: Callable[[], str]) -> str:
    if record is None:
        return "was never given"
    if record.revoked is not None:
        return f"of {record.date} was {withdrawn(record.revoked)}"
    if state is ApprovalState.EXPIRED:
        return f"of {record.date} ended on {record.expires}"
    return f"of {record.date} covers something else: {changed()}"
