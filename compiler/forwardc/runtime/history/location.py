"""Where a history is: the database behind a path or a URL, its name for people, a mistyped path.

Writers make a database where there is none, all others only find one: who reads makes nothing, not
a file, not a folder, not a table, not a log beside a file. A name has no credential in it.
"""

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, unquote

from forwardc.core.diagnostics.suggest import did_you_mean
from forwardc.core.files.operator_file import names_in
from forwardc.runtime.history.database import Database
from forwardc.runtime.history.errors import HistoryNotFoundError, HistoryUnavailableError
from forwardc.runtime.history.upgrade import tables_version

_SERVERS: Final = ("postgresql", "postgres")
BEGIN_HINT: Final = (
    "`forwardc run` and `forwardc serve` begin one, and so does `forwardc history begin`;"
    " --history or FORWARDC_HISTORY names another"
)
_LOCAL: Final = "this machine"
_REST: Final = re.compile(r"([^/?]*)(?:/([^?]*))?(?:\?(.*))?\Z", re.DOTALL)


def connect_or_create(url: str, wait_s: float) -> Database:
    """The database, made where there is none. Raises: `HistoryUnavailableError`."""
    path = sqlite_path(url)
    if path is None:
        from forwardc.runtime.history.postgres import Postgres

        return Postgres(url, wait_s)
    from forwardc.runtime.history.sqlite import Sqlite

    return Sqlite(path, wait_s)


def connect_existing(url: str, wait_s: float, check: Callable[[int], None]) -> Database:
    """The database of a history that is there. `check` is given the version of its tables first.

    Raises: what `check` raises, `HistoryNotFoundError`, and `HistoryUnavailableError`.
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
    current = version_in(path, wait_s)
    if not current:
        raise HistoryNotFoundError(
            f"{path}: the file holds no history of forwardc", hint=BEGIN_HINT
        )
    check(current)
    return Sqlite(path, wait_s, make=False)


def sqlite_path(url: str) -> Path | None:
    """The file of a history; None for a server's. Raises: `HistoryUnavailableError` for neither."""
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
        current = tables_version(database)
        if not current:
            raise HistoryNotFoundError(
                "the database in PostgreSQL holds no history of forwardc",
                hint="is it another database, or another schema first in the search path?"
                f" {BEGIN_HINT}",
            )
        check(current)
    except BaseException:
        database.close()
        raise
    return database


def _hint(path: Path) -> str:
    near = nearest_file(path)
    return f"did you mean {near.as_posix()}?" if near is not None else BEGIN_HINT


def display_name(url: str, environ: Mapping[str, str] = os.environ) -> str:
    """`/srv/forwardc/history.db`, or `postgresql runs at db.example:5432`."""
    path = sqlite_path(url)
    return str(path.absolute()) if path else _of_server(url.partition("://")[2], environ)


def _of_server(rest: str, environ: Mapping[str, str]) -> str:
    """By libpq's rules: what the URL leaves out stands in the environment."""
    # As libpq reads it: a password ends at the first @, whatever signs of a URL are in it.
    user, at, others = rest.partition("@")
    parts = _REST.match(others if at and "/" not in user else rest)
    if parts is None or "@" in parts[0].partition("?")[0]:
        return "postgresql"
    hosts, query = unquote(parts[1]), dict(parse_qsl(parts[3] or ""))
    host = hosts or query.get("host") or environ.get("PGHOST", "")
    port = "" if hosts else query.get("port") or environ.get("PGPORT", "")
    database = unquote(parts[2] or "") or query.get("dbname", "")
    service = query.get("service") or environ.get("PGSERVICE")
    if not database and service:
        return f"postgresql, service {service}"
    where = host if host and not host.startswith("/") else _LOCAL
    name = database or environ.get("PGDATABASE", "")
    return " ".join(filter(None, ("postgresql", name, "at", where + (port and f":{port}"))))


def nearest_file(path: Path) -> Path | None:
    """The file that is there under a name like this, in this folder or one like it; else None."""
    missing: list[str] = [path.name]
    for folder in path.parents:
        if folder.is_dir():
            return _below(folder, missing)
        missing.insert(0, folder.name)
    return None


def _below(folder: Path, parts: list[str]) -> Path | None:
    """The file at `parts`, each of which may be misspelled."""
    first, *rest = parts
    there = names_in(folder)
    for name in (first, did_you_mean(first, [name for name in there if name != first])):
        if name not in there:
            continue
        if not rest and (folder / name).is_file():
            return folder / name
        if rest and (folder / name).is_dir():
            file = _below(folder / name, rest)
            if file is not None:
                return file
    return None
