"""Who only reads a history, or acts upon what is in it, never makes one and never upgrades it.

Every command that takes --history is walked: a new one has to say here which of the two it is.
"""

import os
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

import postgres
from command_tree import commands, takes
from forwardc.cli.main import run as cli
from forwardc.runtime.history.migrations import MIGRATIONS
from forwardc.runtime.history.store import open_existing, open_store
from stored_runs import complete, new_run

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = ("--build", str(ROOT / "build"))
TOKEN = "b8200fb478aae65919b4155b5d5eb964cfcc55585634874de8b1c471b7d56cf9"
READERS = {
    "history": (),
    "history show": ("some-run",),
    "history upgrade": (),
    "history export": ("--format", "json"),
    "dashboard": ("--port", "0"),
    "reconcile": BUILD,
    "resolve": ("some-run",),
    "pause": BUILD,
    "unpause": ("stripe",),
    "audit": (),
    "tokens show": ("rocketpay", "--env", "sandbox", *BUILD),
    "clients bind": ("client_x", "--destination", "A"),
    "clients list": (),
    "clients rotate": ("client_x",),
    "clients revoke": ("client_x",),
    "clients keys": ("--forget",),
}
# More ways in which a command reads, beside the one above.
WAYS = {
    "history --keep": ("history", "--keep", "30d"),
    "history --json": ("history", "--json"),
    "history --csv": ("history", "--csv"),
    "audit --verify": ("audit", "--verify"),
    "pause NAME": ("pause", "stripe", *BUILD),
    "resolve --as": ("resolve", "some-run", "--as", "approved", "--reason", "seen"),
    "reconcile RUN": ("reconcile", "some-run", *BUILD),
    "run --resume": ("run", "--resume", "some-run", *BUILD),
    "tokens show --offline": (
        *("tokens", "show", "rocketpay", TOKEN, "--env", "sandbox", "--offline", *BUILD),
    ),
    "tokens show TOKEN": (
        *("tokens", "show", "rocketpay", TOKEN, "--env", "sandbox", "--sandbox"),
        *("--customer-id", "customer_123", *BUILD),
    ),
    **{name: (*name.split(), *arguments) for name, arguments in READERS.items()},
}
WRITERS = {"run", "history begin", "tokens revoke", "clients issue"}

Call = Callable[..., tuple[int, str]]


