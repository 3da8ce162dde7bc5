"""`forwardc serve --check` compares what the plans need with what the lookup can tell."""

import asyncio
import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import postgres
from forwardc.cli.main import run as cli
from forwardc.core.diagnostics.sink import Sink
from forwardc.runtime.secret_providers.plan_secrets import sandbox_resolver
from forwardc.server.directory.factory import open_directory
from forwardc.server.directory.payment_directory import DirectoryColumns, DirectoryFaultError
from forwardc.server.directory.sql_directory import ReferenceQuery
from forwardc.server.directory.sqlite_runner import SqliteQueryRunner
from forwardc.server.payment_sharing.forwarder import ServedPlan, read_served_plans
from forwardc.server.settings import DestinationSettings, SqlDirectorySettings
from forwardc.server.wiring.directory_supply import (
    MissingColumn,
    blocked_plans,
    missing_columns,
    report_missing_columns,
)
from patience import LONG_S
from serving import NAMED, PATH, ROOT, opened, reference

Check = Callable[..., tuple[int, str, str]]
PAY = ("param.amount", "param.currency", "param.return_url")
SETTINGS = """\
forwardc = 1
[run]
environment = "sandbox"
build = "{build}"
sandbox = "http://127.0.0.1:1"
[destinations.SHOP]
run = "{run}"
reference_param = "reference"
{more}
[lookup]
{lookup}
"""


def ways(run: str, reference_param: str | None = "reference") -> dict[str, ServedPlan]:
    sink = Sink()
    mapped = {"SHOP": DestinationSettings(run=run, reference_param=reference_param)}
    found = read_served_plans(ROOT / "build", "sandbox", mapped, sandbox_resolver, sink)
    assert not sink.has_errors
    return {vault: way for (_, vault), way in found.items()}


@pytest.fixture
def check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Check:
    monkeypatch.chdir(tmp_path)

    def call(lookup: str, run: str = "adyen.card_cit", more: str = "") -> tuple[int, str, str]:
        text = SETTINGS.format(build=ROOT / "build", run=run, lookup=lookup, more=more)
        Path("forwardc-server.toml").write_text(text, encoding="utf-8")
        code = cli(["serve", "--check", "--format", "json"])
        return (code, *capfd.readouterr())

    return call


def found(err: str, code: str) -> list[str]:
    return [one["message"] for one in json.loads(err) if one["code"] == code] if err else []


