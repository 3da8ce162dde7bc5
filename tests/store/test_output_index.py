"""What is in `build/` is told without reading it, and never wrongly."""

import os
import time
from hashlib import sha256
from pathlib import Path

import pytest

from forwardc.compile.store import output_index
from forwardc.compile.store.output_index import BuiltFiles, OutputIndex
from forwardc.compile.store.times import COARSE_NS, TICK_NS, is_young
from patience import until_files_get_later_times

FILES = {"manifest.json": b"{}", "stripe/shop/a.json": b"a", "stripe/shop/b.json": b"bb"}
DIGESTS = {path: sha256(data).digest() for path, data in FILES.items()}
OLD_S = 3600


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A build of some time ago."""
    for path, data in FILES.items():
        write(tmp_path / "build" / path, data)
    return tmp_path


def write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def indexed(root: Path, before: OutputIndex | None = None) -> tuple[OutputIndex, frozenset[str]]:
    return BuiltFiles(str(root), "build", before).index(DIGESTS)


def settled(root: Path, monkeypatch: pytest.MonkeyPatch) -> OutputIndex:
    """An index that was made long after the files were."""
    with monkeypatch.context() as patched:
        now = time.time_ns() + OLD_S * 10**9
        patched.setattr(time, "time_ns", lambda: now)
        index, other = indexed(root)
    assert not other
    assert index.is_settled
    return OutputIndex.from_bytes(index.to_bytes())


def test_what_nobody_touched_is_as_built_and_not_read(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = settled(root, monkeypatch)
    monkeypatch.setattr(output_index, "read_below", None)
    assert index.is_as_built(str(root))
    assert index.known_digests() == DIGESTS


CHANGES = {
    "another byte, the same size, the old time": lambda at: rewritten(at, b"x"),
    "another byte": lambda at: at.write_bytes(b"x"),
    "longer": lambda at: at.write_bytes(b"aa"),
    "gone": lambda at: at.unlink(),
    "a link to the same": lambda at: at.rename(at.with_name("c")) and at.symlink_to("c"),
    "a folder": lambda at: at.unlink() or at.mkdir(),
    "its folder is a link to the same": lambda at: linked(at.parent),
    "the folder above is a link to the same": lambda at: linked(at.parent.parent),
    "build is a link to the same": lambda at: linked(at.parent.parent.parent),
}


def rewritten(at: Path, data: bytes) -> None:
    before = at.stat()
    until_files_get_later_times()
    at.write_bytes(data)
    os.utime(at, ns=(before.st_atime_ns, before.st_mtime_ns))


def linked(folder: Path) -> None:
    moved = folder.rename(folder.with_name("moved"))
    folder.symlink_to(moved)


@pytest.mark.parametrize("change", CHANGES)
def test_what_was_changed_is_found(
    change: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = settled(root, monkeypatch)
    CHANGES[change](root / "build" / "stripe" / "shop" / "a.json")
    assert not index.is_as_built(str(root))
    again, other = indexed(root, index)
    assert "stripe/shop/a.json" in other
    assert not again.is_settled


def test_what_was_written_again_with_the_same_bytes_is_read_and_as_built(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = settled(root, monkeypatch)
    rewritten(root / "build" / "stripe" / "shop" / "a.json", b"a")
    assert not index.is_as_built(str(root))
    _, other = indexed(root, index)
    assert not other


def test_what_is_as_young_as_its_index_is_read(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Written twice within a tick of the clock: same size, same times, same inode."""
    index, _ = indexed(root)
    assert not index.is_settled
    path = root / "build" / "stripe" / "shop" / "a.json"
    before = path.lstat()
    path.write_bytes(b"x")
    status = os.stat

    def as_before(name: str, **options: object) -> os.stat_result:
        same = str(name).endswith("a.json")
        return before if same else status(name, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "stat", as_before)
    monkeypatch.setattr(os, "lstat", lambda name: as_before(name, follow_symlinks=False))
    assert not index.is_as_built(str(root))
    _, other = indexed(root, index)
    assert other == {"stripe/shop/a.json"}


@pytest.mark.parametrize("build", ["out/build", "a/b/c"])
def test_a_build_folder_may_lie_deeper(
    build: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path, data in FILES.items():
        write(tmp_path / build / path, data)
    now = time.time_ns() + OLD_S * 10**9
    with monkeypatch.context() as patched:
        patched.setattr(time, "time_ns", lambda: now)
        index, other = BuiltFiles(str(tmp_path), build, None).index(DIGESTS)
    assert not other
    assert index.is_as_built(str(tmp_path))
    linked(tmp_path / build.split("/")[0])
    assert not index.is_as_built(str(tmp_path))
    assert BuiltFiles(str(tmp_path), build, index).index(DIGESTS)[1] == DIGESTS.keys()


def test_another_build_folder_has_another_index(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = settled(root, monkeypatch)
    (root / "build").rename(root / "built")
    assert BuiltFiles(str(root), "built", index).index(DIGESTS)[1] == frozenset()
    assert indexed(root, index)[1] == DIGESTS.keys()


def test_a_time_is_young_for_a_tick_and_longer_where_seconds_are_counted() -> None:
    fine, coarse = 5 * 10**9 + 1, 5 * 10**9
    assert is_young(fine, fine)
    assert is_young(fine, fine + TICK_NS)
    assert not is_young(fine, fine + TICK_NS + 1)
    assert is_young(coarse, coarse + COARSE_NS)
    assert not is_young(coarse, coarse + COARSE_NS + 1)
    # A clock that was set back: what has a time to come tells nothing.
    assert is_young(fine, fine - 10**9 * OLD_S)