@pytest.fixture
def call(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.delenv("FORWARDC_HISTORY", raising=False)

    def made(way: str, url: str) -> tuple[int, str]:
        code = cli([*WAYS[way], "--history", url])
        return code, "".join(capfd.readouterr())

    return made


def everything(folder: Path) -> dict[str, bytes | None]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def test_every_command_with_a_history_says_what_it_does() -> None:
    having = {name for name, command in commands().items() if takes(command, "--history")}
    assert having == {*READERS, *WRITERS}
    # What stands in no option: a server's file names it.
    assert not takes(commands()["serve"], "--history")


@pytest.mark.parametrize("way", WAYS)
def test_a_path_with_a_mistake_makes_nothing_and_names_the_nearest(
    way: str, call: Call, tmp_path: Path
) -> None:
    (tmp_path / "runs").mkdir()
    open_store(str(tmp_path / "runs" / "history.db")).close()
    before = everything(tmp_path)
    for wrong in ("runs/histroy.db", "run/history.db", "Runs/History.db"):
        code, told = call(way, str(tmp_path / wrong))
        assert (code, "FC0867" in told) == (1, True), told
        assert f"did you mean {tmp_path / 'runs/history.db'}?" in told.replace("\\n", "")
    for far in ("elsewhere.sqlite", "a/b/c.db", "runs/history.db/x"):
        code, told = call(way, str(tmp_path / far))
        assert (code, "FC0867" in told) == (1, True), told
        assert "forwardc history begin" in told
    assert everything(tmp_path) == before


@pytest.mark.parametrize("way", WAYS)
def test_what_is_there_and_is_no_history_stays_as_it_is(
    way: str, call: Call, tmp_path: Path
) -> None:
    (tmp_path / "empty.db").touch(mode=0o644)
    (tmp_path / "text.db").write_text("not a database, but long enough to look" * 40)
    (tmp_path / "folder.db").mkdir()
    (tmp_path / "gone.db").symlink_to(tmp_path / "nowhere.db")
    with sqlite3.connect(tmp_path / "shop.db") as shop:
        shop.execute("CREATE TABLE runs (id)")
    shop.close()
    before = everything(tmp_path)
    for name, code in (
        *(("empty.db", "FC0867"), ("shop.db", "FC0867"), ("gone.db", "FC0867")),
        *(("text.db", "FC0819"), ("folder.db", "FC0819")),
    ):
        result, told = call(way, str(tmp_path / name))
        assert (result, code in told) == (1, True), f"{name}: {told}"
    assert everything(tmp_path) == before
    assert (tmp_path / "empty.db").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("way", [way for way in WAYS if way != "history upgrade"])
def test_an_older_history_is_told_and_not_upgraded(way: str, call: Call, tmp_path: Path) -> None:
    url = str(tmp_path / "history.db")
    open_store(url, migrations=MIGRATIONS[:-1]).close()
    before = everything(tmp_path)
    code, told = call(way, url)
    assert (code, "FC0868" in told) == (1, True), told
    assert "forwardc history upgrade" in told
    assert everything(tmp_path) == before


def test_upgrade_says_what_it_did(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    url = str(tmp_path / "history.db")
    newest = MIGRATIONS[-1].version
    with open_store(url, migrations=MIGRATIONS[:9]) as store:
        complete_before = store.database
        assert complete_before is not None
    assert cli(["history", "upgrade", "--history", url]) == 0
    assert f"from version 9 to {newest}" in capfd.readouterr().out
    assert cli(["history", "upgrade", "--history", url]) == 0
    assert f"was there, and has version {newest}" in capfd.readouterr().out
    with open_existing(url) as store:
        complete(store, new_run())
    assert cli(["history", "--history", url]) == 0


def test_begin_makes_one_and_leaves_one_that_is_there(tmp_path: Path) -> None:
    url = str(tmp_path / "new" / "history.db")
    assert cli(["history", "--history", url, "begin"]) == 0
    with open_existing(url) as store:
        run = complete(store, new_run())
    assert cli(["history", "begin", "--history", url]) == 0
    with open_existing(url) as store:
        assert store.load(run.id)


@pytest.mark.parametrize("way", WAYS)
def test_an_empty_database_of_a_server_gets_no_table(
    way: str, call: Call, postgres_server: postgres.Server
) -> None:
    url = postgres_server.database()
    code, told = call(way, url)
    assert (code, "FC0867" in told) == (1, True), told
    with psycopg.connect(url) as asked:
        tables = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()"
        assert asked.execute(tables).fetchone() == (0,)


def test_a_database_or_schema_that_is_not_there(
    call: Call, postgres_server: postgres.Server
) -> None:
    code, told = call("history", postgres_server.url("nowhere"))
    assert (code, "FC0819" in told) == (1, True)
    url = postgres_server.database()
    open_store(url).close()
    elsewhere = f"{url}{'&' if '?' in url else '?'}options=-csearch_path%3Dnowhere"
    code, told = call("history", elsewhere)
    assert (code, "FC0867" in told) == (1, True), told
    # Who would make tables there is told, too, and by no internal error.
    assert cli(["history", "begin", "--history", elsewhere]) == 1
    assert call("history", url)[0] == 0


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="needs to become another user")
@pytest.mark.parametrize("folder_mode", [0o755, 0o700])
def test_a_history_of_somebody_else_is_told(call: Call, folder_mode: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = f"{folder}/history.db"
        open_store(url).close()
        Path(folder).chmod(folder_mode)
        os.seteuid(65534)
        try:
            code, told = call("history", url)
        finally:
            os.seteuid(0)
    assert (code, "FC0819" in told) == (1, True), told
    assert "Permission denied" in told
