"""What an operator names may be a link or a pipe: it is read, bounded, and waited for a while."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from forwardc.cli.main import run
from forwardc.cli.run.request import read_params
from forwardc.core.diagnostics.render.render import DiagnosticFormat
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.files import operator_file
from forwardc.core.files.kinds import FileKind, FileRefusedError, Whose
from forwardc.core.files.operator_file import read
from forwardc.runtime.history.errors import HistoryUnavailableError
from forwardc.runtime.history.store import open_store
from forwardc.runtime.secret_providers.file import FileProvider
from forwardc.runtime.secret_providers.hashicorp import HashicorpProvider
from forwardc.runtime.secret_providers.provider import SecretProviderError
from forwardc.runtime.secret_providers.secrets_file import read_secrets_file
from forwardc.sandbox import serve
from forwardc.sandbox.world import World
from forwardc.server.directory.csv_directory import read_table
from forwardc.server.directory.payment_directory import DirectoryError
from forwardc.server.directory.sqlite_runner import _File
from forwardc.server.oauth.server_keys import ServerKeysError, read_file
from forwardc.server.settings import ServerSettings, settings_from
from forwardc.server.settings_errors import check_serving, read_settings
from held_up import within
from patience import LONG_S

PIPE = FileKind("a test", Whose.OPERATOR, 100, "a test", pipes=True)
PLAIN = FileKind("a test", Whose.OPERATOR, 100, "a test")
SETTINGS = """[run]
environment = "sandbox"
[destinations.PAY]
run = "rokt.share"
[lookup]
kind = "csv"
file = "cards.csv"
"""


@contextmanager
def writing(path: Path, *pieces: bytes, pause: float = 0) -> Iterator[None]:
    """Another program writes into a pipe."""
    os.mkfifo(path)
    stop = threading.Event()

    def write() -> None:
        with path.open("wb", buffering=0) as file:
            for piece in pieces:
                try:
                    file.write(piece)
                except BrokenPipeError:
                    return
                stop.wait(pause)

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    yield
    stop.set()
    # Nobody may ever have read from it: then it is opened here, so that the other one goes on.
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    thread.join(LONG_S)
    os.close(reader)


def test_a_pipe_is_read_to_its_end(tmp_path: Path) -> None:
    with writing(tmp_path / "pipe", b"one ", b"two", pause=0.1), within():
        assert read(tmp_path / "pipe", PIPE) == b"one two"


def test_an_empty_pipe_is_empty(tmp_path: Path) -> None:
    with writing(tmp_path / "pipe"), within():
        assert read(tmp_path / "pipe", PIPE) == b""


@pytest.mark.parametrize("size", [100, 101])
def test_a_limit_of_a_pipe_is_exact(size: int, tmp_path: Path) -> None:
    with writing(tmp_path / "pipe", b"x" * size), within():
        if size == 100:
            assert len(read(tmp_path / "pipe", PIPE)) == 100
        else:
            with pytest.raises(FileRefusedError, match="larger than 100 bytes"):
                read(tmp_path / "pipe", PIPE)


def test_what_never_ends_is_read_to_the_limit(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/dev/zero")
    with within(), pytest.raises(FileRefusedError, match="larger than 100 bytes"):
        read(tmp_path / "link", PIPE)
    with within(), pytest.raises(FileRefusedError, match="it is a device"):
        read(tmp_path / "link", PLAIN)


def test_nobody_who_writes_is_not_waited_for_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operator_file, "SILENT_S", 0.2)
    os.mkfifo(tmp_path / "pipe")
    with within(), pytest.raises(FileRefusedError, match=r"nothing came from it for 0\.2 seconds"):
        read(tmp_path / "pipe", PIPE)
    with within(), pytest.raises(FileRefusedError, match="it is a pipe"):
        read(tmp_path / "pipe", PLAIN)


def test_a_few_bytes_now_and_then_are_no_way_to_hold_it_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operator_file, "WHOLE_S", 0.5)
    refused = pytest.raises(FileRefusedError, match=r"did not end within 0\.5 seconds")
    with writing(tmp_path / "pipe", *[b"x"] * 50, pause=0.1), within(), refused:
        read(tmp_path / "pipe", PIPE)


def test_files_that_kubernetes_mounts_are_read(tmp_path: Path) -> None:
    (tmp_path / "..2026_11_30").mkdir()
    (tmp_path / "..2026_11_30" / "key").write_bytes(b"mounted")
    (tmp_path / "..data").symlink_to("..2026_11_30")
    (tmp_path / "key").symlink_to("..data/key")
    assert read(tmp_path / "key", PLAIN) == b"mounted"


def test_a_descriptor_of_the_shell_is_read() -> None:
    """`--params <(...)` and `/dev/stdin` are links to pipes."""
    out, into = os.pipe()
    os.write(into, b"told")
    os.close(into)
    with within():
        assert read(Path(f"/dev/fd/{out}"), PIPE) == b"told"
    os.close(out)


def secrets(path: Path) -> str:
    sink = Sink()
    read_secrets_file(path, sink)
    return " ".join(one.message for one in sink.sorted())


def secret(path: Path) -> str:
    try:
        return FileProvider(path.parent).fetch(path.name)
    except SecretProviderError as problem:
        return str(problem)


def settings(path: Path) -> str:
    sink = Sink()
    read_settings(path, sink)
    return " ".join(one.message for one in sink.sorted())


def keys(path: Path) -> str:
    try:
        return read_file(path)
    except ServerKeysError as problem:
        return problem.message


def references(path: Path) -> str:
    return str(read_table(path, None))


def history(path: Path) -> str:
    try:
        open_store(str(path)).close()
    except HistoryUnavailableError as problem:
        return problem.message
    return ""


def database(path: Path) -> str:
    try:
        _File(path, "SELECT 1", 1.0).ask(None, 1e12)
    except DirectoryError as problem:
        return str(problem)
    return ""


def of_tls(key: str) -> Callable[[Path], str]:
    def look(path: Path) -> str:
        other = path.with_name("other.pem")
        other.write_text("nothing")
        names = {"tls_certificate": other, "tls_key": other, key: path}
        sink = Sink()
        served = {"server": {name: str(file) for name, file in names.items()}}
        check_serving(settings_from(_minimal() | served), sink)
        return " ".join(one.message for one in sink.sorted())

    return look


def _minimal() -> dict[str, object]:
    return {
        "run": {"environment": "sandbox"},
        "destinations": {"PAY": {"run": "rokt.share"}},
        "lookup": {"kind": "csv", "file": "cards.csv"},
    }


def authorities(path: Path) -> str:
    given = {"VAULT_ADDR": "https://127.0.0.1:1", "VAULT_TOKEN": "t", "VAULT_CACERT": str(path)}
    try:
        return HashicorpProvider(given).fetch("secret/data/a#b")
    except SecretProviderError as problem:
        return str(problem)


def emulated(path: Path) -> str:
    try:
        serve.load(World(), path)
    except ValueError as problem:
        return str(problem)
    return ""


def refused_params(path: Path) -> str:
    try:
        return str(read_params(path))
    except Exception as problem:
        return str(problem)


NAMED: dict[str, Callable[[Path], str]] = {
    "params": refused_params,
    "secrets": secrets,
    "file:": secret,
    "settings": settings,
    "keys": keys,
    "references": references,
    "history": history,
    "database": database,
    "tls_certificate": of_tls("tls_certificate"),
    "tls_key": of_tls("tls_key"),
    "VAULT_CACERT": authorities,
    "state of the sandbox": emulated,
}
REASONS = (
    *("nothing came from it", "it is a pipe", "it is a device", "larger than", "no plain file"),
    "cannot read the certificates",
)


# What grows as it is used may be large.
GROWING = ("history", "database", "state of the sandbox")
HOSTILE = [
    (named, what)
    for named in NAMED
    for what in ("a silent pipe", "a device without an end", "a large file")
    if not (named in GROWING and what == "a large file")
]


@pytest.mark.parametrize(("named", "what"), HOSTILE)
def test_nothing_that_is_named_holds_us_up(
    named: str, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operator_file, "SILENT_S", 0.2)
    path = tmp_path / "named"
    if what == "a silent pipe":
        os.mkfifo(path)
    elif what == "a device without an end":
        path.symlink_to("/dev/zero")
    else:
        path.touch(mode=0o600)
        os.truncate(path, 1 << 40)
    with within():
        told = NAMED[named](path)
    assert any(reason in told for reason in REASONS), told


@pytest.mark.parametrize("format_", list(DiagnosticFormat))
def test_a_file_of_an_operator_is_in_no_excerpt(
    format_: DiagnosticFormat,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The settings have mistakes with their lines, and a line may hold what nobody should see."""
    monkeypatch.chdir(tmp_path)
    canary = "canary-7c1e"
    for text in (
        SETTINGS + f'token = "{canary}"\n',
        SETTINGS + f"x = [{canary}\n",
        SETTINGS.replace("environment", f'history = "postgresql://u:{canary}@h/d"\nenvironmen'),
    ):
        (tmp_path / "server.toml").write_text(text)
        assert run(("serve", "--check", "--settings", "server.toml", "--format", str(format_))) == 1
        shown = "".join(capsys.readouterr())
        assert "server.toml" in shown
        assert canary not in shown


def test_settings_and_secrets_come_from_pipes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    sink = Sink()
    with writing(tmp_path / "server.toml", SETTINGS.encode()), within():
        found = read_settings(tmp_path / "server.toml", sink)
    assert isinstance(found, ServerSettings)
    with writing(tmp_path / "secrets", b'A = "b"\n'), within():
        assert read_secrets_file(tmp_path / "secrets", sink).values["A"].reveal() == "b"
    assert not sink.has_errors
