"""Reads tokens and callbacks out of the tables of history. Changes nothing."""

from collections.abc import Sequence
from typing import Any, Final

from forwardc.runtime.history.database import Row, Transaction, first_row
from forwardc.runtime.tokens.read import TOKEN
from forwardc.runtime.tokens.records import (
    Applied,
    Kind,
    StoredCallback,
    TokenFacts,
    TokenFilter,
    TokenPage,
    TokenRecord,
    TokenState,
)

FACTS: Final = (
    "token, emulated, state, customer_id, project_id, masked_number, scheme, initials, expires,"
    " created_at"
)
_TOKENS: Final = f"SELECT {FACTS}, first_seen_at, updated_at, last_request, changed_by FROM tokens"  # noqa: S608 - fixed
_CALLBACKS: Final = (
    "SELECT digest, received_at, kind, token, request_id, payment_id, status, settled, applied"
    " FROM callbacks WHERE token = ? AND emulated = ? ORDER BY seq DESC LIMIT ?"
)


def token_of(tx: Transaction, token: str, *, emulated: bool) -> TokenRecord | None:
    """What is known of a token; None where no callback has named it."""
    found = first_row(tx, f"{_TOKENS} WHERE token = ? AND emulated = ?", token, emulated)
    return _record(found) if found else None


def search(tx: Transaction, wanted: TokenFilter, cursor: int | None, limit: int) -> TokenPage:
    """Tokens of both sides, those that changed last first."""
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
    statement = f"{_TOKENS}{chosen} ORDER BY changed_by DESC LIMIT ?"
    found = tx.rows(statement, *where.values(), limit + 1)
    more = found[limit - 1][-1] if len(found) > limit else None
    return TokenPage(tuple(_record(one) for one in found[:limit]), more)


def callbacks_of(
    tx: Transaction, token: str, limit: int, *, emulated: bool
) -> Sequence[StoredCallback]:
    """The last callbacks about a token, in the order of their arrival."""
    found = tx.rows(_CALLBACKS, token, emulated, limit)
    return [_stored(one) for one in reversed(found)]


def _record(found: Row) -> TokenRecord:
    token, emulated, state, *facts = found[:10]
    first, updated, request, _ = found[10:]
    told = TokenFacts(token, TokenState(state), *facts)
    return TokenRecord(told, first, updated, request, emulated=bool(emulated))


def _stored(found: Row) -> StoredCallback:
    digest, received_at, kind, token, request_id, payment_id, status, settled, applied = found
    return StoredCallback(
        *(digest, received_at, Kind(kind), token, request_id, payment_id, status),
        applied=Applied(applied),
        settled=settled,
    )
