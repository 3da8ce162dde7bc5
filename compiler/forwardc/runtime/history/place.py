"""Where a history is: the database behind a path or a URL, made by writers, only found by others.

Nobody but a writer makes anything: not a file, not a folder, not a table, not a log beside a file.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from forwardc.runtime.history.database import Database, tables_version
from forwardc.runtime.history.errors import HistoryNotFoundError, HistoryUnavailableError
from forwardc.runtime.history.nearest import nearest_file

_SERVERS: Final = ("postgresql", "postgres")
BEGIN_HINT: Final = (
    "`forwardc run` and `forwardc serve` begin one, and so does `forwardc history begin`;"
    " --history or FORWARDC_HISTORY names another"
)


def connect_or_create(url: str, wait_s: float) -> Database:
    """The database, made where there is none. Raises `HistoryUnavailableError`."""
    path = sqlite_path(url)
    if path is None:
        from forwardc.runtime.history.postgres import Postgres

        return Postgres(url, wait_s)
    from forwardc.runtime.history.sqlite import Sqlite

    return Sqlite(path, wait_s)


def connect_existing(url: str, wait_s: float, check: Callable[[int], None]) -> Database:
    """The database of a history that is there. `check` is given the version of its tables first.

    Raises what `check` raises, `HistoryNotFoundError`, and `HistoryUnavailableError`.
    """
    path = sqlite_path(url)
    if path is None:
        return _on_server(url, wait_s, check)
    from forwardc.runtime.history.sqlite import Sqlite, version_in

    try:
        # What an operator names may be a link: what counts is its end.
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise HistoryNotFoundError(f"{path}: there is no history", hint=_hint(path)) from None
    except OSError as problem:
        raise HistoryUnavailableError(
            f"{path}: the history cannot be opened: {problem.strerror}"
        ) from None
    found = version_in(path, wait_s)
    if not found:
        raise HistoryNotFoundError(
            f"{path}: the file holds no history of forwardc", hint=BEGIN_HINT
        )
    check(found)
    return Sqlite(path, wait_s, make=False)


def sqlite_path(url: str) -> Path | None:
    """The file of a history; None for a server's. Raises `HistoryUnavailableError` for neither."""
    scheme, separator, rest = url.partition("://")
    if separator and scheme in _SERVERS:
        return None
    if separator and scheme != "sqlite":
        raise HistoryUnavailableError(
            "a history is a path, sqlite:///path or postgresql://...; this is none of them"
        )
    if "\0" in url:
        raise HistoryUnavailableError("the path of the history holds a NUL character")
    # As SQLAlchemy has it: three slashes for a relative path, four for an absolute one.
    return Path(rest.removeprefix("/") if separator else url)


def _on_server(url: str, wait_s: float, check: Callable[[int], None]) -> Database:
    from forwardc.runtime.history.postgres import Postgres

    database = Postgres(url, wait_s)
    try:
        found = tables_version(database)
        if not found:
            raise HistoryNotFoundError(
                "the database in PostgreSQL holds no history of forwardc",
                hint="is it another database, or another schema first in the search path?"
                f" {BEGIN_HINT}",
            )
        check(found)
    except BaseException:
        database.close()
        raise
    return database


def _hint(path: Path) -> str:
    near = nearest_file(path)
    return f"did you mean {near.as_posix()}?" if near is not None else BEGIN_HINT
