"""A file of the store is believed where this store wrote it, whole and under this name."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forwardc.compile.store.fields import packed, unpacked
from forwardc.compile.store.sealed_files import SealedFiles
from forwardc.core.files.private_folder import PrivateFolder


@pytest.fixture
def files(tmp_path: Path) -> SealedFiles:
    return SealedFiles.made(PrivateFolder(str(tmp_path / "store"), make=True))


@pytest.fixture
def written(files: SealedFiles, tmp_path: Path) -> Path:
    files.write("verdict", b"all is well")
    assert files.read("verdict") == b"all is well"
    return tmp_path / "store" / "verdict"


def test_any_cut_and_any_changed_byte_is_as_nothing(files: SealedFiles, written: Path) -> None:
    data = written.read_bytes()
    for at in range(len(data)):
        written.write_bytes(data[:at])
        assert files.read("verdict") is None
        written.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        assert files.read("verdict") is None
    written.write_bytes(data + b"\n")
    assert files.read("verdict") is None


def test_another_version_another_name_another_store_is_as_nothing(
    files: SealedFiles, written: Path, tmp_path: Path
) -> None:
    data = written.read_bytes()
    written.write_bytes(data.replace(b"store 1", b"store 2", 1))
    assert files.read("verdict") is None
    (written.parent / "outputs").write_bytes(data)
    (written.parent / "outputs").chmod(0o600)
    assert files.read("outputs") is None
    other = SealedFiles.made(PrivateFolder(str(tmp_path / "other"), make=True))
    (tmp_path / "other" / "verdict").write_bytes(data)
    (tmp_path / "other" / "verdict").chmod(0o600)
    assert other.read("verdict") is None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666], ids=oct)
def test_a_file_that_others_may_read_is_as_nothing(
    mode: int, files: SealedFiles, written: Path
) -> None:
    written.chmod(mode)
    assert files.read("verdict") is None


def test_what_is_no_plain_file_is_as_nothing(files: SealedFiles, written: Path) -> None:
    moved = written.rename(written.with_name("elsewhere"))
    written.symlink_to(moved)
    assert files.read("verdict") is None
    written.unlink()
    os.mkfifo(written, 0o600)
    assert files.read("verdict") is None
    # Written over whatever it is.
    files.write("verdict", b"again")
    assert files.read("verdict") == b"again"
    assert moved.read_bytes() != b"again"


@pytest.mark.parametrize("key", [b"", b"short", b"x" * 33], ids=["empty", "short", "long"])
def test_a_broken_key_is_made_anew_and_nothing_of_before_counts(
    key: bytes, files: SealedFiles, written: Path
) -> None:
    (written.parent / "key").write_bytes(key)
    with pytest.raises(OSError, match=r"length|Invalid"):
        SealedFiles(files.folder)
    anew = SealedFiles.made(files.folder)
    assert anew.read("verdict") is None
    anew.write("verdict", b"anew")
    assert SealedFiles(files.folder).read("verdict") == b"anew"


def test_a_full_disk_leaves_the_file_of_before_and_no_other(
    files: SealedFiles, written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        files.write("verdict", b"more")
    assert files.read("verdict") == b"all is well"
    assert sorted(path.name for path in written.parent.iterdir()) == ["key", "verdict"]


@given(st.lists(st.binary(max_size=40), max_size=6))
def test_fields_come_back_and_no_other_number_of_them(fields: list[bytes]) -> None:
    data = packed(tuple(fields))
    assert unpacked(data, len(fields)) == fields
    with pytest.raises(ValueError, match="fields"):
        unpacked(data, len(fields) + 1)


@given(st.binary(max_size=60), st.integers(0, 4))
def test_any_bytes_are_fields_or_refused(data: bytes, number: int) -> None:
    try:
        fields = unpacked(data, number)
    except ValueError:
        return
    assert packed(tuple(fields)) == data
