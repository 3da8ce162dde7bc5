"""A build is all or nothing: killed at any call, beside another one, or where nobody may write."""

import errno
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from file_faults import FileFaults
from forwardc.compile.review import staged_build
from forwardc.compile.review.comparison import MANIFEST
from forwardc.compile.review.staged_build import BuildUnderWayError, StagedBuild, write
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.files.checkout import as_checkout
from forwardc.core.files.kinds import FileRefusedError
from forwardc.core.files.walk import OpenFolder
from forwardc.core.files.whole_disk import sync_file_system
from forwardc.plan.build_folder import plan_in, read_manifest
from forwardc.plan.formats import STAGED, STAGED_LOCK
from patience import LONG_S, until_files_get_later_times
from shop_project import ACCOUNTS, SHOP

Files = dict[str, bytes]


def outputs(**files: str) -> Files:
    """Files and their manifest, the last one."""
    made = {name.replace("__", "/"): text.encode() for name, text in files.items()}
    listed = {name: data.decode() for name, data in made.items()}
    return {**made, MANIFEST: json.dumps({"outputs": listed}).encode()}


OLD = outputs(coverage="old", stripe__pay="old", stripe__same="same", gone__plan="old")
NEW = outputs(coverage="new", stripe__pay="newer", stripe__same="same", adyen__plan="new")
NEXT = outputs(coverage="next", stripe__pay="old", stripe__same="same", last__plan="next")


def tree(folder: Path) -> Files:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def shown(folder: Path) -> Files:
    return {name: data for name, data in tree(folder).items() if not name.startswith(f"{STAGED}/")}


class Killed:
    """What ends a process at once, as a signal that nobody can catch does."""

    def __call__(self) -> BaseException:
        os._exit(9)


