"""Faults where a test wants them: at the n-th call of a database's driver.

A fault comes before the call is done, or after it: then the database has done it, and nobody is
told. It comes once, or lasts until the test ends it.
"""

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import psycopg


def _full() -> Exception:
    problem = sqlite3.OperationalError("database or disk is full")
    problem.sqlite_errorcode = sqlite3.SQLITE_FULL
    return problem


def _gone() -> Exception:
    return psycopg.OperationalError("server closed the connection unexpectedly")


@dataclass
class Faults:
    """Counts the calls on a database, and lets the n-th one fail. Nothing fails until `arm`.

    `error` makes what is raised; without it, what the driver says of a full disk or a lost server.
    """

    database: Any
    error: Callable[[], BaseException] | None = None
    at: int = 0
    after: bool = False
    lasting: bool = False
    seen: int = 0
    came: int = 0
    _reconnect: Callable[[], Any] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.database._connection = _Failing(self.database._connection, self)
        self._reconnect = getattr(self.database, "_connect", None)
        if self._reconnect is not None:
            self.database._connect = self._connected

    def arm(self, at: int, *, after: bool = False, lasting: bool = False) -> None:
        """Fail at the `at`-th call from now, with `lasting` at every later one, too."""
        self.at, self.after, self.lasting, self.seen, self.came = at, after, lasting, 0, 0

    def end(self) -> int:
        """Let nothing fail any more; how many calls there were since `arm`."""
        self.at = 0
        return self.seen

    def _connected(self) -> Any:
        assert self._reconnect is not None
        if self.at and self.lasting and self.came:
            raise _unreachable()
        return _Failing(self._reconnect(), self)

    def call(self, connection: Any, work: Callable[[], Any]) -> Any:
        """Do a call of the driver, or fail."""
        self.seen += 1
        if not self.at or (self.seen != self.at and not (self.lasting and self.came)):
            return work()
        if self.after and not self.came:
            with suppress(psycopg.Error, sqlite3.Error):
                work()
        self.came += 1
        if self.error is not None:
            raise self.error()
        if isinstance(connection, sqlite3.Connection):
            raise _full()
        connection.close()
        raise _gone()


def _unreachable() -> Exception:
    from forwardc.runtime.history.errors import HistoryUnavailableError

    return HistoryUnavailableError("the history's PostgreSQL cannot be reached")


class _Failing:
    """A driver's connection, whose statements may fail."""

    def __init__(self, connection: Any, faults: Faults) -> None:
        self._inner = connection
        self._faults = faults

    def execute(self, *what: Any) -> Any:
        return self._faults.call(self._inner, lambda: self._inner.execute(*what))

    def executemany(self, *what: Any) -> Any:
        return self._faults.call(self._inner, lambda: self._inner.executemany(*what))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)
