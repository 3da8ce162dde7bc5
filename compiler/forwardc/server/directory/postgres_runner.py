"""Asks a PostgreSQL on the event loop, over a few connections for reading. Extra `postgres`.

Each connection is psycopg's own for event loops, and answers one question at a time. One whose
answer did not come in time is left: psycopg cancels its query there and it is closed, while nobody
waits for that, and the server's own `statement_timeout` ends the query where that cannot be said.
Connections are lent in the order in which questions come.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, Generic, TypeAlias, TypeVar

from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.runtime.history.database_errors import faults_of_sqlstate
from forwardc.server.directory.payment_directory import DirectoryError, DirectoryFaultError
from forwardc.server.directory.sql_directory import NoSuchValueError, QueryRows, ReferenceQuery, Row

if TYPE_CHECKING:
    import psycopg
    from psycopg.pq.abc import PGresult

    _Cursor: TypeAlias = psycopg.AsyncRawCursor[Any]

T = TypeVar("T")


class FairQueue(Generic[T]):
    """Things of which each is used by one task at a time, on one event loop."""

    def __init__(self, items: Iterable[T]) -> None:
        self._free = list(items)
        self._waiting: deque[asyncio.Future[T]] = deque()

    async def take(self) -> T:
        """The thing that was given back last; waits while there is none."""
        if self._free:
            return self._free.pop()
        turn: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give(turn.result())
            raise

    def give(self, item: T) -> None:
        """Give a thing back: to whoever has waited longest."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(item)
                return
        self._free.append(item)


# The OID of `boolean`, pg_type.dat of PostgreSQL.
_BOOLEAN: Final = 16
_BOOLEANS: Final[Mapping[str | None, str]] = {"t": "true", "f": "false"}
# Seconds without a new try after a failed connection: calls that wait would else queue up to fail
# one by one, each after its own time-out.
_TRIED_AGAIN_AFTER_S: Final = 0.5
# Seconds that the end waits for queries that are being cancelled; a server that hangs is left.
_PARTING_S: Final = 2.0
# SQLSTATEs, https://www.postgresql.org/docs/current/errcodes-appendix.html: a reference that the
# column's type cannot hold names no payment.
_NO_SUCH_VALUE: Final = ("22003", "22007", "22008", "22P02")


class PostgresQueryRunner:
    """A query on a database. Connections are made when they are needed."""

    def __init__(
        self, url: str, query: ReferenceQuery, *, timeout: float, connections: int
    ) -> None:
        """Read the URL. Raises `DirectoryError` where it is none, or psycopg is missing."""
        # `:reference` is bound by the server, and a second row is one too many.
        text = f"SELECT * FROM (\n{query.with_parameter('$1')}\n) AS found LIMIT "  # noqa: S608 - the operator's
        self._query = f"{text}2".encode()
        # A limit of none ends before the first row: what is left of the query is its columns.
        self._columns = f"{text}0".encode()
        self._parameters = _parameters(url, timeout)
        self._slots = [_Slot() for _ in range(connections)]
        self._free = FairQueue(self._slots)
        self._next_try = 0.0
        # Connections whose query is being cancelled.
        self._parting: set[asyncio.Future[None]] = set()

    async def ask(self, reference: str | None) -> QueryRows:
        """The rows of a reference, over the connection used last."""
        return await self._over(self._query, reference)

    async def describe(self) -> tuple[str, ...]:
        """The names of the columns; the server plans the query and reads no row."""
        return (await self._over(self._columns, None)).names

    async def _over(self, query: bytes, reference: str | None) -> QueryRows:
        slot = await self._free.take()
        try:
            return await self._asked(slot, query, reference)
        finally:
            self._free.give(slot)

    async def close(self) -> None:
        """Close all connections."""
        for slot in self._slots:
            slot.leave()
        if self._parting:
            await asyncio.wait(self._parting, timeout=_PARTING_S)

    async def _asked(self, slot: "_Slot", query: bytes, reference: str | None) -> QueryRows:
        if slot.cursor is not None:
            try:
                return await self._answered(slot, slot.cursor, query, reference)
            except _ConnectionLostError:
                # The server ended it while nobody asked. Reading twice changes nothing.
                slot.leave()
        slot.cursor = await self._connected()
        try:
            return await self._answered(slot, slot.cursor, query, reference)
        except _ConnectionLostError:
            slot.leave()
            raise DirectoryError("the database ended the connection") from None

    async def _answered(
        self, slot: "_Slot", cursor: "_Cursor", query: bytes, reference: str | None
    ) -> QueryRows:
        """The answer of the server. Raises `_ConnectionLostError`, and as `ask`."""
        import psycopg

        # A task of its own: psycopg waits for the server's word on a cancelled query.
        asking = asyncio.ensure_future(cursor.execute(query, [reference]))
        try:
            await asyncio.shield(asking)
        except psycopg.Error as problem:
            raise _failed(problem, is_closed=cursor.connection.closed) from None
        except asyncio.CancelledError:
            # Whoever asked has left, or ran out of time: nobody will read the answer.
            slot.cursor = None
            self._part(asking, cursor)
            raise
        return _rows(cursor)

    def _part(self, asking: "asyncio.Future[Any]", cursor: "_Cursor") -> None:
        parting = asyncio.ensure_future(_left(asking, cursor))
        self._parting.add(parting)
        parting.add_done_callback(self._parting.discard)

    async def _connected(self) -> "_Cursor":
        """A new connection. After a failure, nobody tries again for half a second."""
        import psycopg

        if monotonic() < self._next_try:
            raise DirectoryError("the database cannot be reached")
        try:
            made = await psycopg.AsyncConnection.connect(autocommit=True, **self._parameters)
        except psycopg.Error as problem:
            self._next_try = monotonic() + _TRIED_AGAIN_AFTER_S
            raise DirectoryError(_refused(problem)) from None
        # A pooler between may lend every question another session, which has no plan of ours.
        made.prepare_threshold = None
        return psycopg.AsyncRawCursor(made)