def csv(columns: tuple[str, ...], *rows: tuple[str, str]) -> str:
    lines = [",".join(("reference", "vault", "source", *columns))]
    for number, (vault, source) in enumerate(rows or (("checkout", "src_" + "a" * 26),)):
        lines.append(",".join((reference(number), vault, source, *("1" for _ in columns))))
    Path("references.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 'kind = "csv"\nfile = "references.csv"'


@pytest.mark.parametrize("lacking", PAY)
def test_a_file_without_a_column_that_is_needed_fails_and_says_whose(
    check: Check, lacking: str
) -> None:
    code, _, err = check(csv(tuple(one for one in PAY if one != lacking)))
    assert code == 1
    (message,) = found(err, "FC0849")
    assert message == (
        f"destinations.SHOP: the lookup never tells {lacking}, "
        "which adyen.card_cit through checkout needs"
    )


def test_optional_values_are_named_and_do_not_fail(check: Check) -> None:
    code, out, err = check(csv(PAY))
    assert (code, found(err, "FC0849")) == (0, [])
    assert "    without input.cvv_token, param.shopper_reference: the lookup has" in out
    code, out, err = check(csv(("billing.city",)), "rokt.share")
    assert code == 0
    lacking = "billing.country, billing.line1, billing.line2, billing.postal_code, billing.state"
    assert f"rokt.share through stripe\n    without {lacking}: the lookup has" in out


def test_a_vault_that_no_row_names_is_nobodys(check: Check) -> None:
    rows = (("checkout", "src_" + "a" * 26), ("stripe", "pm_" + "a" * 24))
    code, _, err = check(csv((), *rows))
    assert code == 1
    told = found(err, "FC0849")
    assert {one.split(" through ")[1] for one in told} == {"checkout needs", "stripe needs"}
    code, _, err = check(csv((), rows[1]))
    assert {one.split(" through ")[1] for one in found(err, "FC0849")} == {"stripe needs"}


def sqlite_shop(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    file = folder / "shop.db"
    with sqlite3.connect(file) as made:
        made.execute("CREATE TABLE cards (ref TEXT, vault TEXT, source TEXT, cents INT, cur TEXT)")
    monkeypatch.setenv("FORWARDC_LOOKUP_URL", f"sqlite:///{file}")
    return f"sqlite:///{file}"


def postgres_shop(server: postgres.Server, monkeypatch: pytest.MonkeyPatch) -> str:
    import psycopg

    url = server.database()
    with psycopg.connect(url, autocommit=True) as made:
        made.execute("CREATE TABLE cards (ref TEXT, vault TEXT, source TEXT, cents INT, cur TEXT)")
    monkeypatch.setenv("FORWARDC_LOOKUP_URL", url)
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def database(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """An empty table of cards."""
    if request.param == "sqlite":
        yield sqlite_shop(tmp_path, monkeypatch)
    else:
        yield postgres_shop(request.getfixturevalue("postgres_server"), monkeypatch)


QUERY = "SELECT vault, source, cents AS param__amount{more} FROM cards WHERE ref = :reference"


def sql(more: str = "") -> str:
    return f'kind = "sql"\nquery = "{QUERY.format(more=more)}"'


def test_a_query_is_described(check: Check, database: str) -> None:
    code, _, err = check(sql(", cur AS param__currency"))
    assert code == 1
    told = found(err, "FC0849")
    assert len(told) == 2
    assert all("the lookup never tells param.return_url" in one for one in told)
    code, out, err = check(sql(", cur AS param__currency, cur AS param__return_url"))
    assert (code, found(err, "FC0849")) == (0, [])
    assert "adyen.card_cit through stripe" in out


@pytest.mark.parametrize(
    "query",
    [
        "SELECT vault, source FROM nothing WHERE ref = :reference",
        "SELECT vault, nothing AS source FROM cards WHERE ref = :reference",
        "SELECT vault, source, cur AS odd FROM cards WHERE ref = :reference",
        "SELECT vault FROM cards WHERE ref = :reference",
    ],
)
def test_a_query_that_can_never_answer_fails(check: Check, database: str, query: str) -> None:
    code, _, err = check(f'kind = "sql"\nquery = "{query}"', "rokt.share")
    assert code == 1
    assert len(found(err, "FC0830")) == 1


def test_a_query_is_not_run_on_rows_to_be_described(database: str) -> None:
    """The rows would fail: nobody has read one where the columns come back."""
    query = (
        "SELECT vault, source, cents / (cents - cents) AS param__amount FROM cards"
        " WHERE ref = :reference OR 1 = 1"
    )
    url = database
    insert = "INSERT INTO cards VALUES ('r', 'checkout', 'src_a', 1, 'EUR')"
    if url.startswith("sqlite"):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as made:
            made.execute(insert)
    else:
        import psycopg

        with psycopg.connect(url, autocommit=True) as server:
            server.execute(insert)

    async def work() -> frozenset[str]:
        settings = SqlDirectorySettings(kind="sql", query=query)
        lookup = open_directory(settings, Path(), {"FORWARDC_LOOKUP_URL": url}.get, {"checkout"})
        try:
            supply = await lookup.supplies()
            assert supply is not None
            return supply.titles
        finally:
            await lookup.close()

    assert asyncio.run(work()) == {"vault", "source", "param.amount"}


def test_sqlite_steps_over_no_row(tmp_path: Path) -> None:
    """A query that never ends is described at once."""
    file = tmp_path / "shop.db"
    sqlite3.connect(file).execute("CREATE TABLE cards (ref TEXT)").close()
    endless = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
        "SELECT 'stripe' AS vault, 'pm_1' AS source FROM n WHERE i = "
    )
    asker = SqliteQueryRunner(file, ReferenceQuery(endless, ""), timeout=2 * LONG_S, connections=1)

    async def work() -> tuple[str, ...]:
        try:
            return await asyncio.wait_for(asker.describe(), LONG_S)
        finally:
            await asker.close()

    assert asyncio.run(work()) == ("vault", "source")


def test_of_a_service_nobody_knows(check: Check) -> None:
    code, out, _ = check('kind = "http"\nurl = "http://127.0.0.1:1/cards"')
    # It does not answer, which is another fault; what it would tell is none.
    assert code == 1
    assert "never tells" not in out


def test_an_input_of_one_kind_of_source_is_told_with_the_kind() -> None:
    """A source of Checkout.com brings its CVC by an input, a token of it brings it along."""
    way = ways("rokt.share")["checkout"]
    operation = way.plan.operations["share"]
    needing = replace(operation, requires=(*operation.requires, "card.cvc"))
    plan = replace(way.plan, operations={"share": needing})
    strict = {("SHOP", "checkout"): replace(way, plan=plan)}
    sink = Sink()
    report_missing_columns(strict, DirectoryColumns(frozenset()), sink.error)
    (one,) = sink.sorted()
    assert one.message.endswith("which rokt.share through checkout with a source src_... needs")
    # Payments by token can be forwarded.
    assert blocked_plans(strict, DirectoryColumns(frozenset())) == {}
    assert blocked_plans(strict, None) == {}


def test_a_param_of_the_reference_needs_no_column() -> None:
    assert [one.title for one in missing_columns(ways("rokt.share")["checkout"], frozenset())] == [
        "input.cvv_token"
    ]
    without = missing_columns(ways("rokt.share", None)["checkout"], frozenset())
    assert without[0] == MissingColumn("param.reference", True)


def test_a_wrong_query_is_wrong_for_ever(database: str) -> None:
    async def work() -> None:
        settings = SqlDirectorySettings(
            kind="sql", query="SELECT a FROM nothing WHERE r = :reference"
        )
        lookup = open_directory(settings, Path(), {"FORWARDC_LOOKUP_URL": database}.get, None)
        try:
            for ask in (lookup.find("r"), lookup.ready(), lookup.supplies()):
                with pytest.raises(DirectoryFaultError):
                    await ask
        finally:
            await lookup.close()

    asyncio.run(work())


@pytest.mark.parametrize("strange", ["param.amuont", "input.cvv_tokn"])
def test_a_column_that_nothing_takes_fails(check: Check, strange: str) -> None:
    code, _, err = check(csv((*PAY, strange)))
    assert code == 1
    assert found(err, "FC0853") == [
        f"the lookup tells {strange}, which nothing that is served takes"
    ]


def test_a_column_of_another_destination_is_no_mistake(check: Check) -> None:
    """One row serves several destinations of a server."""
    both = '[destinations.ROKT]\nrun = "rokt.share"\nreference_param = "reference"'
    code, _, err = check(csv((*PAY, "billing.line1")), more=both)
    assert (code, found(err, "FC0853")) == (0, [])


PAYING = """\
[destinations.PAY]
run = "adyen.card_cit"
reference_param = "reference"
"""


@pytest.mark.slow
@pytest.mark.xdist_group("serving")
def test_a_server_says_what_it_is_never_told(tmp_path: Path) -> None:
    """One destination of two can be served: the server is there, and says which is not."""
    with opened(tmp_path) as shop:
        shop.write(NAMED, PAYING)
        assert shop.run("serve", "--check").returncode == 1
        with shop.serving() as server, server.client() as client:
            ready = client.get("/ready")
            assert (ready.status_code, ready.json()["parts"]["lookup"]) == (200, "partly")
            call = shop.request()
            call["json"]["destination"] = "PAY"
            answer = client.post(PATH, **call)
            assert (answer.status_code, answer.json()["type"]) == (422, "/problems/not-forwardable")
            assert "retry-after" not in answer.headers
        told = "".join(server.lines)
    assert "FC0849 destinations.PAY: the lookup never tells param.amount" in told
    assert "FC0855 nothing was sent: FC0803 params.amount is required" in told
    assert reference(1) not in told
