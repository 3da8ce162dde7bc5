"""Brings the tables of a database to a version: all that is missing, in one transaction.

So a history is upgraded whole or not at all, and of two processes that open an older one at once,
the second finds it upgraded, however long that takes: an upgrade of half a million runs needs
minutes, and the lock that everybody else gives up after five seconds is waited for all that time.
"""

from collections.abc import Mapping, Sequence
from time import monotonic, sleep
from typing import Final

from forwardc.runtime.history.database import Database, Transaction, first_row
from forwardc.runtime.history.errors import (
    HistoryLockedError,
    HistoryTooNewError,
    HistoryTooOldError,
    HistoryUnavailableError,
)
from forwardc.runtime.history.migrations import Migration

# Seconds that an older history is waited for: twice what the upgrade of half a million runs took on
# a machine with much else to do.
_UPGRADED_WITHIN_S: Final = 600.0
# Seconds between two tries, for a database that does not wait for a lock itself.
_PAUSE_S: Final = 0.05
_VERSION_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS forwardc_history (version {int} NOT NULL){table}"
)


def migrate(database: Database, migrations: Sequence[Migration]) -> int:
    """Bring the tables to the last version; the version before, 0 where there were none.

    Raises: `HistoryTooNewError` where they are beyond it, and `HistoryUnavailableError`.
    """
    newest = migrations[-1].version
    current = tables_version(database)
    if current == newest:
        return newest
    if current > newest:
        # No upgrade that is under way makes it older again: nothing to wait for.
        raise _too_new(current, newest)
    until = monotonic() + _UPGRADED_WITHIN_S
    while True:
        try:
            return database.write(lambda tx: _upgrade(tx, database, migrations))
        except HistoryLockedError:
            # A file without a history of ours is nothing that anybody upgrades.
            if not current or monotonic() >= until:
                raise
            sleep(_PAUSE_S)


def tables_version(database: Database) -> int:
    """The version of the tables, 0 where there are none of ours. Changes nothing.

    Raises: `HistoryUnavailableError`.
    """
    return database.read(lambda tx: _version(tx, database))


def check_version(current: int, migrations: Sequence[Migration]) -> None:
    """Accept tables of the last version only.

    Raises: `HistoryTooNewError` or `HistoryTooOldError`.
    """
    newest = migrations[-1].version
    if current > newest:
        raise _too_new(current, newest)
    if current < newest:
        raise HistoryTooOldError(
            f"the history has version {current}, and this forwardc works with version {newest}",
            hint="when no older forwardc uses it any more: `forwardc history upgrade`",
        )


def _too_new(current: int, newest: int) -> HistoryTooNewError:
    return HistoryTooNewError(
        f"the history has version {current}; this forwardc knows versions up to {newest}",
        hint="use the newer forwardc, or another history: --history PATH",
    )


def _version(tx: Transaction, database: Database) -> int:
    """The version of the tables, 0 where there are none."""
    exists = tx.rows(database.dialect["tables"], "forwardc_history")
    newest = first_row(tx, "SELECT max(version) FROM forwardc_history") if exists else None
    return int(newest[0]) if newest and newest[0] is not None else 0


def _upgrade(tx: Transaction, database: Database, migrations: Sequence[Migration]) -> int:
    dialect = database.dialect
    # Two processes that open an older history at once: the second one finds it upgraded.
    tx.exclusive()
    tx.run(dialect["without_timeout"])
    tx.run(dialect["upgrading"])
    current, newest = _version(tx, database), migrations[-1].version
    if current > newest:
        raise _too_new(current, newest)
    if current == 0 and tx.rows(dialect["tables"], "runs"):
        raise HistoryUnavailableError("the database has a table of runs that is not forwardc's")
    tx.run(_in_dialect(_VERSION_TABLE, dialect))
    for migration in migrations:
        if migration.version > current:
            _run_script(tx, migration.script, dialect)
            if migration.move is not None:
                migration.move(tx)
                _run_script(tx, migration.after, dialect)
            tx.run("INSERT INTO forwardc_history (version) VALUES (?)", migration.version)
    return current


def _run_script(tx: Transaction, script: str, dialect: Mapping[str, str]) -> None:
    for statement in script.split(";"):
        tx.run(_in_dialect(statement, dialect))


def _in_dialect(statement: str, dialect: Mapping[str, str]) -> str:
    for name, text in dialect.items():
        statement = statement.replace("{" + name + "}", text)
    return statement
