"""Sources on this machine: the environment, files, commands, the key ring."""

import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from forwardc.runtime.secret_providers.command import CommandProvider
from forwardc.runtime.secret_providers.provider import (
    FETCH_TIMEOUT_S,
    MAX_SECRET_BYTES,
    PROVIDER_TIMEOUT_S,
    SecretProviderError,
    fetch_in_time,
)
from forwardc.runtime.secret_providers.resolver import ProviderResolver
from patience import LONG_S, until

CANARY = "hush-canary-7373"
Bound = Callable[..., ProviderResolver]


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str], str]:
    """Writes an executable script and gives the reference to it."""

    def write(body: str) -> str:
        path = tmp_path / "give secret"
        path.write_text(f"#!{sys.executable} -S\nimport os, sys, time\n{body}\n", encoding="utf-8")
        path.chmod(stat.S_IRWXU)
        return f'exec:"{path}"'

    return write


def test_a_variable_of_another_name(bound: Bound) -> None:
    assert bound("env:B", {"B": CANARY})("A") == CANARY
    with pytest.raises(SecretProviderError, match="the source env has no variable B"):
        bound("env:B")("A")
    with pytest.raises(SecretProviderError, match="empty value"):
        bound("env:B", {"B": ""})("A")


@pytest.mark.parametrize("text", [CANARY, CANARY + "\n", CANARY + "\r\n"])
def test_a_whole_file_beside_the_secrets_file(bound: Bound, tmp_path: Path, text: str) -> None:
    (tmp_path / "key").write_bytes(text.encode())
    (tmp_path / "key").chmod(0o600)
    assert bound("file:key")("A") == CANARY
    assert bound(f"file:{tmp_path}/key")("A") == CANARY


@pytest.mark.parametrize(
    ("name", "text"), [("keys.json", '{"a": "%s", "n": 1}'), ("keys.toml", 'a = "%s"\nn = 1\n')]
)
def test_a_member_of_a_file(bound: Bound, tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text % CANARY, encoding="utf-8")
    (tmp_path / name).chmod(0o600)
    assert bound(f"file:{name}#a")("A") == CANARY
    with pytest.raises(SecretProviderError, match="no member"):
        bound(f"file:{name}#b")("A")
    with pytest.raises(SecretProviderError, match="something else than text"):
        bound(f"file:{name}#n")("A")


@pytest.mark.parametrize(
    ("data", "place", "reason"),
    [
        (None, "key", "cannot be read: No such file"),
        (b"\xff" + CANARY.encode(), "key", "no UTF-8 text"),
        (b"x" * (MAX_SECRET_BYTES + 1), "key", "larger than"),
        (b"", "key", "empty"),
        (CANARY.encode(), "key#a", "no JSON object"),
        (b"[]", "key#a", "no JSON object"),
    ],
)
def test_a_file_that_gives_nothing(
    bound: Bound, tmp_path: Path, data: bytes | None, place: str, reason: str
) -> None:
    if data is not None:
        (tmp_path / "key").write_bytes(data)
        (tmp_path / "key").chmod(0o600)
    with pytest.raises(SecretProviderError, match=reason) as caught:
        bound(f"file:{place}")("A")
    told: BaseException | None = caught.value
    while told is not None:
        assert CANARY not in f"{told} {vars(told)}"
        told = told.__context__


def test_what_a_command_prints(bound: Bound, script: Callable[[str], str]) -> None:
    reference = script("print(sys.argv[1], len(sys.argv))")
    assert bound(f"{reference} '$HOME; *'")("A") == "$HOME; * 2"


def test_a_command_sees_no_secret_of_ours(bound: Bound, script: Callable[[str], str]) -> None:
    ours = ("FORWARDC_SECRET__SANDBOX__SHOP__KEY", "FORWARDC_VAULT__PRODUCTION__STRIPE__API_KEY")
    environ = {**dict.fromkeys(ours, CANARY), "KEPT": "1"}
    seen = bound(script("print(sorted(os.environ))"), environ)("A")
    assert seen is not None
    assert "KEPT" in seen
    assert "FORWARDC" not in seen


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (f"print('{CANARY}'); sys.exit(3)", "ended with status 3"),
        (f"print('{CANARY}', file=sys.stderr)", "empty value"),
        (f"sys.stdout.write('{CANARY}' * 10000)", "more than"),
        ("sys.stdout.buffer.write(b'\\xff')", "no UTF-8 text"),
        ("os.kill(os.getpid(), 9)", "ended with status -9"),
    ],
)
def test_a_command_that_fails(
    bound: Bound,
    script: Callable[[str], str],
    capfd: pytest.CaptureFixture[str],
    body: str,
    reason: str,
) -> None:
    with pytest.raises(SecretProviderError, match=reason) as caught:
        bound(script(body))("A")
    assert CANARY not in repr(caught.value) + "".join(capfd.readouterr())


