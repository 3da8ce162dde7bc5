"""Approvals in the lock file: the life of a record, made, fallen, withdrawn, made anew, renewed.

A record in `forwardc.lock` says who accepted what, for one operation at one vault and place, on
which day and until when. An *own* record covers all that leaves and all that decides; the *PSP's*
covers the review surface, under the PSP's ticket. Both hold what they cover and its digest, so
that a later plan can be compared and an edited record is found out.

No state is written down. `plan.approvals.states` computes it on each run out of the record, the
plan and the day; the first line that holds is the state, and only `approved` lets a run begin:

    there is no record                            never
    somebody withdrew it                          revoked
    a digest is not that of the plan's            changed
    its last day is past                          expired
    else                                          approved

So a record needs nobody to end it: it falls when the plan becomes another one, stands again when
that is undone, and ends with its day. What people do is here, each as a new value of the lock:

| state | approve | the plan changes | the plan is as approved | its last day passes | revoke |
|---|---|---|---|---|---|
| never | approved | never | never | never | refused |
| approved | approved | changed | approved | expired | revoked |
| changed | approved | changed | approved | changed | revoked |
| expired | approved | changed | expired | expired | revoked |
| revoked | approved | revoked | revoked | revoked | refused |

A lock of version 1, whose records cover only what leaves, is renewed record by record:

| a record of version 1 | renewed |
|---|---|
| covers what leaves now | approved |
| covers something else | never |
| is of what is not built any more | never |
| has a last day that is past | expired |

`tests/approvals/test_life.py` reads both tables and compares them with the code. Besides:

- All operations of one command are approved, or none:
  `test_states.py::test_one_stand_in_among_others_approves_none_of_them`.
- An approval without a ticket leaves the PSP's record as it is:
  `test_states.py::test_an_approval_without_a_ticket_keeps_that_of_the_psp`.
- Who withdrew first stays, until somebody approves anew:
  `test_revoke.py::test_who_withdrew_first_stays`; and withdrawn comes before all else:
  `test_revoke.py::test_withdrawn_comes_before_all_else`.
- A record whose digest is not that of what it covers damages the whole lock, which then approves
  nothing and is not written over: `test_lock.py::test_every_edited_record_is_named_by_its_place`.

One record, from its making: `forwardc approve stripe adyen.card_cit --psp-ticket SUP-1 --by Ada`
puts `stripe/adyen/card_cit/production` under `own` and `psp`. A header is added and built: both
digests differ, both are `changed`, and `run` refuses with FC0814, which names the header. Without
the header both stand again. On the day after `expires` both are `expired`; `forwardc approvals
revoke` leaves them in the file with who, when and why, and they approve nothing from then on.

The command line reads the lock, asks for one of these values and replaces the file whole, after
the bytes were synced: whoever reads it meanwhile finds the old lock or the new one.

One file, since the life of a record, from its making to its end, is one thought.
"""

import datetime
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias

from forwardc.compile.language.money.tables import CurrencyTable, table_of_host
from forwardc.core.dataclass import dataclass, replace
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.diagnostics.suggest import did_you_mean
from forwardc.core.documents.part import DocumentPart, member
from forwardc.core.documents.reading import DamagedDocumentError, read_part
from forwardc.core.documents.writing import as_json
from forwardc.core.files.digest import file_digest
from forwardc.core.recognizer.cards import find_cards
from forwardc.core.recognizer.scan import find_secrets
from forwardc.plan.approvals import approval_key, refuse_unfit, withdrawn
from forwardc.plan.changes import changes, covers, described, digests
from forwardc.plan.digests import (
    approval_digest,
    behaviour_digest,
    canonical,
    leaving,
    review_surface,
)
from forwardc.plan.formats import LOCK
from forwardc.plan.lock import (
    AcceptedChange,
    Approval,
    Covers,
    Digest,
    Lock,
    OwnApproval,
    Place,
    PspApproval,
    Revoked,
    Shown,
    one_line,
    parsed_lock,
    report_damage,
)
from forwardc.plan.model import Plan
from forwardc.plan.separation import has_shapes, needs_approval

# Made
#
# Refuses what nobody can have looked at: stand-ins, steps without an outcome, dates that are past.

# Characters of a name, ticket or reason: a record stays one line that a reviewer reads.
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class ApprovalAct:
    """Who approves, when, until which day (included), and the PSP's ticket if it has approved."""

    by: str
    date: datetime.date
    expires: datetime.date | None = None
    ticket: str | None = None


