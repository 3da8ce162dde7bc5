"""A query on the merchant's own SQLite or PostgreSQL: what is found, and what is refused."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import pytest

import postgres
from forwardc.server.directory.factory import open_directory
from forwardc.server.directory.payment_directory import DirectoryError, Instrument, PaymentDirectory
from forwardc.server.settings import SqlDirectorySettings
from hard_references import HARD

T = TypeVar("T")
VAULTS = {"checkout", "stripe"}
QUERY = (
    'SELECT vault, source, cvv AS input__cvv_token, line1 AS "billing.line1", '
    'amount AS param__amount, email AS "identifier.email", '
    'customer AS "identifier.customerId" FROM cards WHERE reference = :reference'
)
TABLE = (
    "CREATE TABLE cards (reference TEXT, vault TEXT, source TEXT, cvv TEXT, line1 TEXT, "
    "amount INTEGER, email TEXT, customer BIGINT)"
)
ROWS: list[tuple[Any, ...]] = [
    ("r1", "checkout", "src_a", "tok_b", "1 High Street", 1000, "a@example.com", 77),
    ("r2", "stripe", "pm_a", None, "", None, None, None),
    ("twice", "stripe", "pm_a", None, "", None, None, None),
    ("twice", "stripe", "pm_b", None, "", None, None, None),
    ("a vault", "nobody", "pm_a", None, "", None, None, None),
    ("no source", "stripe", None, None, "", None, None, None),
    ("a card", "stripe", "4111 1111 1111 1111", None, "", None, None, None),
    ('it\'s "ä€😀" {{x}} %s $1', "stripe", "pm_c", None, None, None, None, None),
]


class Shop:
    """A merchant's database of one of the two kinds, and lookups in it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def run(self, statement: str, rows: list[tuple[Any, ...]] | None = None) -> None:
        if self.url.startswith("sqlite"):
            connection = sqlite3.connect(self.url.removeprefix("sqlite:///"))
            connection.executemany(statement, rows) if rows else connection.execute(statement)
            connection.commit()
            connection.close()
            return
        with psycopg.connect(self.url, autocommit=True) as server:
            if rows:
                server.cursor().executemany(statement.replace("?", "%s").encode(), rows)
            else:
                server.execute(statement.encode())

    def lookup(self, query: str = QUERY, **given: Any) -> PaymentDirectory:
        settings = SqlDirectorySettings(kind="sql", query=query, **given)
        return open_directory(settings, Path(), {"FORWARDC_LOOKUP_URL": self.url}.get, VAULTS)

    def ask(
        self, work: Callable[[PaymentDirectory], Awaitable[T]], query: str = QUERY, **given: Any
    ) -> T:
        async def walk() -> T:
            lookup = self.lookup(query, **given)
            try:
                return await work(lookup)
            finally:
                await lookup.close()

        return asyncio.run(walk())

    def find(self, reference: str, query: str = QUERY) -> Instrument | None:
        return self.ask(lambda lookup: lookup.find(reference), query)


def filled(url: str) -> Shop:
    made = Shop(url)
    made.run(TABLE)
    made.run("INSERT INTO cards VALUES (?, ?, ?, ?, ?, ?, ?, ?)", ROWS)
    return made


@pytest.fixture
def sqlite_shop(tmp_path: Path) -> Shop:
    return filled(f"sqlite:///{tmp_path / 'shop ?#%.db'}")


@pytest.fixture
def postgres_shop(postgres_server: postgres.Server) -> Shop:
    return filled(postgres_server.database())


@pytest.fixture(params=["sqlite_shop", "postgres_shop"])
def shop(request: pytest.FixtureRequest) -> Shop:
    made: Shop = request.getfixturevalue(request.param)
    return made


def test_a_row_is_an_instrument(shop: Shop) -> None:
    assert shop.find("r1") == Instrument(
        "checkout",
        "src_a",
        {"cvv_token": "tok_b", "billing.line1": "1 High Street"},
        {"amount": "1000"},
        {"email": "a@example.com", "customerId": "77"},
    )
    assert shop.find("r2") == Instrument("stripe", "pm_a")
    assert shop.find("r3") is None


def test_quotes_and_templates_are_found_where_they_are(shop: Shop) -> None:
    assert shop.find('it\'s "ä€😀" {{x}} %s $1') == Instrument("stripe", "pm_c")


