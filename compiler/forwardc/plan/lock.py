"""The lock file: the records of what was approved, and how it is read.

Each record holds what it covers, so that a later difference can be shown, and the digests of that,
so that an edited record is told from a written one. A lock that cannot be believed is none: what
it says is reported, and nothing of it counts.
"""

import datetime
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias

from forwardc.core.diagnostics.sink import Sink
from forwardc.core.diagnostics.text_file import BUILT, NotTextError, decoded, unreadable
from forwardc.core.documents.part import Checked, DocumentPart, matching, member
from forwardc.core.documents.reading import DamagedDocumentError, pointer_of, read_part
from forwardc.core.files.checkout import CheckoutPath, as_checkout
from forwardc.core.files.digest import file_digest
from forwardc.core.files.kinds import LOCK as LOCK_KIND
from forwardc.plan.digests import canonical
from forwardc.plan.environment import place_of
from forwardc.plan.formats import FORMAT_VERSION, LOCK

_LONGEST: Final = 200
"""Characters of a name, ticket or reason: a record stays one line that a reviewer reads."""
_RESTORE = "restore it from version control; nothing was changed"


def one_line(text: str) -> str:
    """The text itself. Raises `ValueError` where it is empty or not one line that can be shown."""
    if not text.strip() or not text.isprintable():
        raise ValueError("must be one line of printable text")
    return text


def _shown(text: str) -> None:
    if len(text) > _LONGEST:
        raise ValueError(f"must have at most {_LONGEST} characters")
    one_line(text)


Shown: TypeAlias = Annotated[str, Checked(_shown)]
Place: TypeAlias = Annotated[
    str, Checked(matching(r"[^/\s]+/[^/\s]+/[^/\s]+/[a-z0-9_]+(@[a-z0-9_]+)?"))
]
Digest: TypeAlias = Annotated[str, Checked(matching(r"sha256:[0-9a-f]{64}"))]


class Revoked(DocumentPart):
    """Somebody withdrew an approval: from then on it counts for nothing."""

    by: Shown
    date: datetime.date
    reason: Shown


class Covers(DocumentPart):
    """What an own approval is of: all that leaves, and all that decides."""

    leaves: dict[str, Any]
    behaviour: dict[str, Any]


class OwnApproval(DocumentPart):
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


class PspApproval(DocumentPart):
    """The PSP accepted the review surface, under its own `ticket`."""

    digest: Digest
    date: datetime.date
    by: Shown
    ticket: Shown
    expires: datetime.date | None = None
    revoked: Revoked | None = None
    covers: list[Any]


class AcceptedChange(DocumentPart):
    """A known break of callers, accepted with a reason. `change` is the id that `diff` gives."""

    change: Shown
    reason: Shown
    by: Shown
    date: datetime.date


class Lock(DocumentPart):
    """The lock file. Keys are `vault/destination/operation/environment[@account]`."""

    forwardc: Literal[2] = 2
    own: dict[Place, OwnApproval] = member(default_factory=dict)
    psp: dict[Place, PspApproval] = member(default_factory=dict)
    accepted: tuple[AcceptedChange, ...] = ()


Approval: TypeAlias = OwnApproval | PspApproval


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
        lock = read_part(Lock, data_of_lock)
    except DamagedDocumentError as problem:
        report_damage(f"is damaged at {pointer_of(problem.places[0])}", sink)
        return None
    edited = list(_edited(lock))
    for pointer in edited:
        report_damage("was edited: a digest is not that of what its record covers", sink, pointer)
    return None if edited else lock


def parsed_lock(data: bytes, sink: Sink) -> dict[str, Any] | None:
    """The object of a lock file with its version; None with FC0705 in the sink."""
    try:
        document = json.loads(decoded(data), object_pairs_hook=_no_repetition)
    except NotTextError as problem:
        report_damage(f"is {problem.reason}", sink)
        return None
    except (ValueError, RecursionError):
        report_damage("is not JSON, or an object has the same key twice", sink)
        return None
    version = document.get("forwardc") if isinstance(document, dict) else None
    if not isinstance(version, int) or isinstance(version, bool):
        report_damage("has no version", sink)
        return None
    return dict(document)


def _is_of_this_version(version: int, sink: Sink) -> bool:
    if version == 1:
        message = f"{LOCK} has version 1, whose approvals do not cover what decides"
        sink.error("FC0710", message, hint="look at both: `forwardc approve --renew`")
    elif version != FORMAT_VERSION:
        sink.error("FC0703", f"{LOCK} has a version that this forwardc does not know")
    return version == FORMAT_VERSION


def report_damage(state: str, sink: Sink, pointer: str = "") -> None:
    """Report FC0705: the lock is not as it was written."""
    where = f" ({pointer})" if pointer else ""
    sink.error("FC0705", f"{LOCK} {state}{where}", pointer=pointer, hint=_RESTORE)


def _no_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Raise `ValueError` for a key given twice: people read the first, readers take the last."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key is there twice")
    return members


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
