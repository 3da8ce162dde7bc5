"""A history is its owner's from its first byte, whatever the umask, and at the end of links."""

import os
import sqlite3
import stat
from pathlib import Path

import pytest

from forwardc.core.files.kinds import FileRefusedError
from forwardc.core.files.operator_file import private_file
from forwardc.runtime.history import sqlite
from forwardc.runtime.history.store import open_store


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def straight(tmp_path: Path) -> Path:
    return tmp_path / "h.db"


def link(tmp_path: Path) -> Path:
    (tmp_path / "link.db").symlink_to("elsewhere/h.db")
    return tmp_path / "link.db"


def links(tmp_path: Path) -> Path:
    (tmp_path / "elsewhere").mkdir(mode=0o777)
    (tmp_path / "second").symlink_to(tmp_path / "elsewhere" / "h.db")
    (tmp_path / "first").symlink_to("second")
    return tmp_path / "first"


def linked_folder(tmp_path: Path) -> Path:
    (tmp_path / "elsewhere").mkdir(mode=0o777)
    (tmp_path / "folder").symlink_to("elsewhere")
    return tmp_path / "folder" / "h.db"


def empty(tmp_path: Path) -> Path:
    (tmp_path / "h.db").touch()
    (tmp_path / "h.db").chmod(0o666)
    return tmp_path / "h.db"


PATHS = [straight, link, links, linked_folder, empty]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("given", [0o000, 0o022, 0o277, 0o777], ids=oct)
def test_a_history_is_private_from_its_first_byte(
    given: int, path: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = path(tmp_path)  # type: ignore[operator]
    connect = sqlite3.connect
    seen: list[int] = []

    def connected(file: Path, **options: object) -> object:
        # SQLite itself would make what is missing.
        seen.append(mode(Path(os.path.realpath(named))))
        return connect(file, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(sqlite.sqlite3, "connect", connected)
    before = os.umask(given)
    try:
        store = open_store(str(named))
    finally:
        os.umask(before)
    real = Path(os.path.realpath(named))
    beside = [one for one in real.parent.iterdir() if one.name.startswith(real.name)]
    assert sorted(one.name for one in beside) == [real.name, f"{real.name}-shm", f"{real.name}-wal"]
    assert seen == [0o600]
    assert {mode(one) for one in beside} == {0o600}
    store.close()


def test_a_file_with_content_keeps_the_mode_that_its_owner_gave(tmp_path: Path) -> None:
    open_store(str(tmp_path / "h.db")).close()
    (tmp_path / "h.db").chmod(0o640)
    open_store(str(tmp_path / "h.db")).close()
    assert mode(tmp_path / "h.db") == 0o640


def test_a_file_that_is_there_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Closing it again would drop the locks of this process, and SQLite's log with them."""
    (tmp_path / "h.db").write_bytes(b"x")
    closed: list[int] = []
    monkeypatch.setattr(os, "close", closed.append)
    assert private_file(tmp_path / "h.db") == tmp_path / "h.db"
    assert closed == []


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_refused(make: object, tmp_path: Path) -> None:
    make(tmp_path / "h.db")  # type: ignore[operator]
    (tmp_path / "link").symlink_to("h.db")
    for name in ("h.db", "link"):
        with pytest.raises(FileRefusedError):
            private_file(tmp_path / name)


def test_a_circle_of_links_is_refused(tmp_path: Path) -> None:
    (tmp_path / "h.db").symlink_to("h.db")
    with pytest.raises(OSError, match="link"):
        private_file(tmp_path / "h.db")
