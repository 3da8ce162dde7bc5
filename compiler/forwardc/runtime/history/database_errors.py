"""What an error code of a database means to an operator: one table for SQLite and PostgreSQL.

Two parties ask it: a history, which writes, and a payment directory, which only reads a database of
the merchant's. Each row is one fault with the codes that both products have for it and the words of
either party; a row without words for a party falls through to the next shorter code, and then to
nothing: a code that nobody here can mend is a mistake of ours, and its caller reports it as such.
"""

from collections.abc import Mapping
from functools import cache
from typing import Final

from forwardc.core.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class DatabaseFault:
    """One thing that can be wrong with a database.

    `postgresql` are SQLSTATEs or their first characters, `sqlite` names of primary result codes.
    `writing` is what a history says, `reading` what a payment directory says, each the predicate of
    a sentence whose subject is the database; None where that party has no words for it. `hint` is
    what the operator of an SQLite history can do. `is_lasting`: no waiting mends it for a reader,
    since the query, the file, a table or the user's rights have to be others. `is_conflict`:
    somebody else changed the same rows, and the same transaction may succeed the next time.
    `is_lock`: somebody else holds them still.
    """

    postgresql: tuple[str, ...] = ()
    sqlite: tuple[str, ...] = ()
    writing: str | None = None
    reading: str | None = None
    hint: str | None = None
    is_lasting: bool = False
    is_conflict: bool = False
    is_lock: bool = False


# SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html
# Result codes: https://www.sqlite.org/rescode.html
FAULTS: Final = (
    DatabaseFault(
        postgresql=("55P03",),
        # The last one is a race for the locks of a write-ahead log.
        sqlite=("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_PROTOCOL"),
        writing="is locked by another process",
        reading="is locked by another process",
        hint="wait for the other process, or name another file: --history PATH",
        is_lock=True,
    ),
    DatabaseFault(
        postgresql=("53100",),
        sqlite=("SQLITE_FULL",),
        writing="cannot grow: the disk is full",
        hint="free some space; `forwardc history --keep 30d` deletes old runs",
    ),
    DatabaseFault(
        postgresql=("57014",),
        sqlite=("SQLITE_INTERRUPT",),
        writing="took too long to answer",
        reading="took too long to answer",
    ),
    DatabaseFault(postgresql=("XX00",), writing="is damaged"),
    DatabaseFault(
        sqlite=("SQLITE_CORRUPT",),
        writing="is damaged",
        reading="is damaged",
        hint="put a backup in its place, or name another file: --history PATH",
        is_lasting=True,
    ),
    DatabaseFault(
        sqlite=("SQLITE_NOTADB",),
        writing="is not a database",
        reading="is no database",
        hint="name another file: --history PATH",
        is_lasting=True,
    ),
    DatabaseFault(
        postgresql=("25006",),
        writing="cannot be written",
        reading="refuses to change anything for a lookup",
        is_lasting=True,
    ),
    DatabaseFault(
        sqlite=("SQLITE_READONLY",),
        writing="cannot be written",
        reading="cannot be read without writing: see the notes on WAL",
        hint="SQLite writes beside the file even to read it: read it as its owner,"
        " or a copy of it in a folder of yours: --history PATH",
        is_lasting=True,
    ),
    DatabaseFault(
        sqlite=("SQLITE_CANTOPEN",), writing="cannot be opened", reading="cannot be opened"
    ),
    DatabaseFault(
        sqlite=("SQLITE_IOERR",),
        writing="cannot be read or written",
        reading="cannot be read from the disk",
    ),
    DatabaseFault(
        sqlite=("SQLITE_PERM",),
        writing="cannot be opened",
        reading="may not be read",
        is_lasting=True,
    ),
    DatabaseFault(sqlite=("SQLITE_AUTH",), reading="may not be read", is_lasting=True),
    DatabaseFault(
        # A mistake in a query that is the first of its connection has the second name.
        sqlite=("SQLITE_ERROR", "SQLITE_SCHEMA"),
        reading="does not understand the query, or has no such table or column",
        is_lasting=True,
    ),
    DatabaseFault(postgresql=("42P01",), reading="has no such table", is_lasting=True),
    DatabaseFault(postgresql=("42703",), reading="has no such column", is_lasting=True),
    DatabaseFault(
        postgresql=("42501",),
        writing="does not let this user in",
        reading="does not let this user read the table",
        is_lasting=True,
    ),
    DatabaseFault(postgresql=("42",), reading="does not understand the query", is_lasting=True),
    DatabaseFault(
        # A feature, a number of rows or a value that no run of this query will have.
        postgresql=("0A", "21", "22"),
        sqlite=("SQLITE_MISMATCH", "SQLITE_RANGE", "SQLITE_TOOBIG"),
        is_lasting=True,
    ),
    DatabaseFault(postgresql=("08",), writing="cannot be reached"),
    DatabaseFault(postgresql=("28",), writing="does not let this user in"),
    DatabaseFault(postgresql=("3D",), writing="does not exist"),
    DatabaseFault(
        postgresql=("3F",), writing="has no schema for its tables: is the search path right?"
    ),
    DatabaseFault(
        postgresql=("40",),
        writing="was changed by somebody else at the same time",
        is_conflict=True,
    ),
    DatabaseFault(
        postgresql=("53",),
        writing="has no room for another connection",
        reading="has no room for another connection",
    ),
    DatabaseFault(postgresql=("57",), writing="is shutting down", reading="is shutting down"),
)
"""Every fault that an operator can do something about, or that a reader must not ask for again."""


def faults_of_sqlstate(sqlstate: str) -> tuple[DatabaseFault, ...]:
    """The rows of a code of PostgreSQL, the most specific one first; none for an unknown code."""
    by_code = _by_sqlstate()
    starts = (sqlstate[:length] for length in range(len(sqlstate), 0, -1))
    return tuple(by_code[start] for start in starts if start in by_code)


def faults_of_sqlite(problem: Exception) -> tuple[DatabaseFault, ...]:
    """The row of an exception of the module `sqlite3`; none for Python's own, which has no code."""
    # Extended codes keep the primary one in the low byte.
    fault = _by_result_code().get(getattr(problem, "sqlite_errorcode", 0) & 0xFF)
    return () if fault is None else (fault,)


@cache
def _by_sqlstate() -> Mapping[str, DatabaseFault]:
    return {code: fault for fault in FAULTS for code in fault.postgresql}


@cache
def _by_result_code() -> Mapping[int, DatabaseFault]:
    # Imported here: who asks PostgreSQL need not load SQLite.
    import sqlite3

    return {getattr(sqlite3, name): fault for fault in FAULTS for name in fault.sqlite}
