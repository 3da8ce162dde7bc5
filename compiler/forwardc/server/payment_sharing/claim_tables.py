"""Decides what a call is, in one transaction's work: the first, a repeat, or one in between.

`claim.py` has the words, this the rules, `claims.py` asks for event loops. Two processes that ask
at once are told apart by the primary key of a claim; whoever finds a forward that a process left
behind looks at what its run recorded. Of its own forwards a process knows which ones are under way.
The tables call a forward a *share*. `tests/server/payment_sharing/test_chapters.py` makes each row
of this table and asks:

| the claim of the payment | its forward | this call |
|---|---|---|
| free | | won |
| its window has passed | | won |
| held for another client | | of another client |
| held, and the key is another request's | | key reused |
| held | running, its process is at it | held |
| held | running, left before its intent | won |
| held | running, left after its intent | unknown |
| held | not sent | won |
| held | unknown | unknown |
| held | done | finished |

Whoever wins has, in the same transaction, begun the run and its first intent, or has nothing: there
is no claim of this process without its run but where the vault is asked first, or where nothing was
to be sent. Invariants, and the tests that hold them:

- A payment is forwarded once, whoever asks at once, in whichever process:
  `test_repeats.py::test_fifty_at_once_are_one_forward`,
  `test_processes.py::test_two_processes_on_one_postgresql`.
- Whoever dies at any moment, also inside a transaction, leaves what is certain:
  `test_processes.py::test_killed_in_the_middle`.
- A claim that the database took and nobody could be told of was not sent, and its process says so:
  `test_live.py::test_what_was_given_up_while_it_was_claimed_was_not_sent`,
  `test_faults.py::test_at_every_call_of_the_database`.
- Who comes back after another one took its claim sends nothing:
  `test_claims.py::test_a_claim_that_ended_before_the_intent_sends_nothing`,
  `test_claims.py::test_who_asks_again_too_late_finds_it_taken_over`.

One claim, traced. Call A and call B ask for `pay-1` at once. A's insert into `share_claims` takes
the key, B's does nothing. A's row in `shares` says *running*, its run and intent stand beside it,
and all of it comes into force with one commit: *won*. B reads A's share: *held*, and waits. A's
process is killed. Call C asks elsewhere: the owner is dead and the run has an intent, so that it
may have arrived. The share becomes *unknown*, and C, B and whoever asks again are told so.
"""

from dataclasses import field
from typing import Final

from forwardc.core.dataclass import dataclass, replace
from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.runtime.history import writes
from forwardc.runtime.history.database import Transaction, first_row
from forwardc.runtime.history.errors import HistoryConflictError
from forwardc.runtime.history.timestamps import Timestamp
from forwardc.runtime.run.store_journal import abandon, is_dead
from forwardc.server.payment_sharing.claim import (
    ClaimFinished,
    ClaimHeld,
    ClaimKeyReused,
    ClaimOfAnotherClient,
    ClaimReleased,
    ClaimRequest,
    ClaimResult,
    ClaimStatus,
    ClaimUnknown,
    ClaimWon,
    ForwardState,
    LiveForwards,
)