class _ConnectionLostError(ForwardcError):
    """The connection has ended."""


class _Slot:
    """A place for a connection, with the one cursor that asks over it."""

    def __init__(self) -> None:
        self.cursor: _Cursor | None = None

    def leave(self) -> None:
        """End the connection, over which nothing is asked."""
        if self.cursor is not None:
            self.cursor.connection.pgconn.finish()
            self.cursor = None


async def _left(asking: "asyncio.Future[Any]", cursor: "_Cursor") -> None:
    """Let the server end a query that nobody waits for, and close its connection."""
    asking.cancel()
    await asyncio.wait((asking,))
    if not asking.cancelled():
        # Asked for, so that nobody is told of an exception that nobody wants.
        asking.exception()
    await cursor.connection.close()


def _parameters(url: str, timeout: float) -> dict[str, Any]:
    try:
        import psycopg
        from psycopg.conninfo import conninfo_to_dict
    except ImportError:
        raise DirectoryError(
            "a lookup in PostgreSQL needs the package psycopg: pip install 'forwardc[postgres]'"
        ) from None
    try:
        options_of_url = conninfo_to_dict(url)
    except psycopg.Error:
        raise DirectoryError("the URL of the database cannot be read") from None
    ours = {
        "default_transaction_read_only": "on",
        # A little less than anybody waits, so that the connection is kept.
        "statement_timeout": f"{max(1, round(timeout * 900))}ms",
        "client_min_messages": "error",
    }
    options = " ".join(f"-c {name}={value}" for name, value in ours.items())
    return {
        "application_name": "forwardc-lookup",
        "connect_timeout": max(2, round(timeout)),
        **options_of_url,
        "client_encoding": "UTF8",
        "options": f"{options_of_url.get('options') or ''} {options}".strip(),
    }


def _failed(problem: "psycopg.Error", *, is_closed: bool) -> Exception:
    """What an error of the server means. Its own text may hold values."""
    state = problem.sqlstate or ""
    if state.startswith("57P") or (is_closed and not state):
        return _ConnectionLostError()
    if state in _NO_SUCH_VALUE:
        return NoSuchValueError()
    faults = faults_of_sqlstate(state)
    kind = DirectoryFaultError if any(fault.is_lasting for fault in faults) else DirectoryError
    reason = next((fault.reading for fault in faults if fault.reading), None)
    return kind(f"the database {reason or f'refused the query (SQLSTATE {state})'}")


def _rows(cursor: "_Cursor") -> QueryRows:
    """The rows as the server writes them: what a type is called in Python, nobody asks."""
    result = cursor.pgresult
    if result is None:
        raise _ConnectionLostError
    places = range(result.nfields)
    names = tuple((result.fname(place) or b"").decode() for place in places)
    return QueryRows(names, tuple(_texts(result, row) for row in range(result.ntuples)))


def _texts(result: "PGresult", row: int) -> Row:
    return [_text(result, row, place) for place in range(result.nfields)]


def _text(result: "PGresult", row: int, place: int) -> str | None:
    value = result.get_value(row, place)
    text = None if value is None else value.decode()
    return _BOOLEANS.get(text, text) if result.ftype(place) == _BOOLEAN else text


def _refused(problem: "psycopg.Error") -> str:
    """Why there is no connection. libpq tells no SQLSTATE here, and names user and host."""
    if "FATAL" in str(problem):
        return "the database refuses the connection: is the user, password or database wrong?"
    return "the database cannot be reached"
