"""Tokens and callbacks in the tables of history, the same on both databases.

Knows no format of a callback: it is given what one says, and what follows is decided by `apply`.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from forwardc.runtime.history.database import Transaction, first_row
from forwardc.runtime.history.store import Store
from forwardc.runtime.history.timestamps import Timestamp
from forwardc.runtime.tokens.apply import apply
from forwardc.runtime.tokens.records import (
    Applied,
    Callback,
    Receipt,
    StoredCallback,
    TokenFilter,
    TokenPage,
    TokenRecord,
)
from forwardc.runtime.tokens.rows import FACTS, callbacks_of, search, token_of
from forwardc.runtime.tokens.settle import settle, settle_waiting

_KEEP: Final = (
    f"INSERT INTO tokens ({FACTS}, first_seen_at, updated_at, last_request, changed_by)"  # noqa: S608 - fixed
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (token, emulated) DO UPDATE SET"
    " state = excluded.state, customer_id = excluded.customer_id,"
    " project_id = excluded.project_id, masked_number = excluded.masked_number,"
    " scheme = excluded.scheme, initials = excluded.initials, expires = excluded.expires,"
    " created_at = excluded.created_at, updated_at = excluded.updated_at,"
    " last_request = excluded.last_request, changed_by = excluded.changed_by"
)
_ADD: Final = (
    "INSERT INTO callbacks"
    " (digest, received_at, kind, token, request_id, payment_id, status, outcome, applied,"
    " emulated, settled) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING seq"
)
_SAME: Final = (
    "SELECT 1 FROM callbacks WHERE emulated = ? AND request_id = ? AND kind = ?"
    " AND COALESCE(token, '') = ? AND COALESCE(payment_id, '') = ? AND COALESCE(status, '') = ?"
)


class TokenTables:
    """A `TokenStore` in an open history.

    What a sandbox told is kept apart from what the Gate told: `emulated` chooses.
    """

    def __init__(self, store: Store, *, emulated: bool = False) -> None:
        self._database = store.database
        self._emulated = emulated
        self._moment = store.moment

    def receive(self, callback: Callback) -> Receipt:
        """Store a callback and what follows from it, once."""
        moment = self._moment()
        return self._database.write(lambda tx: self._receive(tx, callback, moment))

    def token(self, token: str) -> TokenRecord | None:
        """What is known of a token."""
        return self._database.read(lambda tx: token_of(tx, token, emulated=self._emulated))

    def search(
        self, wanted: TokenFilter, *, cursor: int | None = None, limit: int = 100
    ) -> TokenPage:
        """Tokens of the Gate and of sandboxes, those that changed last first."""
        return self._database.read(lambda tx: search(tx, wanted, cursor, limit))

    def callbacks_of(self, token: str, limit: int = 100) -> Sequence[StoredCallback]:
        """The last callbacks about a token, in the order of their arrival."""
        emulated = self._emulated
        return self._database.read(lambda tx: callbacks_of(tx, token, limit, emulated=emulated))

    def settle_waiting(self) -> tuple[str, ...]:
        """Settle the runs that were under way when their callback came, of both sides; ids."""
        moment = self._moment()
        return self._database.write(lambda tx: settle_waiting(tx, moment))

    def _receive(self, tx: Transaction, callback: Callback, now: Timestamp) -> Receipt:
        # Two callbacks about one token at a time would each add to what the other has not seen.
        tx.alone()
        emulated = self._emulated
        # The same text from a sandbox is another callback, and must not stand in the Gate's way.
        digest = f"emulated:{callback.digest}" if emulated else callback.digest
        if first_row(tx, "SELECT 1 FROM callbacks WHERE digest = ?", digest):
            return Receipt(Applied.NOTHING_NEW, repeated=True)
        facts = callback.facts
        known = token_of(tx, facts.token, emulated=emulated) if facts else None
        merged = apply(known.facts if known else None, facts) if facts else None
        changed = merged is not None and (known is None or merged != known.facts)
        if not changed and _is_known(tx, callback, emulated=emulated):
            return Receipt(Applied.NOTHING_NEW, repeated=True)
        settled = settle(tx, callback, now, emulated=emulated)
        applied = _applied(callback, known, changed=changed, settled=bool(settled.runs))
        number = self._add(tx, replace(callback, digest=digest), settled.runs, applied, now)
        if merged is not None and changed:
            request = callback.request_id or (known.last_request if known else None)
            first = known.first_seen_at if known else now.text
            record = TokenRecord(merged, first, now.text, request, emulated=emulated)
            _keep(tx, record, number)
        stranger = facts is not None and known is None and not callback.announces
        return Receipt(
            applied, stranger=stranger, settled=settled.runs, undecided=settled.undecided
        )

    def _add(
        self,
        tx: Transaction,
        callback: Callback,
        settled: tuple[str, ...],
        applied: Applied,
        now: Timestamp,
    ) -> int:
        found = first_row(
            tx,
            _ADD,
            *(callback.digest, now.text, callback.kind),
            *(callback.facts.token if callback.facts else None, callback.request_id),
            *(callback.payment_id, callback.status, callback.outcome, applied, self._emulated),
            next(iter(settled), None),
        )
        if found is None:
            raise RuntimeError("the database gave the new callback no number")
        return int(found[0])


def _applied(
    callback: Callback, known: TokenRecord | None, *, changed: bool, settled: bool
) -> Applied:
    if settled:
        return Applied.SETTLED
    if callback.facts is None:
        return Applied.RECORDED
    if known is None:
        return Applied.FIRST_SEEN
    return Applied.CHANGED if changed else Applied.NOTHING_NEW


def _is_known(tx: Transaction, callback: Callback, *, emulated: bool) -> bool:
    """Whether a callback about the same request told the same."""
    if callback.request_id is None:
        return False
    token = callback.facts.token if callback.facts else ""
    same = (token, callback.payment_id or "", callback.status or "")
    return first_row(tx, _SAME, emulated, callback.request_id, callback.kind, *same) is not None


def _keep(tx: Transaction, record: TokenRecord, number: int) -> None:
    facts = record.facts
    tx.run(
        _KEEP,
        *(facts.token, record.emulated, facts.state, facts.customer_id, facts.project_id),
        *(facts.masked_number, facts.scheme, facts.initials, facts.expires, facts.created_at),
        *(record.first_seen_at, record.updated_at, record.last_request, number),
    )
