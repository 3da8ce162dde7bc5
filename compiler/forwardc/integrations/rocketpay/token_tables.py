"""Tokens and callbacks in the tables of history, the same on both databases.

A callback is stored once, together with what follows from it for its token and its run. Callbacks
arrive in any order and more than once, and carry no time that can be trusted. So each field of a
token takes the greater of two values in an order of its own, and the result depends on neither
order nor repetition: `merge_facts` is commutative, associative and idempotent.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from forwardc.integrations.card_tokens import (
    Callback,
    CallbackEffect,
    CallbackKind,
    CallbackReceipt,
    StoredCallback,
    TokenFacts,
    TokenFilter,
    TokenPage,
    TokenRecord,
    TokenState,
)
from forwardc.integrations.rocketpay.callback_format import TOKEN
from forwardc.integrations.rocketpay.callback_runs import destinations_of, resolve_callback
from forwardc.integrations.rocketpay.signers import NAME
from forwardc.runtime.history.database import Row, Transaction, first_row
from forwardc.runtime.history.store import Store
from forwardc.runtime.history.timestamps import Timestamp

_FACTS: Final = (
    "token, emulated, state, customer_id, project_id, masked_number, scheme, initials, expires,"
    " created_at"
)
_TOKENS: Final = f"SELECT {_FACTS}, first_seen_at, updated_at, last_request, changed_by FROM tokens"  # noqa: S608 - fixed
_CALLBACKS: Final = (
    "SELECT digest, received_at, kind, token, request_id, payment_id, status, settled, applied,"
    " destinations"
    " FROM callbacks WHERE token = ? AND emulated = ? ORDER BY seq DESC LIMIT ?"
)
_UPSERT_TOKEN: Final = (
    f"INSERT INTO tokens ({_FACTS}, first_seen_at, updated_at, last_request, changed_by)"  # noqa: S608 - fixed
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (token, emulated) DO UPDATE SET"
    " state = excluded.state, customer_id = excluded.customer_id,"
    " project_id = excluded.project_id, masked_number = excluded.masked_number,"
    " scheme = excluded.scheme, initials = excluded.initials, expires = excluded.expires,"
    " created_at = excluded.created_at, updated_at = excluded.updated_at,"
    " last_request = excluded.last_request, changed_by = excluded.changed_by"
)
_INSERT_CALLBACK: Final = (
    "INSERT INTO callbacks"
    " (digest, received_at, kind, token, request_id, payment_id, status, outcome, applied,"
    " emulated, settled, destinations) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING seq"
)
_SAME_CALLBACKS: Final = (
    "SELECT destinations FROM callbacks WHERE emulated = ? AND request_id = ? AND kind = ?"
    " AND COALESCE(token, '') = ? AND COALESCE(payment_id, '') = ? AND COALESCE(status, '') = ?"
)
# The Gate's documents know no way back from `expiry` or `revoke`: a card whose token is no longer
# valid gets a new token. So a late `active` never undoes them.
_RANK = {state: rank for rank, state in enumerate(TokenState)}


class TokenTables:
    """A `TokenStore` in an open history.

    What a sandbox told is kept apart from what the Gate told: `emulated` chooses.
    """

    def __init__(self, store: Store, *, emulated: bool = False) -> None:
        self._database = store.database
        self._emulated = emulated
        self._moment = store.timestamp

    def receive(self, callback: Callback) -> CallbackReceipt:
        """Store a callback and what follows from it, once."""
        moment = self._moment()
        return self._database.write(lambda tx: self._receive(tx, callback, moment))

    def token(self, token: str) -> TokenRecord | None:
        """What is known of a token."""
        return self._database.read(lambda tx: load_token(tx, token, emulated=self._emulated))

    def search(
        self, token_filter: TokenFilter, *, cursor: int | None = None, limit: int = 100
    ) -> TokenPage:
        """Tokens of the Gate and of sandboxes, those that changed last first."""
        return self._database.read(lambda tx: search(tx, token_filter, cursor, limit))

    def callbacks_of(self, token: str, limit: int = 100) -> Sequence[StoredCallback]:
        """The last callbacks about a token, in the order of their arrival."""
        emulated = self._emulated
        return self._database.read(lambda tx: callbacks_of(tx, token, limit, emulated=emulated))

    def _receive(self, tx: Transaction, callback: Callback, now: Timestamp) -> CallbackReceipt:
        # Two callbacks about one token at a time would each add to what the other has not seen.
        tx.exclusive()
        emulated = self._emulated
        digest = _key(callback, emulated=emulated)
        if first_row(tx, "SELECT 1 FROM callbacks WHERE digest = ?", digest):
            return CallbackReceipt(CallbackEffect.NOTHING_NEW, repeated=True)
        facts = callback.facts
        stored = load_token(tx, facts.token, emulated=emulated) if facts else None
        merged = merge_facts(stored.facts if stored else None, facts) if facts else None
        changed = merged is not None and (stored is None or merged != stored.facts)
        if not changed and _is_repeated(tx, callback, emulated=emulated):
            return CallbackReceipt(CallbackEffect.NOTHING_NEW, repeated=True)
        resolution = resolve_callback(tx, callback, now, emulated=emulated)
        applied = _effect(callback, stored, changed=changed, resolved=bool(resolution.runs))
        number = self._add(tx, replace(callback, digest=digest), resolution.runs, applied, now)
        if merged is not None and changed:
            request = callback.request_id or (stored.last_request if stored else None)
            first = stored.first_seen_at if stored else now.text
            record = TokenRecord(merged, first, now.text, request, emulated=emulated)
            _upsert_token(tx, record, number)
        stranger = facts is not None and stored is None and not callback.announces
        return CallbackReceipt(
            applied, stranger=stranger, resolved=resolution.runs, undecided=resolution.undecided
        )

    def _add(
        self,
        tx: Transaction,
        callback: Callback,
        resolved: tuple[str, ...],
        applied: CallbackEffect,
        now: Timestamp,
    ) -> int:
        inserted = first_row(
            tx,
            _INSERT_CALLBACK,
            *(callback.digest, now.text, callback.kind),
            *(callback.facts.token if callback.facts else None, callback.request_id),
            *(callback.payment_id, callback.status, callback.outcome, applied, self._emulated),
            *(next(iter(resolved), None), " ".join(callback.destinations)),
        )
        if inserted is None:
            raise RuntimeError("the database gave the new callback no number")
        return int(inserted[0])


def _effect(
    callback: Callback, stored: TokenRecord | None, *, changed: bool, resolved: bool
) -> CallbackEffect:
    if resolved:
        return CallbackEffect.RESOLVED
    if callback.facts is None:
        return CallbackEffect.RECORDED
    if stored is None:
        return CallbackEffect.FIRST_SEEN
    return CallbackEffect.CHANGED if changed else CallbackEffect.NOTHING_NEW


def _is_repeated(tx: Transaction, callback: Callback, *, emulated: bool) -> bool:
    """Whether a callback about the same request told the same."""
    if callback.request_id is None:
        return False
    token = callback.facts.token if callback.facts else ""
    same = (token, callback.payment_id or "", callback.status or "")
    rows = tx.rows(_SAME_CALLBACKS, emulated, callback.request_id, callback.kind, *same)
    return any(destinations_of(column) == callback.destinations for (column,) in rows)


def _key(callback: Callback, *, emulated: bool) -> str:
    """By what a callback is known again.

    The same text from a sandbox is another callback, and must not stand in the Gate's way; so is
    one that another secret verified, whose runs are others.
    """
    signed = () if NAME in callback.destinations else callback.destinations
    side = ("emulated",) if emulated else ()
    return ":".join((*side, *signed, callback.digest))


def _upsert_token(tx: Transaction, record: TokenRecord, number: int) -> None:
    facts = record.facts
    tx.run(
        _UPSERT_TOKEN,
        *(facts.token, record.emulated, facts.state, facts.customer_id, facts.project_id),
        *(facts.masked_number, facts.scheme, facts.initials, facts.expires, facts.created_at),
        *(record.first_seen_at, record.updated_at, record.last_request, number),
    )


def load_token(tx: Transaction, token: str, *, emulated: bool) -> TokenRecord | None:
    """What is known of a token; None where no callback has named it."""
    stored = first_row(tx, f"{_TOKENS} WHERE token = ? AND emulated = ?", token, emulated)
    return _token_record(stored) if stored else None


def search(tx: Transaction, token_filter: TokenFilter, cursor: int | None, limit: int) -> TokenPage:
    """Tokens of both sides, those that changed last first."""
    where: dict[str, Any] = {}
    if cursor is not None:
        where["changed_by < ?"] = cursor
    if token_filter.state is not None:
        where["state = ?"] = token_filter.state
    if token_filter.emulated is not None:
        where["emulated = ?"] = token_filter.emulated
    if token_filter.text is not None:
        column = "token" if TOKEN.fullmatch(token_filter.text) else "customer_id"
        where[f"{column} = ?"] = token_filter.text
    chosen = f" WHERE {' AND '.join(where)}" if where else ""
    statement = f"{_TOKENS}{chosen} ORDER BY changed_by DESC LIMIT ?"
    rows = tx.rows(statement, *where.values(), limit + 1)
    more = rows[limit - 1][-1] if len(rows) > limit else None
    return TokenPage(tuple(map(_token_record, rows[:limit])), more)


def callbacks_of(
    tx: Transaction, token: str, limit: int, *, emulated: bool
) -> Sequence[StoredCallback]:
    """The last callbacks about a token, in the order of their arrival."""
    rows = tx.rows(_CALLBACKS, token, emulated, limit)
    return [_stored_callback(stored) for stored in reversed(rows)]


def _token_record(stored: Row) -> TokenRecord:
    token, emulated, state, *values = stored[:10]
    first, updated, request, _ = stored[10:]
    facts = TokenFacts(token, TokenState(state), *values)
    return TokenRecord(facts, first, updated, request, emulated=bool(emulated))


def _stored_callback(stored: Row) -> StoredCallback:
    digest, received_at, kind, token, request_id, payment_id, status = stored[:7]
    settled, applied, destinations = stored[7:]
    return StoredCallback(
        *(digest, received_at, CallbackKind(kind), token, request_id, payment_id, status),
        applied=CallbackEffect(applied),
        destinations=destinations_of(destinations),
        settled=settled,
    )


def merge_facts(current: TokenFacts | None, news: TokenFacts) -> TokenFacts:
    """What is known of a token once a callback has told `news` of it."""
    if current is None:
        return news
    return replace(
        current,
        state=max(current.state, news.state, key=_RANK.__getitem__),
        # The expiry date of a token moves when its card is paid with under a later one; an
        # earlier date comes from an older callback.
        expires=_greater(current.expires, news.expires),
        created_at=_smaller(current.created_at, news.created_at),
        masked_number=_clearer(current.masked_number, news.masked_number),
        # These do not change for one token. Where the Gate contradicts itself, any rule will do
        # that does not depend on the order.
        customer_id=_greater(current.customer_id, news.customer_id),
        project_id=_greater(current.project_id, news.project_id),
        scheme=_greater(current.scheme, news.scheme),
        initials=_greater(current.initials, news.initials),
    )


def _greater(left: str | None, right: str | None) -> str | None:
    return max(filter(None, (left, right)), default=None)


def _smaller(left: str | None, right: str | None) -> str | None:
    return min(filter(None, (left, right)), default=None)


def _clearer(left: str | None, right: str | None) -> str | None:
    """The masked number that shows more digits."""
    return max(filter(None, (left, right)), key=lambda text: (_digits(text), text), default=None)


def _digits(text: str) -> int:
    return sum(map(str.isdigit, text))