def with_approvals(
    lock: Lock, plan: Plan, operations: Sequence[str], act: ApprovalAct, sink: Sink
) -> Lock | None:
    """The lock with the approvals of these operations, all or none.

    None with FC0706, FC0711, FC0712 or FC0815 in the sink.

    Raises:
        KeyError: An operation is not in the plan.
    """
    refused = [refuse_unfit(plan, name, sink) for name in operations]
    live = plan.environment_class == "production"
    surfaces = {name: review_surface(plan, name) if live else None for name in operations}
    if _refused(plan, operations, act, list(surfaces.values()), sink) or any(refused):
        return None
    own, psp = dict(lock.own), dict(lock.psp)
    for name in operations:
        own[approval_key(plan, name)] = _own(plan, name, act)
        surface = surfaces[name]
        if act.ticket is not None and surface is not None:
            psp[approval_key(plan, name)] = _psp(surface, act, act.ticket)
    return replace(lock, own=own, psp=psp)


def with_accepted(
    lock: Lock, changes: Sequence[str], reason: str, act: ApprovalAct, sink: Sink
) -> Lock | None:
    """The lock with these breaks of callers accepted, by the ids that `diff` gives.

    An earlier acceptance of the same break is replaced. None with FC0706 in the sink.
    """
    before = len(sink.sorted())
    check_text("--by", act.by, sink)
    check_text("--reason", reason, sink)
    if len(sink.sorted()) > before:
        return None
    others = [change for change in lock.accepted if change.change not in changes]
    new = [
        AcceptedChange(change=change, reason=reason, by=act.by, date=act.date)
        for change in dict.fromkeys(changes)
    ]
    accepted = tuple(sorted([*others, *new], key=lambda change: change.change))
    return replace(lock, accepted=accepted)


def _refused(
    plan: Plan, operations: Sequence[str], act: ApprovalAct, surfaces: Sequence[object], sink: Sink
) -> bool:
    before = len(sink.sorted())
    refuse_uncounted(plan, operations, sink)
    if not needs_approval(plan) and not has_shapes(plan):
        where = f"{plan.vault}/{plan.destination} needs no approval in {plan.environment}"
        sink.error("FC0706", f"{where}: its hosts serve no live account")
    if act.expires is not None and act.expires < act.date:
        sink.error("FC0706", "the day of --expires is past")
    if act.ticket is not None and not any(surfaces):
        sink.error(
            "FC0706",
            f"{plan.vault} reviews nothing of {plan.destination}: there is no PSP's approval",
            hint="leave --psp-ticket out",
        )
    check_text("--by", act.by, sink)
    if act.ticket is not None:
        check_text("--psp-ticket", act.ticket, sink)
    return len(sink.sorted()) > before


def check_name(by: str, sink: Sink) -> bool:
    """Whether this may stand in a record as somebody's name; else FC0706 is in the sink."""
    before = len(sink.sorted())
    check_text("--by", by, sink)
    return len(sink.sorted()) == before


def check_text(option: str, text: str, sink: Sink) -> None:
    """Report FC0706 where a text may not stand in the lock, to be read by everybody."""
    try:
        one_line(text)
    except ValueError as problem:
        sink.error("FC0706", f"{option} {problem}")
    if len(text) > _LONGEST_NAME:
        sink.error("FC0706", f"{option} has more than {_LONGEST_NAME} characters")
    if find_secrets(text) or find_cards(text):
        sink.error("FC0706", f"{option} looks like a credential or a card number")


def _own(plan: Plan, operation: str, act: ApprovalAct) -> OwnApproval:
    covered = Covers(**covers(plan, operation))
    return OwnApproval(
        digest=approval_digest(plan, operation),
        behaviour=behaviour_digest(plan, operation),
        date=act.date,
        by=act.by,
        expires=act.expires,
        covers=covered,
    )


def _psp(surface: list[object], act: ApprovalAct, ticket: str) -> PspApproval:
    digest = file_digest(canonical(surface))
    return PspApproval(
        digest=digest,
        date=act.date,
        by=act.by,
        ticket=ticket,
        expires=act.expires,
        covers=surface,
    )


def lock_bytes(lock: Lock) -> bytes:
    """The lock file: one leaf a line and records sorted, so that its diff reads well."""
    data = {
        "forwardc": lock.forwardc,
        "own": {key: _record(lock.own[key]) for key in sorted(lock.own)},
        "psp": {key: _record(lock.psp[key]) for key in sorted(lock.psp)},
        "accepted": [as_json(change) for change in lock.accepted],
    }
    return (json.dumps(data, indent=1, ensure_ascii=False) + "\n").encode()


