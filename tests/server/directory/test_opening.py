"""Opening a lookup by its settings: what is missing is told, and never a secret."""

import asyncio
import logging
import sqlite3
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pydantic import TypeAdapter

from forwardc.runtime.secret_providers.provider import SecretProviderError
from forwardc.server.directory.factory import open_directory
from forwardc.server.directory.guessable_references import ENOUGH, EntropyCheckedDirectory
from forwardc.server.directory.payment_directory import DirectoryError, Instrument
from forwardc.server.settings import DirectorySettings

QUERY = "SELECT vault, source FROM cards WHERE reference = :reference"


def opened(given: dict[str, Any], secrets: dict[str, str], base: Path = Path()) -> Any:
    settings: DirectorySettings = TypeAdapter(DirectorySettings).validate_python(given)
    return open_directory(settings, base, secrets.get)


@pytest.mark.parametrize(
    ("given", "secrets", "reason"),
    [
        ({"kind": "csv", "file": "none.csv"}, {}, "cannot be read"),
        ({"kind": "sql", "query": QUERY}, {}, "FORWARDC_LOOKUP_URL is not set"),
        ({"kind": "sql", "query": QUERY, "url_secret": "SHOP"}, {}, "SHOP is not set"),
        (
            {"kind": "sql", "query": QUERY},
            {"FORWARDC_LOOKUP_URL": "mysql://canary"},
            "FORWARDC_LOOKUP_URL holds no URL of SQLite or PostgreSQL",
        ),
        (
            {"kind": "sql", "query": QUERY},
            {"FORWARDC_LOOKUP_URL": "postgresql://canary:canary@[::1/canary"},
            "the URL of the database cannot be read",
        ),
        (
            {"kind": "sql", "query": "SELECT 1"},
            {"FORWARDC_LOOKUP_URL": "sqlite:///canary.db"},
            "has :reference 0 times",
        ),
        ({"kind": "http", "url": "https://shop.example/"}, {}, "LOOKUP_TOKEN is not set"),
        (
            {"kind": "http", "url": "https://shop.example/"},
            {"FORWARDC_LOOKUP_TOKEN": "canary\r\nX: y"},
            "FORWARDC_LOOKUP_TOKEN holds no bearer token",
        ),
        (
            {"kind": "http", "url": "http://shop.example/"},
            {"FORWARDC_LOOKUP_TOKEN": "canary"},
            "use https",
        ),
    ],
)
def test_what_is_missing_is_told(
    given: dict[str, Any], secrets: dict[str, str], reason: str
) -> None:
    with pytest.raises(DirectoryError, match=reason) as caught:
        opened(given, secrets)
    assert "canary" not in str(caught.value)


def test_a_source_of_secrets_that_fails_is_told() -> None:
    def fail(_: str) -> str:
        raise SecretProviderError("the source exec hangs")

    settings: DirectorySettings = TypeAdapter(DirectorySettings).validate_python(
        {"kind": "sql", "query": QUERY}
    )
    with pytest.raises(DirectoryError, match="FORWARDC_LOOKUP_URL: the source exec hangs"):
        open_directory(settings, Path(), fail)


def test_paths_begin_at_the_base(tmp_path: Path) -> None:
    (tmp_path / "cards.csv").write_text("reference,vault,source\nr1,stripe,pm_1\n")
    connection = sqlite3.connect(tmp_path / "cards.db")
    connection.execute("CREATE TABLE cards (reference, vault, source)")
    connection.execute("INSERT INTO cards VALUES ('r1', 'stripe', 'pm_1')")
    connection.commit()
    connection.close()

    async def walk() -> None:
        for given, secrets in (
            ({"kind": "csv", "file": "cards.csv"}, {}),
            ({"kind": "sql", "query": QUERY}, {"FORWARDC_LOOKUP_URL": "sqlite:///cards.db"}),
        ):
            lookup = opened(given, secrets, tmp_path)
            await lookup.ready()
            assert await lookup.find("r1") == Instrument("stripe", "pm_1")
            await lookup.close()

    asyncio.run(walk())


class Every:
    """Finds an instrument for every reference but one."""

    async def find(self, reference: str) -> Instrument | None:
        return None if reference == "unknown" else Instrument("stripe", "pm_1")

    async def ready(self) -> None:
        """Always."""

    async def close(self) -> None:
        """Nothing is held."""


@pytest.mark.parametrize("guessable", [True, False])
def test_references_are_judged_once_when_enough_were_found(
    guessable: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def walk() -> None:
        watched = EntropyCheckedDirectory(Every())
        for at in range(2 * ENOUGH):
            await watched.find(f"ORDER_{at + 67890}" if guessable else str(uuid4()))
            await watched.find("unknown")

    with caplog.at_level(logging.WARNING):
        asyncio.run(walk())
    assert len(caplog.messages) == guessable
    if guessable:
        assert caplog.messages[0].startswith("FC0831 payment references can be guessed: ")
        assert "678" not in caplog.text
