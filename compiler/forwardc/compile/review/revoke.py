"""Withdraws approvals in the lock, as a new value. Has no clock and writes no file.

Needs no plan: what is not built any more, or not as it was approved, can be withdrawn, too.
"""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from forwardc.compile.review.approve import check_text
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.diagnostics.suggest import did_you_mean
from forwardc.plan.approvals import Approval, Lock, Revoked, withdrawn

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

    def means(self, key: str) -> bool:
        """Whether a record's key is meant."""
        vault, destination, operation, place = key.split("/")
        same = (vault, destination, place) == (self.vault, self.destination, self.place)
        return same and self.operation in ("", operation)


def with_revoked(
    lock: Lock, meant: Withdrawal, sink: Sink
) -> tuple[Lock, list[tuple[str, Whose]]] | None:
    """The lock in which these records are withdrawn, and which ones; they cover what they covered.

    None with FC0706 or FC0842 in the sink.
    """
    before = len(sink.sorted())
    check_text("--by", meant.by, sink)
    check_text("--reason", meant.reason, sink)
    records = {(key, whose): record for key, whose, record in _meant(lock, meant)}
    standing = [item for item, record in records.items() if record.revoked is None]
    if not standing:
        _report(lock, meant, list(records.values()), sink)
    if len(sink.sorted()) > before:
        return None
    fact = Revoked(by=meant.by, date=meant.date, reason=meant.reason)
    own = {key: lock.own[key].model_copy(update={"revoked": fact}) for key in _of(standing, "own")}
    psp = {key: lock.psp[key].model_copy(update={"revoked": fact}) for key in _of(standing, "psp")}
    changed = lock.model_copy(update={"own": {**lock.own, **own}, "psp": {**lock.psp, **psp}})
    return changed, standing


def _of(standing: list[tuple[str, Whose]], whose: Whose) -> list[str]:
    return [key for key, which in standing if which == whose]


def _meant(lock: Lock, meant: Withdrawal) -> Iterator[tuple[str, Whose, Approval]]:
    for key in sorted({*lock.own, *lock.psp}):
        if not meant.means(key):
            continue
        if meant.whose != "psp" and key in lock.own:
            yield key, "own", lock.own[key]
        if meant.whose != "own" and key in lock.psp:
            yield key, "psp", lock.psp[key]


def _report(lock: Lock, meant: Withdrawal, ended: list[Approval], sink: Sink) -> None:
    target = ".".join(filter(None, (meant.destination, meant.operation)))
    where = f"{meant.vault}/{target} in {meant.place}"
    which = NAMES[meant.whose] if meant.whose else "approval"
    fact = ended[0].revoked if ended else None
    if fact is not None:
        sink.error(
            CODE,
            f"{where}: the {which} of {ended[0].date} was {withdrawn(fact)}",
            hint="it counts for nothing already; who did it and why stay as they are",
        )
        return
    asked = "/".join((meant.vault, meant.destination, meant.operation, meant.place))
    near = did_you_mean(asked, {*lock.own, *lock.psp}) if meant.operation else None
    hint = f"did you mean {near}?" if near else "`forwardc approvals` lists what there is"
    sink.error(CODE, f"{where}: there is no {which} to withdraw", hint=hint)