def _record(record: Approval) -> dict[str, object]:
    unused = {name for name in ("expires", "revoked") if getattr(record, name) is None}
    return as_json(record, exclude=unused)


# How money is counted


def uncounted(plan: Plan, operation: str) -> CurrencyTable | None:
    """The table of the vendor that would get amounts in ISO 4217, because its file is silent."""
    if plan.money is not None and not plan.money.assumed:
        return None
    if not any(plan.params[name].type == "amount" for name in plan.operations[operation].params):
        return None
    tables = (table_of_host(host) for host in plan.hosts.destination)
    return next((table for table in tables if table is not None), None)


def refuse_uncounted(plan: Plan, operations: Sequence[str], sink: Sink) -> None:
    """FC0712 where a known vendor's way to count is not declared."""
    for name in operations:
        table = uncounted(plan, name)
        if table is not None:
            sink.error(
                "FC0712",
                f"{plan.destination}.{name}: {table.title} has its own way to count money, and the"
                " destination's file does not say `money:`",
                hint=f"add the line `money: {{table: {table.name}}}` to"
                f" destinations/{plan.destination}.yaml, build, and look at the review page",
            )


# Withdrawn
#
# Needs no plan: what is not built any more, or not as it was approved, can be withdrawn, too.

CODE: Final = "FC0842"
Whose: TypeAlias = Literal["own", "psp"]
NAMES: Final[dict[Whose, str]] = {"own": "own approval", "psp": "PSP's approval"}


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Which records are meant, and who withdraws them, when and why.

    Without `operation` every one of the destination at the vault and place
    (`environment[@account]`); without `whose` both kinds.
    """

    vault: str
    destination: str
    operation: str
    place: str
    by: str
    date: datetime.date
    reason: str
    whose: Whose | None = None

    def matches(self, key: str) -> bool:
        """Whether a record's key is withdrawal."""
        vault, destination, operation, place = key.split("/")
        same = (vault, destination, place) == (self.vault, self.destination, self.place)
        return same and self.operation in ("", operation)


def with_revoked(
    lock: Lock, withdrawal: Withdrawal, sink: Sink
) -> tuple[Lock, list[tuple[str, Whose]]] | None:
    """The lock in which these records are withdrawn, and which ones; they cover what they covered.

    None with FC0706 or FC0842 in the sink.
    """
    before = len(sink.sorted())
    check_text("--by", withdrawal.by, sink)
    check_text("--reason", withdrawal.reason, sink)
    records = {(key, whose): record for key, whose, record in _matching(lock, withdrawal)}
    standing = [item for item, record in records.items() if record.revoked is None]
    if not standing:
        _report(lock, withdrawal, list(records.values()), sink)
    if len(sink.sorted()) > before:
        return None
    fact = Revoked(by=withdrawal.by, date=withdrawal.date, reason=withdrawal.reason)
    own = {key: replace(lock.own[key], revoked=fact) for key in _of(standing, "own")}
    psp = {key: replace(lock.psp[key], revoked=fact) for key in _of(standing, "psp")}
    changed = replace(lock, own={**lock.own, **own}, psp={**lock.psp, **psp})
    return changed, standing


def _of(standing: list[tuple[str, Whose]], whose: Whose) -> list[str]:
    return [key for key, which in standing if which == whose]


def _matching(lock: Lock, withdrawal: Withdrawal) -> Iterator[tuple[str, Whose, Approval]]:
    for key in sorted({*lock.own, *lock.psp}):
        if not withdrawal.matches(key):
            continue
        if withdrawal.whose != "psp" and key in lock.own:
            yield key, "own", lock.own[key]
        if withdrawal.whose != "own" and key in lock.psp:
            yield key, "psp", lock.psp[key]


def _report(lock: Lock, withdrawal: Withdrawal, ended: list[Approval], sink: Sink) -> None:
    target = ".".join(filter(None, (withdrawal.destination, withdrawal.operation)))
    where = f"{withdrawal.vault}/{target} in {withdrawal.place}"
    which = NAMES[withdrawal.whose] if withdrawal.whose else "approval"
    fact = ended[0].revoked if ended else None
    if fact is not None:
        sink.error(
            CODE,
            f"{where}: the {which} of {ended[0].date} was {withdrawn(fact)}",
            hint="it counts for nothing already; who did it and why stay as they are",
        )
        return
    asked = "/".join(
        (withdrawal.vault, withdrawal.destination, withdrawal.operation, withdrawal.place)
    )
    near = did_you_mean(asked, {*lock.own, *lock.psp}) if withdrawal.operation else None
    hint = f"did you mean {near}?" if near else "`forwardc approvals` lists what there is"
    sink.error(CODE, f"{where}: there is no {which} to withdraw", hint=hint)


