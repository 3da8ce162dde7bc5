"""The examples of docs/lookup.md work: file, settings and query are valid and find cards."""

import asyncio
import re
import tomllib
from pathlib import Path

import psycopg
import pytest
from pydantic import TypeAdapter

import postgres
from forwardc.compile.vaults.registry import vaults
from forwardc.core.diagnostics.sink import Sink
from forwardc.server.directory.factory import check_directory, open_directory
from forwardc.server.directory.payment_directory import Instrument
from forwardc.server.settings import DirectorySettings

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "docs" / "lookup.md").read_text(encoding="utf-8")
VAULTS = {vault.name for vault in vaults()} - {"direct"}


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


def settings() -> dict[str, DirectorySettings]:
    read = [tomllib.loads(block)["lookup"] for block in blocks("toml")]
    return {one["kind"]: TypeAdapter(DirectorySettings).validate_python(one) for one in read}


@pytest.mark.parametrize("kind", ["csv", "sql", "http"])
def test_the_settings_have_no_mistake(kind: str, tmp_path: Path) -> None:
    (tmp_path / "references.csv").write_text(*blocks("csv"))
    sink = Sink()
    check_directory(settings()[kind], tmp_path, sink, VAULTS)
    assert sink.sorted() == []


def test_the_rows_of_the_file_are_found(tmp_path: Path) -> None:
    (tmp_path / "references.csv").write_text(*blocks("csv"))
    lookup = open_directory(settings()["csv"], tmp_path, {}.get, VAULTS)
    found = asyncio.run(lookup.find("7c1de9d2-0f84-4f0b-b0c4-2f8f5f1a6e33"))
    assert found is not None
    assert found.identifiers == {"email": 'jane."jd".doe@example.com'}


def test_the_view_answers_the_query_and_nothing_else_is_granted(
    postgres_server: postgres.Server,
) -> None:
    url = postgres_server.database()
    with psycopg.connect(url, autocommit=True) as server:
        server.execute("DROP ROLE IF EXISTS forwardc_lookup")
        server.execute(
            "CREATE TABLE payments (reference text, vault text, source text, cvv_token text, "
            "email text, paid boolean)"
        )
        server.execute(
            "INSERT INTO payments VALUES ('r1', 'stripe', 'pm_1', NULL, 'a@example.com', true), "
            "('r2', 'stripe', 'pm_2', NULL, NULL, false)"
        )
        (view,) = blocks("sql")
        for statement in view.split(";"):
            server.execute(statement.encode())
    limited = url.replace("postgres@", "forwardc_lookup@")

    async def walk() -> None:
        lookup = open_directory(
            settings()["sql"], Path(), {"FORWARDC_LOOKUP_URL": limited}.get, VAULTS
        )
        await lookup.ready()
        assert await lookup.find("r1") == Instrument(
            "stripe", "pm_1", identifiers={"email": "a@example.com"}
        )
        assert await lookup.find("r2") is None
        await lookup.close()

    asyncio.run(walk())
    with (
        psycopg.connect(limited) as server,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        server.execute("SELECT * FROM payments")


def test_every_vault_that_holds_cards_is_named() -> None:
    assert not [name for name in VAULTS if f"`{name}`" not in TEXT]
