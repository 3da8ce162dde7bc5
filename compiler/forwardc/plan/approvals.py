"""Whether an operation may leave: what is compared before anything is sent, and refused by default.

`refuse_unapproved` is the one gate of every door. It asks four questions, each with its codes:

| code | refuses | production | sandbox | on this machine |
|---|---|---|---|---|
| FC0856 | an arrangement with the vault whose last day is past | yes | yes | yes |
| FC0857 | an arrangement that nobody recorded | yes | yes | no |
| FC0859 | an id for trying out in the place of an account's own | yes | yes | warns |
| FC0815 | names that stand in for a partner's own | yes | no | no |
| FC0711 | a step without a word of what its answers mean | yes | no | no |
| FC0814 | what leaves or decides is not what was approved | yes | unless told from live | no |

*On this machine* answers the emulated sandbox, for a plan of a sandbox; a plan of production is
refused there as anywhere. What tells a sandbox from live is in `plan/separation.py`, what is
compared in `plan/digests.py`, and the states of a record in `ApprovalState`, in the order in which
they are asked; its life, with every transition, is the chapter of `compile/review/approve.py`.
The day is given, so that one run has one answer. `tests/approvals/test_gate.py` compares the table
with the code.

One value, followed: somebody changes the header `X-Store` of `adyen.card_cit` and builds. `run`
loads the plan; `digests` gives another value under `leaves` than the record in `forwardc.lock`;
`states` says `changed`; `shortfalls` names `/steps/0/http/headers`, never the value, and the run
ends with FC0814 before a secret was read.
"""

import datetime
from collections.abc import Callable, Mapping
from enum import StrEnum

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.documents.writing import as_json
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
from forwardc.plan.digests import review_surface, surface_digest
from forwardc.plan.lock import Approval, Lock, OwnApproval, PspApproval, Revoked
from forwardc.plan.model import Plan
from forwardc.plan.parts import AgreedWith
from forwardc.plan.separation import has_shapes, needs_approval, why_needed


def arrangements_of(plan: Plan, operation: str) -> tuple[AgreedWith, ...]:
    """What an operation leaves by, each once. Raises `KeyError` if there is no such operation."""
    arrangements = {
        arrangement.id: arrangement
        for step in plan.operations[operation].steps
        if step.review
        for arrangement in step.review.arrangements
    }
    return tuple(arrangements.values())


def refuse_not_agreed(
    plan: Plan, operation: str, today: datetime.date, sink: Sink, *, emulated: bool
) -> bool:
    """Whether a run must not leave: FC0856 for what has ended, FC0857 for what nobody agreed to.

    A sandbox on this machine (`emulated`) plays what was not agreed. Raises `KeyError` if the plan
    has no such operation.
    """
    before = len(sink.sorted())
    for item in arrangements_of(plan, operation):
        where = f"{plan.vault}/{plan.destination}.{operation}"
        if item.expires is not None and item.expires < today:
            sink.error(
                "FC0856",
                f"{where}: what {plan.vault} agreed to as `{item.id}` ended on {item.expires}",
                hint="ask its support to renew it, record that in forwardc.yaml, build and approve",
            )
        elif item.as_if_agreed and not emulated:
            sink.error(
                "FC0857",
                f"{where}: nobody has recorded that {plan.vault} agreed to `{item.id}`",
                hint="run it with --sandbox, or record the ticket in this environment of"
                " forwardc.yaml, then build",
            )
    return len(sink.sorted()) > before


# What production never runs, whoever approves it.


def refuse_stand_in(plan: Plan, operation: str, sink: Sink) -> bool:
    """Whether names of ours stand in for a partner's, which production never sees: FC0815."""
    if plan.operations[operation].status != "stand_in":
        return False
    sink.error(
        "FC0815",
        f"{plan.destination}.{operation} holds names that stand in for the partner's own",
        hint="ask the partner for them; a stand-in runs in the sandbox only",
    )
    return True