_TAKE: Final = (
    "INSERT INTO share_claims (claim, share_id, asked, until) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (claim) DO NOTHING"
)
_RENEW: Final = (
    "UPDATE share_claims SET share_id = ?, asked = ?, until = ? WHERE claim = ? AND share_id = ?"
)
_SHARE: Final = (
    "INSERT INTO shares (id, created_at, environment, emulated, destination, run_id, state, owner,"
    " lease_until, forget_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    # The database may have taken a first try whose answer was lost, so long ago that another
    # process has taken it over since.
    " ON CONFLICT (id) DO UPDATE SET lease_until = excluded.lease_until"
    " WHERE shares.run_id = excluded.run_id AND shares.owner = excluded.owner"
)
_AGAIN: Final = (
    "UPDATE shares SET state = ?, run_id = ?, owner = ?, lease_until = ?"
    " WHERE id = ? AND run_id = ? AND state = ?"
)
_END: Final = (
    "UPDATE shares SET state = ?, status = ?, sealed = ?, owner = '', lease_until = 0"
    " WHERE id = ? AND run_id = ?"
)
_LEFT: Final = "SELECT id, run_id FROM shares WHERE state = 'running' AND owner = ?"
_KNOWN: Final = "SELECT state, run_id, owner, lease_until, sealed FROM shares WHERE id = ?"
_KEEP: Final = "UPDATE shares SET forget_at = ? WHERE id = ? AND forget_at < ?"
_FORGET_CLAIMS: Final = (
    "DELETE FROM share_claims WHERE claim IN (SELECT claim FROM share_claims WHERE until < ?"
    " AND NOT EXISTS (SELECT 1 FROM shares WHERE shares.id = share_claims.share_id"
    " AND shares.state = 'running' AND shares.lease_until >= ?) LIMIT ?)"
)
_FORGET_SHARES: Final = (
    "DELETE FROM shares WHERE id IN (SELECT id FROM shares WHERE forget_at < ?"
    " AND (state <> 'running' OR lease_until < ?) LIMIT ?)"
)
# Rounds for a claim that changes hands between two statements: each needs another process to win.
_TRIES: Final = 3
# So many at once hold up no payment.
_FORGOTTEN_AT_ONCE: Final = 500
# Nobody forgets what another process, whose clock is behind, may still be asked for.
_CLOCKS_MS: Final = 30_000
# Far beyond the lease of any run, and the least that a history keeps.
_LONGEST_RUN_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class ClaimingProcess:
    """Who claims: a process, and the world it forwards in. The lease is in seconds.

    `live` is what it forwards now.
    """

    owner: str
    environment: str
    emulated: bool
    lease_s: float
    live: LiveForwards = field(default_factory=LiveForwards, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class _ForwardRow:
    """A row of `shares`."""

    id: str
    state: ForwardState
    run_id: str
    owner: str
    lease_until: int
    sealed: str | None


def claim(
    tx: Transaction, ask: ClaimRequest, process: ClaimingProcess, now: Timestamp
) -> ClaimResult:
    """What this call is. Asked again with the same ids, it gives the same.

    Raises `ClaimKeyTakenError` where another process took the key for another request just now.
    """
    if ask.by_key is not None:
        held = first_row(
            tx,
            "SELECT share_id, asked FROM share_claims WHERE claim = ? AND until > ?",
            *(ask.by_key, now.milliseconds),
        )
        if held is not None:
            same = held[1] == ask.by_reference
            return _repeat(tx, held[0], ask, process, now) if same else ClaimKeyReused()
    until = now.after(ask.window_s)
    forward_id = _holder(tx, ask.by_reference, ask.forward_id, ask.by_client, until, process, now)
    is_repeat = forward_id != ask.forward_id
    if is_repeat and not _is_of(tx, ask):
        return ClaimOfAnotherClient()
    if ask.by_key is not None:
        until = now.after(ask.key_s)
        if _holder(tx, ask.by_key, forward_id, ask.by_reference, until, process, now) != forward_id:
            raise ClaimKeyTakenError
        if is_repeat:
            tx.run(_KEEP, until, forward_id, until)
    return (
        _repeat(tx, forward_id, ask, process, now) if is_repeat else _begin(tx, ask, process, now)
    )


class ClaimKeyTakenError(ForwardcError):
    """An idempotency key was taken for another request. Nothing of this claim may stay."""


def look(tx: Transaction, forward_id: str, process: ClaimingProcess, now: Timestamp) -> ClaimStatus:
    """What has become of a forward that another call began."""
    return _status(tx, _share(tx, forward_id), process, now)


def _status(
    tx: Transaction, forward: _ForwardRow, process: ClaimingProcess, now: Timestamp
) -> ClaimStatus:
    match forward.state:
        case ForwardState.DONE:
            return ClaimFinished(forward.id, forward.run_id, forward.sealed or "")
        case ForwardState.UNKNOWN:
            return ClaimUnknown(forward.id, forward.run_id, outcome_of(tx, forward.run_id))
        case ForwardState.NOT_SENT:
            return ClaimReleased(forward.run_id, abandoned=False)
        case ForwardState.RUNNING if _is_dropped(forward, process):
            unrecorded = process.live.unrecorded_end(forward.run_id)
            if unrecorded is None:
                return ClaimReleased(forward.run_id, abandoned=True)
            ended = replace(forward, state=unrecorded.state, sealed=unrecorded.sealed)
            return _status(tx, ended, process, now)
        case ForwardState.RUNNING if _is_left(tx, forward, now):
            return ClaimReleased(forward.run_id, abandoned=True)
        case ForwardState.RUNNING:
            return ClaimHeld(forward.id, forward.run_id)


def _is_dropped(forward: _ForwardRow, process: ClaimingProcess) -> bool:
    """Whether a forward stands in the name of this process, which is not at it (any more)."""
    return forward.owner == process.owner and not process.live.holds(forward.run_id)


def end(
    tx: Transaction, won: ClaimWon, state: ForwardState, status: int, sealed: str | None
) -> None:
    """Record how a forward of this process ended; nothing where another one has taken it over."""
    tx.run(_END, state, status, sealed, won.forward_id, won.run_id)


def give_up(tx: Transaction, won: ClaimWon, now: Timestamp) -> ForwardState:
    """Record what is certain of a forward that its own process has given up."""
    state = ForwardState.UNKNOWN if _was_sent(tx, won.run_id) else ForwardState.NOT_SENT
    abandon(tx, won.run_id, "the server stopped before the answer came", now)
    end(tx, won, state, 0, None)
    return state


def abandoned_forwards(tx: Transaction, process: ClaimingProcess) -> list[ClaimWon]:
    """The forwards that stand in the name of this process, and that it is not at."""
    live = process.live
    return [
        ClaimWon(forward_id, run_id, 0)
        for forward_id, run_id in tx.rows(_LEFT, process.owner)
        if not live.holds(run_id) and live.unrecorded_end(run_id) is None
    ]


def end_abandoned(tx: Transaction, won: ClaimWon, process: ClaimingProcess, now: Timestamp) -> None:
    """Record what is certain of a forward that this process left; nothing where it has ended."""
    forward = _find(tx, won.forward_id)
    if forward is None or (forward.run_id, forward.state) != (won.run_id, ForwardState.RUNNING):
        return
    if _is_dropped(forward, process) and process.live.unrecorded_end(won.run_id) is None:
        give_up(tx, won, now)


def outcome_of(tx: Transaction, run_id: str) -> str | None:
    """What a run came to, or was resolved to since; None while nobody knows."""
    outcome_row = first_row(tx, "SELECT outcome FROM runs WHERE id = ? AND state = 'done'", run_id)
    return str(outcome_row[0]) if outcome_row and outcome_row[0] not in (None, "unknown") else None


def forget(tx: Transaction, now: Timestamp) -> bool:
    """Delete some of what is replayed no longer; whether there may be more.

    What may be under way stays for a day at least.
    """
    ended, still = now.milliseconds - _CLOCKS_MS, now.milliseconds - _LONGEST_RUN_MS
    some = (ended, still, _FORGOTTEN_AT_ONCE)
    claims, shares = tx.run(_FORGET_CLAIMS, *some), tx.run(_FORGET_SHARES, *some)
    return max(claims, shares) == _FORGOTTEN_AT_ONCE


def _holder(
    tx: Transaction,
    claim_id: str,
    forward_id: str,
    asked: str,
    until: int,
    process: ClaimingProcess,
    now: Timestamp,
) -> str:
    """The forward that a claim belongs to: `share_id` where it was free or its time had passed.

    `asked` is the other half: of a reference whose it is, of a key what it is for.
    """
    for _ in range(_TRIES):
        if tx.run(_TAKE, claim_id, forward_id, asked, until):
            return forward_id
        held = first_row(tx, "SELECT share_id, until FROM share_claims WHERE claim = ?", claim_id)
        if held is None:
            continue
        holder: str = held[0]
        if held[1] > now.milliseconds or _is_under_way(tx, holder, process, now):
            return holder
        if tx.run(_RENEW, forward_id, asked, until, claim_id, holder):
            return forward_id
    raise HistoryConflictError("a claim changes hands faster than it can be read")


def _is_of(tx: Transaction, ask: ClaimRequest) -> bool:
    """Whether the client asks that claimed the reference."""
    held = first_row(tx, "SELECT asked FROM share_claims WHERE claim = ?", ask.by_reference)
    return held is not None and held[0] == ask.by_client


def _begin(
    tx: Transaction, ask: ClaimRequest, process: ClaimingProcess, now: Timestamp
) -> ClaimResult:
    lease = now.after(process.lease_s)
    longest = ask.window_s if ask.by_key is None else max(ask.window_s, ask.key_s)
    is_ours = tx.run(
        _SHARE,
        *(ask.forward_id, now.text, process.environment, process.emulated, ask.destination),
        *(ask.run_id, ForwardState.RUNNING, process.owner, lease, now.after(longest)),
    )
    if not is_ours:
        return _repeat(tx, ask.forward_id, ask, process, now)
    return ClaimWon(ask.forward_id, ask.run_id, lease)


def _repeat(
    tx: Transaction, forward_id: str, ask: ClaimRequest, process: ClaimingProcess, now: Timestamp
) -> ClaimResult:
    forward = _share(tx, forward_id)
    if (forward.run_id, forward.owner) == (ask.run_id, process.owner):
        return ClaimWon(forward.id, forward.run_id, forward.lease_until)
    status = _status(tx, forward, process, now)
    if not isinstance(status, ClaimReleased):
        return status
    if status.abandoned:
        # Should that process live after all: its run is no longer its own, and sends nothing more.
        writes.stop(tx, forward.run_id, "its process left it", now)
        if _was_sent(tx, forward.run_id) or _may_be_pruned(tx, forward, now):
            tx.run(
                _AGAIN,
                ForwardState.UNKNOWN,
                forward.run_id,
                "",
                0,
                forward.id,
                forward.run_id,
                forward.state,
            )
            return ClaimUnknown(forward.id, forward.run_id, outcome_of(tx, forward.run_id))
    lease = now.after(process.lease_s)
    claimed = (ForwardState.RUNNING, ask.run_id, process.owner, lease)
    if tx.run(_AGAIN, *claimed, forward.id, forward.run_id, forward.state):
        return ClaimWon(forward.id, ask.run_id, lease)
    return ClaimHeld(forward.id, forward.run_id)


def _is_under_way(
    tx: Transaction, forward_id: str, process: ClaimingProcess, now: Timestamp
) -> bool:
    forward = _find(tx, forward_id)
    return forward is not None and isinstance(_status(tx, forward, process, now), ClaimHeld)


def _is_left(tx: Transaction, forward: _ForwardRow, now: Timestamp) -> bool:
    """Whether the process of a running forward has died, or lets go of nothing it once held.

    The forward's lease covers the time before its run is recorded, the run's own the time after.
    """
    if is_dead(forward.owner):
        return True
    if forward.lease_until >= now.milliseconds:
        return False
    run = first_row(tx, "SELECT owner, lease_until FROM runs WHERE id = ?", forward.run_id)
    return run is None or run[0] == "" or run[1] < now.milliseconds


def _was_sent(tx: Transaction, run_id: str) -> bool:
    """Whether a run may have reached its destination, by its record. No doubt means no."""
    tried = (
        "SELECT 1 FROM attempts WHERE run_seq = (SELECT seq FROM runs WHERE id = ?)"
        " AND state <> 'not_sent'"
    )
    if first_row(tx, tried, run_id) is None:
        return False
    run = first_row(tx, "SELECT state, outcome, rejected_by FROM runs WHERE id = ?", run_id)
    if run is None or tuple(run) != ("done", "rejected", "vault"):
        return True
    reached = (
        "SELECT 1 FROM steps WHERE run_seq = (SELECT seq FROM runs WHERE id = ?)"
        " AND (status IS NOT NULL OR state IN ('intent', 'unknown'))"
    )
    return first_row(tx, reached, run_id) is not None


def _may_be_pruned(tx: Transaction, forward: _ForwardRow, now: Timestamp) -> bool:
    """Whether a run without a record may have had one: whoever keeps a day deletes older ones."""
    recorded = first_row(tx, "SELECT 1 FROM runs WHERE id = ?", forward.run_id) is not None
    return not recorded and forward.lease_until < now.milliseconds - _LONGEST_RUN_MS


def _share(tx: Transaction, forward_id: str) -> _ForwardRow:
    forward = _find(tx, forward_id)
    if forward is None:
        raise RuntimeError("a claim names a share that is not there")
    return forward


def _find(tx: Transaction, forward_id: str) -> _ForwardRow | None:
    forward_row = first_row(tx, _KNOWN, forward_id)
    return (
        None
        if forward_row is None
        else _ForwardRow(forward_id, ForwardState(forward_row[0]), *forward_row[1:])
    )
