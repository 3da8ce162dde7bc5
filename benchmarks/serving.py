"""The partner API under load, against a bare app that makes the same outbound call.

Both answer in processes of their own, are asked in turns by the same load, and call a vault that
answers at once. Everything that production has is on: OAuth, allow list, limits, lookup by SQL,
replays and history.
"""

import json
import os
import socket
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

import httpx

from benchmarks.load import Figures, Task, reference

CONNECTIONS = 64
Turn: TypeAlias = Callable[[float], Figures]
"""A load of so many seconds."""
_ROOT = Path(__file__).resolve().parent.parent
_PATH = "/v1/initiate-payment-sharing"
_EMAIL = "jane.doe@example.com"
# The sandbox's documented instrument for a Visa test card; the quick vault asks nobody.
_SOURCE = "src_" + "a" * 26
# About as long as the bound call.
_CALL = {"source": {"id": _SOURCE, "type": "id"}, "destination_request": {"body": "b" * 1000}}
_SETTINGS = """\
forwardc = 1

[server]
port = {port}

[run]
environment = "sandbox"
build = "{build}"
history = "{history}"
keys = "{folder}/keys.json"
sandbox = "http://127.0.0.1:{vault}"

[destinations."COM.ROKT.CATALOG"]
run = "rokt.share"
reference_param = "reference"

[lookup]
kind = "sql"
query = \"\"\"
SELECT vault, source, email AS "identifier.email" FROM cards WHERE reference = :reference
\"\"\"

[limits]
calls_per_minute = 1000000
in_flight = 256
"""


@dataclass(frozen=True, slots=True)
class Side:
    """One server under load: medians over its turns. Times are seconds."""

    per_second: float
    median: float
    p99: float
    errors: int


@dataclass(frozen=True, slots=True)
class Served:
    """Both sides, and the medians of the ratios of each pair of turns."""

    ours: Side
    theirs: Side
    throughput: float
    p99: float


@dataclass(frozen=True, slots=True)
class Endured:
    """One long turn: memory in MiB after a quarter of it and at its end."""

    figures: Figures
    early: float
    late: float


class Stand:
    """Servers and the vault behind them. Ends whatever it has started."""

    def __init__(
        self, folder: Path, history: str, references: int, module: str = "forwardc"
    ) -> None:
        self._stack = ExitStack()
        self._module = module
        self._next = 0
        vault = self._stack.enter_context(_printing_its_port("benchmarks.quick_vault"))
        self.bare = self._bare(vault)
        self.pooled = self._bare(vault, "--pool")
        self.port, self._settings = _free_port(), folder / "forwardc-server.toml"
        settings = _SETTINGS.format(
            port=self.port, build=_ROOT / "build", history=history, folder=folder, vault=vault
        )
        self._settings.write_text(settings, encoding="utf-8")
        _cards(folder / "cards.db", references)
        self._environ = os.environ | {"FORWARDC_LOOKUP_URL": f"sqlite:///{folder / 'cards.db'}"}
        _python("forwardc", "clients", "keys", str(folder / "keys.json"))
        self._client = _issue(history)
        self.process = self._stack.enter_context(self._serve())

    def __enter__(self) -> "Stand":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def load(self, port: int, seconds: float) -> Figures:
        """One turn of a server: references that were never asked before, and a new token."""
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._token()}"}
        body = {
            "partnerPaymentReference": "REFERENCE",
            "destination": "COM.ROKT.CATALOG",
            "customerIdentifiers": {"email": _EMAIL},
        }
        task = Task(port, _PATH, headers, json.dumps(body), CONNECTIONS, seconds, self._next)
        done = _python("benchmarks.load", input=json.dumps(asdict(task)))
        figures = Figures(**json.loads(done))
        self._next = figures.next if port == self.port else self._next
        return figures

    def memory_mib(self) -> float:
        """What the server's process holds now."""
        shown = subprocess.run(  # noqa: S603 - ours
            ["ps", "-o", "rss=", "-p", str(self.process.pid)],  # noqa: S607 - a user's own
            capture_output=True,
            text=True,
            check=True,
        )
        return int(shown.stdout) / 1024

    def _bare(self, vault: int, *more: str) -> int:
        arguments = (f"http://127.0.0.1:{vault}", json.dumps(_CALL), *more)
        return self._stack.enter_context(_printing_its_port("benchmarks.bare", *arguments))

    def _token(self) -> str:
        asked = {"grant_type": "client_credentials"}
        answer = httpx.post(
            f"http://127.0.0.1:{self.port}/oauth/token", data=asked, auth=self._client
        )
        answer.raise_for_status()
        return str(answer.json()["access_token"])

    @contextmanager
    def _serve(self) -> "Iterator[subprocess.Popen[str]]":
        command = [
            sys.executable,
            "-m",
            self._module,
            "serve",
            "--settings",
            str(self._settings),
        ]
        # Logs are part of the work.
        with (
            self._settings.with_suffix(".log").open("wb") as log,
            subprocess.Popen(  # noqa: S603 - ours
                command, stdout=log, stderr=log, env=self._environ, text=True, cwd=_ROOT
            ) as process,
        ):
            try:
                _wait(f"http://127.0.0.1:{self.port}/ready", process)
                yield process
            finally:
                process.terminate()


