"""Opens the lookup of the settings: its secrets by name, its file, its query.

Knows every kind of lookup, and asks none of them anything: a database that is down at the start may
be up a minute later. `problems.problems` tells what is wrong with the settings themselves.
"""

import re
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Final

from forwardc.core.terms.values import Secret
from forwardc.runtime.secret_providers.protocol import SecretProviderError
from forwardc.runtime.secret_providers.secrets import Lookup as SecretLookup
from forwardc.server.directory.csv_directory import CsvDirectory
from forwardc.server.directory.http_directory import HttpDirectory
from forwardc.server.directory.payment_directory import DirectoryError, PaymentDirectory
from forwardc.server.directory.postgres_runner import PostgresQueryRunner
from forwardc.server.directory.query_runner import QueryRunner
from forwardc.server.directory.sql_directory import SqlDirectory
from forwardc.server.directory.sql_query import ReferenceQuery, read_query
from forwardc.server.directory.sqlite_runner import SqliteQueryRunner
from forwardc.server.directory.watched import EntropyCheckedDirectory
from forwardc.server.service_url import service_mistake
from forwardc.server.settings import (
    CsvDirectorySettings,
    DirectorySettings,
    HttpDirectorySettings,
    SqlDirectorySettings,
)

_SQLITE: Final = "sqlite:///"
_POSTGRESQL: Final = ("postgresql://", "postgres://")
# RFC 6750, section 2.1.
_TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]+=*")


def open_directory(
    settings: DirectorySettings,
    base: Path,
    look_up: SecretLookup,
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
            return EntropyCheckedDirectory(_sql(settings, base, look_up, vaults))
        case HttpDirectorySettings():
            return EntropyCheckedDirectory(_http(settings, look_up, vaults))


def _sql(
    settings: SqlDirectorySettings,
    base: Path,
    look_up: SecretLookup,
    vaults: Collection[str] | None,
) -> SqlDirectory:
    query = read_query(settings.query)
    if isinstance(query, list):
        raise DirectoryError("the query cannot be used: " + "; ".join(query))
    asker = _asker(settings, query, base, _secret(settings.url_secret, look_up))
    return SqlDirectory(asker, timeout=settings.timeout, vaults=vaults, not_card=settings.not_card)


def _asker(
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
    settings: HttpDirectorySettings, look_up: SecretLookup, vaults: Collection[str] | None
) -> HttpDirectory:
    if mistake := service_mistake(settings.url):
        raise DirectoryError(f"the URL of the service cannot be used: {mistake}")
    name, token = settings.token_secret, None
    if name is not None:
        token = Secret(_secret(name, look_up))
        if not _TOKEN.fullmatch(token.reveal()):
            raise DirectoryError(f"{name} holds no bearer token")
    return HttpDirectory(
        settings.url,
        token,
        timeout=settings.timeout,
        vaults=vaults,
        not_card=settings.not_card,
    )


def _secret(name: str, look_up: SecretLookup) -> str:
    try:
        value = look_up(name)
    except SecretProviderError as problem:
        raise DirectoryError(f"{name}: {problem}") from None
    if not value:
        raise DirectoryError(f"{name} is not set")
    return value