def test_a_hard_reference_is_not_found_and_harms_nothing(shop: Shop) -> None:
    async def walk(lookup: PaymentDirectory) -> None:
        for reference in HARD:
            assert await lookup.find(reference) is None
        assert await lookup.find("r2") is not None

    shop.ask(walk)


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("twice", "more than one row"),
        ("a vault", "vault names no vault that a plan was built for"),
        ("no source", "source is empty"),
        ("a card", "source looks like a card number"),
    ],
)
def test_a_wrong_row_is_refused(shop: Shop, reference: str, reason: str) -> None:
    with pytest.raises(DirectoryError, match=reason) as caught:
        shop.find(reference)
    assert "4111" not in str(caught.value)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("SELECT vault, source, email FROM cards WHERE reference = :reference", "column 3 has a"),
        ("SELECT vault FROM cards WHERE reference = :reference", "there is no column source"),
        ("SELECT vault, source FROM other WHERE reference = :reference", "no such table"),
        ("SELECT vault, nothing FROM cards WHERE reference = :reference", "no such .*column"),
        ("SELECT vault source vault FROM WHERE :reference", "does not understand the query"),
    ],
)
def test_a_wrong_query_is_seen_without_a_reference(shop: Shop, query: str, reason: str) -> None:
    with pytest.raises(DirectoryError, match=reason):
        shop.ask(lambda lookup: lookup.ready(), query)
    shop.ask(lambda lookup: lookup.ready())


def test_a_query_may_have_comments_casts_and_an_end(shop: Shop) -> None:
    query = f"WITH one AS ({QUERY}) SELECT * FROM one -- ':reference\n;"  # noqa: S608 - our own text
    assert shop.find("r2", query) == Instrument("stripe", "pm_a")


def test_the_server_is_asked_for_reading_only(postgres_shop: Shop) -> None:
    postgres_shop.run(
        "CREATE FUNCTION sneak() RETURNS text LANGUAGE sql VOLATILE AS "
        "$$ DELETE FROM cards RETURNING vault $$"
    )
    query = "SELECT sneak() AS vault, source FROM cards WHERE reference = :reference"
    with pytest.raises(DirectoryError, match="refuses to change anything"):
        postgres_shop.find("r1", query)


def test_64_callers_at_once_get_each_their_own(shop: Shop) -> None:
    shop.run(
        "INSERT INTO cards VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [(f"c{at}", "stripe", f"pm_{at}", *[None] * 5) for at in range(640)],
    )

    async def walk(lookup: PaymentDirectory) -> None:
        async def caller(number: int) -> None:
            for at in range(number, 640, 64):
                found = await lookup.find(f"c{at}")
                assert found is not None
                assert found.source == f"pm_{at}"

        await asyncio.gather(*map(caller, range(64)))

    shop.ask(walk)


def test_callers_that_leave_disturb_nobody(shop: Shop) -> None:
    async def walk(lookup: PaymentDirectory) -> None:
        for round_ in range(20):
            asked = [asyncio.create_task(lookup.find("r1")) for _ in range(32)]
            for _ in range(round_ % 4):
                await asyncio.sleep(0)
            for one in asked[::2]:
                one.cancel()
            done = await asyncio.gather(*asked, return_exceptions=True)
            assert [one.source for one in done if isinstance(one, Instrument)] == ["src_a"] * len(
                [one for one in done if not isinstance(one, asyncio.CancelledError)]
            )
            assert not [one for one in done[1::2] if isinstance(one, BaseException)]

    shop.ask(walk)


def test_a_type_that_is_no_text_is_text(shop: Shop) -> None:
    query = (
        "SELECT vault, source, 12 AS param__whole, "
        "CAST(NULL AS INTEGER) AS param__nothing FROM cards WHERE reference = :reference"
    )
    found = shop.find("r1", query)
    assert found is not None
    assert found.params == {"whole": "12"}


def test_a_float_is_refused_where_nobody_knows_its_text(sqlite_shop: Shop) -> None:
    query = "SELECT vault, source, 1.5 AS param__x FROM cards WHERE reference = :reference"
    with pytest.raises(DirectoryError, match="cast it"):
        sqlite_shop.find("r1", query)


def test_every_type_of_the_server_is_its_text(postgres_shop: Shop) -> None:
    query = (
        "SELECT vault, source, 1.50 AS param__a, true AS param__b, DATE '2026-11-20' AS param__c "
        "FROM cards WHERE reference = :reference"
    )
    found = postgres_shop.find("r1", query)
    assert found is not None
    assert found.params == {"a": "1.50", "b": "true", "c": "2026-11-20"}
