"""Opens the payment directory of the settings, and reports what is wrong with them.

Its secrets are looked up by name, its file is read, its query parsed; no database and no service is
asked anything: one that is down at the start may be up a minute later.
"""

import re
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Final

from forwardc.core.diagnostics.sink import Sink
from forwardc.core.terms.values import Secret
from forwardc.runtime.secret_providers.plan_secrets import SecretResolver as SecretLookup
from forwardc.runtime.secret_providers.provider import SecretProviderError
from forwardc.server.directory.csv_directory import CsvDirectory, FileMistake, read_table
from forwardc.server.directory.guessable_references import (
    EntropyCheckedDirectory,
    low_entropy_reason,
)
from forwardc.server.directory.http_directory import HttpDirectory
from forwardc.server.directory.payment_directory import DirectoryError, PaymentDirectory
from forwardc.server.directory.postgres_runner import PostgresQueryRunner
from forwardc.server.directory.row_mapping import NAMES
from forwardc.server.directory.sql_directory import (
    QueryRunner,
    ReferenceQuery,
    SqlDirectory,
    read_query,
)
from forwardc.server.directory.sqlite_runner import SqliteQueryRunner
from forwardc.server.settings import (
    CsvDirectorySettings,
    DirectorySettings,
    HttpDirectorySettings,
    SqlDirectorySettings,
    service_mistake,
)

_SQLITE: Final = "sqlite:///"
_POSTGRESQL: Final = ("postgresql://", "postgres://")
# RFC 6750, section 2.1.
_TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]+=*")


def open_directory(
    settings: DirectorySettings,
    base: Path,
    resolver: SecretLookup,
    vaults: Collection[str] | None = None,
    left_out: Callable[[int], None] = lambda _: None,
) -> PaymentDirectory:
    """The lookup. `base` is the folder that relative paths begin at.

    `vaults` are those that a plan was built for; None lets every name through. `left_out` is told
    how many rows of a file are. Raises
    `DirectoryError` for a file with mistakes, a secret that is missing, and what the settings mean
    and nobody can do.
    """
    match settings:
        case CsvDirectorySettings(file=file):
            return CsvDirectory(base / file, vaults, not_card=settings.not_card, left_out=left_out)
        case SqlDirectorySettings():
            return EntropyCheckedDirectory(_sql(settings, base, resolver, vaults))
        case HttpDirectorySettings():
            return EntropyCheckedDirectory(_http(settings, resolver, vaults))


def _sql(
    settings: SqlDirectorySettings,
    base: Path,
    resolver: SecretLookup,
    vaults: Collection[str] | None,
) -> SqlDirectory:
    query = read_query(settings.query)
    if isinstance(query, list):
        raise DirectoryError("the query cannot be used: " + "; ".join(query))
    runner = _runner(settings, query, base, _secret(settings.url_secret, resolver))
    return SqlDirectory(runner, timeout=settings.timeout, vaults=vaults, not_card=settings.not_card)


def _runner(
    settings: SqlDirectorySettings, query: ReferenceQuery, base: Path, url: str
) -> QueryRunner:
    timeout, connections = settings.timeout, settings.connections
    if url.startswith(_SQLITE):
        # After three slashes a path is relative, after four absolute.
        path = base / url.removeprefix(_SQLITE)
        return SqliteQueryRunner(path, query, timeout=timeout, connections=connections)
    if url.startswith(_POSTGRESQL):
        return PostgresQueryRunner(url, query, timeout=timeout, connections=connections)
    raise DirectoryError(f"{settings.url_secret} holds no URL of SQLite or PostgreSQL")


def _http(
    settings: HttpDirectorySettings, resolver: SecretLookup, vaults: Collection[str] | None
) -> HttpDirectory:
    if mistake := service_mistake(settings.url):
        raise DirectoryError(f"the URL of the service cannot be used: {mistake}")
    name, token = settings.token_secret, None
    if name is not None:
        token = Secret(_secret(name, resolver))
        if not _TOKEN.fullmatch(token.reveal()):
            raise DirectoryError(f"{name} holds no bearer token")
    return HttpDirectory(
        settings.url,
        token,
        timeout=settings.timeout,
        vaults=vaults,
        not_card=settings.not_card,
    )


def _secret(name: str, resolver: SecretLookup) -> str:
    try:
        value = resolver(name)
    except SecretProviderError as problem:
        raise DirectoryError(f"{name}: {problem}") from None
    if not value:
        raise DirectoryError(f"{name} is not set")
    return value


# What is wrong before anything is served, as diagnostics.

# Line numbers in one message: about as many as fit on two lines of a terminal.
MOST_LINES: Final = 20


def check_directory(
    settings: DirectorySettings, base: Path, sink: Sink, vaults: Collection[str] | None = None
) -> None:
    """Report all mistakes as FC0830.

    Warnings are references that can be guessed, FC0831, and rows that are left out, FC0840.
    `base` is the folder that relative paths begin at. `vaults` are those that a plan was built
    for; None lets every name through.
    """
    match settings:
        case CsvDirectorySettings(file=file):
            _of_file(base / file, vaults, settings.not_card, sink)
        case SqlDirectorySettings(query=query):
            query_or_mistakes = read_query(query)
            for mistake in query_or_mistakes if isinstance(query_or_mistakes, list) else ():
                sink.error("FC0830", f"the query of the lookup cannot be used: {mistake}")
        case HttpDirectorySettings(url=url):
            if wrong := service_mistake(url):
                sink.error("FC0830", f"the URL of the lookup cannot be used: {wrong}")


def _of_file(
    path: Path, vaults: Collection[str] | None, not_card: Collection[str], sink: Sink
) -> None:
    table = read_table(path, vaults, not_card)
    if isinstance(table, list):
        for text, places in _by_text(table).items():
            message = f"the file of references: {text}{_where(places)}"
            sink.error("FC0830", message, hint=_hint(FileMistake(places[0], text)))
        return
    if reason := low_entropy_reason(table.rows):
        sink.warning("FC0831", f"payment references can be guessed: {reason}")
    for text, places in _by_text(table.wrong.mistakes).items():
        message = f"the file of references: {text}{_where(places)}"
        sink.warning("FC0840", message, hint="the row is left out, and its reference refused")


def _by_text(mistakes: Sequence[FileMistake]) -> dict[str, list[int]]:
    """The lines of each mistake. No span: an excerpt would show a customer's data."""
    lines: dict[str, list[int]] = {}
    for mistake in mistakes:
        lines.setdefault(mistake.text, []).append(mistake.line)
    return lines


def _where(lines: list[int]) -> str:
    if lines == [0]:
        return ""
    shown = ", ".join(map(str, lines[:MOST_LINES]))
    more = f" and {len(lines) - MOST_LINES} more" if len(lines) > MOST_LINES else ""
    return f", in line {shown}{more}"


def _hint(mistake: FileMistake) -> str | None:
    named = mistake.line == 1 and "column" in mistake.text
    return f"separate by commas; the columns are reference, {NAMES}" if named else None