def killed_at(number: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether a child that writes `NEW` was killed at this call; else it ended before."""
    child = os.fork()
    if child == 0:
        faults = FileFaults(monkeypatch, Killed())
        faults.at = number
        write(folder, NEW.items())
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def untracked(folder: Path) -> str:
    """What `git status` shows of a repository."""
    command = ["git", "-C", str(folder), "status", "--porcelain", "--untracked-files=all"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_killed_at_any_call_it_is_the_old_one_or_repaired_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    monkeypatch.setattr(os, "fsync", lambda _: None)
    old, at = tmp_path / "old", tmp_path / "build"
    write(old, OLD.items())
    shutil.copytree(old, at)
    states, leavings, number = set[str](), set[str](), 1
    while killed_at(number, at, monkeypatch):
        now, left = shown(at), tree(at).keys() - shown(at).keys()
        for name, data in now.items():
            assert data in (OLD.get(name), NEW.get(name)), (number, name)
        # By its manifest it is the old one, wherever it differs from that, or all of the new one.
        assert now[MANIFEST] == OLD[MANIFEST] or now == NEW, number
        states |= {"old" if now == OLD else "new" if now == NEW else "both"}
        # Git is slow: it is asked once for each new thing that is left. What tells it to look away
        # is shown itself, where it was killed before its two bytes.
        assert left <= leavings | {f"{STAGED}/.gitignore"} or STAGED not in untracked(tmp_path), (
            number
        )
        leavings |= {name for name in left if "/." not in name.removeprefix(STAGED)}
        # What the next build makes has nothing of the killed one, not even what no manifest named,
        # also where one between them came to no end.
        with StagedBuild(as_checkout(at)) as given_up:
            given_up.take("coverage", b"of a project with a mistake")
        assert shown(at) == now, number
        write(at, NEXT.items())
        assert tree(at) == NEXT, number
        shutil.rmtree(at)
        shutil.copytree(old, at)
        number += 1
    assert tree(at) == NEW
    assert states == {"old", "both", "new"}
    assert {f"{STAGED}/{STAGED_LOCK}", f"{STAGED}/0.tmp", f"{STAGED}/names.json"} <= leavings


def test_every_file_is_on_the_disk_before_the_first_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = outputs(**{f"stripe__pay_{number}": str(number) for number in range(40)})
    build, synced, before = tmp_path / "build", set[int](), list[int]()
    sync, rename = os.fsync, os.replace

    def synced_now(at: int) -> None:
        sync(at)
        synced.add(os.fstat(at).st_ino)

    def renamed(name: str, new_name: str, *, src_dir_fd: int, dst_dir_fd: int) -> None:
        before.append(len(synced))
        assert os.stat(name, dir_fd=src_dir_fd).st_ino in synced
        rename(name, new_name, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

    monkeypatch.setattr(os, "fsync", synced_now)
    monkeypatch.setattr(os, "replace", renamed)
    write(build, many.items())
    assert tree(build) == many
    assert before[0] >= len(many)
    assert {build.stat().st_ino, (build / "stripe").stat().st_ino} <= synced


def test_a_file_that_cannot_be_synced_is_named_and_nothing_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = outputs(**{f"stripe__pay_{number}": str(number) for number in range(40)})
    write(tmp_path, OLD.items())
    sync = os.fsync

    def failing(at: int) -> None:
        if os.fstat(at).st_size == 1:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        sync(at)

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(OSError, match="Input/output error") as told:
        write(tmp_path, many.items())
    assert str(told.value.filename).endswith("stripe/pay_0")
    assert tree(tmp_path) == OLD


MANY = outputs(**{f"stripe__pay_{number}__plan": str(number) for number in range(80)})


def test_of_many_files_the_disk_is_waited_for_before_the_first_name_and_before_the_manifest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build, seen, rename = tmp_path / "build", list[str](), os.replace

    def waited(at: OpenFolder) -> bool:
        assert at.at is not None
        assert os.path.samestat(os.fstat(at.at), (build / STAGED).stat())
        seen.append("waited")
        return sync_file_system(at)

    def renamed(name: str, new_name: str, *, src_dir_fd: int, dst_dir_fd: int) -> None:
        if new_name != "names.json":
            seen.append(new_name)
        rename(name, new_name, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

    monkeypatch.setattr(staged_build, "sync_file_system", waited)
    monkeypatch.setattr(os, "replace", renamed)
    write(build, MANY.items())
    assert tree(build) == MANY
    assert seen == ["waited", *["plan"] * 80, "waited", MANIFEST]


def test_where_a_system_cannot_wait_for_all_at_once_each_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build, synced, sync = tmp_path / "build", set[int](), os.fsync

    def synced_now(at: int) -> None:
        sync(at)
        synced.add(os.fstat(at).st_ino)

    monkeypatch.setattr(sys, "platform", "another")
    monkeypatch.setattr(os, "fsync", synced_now)
    write(build, MANY.items())
    assert tree(build) == MANY
    assert {path.stat().st_ino for path in (build, *build.rglob("*"))} <= synced


def test_a_disk_that_did_not_take_all_is_told_and_nothing_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_at: OpenFolder) -> bool:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    write(tmp_path, OLD.items())
    monkeypatch.setattr(staged_build, "sync_file_system", failing)
    with pytest.raises(OSError, match="Input/output error"):
        write(tmp_path, MANY.items())
    assert tree(tmp_path) == OLD


@pytest.mark.skipif(sys.platform != "linux", reason="a call of Linux")
def test_a_refusal_of_the_system_is_an_error(tmp_path: Path) -> None:
    at = os.open(tmp_path, os.O_RDONLY)
    os.close(at)
    with pytest.raises(OSError, match="Bad file descriptor"):
        sync_file_system(OpenFolder(at))


def test_left_without_an_end_it_changes_nothing(tmp_path: Path) -> None:
    at = tmp_path / "build"
    with StagedBuild(as_checkout(at)) as staged:
        for path, data in NEW.items():
            staged.take(path, data)
    assert not at.exists()
    write(at, OLD.items())
    with StagedBuild(as_checkout(at)) as staged:
        for path, data in NEW.items():
            staged.take(path, data)
    assert tree(at) == OLD


def test_of_two_files_for_a_path_the_later_counts(tmp_path: Path) -> None:
    at = tmp_path / "build"
    write(at, OLD.items())
    with StagedBuild(as_checkout(at)) as staged:
        staged.take("coverage", b"another")
        staged.take("stripe/pay", b"another")
        for path, data in OLD.items():
            staged.take(path, data)
        assert not staged.finish().any
    assert tree(at) == OLD


def test_what_is_not_of_the_build_any_more_is_not_written(tmp_path: Path) -> None:
    at = tmp_path / "build"
    write(at, OLD.items())
    with StagedBuild(as_checkout(at)) as staged:
        staged.take("stripe/early", b"of a file that changed meanwhile")
        for path, data in NEW.items():
            staged.take(path, data)
        staged.finish(NEW)
    assert tree(at) == NEW


def test_what_stays_is_neither_compared_nor_removed(tmp_path: Path) -> None:
    at = tmp_path / "build"
    write(at, OLD.items())
    with StagedBuild(as_checkout(at)) as staged:
        for path in OLD.keys() - {"stripe/pay"}:
            staged.stays(path)
        staged.take("stripe/pay", b"newer")
        changes = staged.finish()
    assert (changes.files, changes.written, changes.removed) == (5, ("stripe/pay",), ())


def written_at(at: Path) -> dict[Path, tuple[int, int, int]]:
    """When each was written. Not when it was read: comparing reads, and a mount may note that."""
    stats = {path: path.stat() for path in at.rglob("*") if path.is_file()}
    return {path: (stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns) for path, stat in stats.items()}


def test_what_did_not_change_is_not_touched(tmp_path: Path) -> None:
    at = tmp_path / "build"
    write(at, OLD.items())
    before = written_at(at)
    until_files_get_later_times()
    write(at, OLD.items())
    assert written_at(at) == before


def test_the_second_of_two_waits_for_the_first(tmp_path: Path) -> None:
    at, waits = tmp_path / "build", threading.Event()
    made = list[BaseException | None]()

    def second() -> None:
        with StagedBuild(as_checkout(at), waits.set, LONG_S) as staged:
            for path, data in NEXT.items():
                staged.take(path, data)
            staged.finish()
        made.append(None)

    with StagedBuild(as_checkout(at)) as first:
        for path, data in NEW.items():
            first.take(path, data)
        thread = threading.Thread(target=second)
        thread.start()
        assert waits.wait(LONG_S)
        assert made == []
        first.finish()
        assert shown(at) == NEW
    thread.join(LONG_S)
    assert made == [None]
    assert tree(at) == NEXT


def test_many_at_once_leave_the_build_of_one_of_them(tmp_path: Path) -> None:
    at = tmp_path / "build"
    builds = [outputs(coverage=str(n), **{f"shop{n}__plan": str(n)}) for n in range(8)]
    threads = [threading.Thread(target=write, args=(at, made.items())) for made in builds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG_S)
    assert tree(at) in builds


def test_one_that_does_not_end_is_told(tmp_path: Path) -> None:
    at = tmp_path / "build"
    with StagedBuild(as_checkout(at)) as first:
        first.take("coverage", b"first")
        second = StagedBuild(as_checkout(at), patience_s=0)
        with second, pytest.raises(BuildUnderWayError):
            second.take("coverage", b"second")
        first.take(MANIFEST, b'{"outputs": {}}')
        first.finish()
    assert (at / "coverage").read_bytes() == b"first"
    assert not (at / STAGED).exists()


@pytest.mark.parametrize("name", [STAGED_LOCK, "names.json", "0.tmp", ".gitignore", ""])
@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_what_somebody_put_into_the_way_is_refused(name: str, kind: str, tmp_path: Path) -> None:
    at, outside = tmp_path / "build", tmp_path / "outside"
    write(at, OLD.items())
    outside.mkdir()
    (outside / "file").write_bytes(b"of somebody else")
    place = at / STAGED / name if name else at / STAGED
    place.parent.mkdir(exist_ok=True)
    if kind == "pipe":
        os.mkfifo(place)
    else:
        place.symlink_to(outside / "file" if name else outside)
    with pytest.raises(FileRefusedError):
        write(at, NEW.items())
    assert shown(at) == OLD
    assert tree(outside) == {"file": b"of somebody else"}


def test_names_that_are_none_remove_nothing(tmp_path: Path) -> None:
    at = tmp_path / "build"
    write(at, OLD.items())
    (at / STAGED).mkdir()
    (tmp_path / "mine").write_bytes(b"mine")
    names = ["../mine", "/etc/hostname", "", "a//b", "stripe", 7, None, "coverage"]
    for text in (json.dumps(names), '{"outputs": 1}', "[[", "[" * 100_000):
        (at / STAGED).mkdir(exist_ok=True)
        (at / STAGED / "names.json").write_text(text, encoding="utf-8")
        write(at, OLD.items())
    assert tree(at) == OLD
    assert (tmp_path / "mine").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only for root")
def test_a_folder_that_nobody_may_write_can_be_fresh(tmp_path: Path) -> None:
    at = tmp_path / "build"
    write(at, OLD.items())
    at.chmod(0o500)
    try:
        assert not write(at, OLD.items()).any
        with pytest.raises(PermissionError):
            write(at, NEW.items())
    finally:
        at.chmod(0o700)
    assert tree(at) == OLD


def denied(monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    inner: Callable[..., object] = getattr(os, call)

    def refuse(name: str, *given: object, **named: object) -> object:
        if str(name) in (STAGED, STAGED_LOCK, ".gitignore"):
            raise PermissionError(13, "Permission denied", name)
        return inner(name, *given, **named)

    monkeypatch.setattr(os, call, refuse)
    monkeypatch.setattr(os, "supports_dir_fd", {*os.supports_dir_fd, refuse})


def test_where_nothing_can_be_staged_a_fresh_build_is_fresh(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = tmp_path / "build"
    write(at, OLD.items())
    denied(monkeypatch, "mkdir")
    denied(monkeypatch, "open")
    assert not write(at, OLD.items()).any
    with pytest.raises(PermissionError):
        write(at, NEW.items())
    assert tree(at) == OLD


PLAN = "stripe/shop/sandbox.plan.json"


def manifest(digest: str) -> bytes:
    known = {"forwardc": 2, "language": 1, "inputs": {}, "live_hosts": []}
    return json.dumps({**known, "outputs": {PLAN: digest}}).encode()


@pytest.mark.parametrize("staged", [True, False], ids=["under way", "at rest"])
@pytest.mark.parametrize("there", [True, False], ids=["differs", "missing"])
def test_a_reader_says_that_a_build_is_under_way(staged: bool, there: bool, tmp_path: Path) -> None:
    at = tmp_path / "build"
    at.mkdir()
    (at / MANIFEST).write_bytes(manifest("sha256:other"))
    if there:
        (at / PLAN).parent.mkdir(parents=True)
        (at / PLAN).write_bytes(b"{}")
    if staged:
        (at / STAGED).mkdir()
        (at / STAGED / STAGED_LOCK).touch()
    sink = Sink()
    read = read_manifest(at, sink)
    assert read is not None
    assert plan_in(at, read, "stripe", "shop", "sandbox", sink) is None
    (finding,) = sink.sorted()
    assert finding.code == ("FC0702" if there else "FC0704")
    assert ("under way" in str(finding.hint)) is staged


def test_two_commands_at_once(tmp_path: Path) -> None:
    """Both end well, and what stands there is one whole build."""
    (tmp_path / "destinations").mkdir()
    (tmp_path / "forwardc.yaml").write_text(ACCOUNTS, encoding="utf-8")
    (tmp_path / "destinations/shop.yaml").write_text(SHOP, encoding="utf-8")
    command = [sys.executable, "-m", "forwardc", "build", "--project", str(tmp_path)]
    both = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(2)]
    assert [process.wait(LONG_S) for process in both] == [0, 0]
    for process in both:
        assert process.stderr is not None
        process.stderr.close()
    check = subprocess.run([*command, "--check"], capture_output=True, check=False)
    assert check.returncode == 0
    assert not (tmp_path / "build" / STAGED).exists()
