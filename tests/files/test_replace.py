"""A file is replaced whole: both it and its name are on the disk, and nothing is left beside it."""

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from forwardc.core.files.checkout import below
from forwardc.core.files.kinds import FileRefusedError
from forwardc.core.files.walk import replace_file

Replace = Callable[[Path, bytes], None]


def of_a_checkout(path: Path, data: bytes) -> None:
    (below(path.parent.parent) / f"{path.parent.name}/{path.name}").replace(data)


@pytest.fixture(params=[of_a_checkout, replace_file], ids=["checkout", "operator"])
def put(request: pytest.FixtureRequest) -> Replace:
    found: Replace = request.param
    return found


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_a_file_keeps_its_mode(mode: int, put: Replace, tmp_path: Path) -> None:
    path = tmp_path / "folder" / "file"
    path.parent.mkdir()
    path.touch()
    path.chmod(mode)
    put(path, b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == mode


@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_a_new_file_has_the_mode_of_every_other(mask: int, put: Replace, tmp_path: Path) -> None:
    before = os.umask(mask)
    try:
        put(tmp_path / "made" / "file", b"new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "made" / "file").stat().st_mode) == 0o666 & ~mask


def test_the_file_is_synced_before_it_has_its_name_and_the_folder_after(
    put: Replace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "folder").mkdir()
    seen: list[str] = []
    sync, rename = os.fsync, os.replace

    def synced(at: int) -> None:
        kind = "folder" if stat.S_ISDIR(os.fstat(at).st_mode) else "file"
        assert kind == "folder" or os.fstat(at).st_size == 3
        seen.append(kind)
        sync(at)

    def renamed(*names: str, **where: int) -> None:
        seen.append("name")
        rename(*names, **where)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", renamed)
    put(tmp_path / "folder" / "file", b"new")
    assert seen == ["file", "name", "folder"]


@pytest.mark.parametrize("call", ["fsync", "replace", "fchmod", "write"])
@pytest.mark.parametrize("problem", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt()])
def test_whatever_fails_leaves_the_old_file_and_nothing_beside_it(
    call: str,
    problem: BaseException,
    put: Replace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "folder" / "file"
    path.parent.mkdir()
    path.write_bytes(b"old")

    def fail(*_: object, **__: object) -> None:
        raise problem

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(type(problem)):
        put(path, b"new")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert [one.name for one in path.parent.iterdir()] == ["file"]


def test_what_a_link_names_is_not_written(put: Replace, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "other").write_bytes(b"other")
    (tmp_path / "folder" / "file").symlink_to("../other")
    with pytest.raises(FileRefusedError, match="it is a link"):
        put(tmp_path / "folder" / "file", b"new")
    assert (tmp_path / "other").read_bytes() == b"other"
    assert (tmp_path / "folder" / "file").is_symlink()


def test_a_file_that_somebody_left_is_not_taken_for_our_own(put: Replace, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for name in (f".file.{os.getpid()}.tmp", ".tmp"):
        (tmp_path / "folder" / name).symlink_to("../other")
    put(tmp_path / "folder" / "file", b"new")
    assert not (tmp_path / "other").exists()
