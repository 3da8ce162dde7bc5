"""Tokens and callbacks in the tables of history, the same on both databases.

Knows no format of a callback: it is given what one says, and what follows is decided by `apply`.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from forwardc.runtime.history.database import Row, Transaction, row
from forwardc.runtime.history.moments import Moment
from forwardc.runtime.history.store import Store
from forwardc.runtime.tokens.apply import apply
from forwardc.runtime.tokens.read import TOKEN, outcome_of_payment
from forwardc.runtime.tokens.records import (
    Applied,
    Callback,
    Kind,
    Receipt,
    StoredCallback,
    TokenFacts,
    TokenFilter,
    TokenPage,
    TokenRecord,
    TokenState,
)
from forwardc.runtime.tokens.settle import settle, settle_waiting

_FACTS: Final = (
    "token, emulated, state, customer_id, project_id, masked_number, scheme, initials, expires,"
    " created_at"
)
_TOKEN: Final = f"SELECT {_FACTS}, first_seen_at, updated_at, last_request FROM tokens"  # noqa: S608 - fixed
_LIST: Final = f"SELECT {_FACTS}, first_seen_at, updated_at, last_request, changed_by FROM tokens"  # noqa: S608 - fixed
_KEEP: Final = (
    f"INSERT INTO tokens ({_FACTS}, first_seen_at, updated_at, last_request, changed_by)"  # noqa: S608 - fixed
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
_CALLBACKS: Final = (
    "SELECT digest, received_at, kind, token, request_id, payment_id, status, settled, applied"
    " FROM callbacks WHERE token = ? AND emulated = ? ORDER BY seq DESC LIMIT ?"
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
        return self._database.read(lambda tx: _token(tx, token, emulated=self._emulated))

    def search(
        self, wanted: TokenFilter, *, cursor: int | None = None, limit: int = 100
    ) -> TokenPage:
        """Tokens of the Gate and of sandboxes, those that changed last first."""
        return self._database.read(lambda tx: _search(tx, wanted, cursor, limit))

    def callbacks_of(self, token: str, limit: int = 100) -> Sequence[StoredCallback]:
        """The last callbacks about a token, in the order of their arrival."""
        found = self._database.read(lambda tx: tx.rows(_CALLBACKS, token, self._emulated, limit))
        return [_stored(one) for one in reversed(found)]

    def settle_by_payment(self, payment_id: str, status: str) -> tuple[str, ...]:
        """Give the run that waits for this payment its outcome; its id."""
        outcome = outcome_of_payment(status)
        told = Callback("", Kind.PAYMENT, payment_id=payment_id, status=status, outcome=outcome)
        moment = self._moment()
        emulated = self._emulated
        return self._database.write(lambda tx: settle(tx, told, moment, emulated=emulated)).runs

    def settle_waiting(self) -> tuple[str, ...]:
        """Settle the runs that were still under way when their callback came; their ids."""
        moment = self._moment()
        return self._database.write(lambda tx: settle_waiting(tx, moment))

    def _receive(self, tx: Transaction, callback: Callback, now: Moment) -> Receipt:
        # Two callbacks about one token at a time would each add to what the other has not seen.
        tx.rows(self._database.words["alone"])
        emulated = self._emulated
        # The same text from a sandbox is another callback, and must not stand in the Gate's way.
        digest = f"emulated:{callback.digest}" if emulated else callback.digest
        if row(tx, "SELECT 1 FROM callbacks WHERE digest = ?", digest):
            return Receipt(Applied.NOTHING_NEW, repeated=True)
        facts = callback.facts
        known = _token(tx, facts.token, emulated=emulated) if facts else None
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
        now: Moment,
    ) -> int:
        found = row(
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
    return row(tx, _SAME, emulated, callback.request_id, callback.kind, *same) is not None


def _keep(tx: Transaction, record: TokenRecord, number: int) -> None:
    facts = record.facts
    tx.run(
        _KEEP,
        *(facts.token, record.emulated, facts.state, facts.customer_id, facts.project_id),
        *(facts.masked_number, facts.scheme, facts.initials, facts.expires, facts.created_at),
        *(record.first_seen_at, record.updated_at, record.last_request, number),
    )


def _token(tx: Transaction, token: str, *, emulated: bool) -> TokenRecord | None:
    found = row(tx, f"{_TOKEN} WHERE token = ? AND emulated = ?", token, emulated)
    return _record(found) if found else None


def _search(tx: Transaction, wanted: TokenFilter, cursor: int | None, limit: int) -> TokenPage:
    where: dict[str, Any] = {}
    if cursor is not None:
        where["changed_by < ?"] = cursor
    if wanted.state is not None:
        where["state = ?"] = wanted.state
    if wanted.emulated is not None:
        where["emulated = ?"] = wanted.emulated
    if wanted.text is not None:
        column = "token" if TOKEN.fullmatch(wanted.text) else "customer_id"
        where[f"{column} = ?"] = wanted.text
    chosen = f" WHERE {' AND '.join(where)}" if where else ""
    statement = f"{_LIST}{chosen} ORDER BY changed_by DESC LIMIT ?"
    found = tx.rows(statement, *where.values(), limit + 1)
    more = found[limit - 1][-1] if len(found) > limit else None
    return TokenPage(tuple(_record(one[:-1]) for one in found[:limit]), more)


def _record(found: Row) -> TokenRecord:
    token, emulated, state, *facts = found[:10]
    first, updated, request = found[10:]
    told = TokenFacts(token, TokenState(state), *facts)
    return TokenRecord(told, first, updated, request, emulated=bool(emulated))


def _stored(found: Row) -> StoredCallback:
    digest, received_at, kind, token, request_id, payment_id, status, settled, applied = found
    return StoredCallback(
        *(digest, received_at, Kind(kind), token, request_id, payment_id, status),
        applied=Applied(applied),
        settled=settled,
    )