def served(stand: Stand, port: int, pairs: int, seconds: float) -> Served:
    """Our server and another one in turns, after one turn for warmth."""
    ours, theirs = (partial(stand.load, either) for either in (stand.port, port))
    return _paired(ours, theirs, pairs, seconds)


def beside(first: Stand, second: Stand, pairs: int, seconds: float) -> Served:
    """Two servers of ours in turns, each with a history of its own, after one turn for warmth."""
    ours, theirs = (partial(stand.load, stand.port) for stand in (first, second))
    return _paired(ours, theirs, pairs, seconds)


def _paired(ours: Turn, theirs: Turn, pairs: int, seconds: float) -> Served:
    ours(seconds / 2)
    theirs(seconds / 2)
    turns = [(ours(seconds), theirs(seconds)) for _ in range(pairs)]
    return Served(
        _side([figures for figures, _ in turns]),
        _side([figures for _, figures in turns]),
        statistics.median(a.per_second / b.per_second for a, b in turns),
        statistics.median(a.p99 / b.p99 for a, b in turns),
    )


def endured(stand: Stand, seconds: float) -> Endured:
    """One long turn of our server."""
    early = stand.load(stand.port, seconds / 4)
    after = stand.memory_mib()
    late = stand.load(stand.port, seconds * 3 / 4)
    errors = early.errors + late.errors
    figures = Figures(early.answered + late.answered, errors, early.seconds + late.seconds)
    return Endured(figures, after, stand.memory_mib())


def _side(turns: list[Figures]) -> Side:
    return Side(
        statistics.median(turn.per_second for turn in turns),
        statistics.median(turn.median for turn in turns),
        statistics.median(turn.p99 for turn in turns),
        sum(turn.errors for turn in turns),
    )


def _cards(path: Path, references: int) -> None:
    with sqlite3.connect(path) as database:
        database.execute(
            "CREATE TABLE cards (reference TEXT PRIMARY KEY, vault TEXT, source TEXT, email TEXT)"
        )
        rows = ((reference(number), "checkout", _SOURCE, _EMAIL) for number in range(references))
        database.executemany("INSERT INTO cards VALUES (?, ?, ?, ?)", rows)
    database.close()


def _issue(history: str) -> tuple[str, str]:
    """A client of the token endpoint: its id and secret."""
    issued = json.loads(
        _python(
            *("forwardc", "clients", "issue", "bench", "--history", history, "--json"),
            *("--destination", "COM.ROKT.CATALOG"),
        )
    )
    return issued["client_id"], issued["client_secret"]


@contextmanager
def _printing_its_port(module: str, *arguments: str) -> Iterator[int]:
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=_ROOT) as process:  # noqa: S603 - ours
        try:
            if process.stdout is None:
                raise RuntimeError(f"{module} says nothing")
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def _python(module: str, *arguments: str, input: str | None = None) -> str:  # noqa: A002
    done = subprocess.run(  # noqa: S603 - ours
        [sys.executable, "-m", module, *arguments],
        input=input,
        capture_output=True,
        text=True,
        check=True,
        cwd=_ROOT,
    )
    return done.stdout


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _wait(url: str, process: "subprocess.Popen[str]") -> None:
    for _ in range(200):
        if process.poll() is not None:
            raise RuntimeError("forwardc serve has ended")
        try:
            if httpx.get(url).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise RuntimeError("forwardc serve is not ready")