def refuse_undecided(plan: Plan, operation: str, sink: Sink) -> bool:
    """Whether a step says nothing of what its answers mean, so that no run could be approved."""
    silent = [step.name for step in plan.operations[operation].steps if not step.outcome]
    for step in silent:
        sink.error(
            "FC0711",
            f"{plan.destination}.{operation}: nothing says what an answer to the step {step} means,"
            " so that every run of it would end as unknown",
            hint="write its `outcome:` rules, or `outcome: by_status`, then build",
        )
    return bool(silent)


def refuse_unfit(plan: Plan, operation: str, sink: Sink) -> bool:
    """Whether production never runs this operation, whoever approves it: FC0711 or FC0815."""
    if plan.environment_class != "production":
        return False
    return refuse_stand_in(plan, operation, sink) or refuse_undecided(plan, operation, sink)


# Ids for trying out, which are nobody's account.

_CODE = "FC0859"
_HINT = "write the account's own ids into forwardc.yaml, build, and approve what changed"


def refuse_demo_ids(plan: Plan, sink: Sink) -> bool:
    """Whether this plan must not reach its vault: FC0859 where an id for trying out stands in it.

    A rehearsal against a sandbox on this machine may.
    """
    said = _of_the_plan(plan)
    if said:
        sink.error(_CODE, f"an id for trying out is nobody's account: {said}", hint=_HINT)
    return bool(said)


def warn_of_demo_ids(plan: Plan, sink: Sink) -> None:
    """Tell a rehearsal that its account is nobody's: FC0859 as a warning."""
    said = _of_the_plan(plan)
    if said:
        sink.warning(_CODE, f"a rehearsal with an id for trying out, not for sending: {said}")


def _of_the_plan(plan: Plan) -> str:
    names = plan.demo_ids.get(plan.place, ())
    return f"{plan.vault}/{plan.destination}: {ids_in_words(plan.place, names)}" if names else ""


def refuse_sending(plan: Plan, sink: Sink) -> bool:
    """Whether nothing may be sent to the vault's support for this plan: FC0859 for any such id."""
    if not plan.demo_ids:
        return False
    said = "; ".join(ids_in_words(place, names) for place, names in plan.demo_ids.items())
    message = f"ids for trying out stand in the letter: {plan.vault}/{plan.destination}: {said}"
    sink.error(_CODE, message, hint=_HINT)
    return True


def ids_in_words(place: str, names: tuple[str, ...]) -> str:
    """Ids in words, without their values: `account of production`."""
    return f"{', '.join(names)} of {place}"


# What was approved, and whether it is what leaves now.


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
    def are_complete(self) -> bool:
        """Whether nothing is missing."""
        return self.own is ApprovalState.APPROVED and self.psp in (None, ApprovalState.APPROVED)


def approval_key(plan: Plan, operation: str) -> str:
    """The key of an operation's records."""
    return f"{plan.vault}/{plan.destination}/{operation}/{plan.place}"


def states(plan: Plan, operation: str, lock: Lock, today: datetime.date) -> Approvals:
    """The states of one operation. Raises `KeyError` if the plan has no such operation."""
    key = approval_key(plan, operation)
    # A vault's reviewers look at what production sends, and at nothing else.
    live, steps = plan.environment_class == "production", plan.operations[operation].steps
    reviewed = live and any(step.review for step in steps)
    own, psp = lock.own.get(key), lock.psp.get(key)
    same = own is not None and _covers_this(own, digests(plan, operation))
    seen = psp is not None and reviewed and psp.digest == surface_digest(plan, operation)
    return Approvals(_state(own, same, today), _state(psp, seen, today) if reviewed else None)


def _covers_this(record: OwnApproval, now: Mapping[str, str]) -> bool:
    return (record.digest, record.behaviour) == (now[LEAVES], now[BEHAVIOUR])


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
    return states(plan, operation, lock, today).are_complete


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
    approvals, key = states(plan, name, lock, today), approval_key(plan, name)
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
    # What finds cards is loaded where a record is shown, and few operations were withdrawn.
    from forwardc.core.diagnostics.render.clean import one_line

    by, reason = one_line(record.by), one_line(record.reason)
    return f"withdrawn by {by} on {record.date}: {reason}"


def _own_changes(record: OwnApproval | None, plan: Plan, name: str) -> str:
    then = as_json(record.covers) if record else {}
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