# Renewed
#
# Has no clock and writes no file. What leaves is compared whole; what decides was in no record of
# version 1, so that whoever renews accepts it now. A record that does not fit is not renewed.

Json: TypeAlias = Any


class OwnApprovalVersion1(DocumentPart):
    """An own approval of version 1: of what leaves only."""

    digest: Digest
    date: datetime.date
    by: Shown
    expires: datetime.date | None = None
    covers: dict[str, Any]


class LockVersion1(DocumentPart):
    """The lock file of version 1."""

    forwardc: Literal[1]
    own: dict[Place, OwnApprovalVersion1] = member(default_factory=dict)
    psp: dict[Place, PspApproval] = member(default_factory=dict)
    accepted: tuple[AcceptedChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Renewal:
    """One own record beside the present digests: of what leaves, and of what decides.

    `why_not` says where it does not fit; None: only the format changed. `now` is empty where the
    operation is not built any more.
    """

    place: str
    old: OwnApprovalVersion1
    now: Mapping[str, str]
    why_not: str | None = None


def read_old(data: bytes, sink: Sink) -> LockVersion1 | None:
    """The lock of version 1 in these bytes; None with FC0705 or FC0710 in the sink."""
    document = parsed_lock(data, sink)
    if document is None:
        return None
    if document["forwardc"] != 1:
        sink.error("FC0710", f"{LOCK} has not version 1: there is nothing to renew")
        return None
    try:
        old = read_part(LockVersion1, document)
    except DamagedDocumentError:
        report_damage("is damaged", sink)
        return None
    records: list[OwnApprovalVersion1 | PspApproval] = [*old.own.values(), *old.psp.values()]
    if any(record.digest != file_digest(canonical(record.covers)) for record in records):
        report_damage("was edited: a digest is not that of what its record covers", sink)
        return None
    return old


def renewals(old: LockVersion1, plans: Mapping[str, tuple[Plan, str]]) -> Iterator[Renewal]:
    """Each own record with what there is now. `plans` gives plan and operation by place."""
    for key, record in sorted(old.own.items()):
        if key not in plans:
            yield Renewal(key, record, {}, "it is not built any more")
            continue
        plan, name = plans[key]
        differing = changes(_of_now(record.covers), leaving(plan, name))
        why_not = f"what leaves has changed: {described(differing)}" if differing else None
        if uncounted(plan, name) is not None:
            why_not = "its file does not say how the destination counts money [FC0712]"
        if any(not step.outcome for step in plan.operations[name].steps):
            why_not = "a step says nothing of what its answers mean"
        yield Renewal(key, record, digests(plan, name), why_not)


def unchanged_psp_approvals(
    old: LockVersion1, plans: Mapping[str, tuple[Plan, str]]
) -> dict[str, PspApproval]:
    """The approvals of PSPs whose review surface is the same: they cover nothing else."""
    return {
        place: record
        for place, record in sorted(old.psp.items())
        if place in plans and record.covers == review_surface(*plans[place])
    }


def _of_now(covered: dict[str, Json]) -> dict[str, Json]:
    """What version 1 says of what leaves, as this version says the same."""
    return {**covered, "forwardc": 2}


def renewed(
    old: LockVersion1,
    candidates: list[Renewal],
    plans: Mapping[str, tuple[Plan, str]],
    by: str,
    date: datetime.date,
) -> Lock:
    """The lock with the records that fit; each keeps its last day.

    An approval of a PSP covers its review surface alone, and stays where that is the same.
    """
    own = {
        renewal.place: _renewed_own(renewal, *plans[renewal.place], by, date)
        for renewal in candidates
        if renewal.why_not is None
    }
    return Lock(own=own, psp=unchanged_psp_approvals(old, plans), accepted=old.accepted)


def _renewed_own(
    renewal: Renewal, plan: Plan, name: str, by: str, date: datetime.date
) -> OwnApproval:
    return OwnApproval(
        digest=renewal.now["leaves"],
        behaviour=renewal.now["behaviour"],
        date=date,
        by=by,
        expires=renewal.old.expires,
        covers=Covers(**covers(plan, name)),
    )