def test_a_command_that_is_not_there(bound: Bound) -> None:
    with pytest.raises(
        SecretProviderError, match="the source exec cannot be started: No such file"
    ):
        bound("exec:/nowhere/pass show x")("A")


@pytest.mark.parametrize("tail", ["", "; print('x', flush=True); os.close(1)"])
def test_a_command_that_hangs_is_ended_with_its_children(
    tmp_path: Path, script: Callable[[str], str], tail: str
) -> None:
    note = tmp_path / "pids"
    reference = script(
        "child = os.fork()\n"
        f"if child: open({str(note)!r}, 'w').write(f'{{os.getpid()}} {{child}}')\n"
        f"if child: pass{tail}\n"
        "else: os.close(1)\n"
        "time.sleep(600)"
    )
    # A machine that is too busy to start it within half a second has longer.
    for seconds in (0.5, 5, 50):
        with pytest.raises(SecretProviderError, match=r"in time, and was ended|did not end"):
            CommandProvider(os.environ, seconds=seconds).fetch(reference.removeprefix("exec:"))
        if note.exists() and note.read_text():
            break
    for pid in map(int, note.read_text().split()):
        until(partial(gone, pid))


def test_a_command_does_not_outlive_an_interrupted_run(
    root: Path, tmp_path: Path, written: Callable[..., Path], script: Callable[[str], str]
) -> None:
    note = tmp_path / "pid"
    reference = script(f"open({str(note)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)")
    text = f"[from]\nFORWARDC_VAULT__SANDBOX__CHECKOUT__API_KEY = '{reference}'\n"
    where = ("--via", "checkout", "--env", "sandbox", "--build", str(root / "build"))
    secrets = str(written(text))
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "forwardc", "secrets", "list", "--secrets", secrets, *where],
        env={**os.environ, "PYTHONPATH": str(root / "compiler")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until(lambda: (note.exists() and note.read_text()) or process.poll() is not None)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=LONG_S) != 0
    until(lambda: gone(int(note.read_text())))


def test_a_source_ends_what_it_started_before_it_is_left_behind() -> None:
    assert PROVIDER_TIMEOUT_S < FETCH_TIMEOUT_S == 10


def gone(pid: int) -> bool:
    """Whether a process ended; one that nobody has waited for yet counts, too."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state == "Z"


def test_any_source_that_hangs_is_left_behind() -> None:
    ended = threading.Event()

    class Hanging:
        kind = "hanging"

        def problem(self, place: str) -> str | None:
            return None

        def fetch(self, place: str) -> str:
            ended.wait()
            return place

    with pytest.raises(SecretProviderError, match=r"gave no answer in 0\.1 seconds"):
        fetch_in_time(Hanging(), "x", seconds=0.1)
    ended.set()


class InMemory(KeyringBackend):
    """A key ring that forgets everything, and can be locked."""

    priority = 1.0

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[tuple[str, str], str] = {}
        self.locked = False

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise KeyringLocked(f"locked over {CANARY}")
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.held[service, username]


@pytest.fixture
def ring() -> Iterator[InMemory]:
    before = keyring.get_keyring()
    ring = InMemory()
    keyring.set_keyring(ring)
    yield ring
    keyring.set_keyring(before)


def test_an_entry_of_the_key_ring(bound: Bound, ring: InMemory) -> None:
    keyring.set_password("forwardc/shop", "api_key", CANARY)
    assert bound("keyring:forwardc/shop/api_key")("A") == CANARY
    with pytest.raises(SecretProviderError, match="the source keyring has no such entry"):
        bound("keyring:forwardc/other")("A")


def test_a_locked_key_ring(bound: Bound, ring: InMemory) -> None:
    ring.locked = True
    with pytest.raises(SecretProviderError, match="KeyringLocked") as caught:
        bound("keyring:forwardc/api_key")("A")
    assert CANARY not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(("kind", "package"), [("keyring", "keyring"), ("aws", "boto3")])
def test_an_extra_that_is_not_installed(
    bound: Bound, monkeypatch: pytest.MonkeyPatch, kind: str, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(SecretProviderError, match=rf"pip install 'forwardc\[{kind}\]'"):
        bound(f"{kind}:a/b")("A")
