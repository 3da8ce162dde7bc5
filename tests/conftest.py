"""What every test shares: no network but loopback, bounded property tests, the shared material."""

import gc
import ipaddress
import shutil
import socket
from collections.abc import Callable, Iterator
from enum import IntEnum
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

import output_schemas
import postgres
import quick
import usual_shell
from forwardc.cli import output
from forwardc.runtime.history import sqlite
from forwardc.runtime.history.store import open_store

ROOT = Path(__file__).resolve().parent.parent
# New objects between two rounds of the collector: those of one test, which are gone before then.
_YOUNG = 10_000
# Rounds before older objects are looked at: all tests and modules are among them.
_ROUNDS = 20

# Derandomized: a run in CI depends on the code alone. No database, so the tree stays clean.
settings.register_profile(
    "ci",
    max_examples=50,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "fuzz",
    max_examples=5_000,
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
# `make quick` is asked while somebody writes.
settings.register_profile("quick", settings.get_profile("ci"), max_examples=10)
# `make mutants` asks whether an example fails, not for the smallest one.
settings.register_profile(
    "mutants", settings.get_profile("ci"), phases=[Phase.explicit, Phase.generate]
)
settings.load_profile("ci")


@pytest.fixture(autouse=True)
def documents_are_as_their_schema_says(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every document of `--json` that a test makes in this process is held against its schema."""
    say, mistakes = output.say_json, list[str]()

    def checked(document: object) -> None:
        command = output_schemas.words_here()
        mistakes.extend(f"{command}: {one}" for one in output_schemas.mistakes(command, document))
        say(document)

    monkeypatch.setattr(output, "say_json", checked)
    yield
    assert mistakes == []


class NetworkRefusedError(Exception):
    """A test tried to reach something other than this machine."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--quick", action="store_true", help="the tests of `make quick` only")


def pytest_configure(config: pytest.Config) -> None:
    """Whoever runs tests does so in the usual shell; who only hands them out hands down his own."""
    if config.getoption("dist", "no") == "no":
        usual_shell.settle()
    # Thousands of tests are made, and none of them is garbage.
    gc.disable()


def pytest_collection_finish() -> None:
    """The collector works again, and seldom: else it takes an eighth of the processor's time."""
    gc.set_threshold(_YOUNG, _ROUNDS, _ROUNDS)
    gc.enable()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """What `make quick` leaves out need not be imported."""
    if not config.getoption("--quick") or not collection_path.name.startswith("test_"):
        return None
    return None if collection_path.is_dir() or quick.is_quick(collection_path) else True


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of several workers one gets a whole file, but for slow tests; what takes long begins first.

    Test by test the workers would wait for the process that hands them out, and each of them would
    make what the tests of a file share.
    """
    if config.getoption("--quick"):
        items[:] = quick.chosen(items)
    if not hasattr(config, "workerinput"):
        return
    items.sort(key=_weight)
    for item in items:
        if _weight(item) is _Weight.WHOLE_FILE:
            name = item.nodeid.partition("::")[0].removeprefix("tests/").removesuffix(".py")
            item.add_marker(pytest.mark.xdist_group(name))


class _Weight(IntEnum):
    """What is handed to a worker at once, in the order in which it is."""

    GROUP = 0
    SLOW_TEST = 1
    WHOLE_FILE = 2


def _weight(item: pytest.Item) -> _Weight:
    if item.get_closest_marker("xdist_group"):
        return _Weight.GROUP
    return _Weight.SLOW_TEST if item.get_closest_marker("slow") else _Weight.WHOLE_FILE


@pytest.fixture(autouse=True, scope="session")
def only_loopback() -> Iterator[None]:
    """Refuse every connection and look-up that leaves the machine."""
    real_connect, real_connect_ex = socket.socket.connect, socket.socket.connect_ex
    real_lookup = socket.getaddrinfo

    def connect(self: socket.socket, address: object) -> None:
        _refuse_remote(self.family, address)
        real_connect(self, address)

    def connect_ex(self: socket.socket, address: object) -> int:
        _refuse_remote(self.family, address)
        return real_connect_ex(self, address)

    def lookup(host: object, *args: object, **options: object) -> object:
        _refuse_remote(socket.AF_INET, (host, 0))
        return real_lookup(host, *args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect)
        patch.setattr(socket.socket, "connect_ex", connect_ex)
        patch.setattr(socket, "getaddrinfo", lookup)
        yield


@pytest.fixture(autouse=True)
def fixed_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """The day of every command, so that the example's attestation does not lapse here."""
    monkeypatch.setenv("FORWARDC_TODAY", "2026-11-20")


@pytest.fixture(scope="session")
def histories(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A new folder each time, which costs a tenth of what `tmp_path` does."""
    folder = tmp_path_factory.mktemp("histories")
    return (folder / str(number) for number in count())


@pytest.fixture(autouse=True)
def own_history(
    request: pytest.FixtureRequest, histories: Iterator[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every command records into a history of its test, not into one of the checkout."""
    if "tmp_path" in request.fixturenames:
        folder = request.getfixturevalue("tmp_path")
    else:
        folder = next(histories)
        folder.mkdir()
    monkeypatch.setenv("FORWARDC_HISTORY", str(folder / "recorded.db"))


def _refuse_remote(family: int, address: object) -> None:
    if family not in (socket.AF_INET, socket.AF_INET6) or not isinstance(address, tuple):
        return
    host = address[0].decode() if isinstance(address[0], bytes) else address[0]
    if host in (None, "", "localhost"):
        return
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise NetworkRefusedError(f"tests reach loopback only, not {host}")


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Callable[[str], Path]:
    """A function from a name such as `vectors/jwe.json` to its path, beside the checkout.

    The material belongs to others and is not part of this repository: without it the test skips.
    """

    def find(name: str) -> Path:
        path = ROOT.parent / "shared" / name
        if not path.exists():
            pytest.skip(f"needs the shared material: {name} is not beside the checkout")
        return path

    return find


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """A real PostgreSQL, started when a test first needs it."""
    with postgres.server() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def no_history_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where no history is yet, for tests of how one is made or brought up to date."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'history.db'}"
    server: postgres.Server = request.getfixturevalue("postgres_server")
    return server.database()


@pytest.fixture(autouse=True, scope="session")
def no_history_waits_for_a_disk() -> Iterator[None]:
    """Of files, as of PostgreSQL (`tests/support/postgres.py`): no test takes a machine away."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite, "_SETTINGS", (*sqlite._SETTINGS, "PRAGMA synchronous = OFF"))
        yield


@pytest.fixture(scope="session")
def empty_history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty history in a file: to copy it costs a twentieth of making one."""
    path = tmp_path_factory.mktemp("empty") / "history.db"
    with open_store(str(path)):
        pass
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def history_url(
    request: pytest.FixtureRequest, tmp_path: Path, empty_history: Path
) -> Iterator[str]:
    """An empty history of its own for each test, on both databases."""
    if request.param == "sqlite":
        path = tmp_path / "history.db"
        shutil.copy(empty_history, path)
        yield f"sqlite:///{path}"
        return
    server: postgres.Server = request.getfixturevalue("postgres_server")
    url = server.histories.take()
    yield url
    server.histories.give_back(url)


@pytest.fixture(autouse=True)
def own_store(histories: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test begins with an empty store: what another one patched is no answer here."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(next(histories) / "cache"))
