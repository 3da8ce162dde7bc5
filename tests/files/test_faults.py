"""Writing `build/` and the lock fails at any one call: each file is the old one or the new one."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from file_faults import FileFaults, broken, full
from forwardc.cli.main import run as cli
from forwardc.compile.review.comparison import MANIFEST, compare
from forwardc.compile.review.staged_build import write
from forwardc.core.files.checkout import below
from shop_project import ACCOUNTS, SHOP

Files = dict[str, bytes]


def outputs(**files: str) -> Files:
    """Files and their manifest, the last one."""
    made = {name.replace("__", "/"): text.encode() for name, text in files.items()}
    listed = ",".join(f'"{name}":"{made[name].decode()}"' for name in made)
    return {**made, MANIFEST: f'{{"outputs":{{{listed}}}}}'.encode()}


OLD = outputs(coverage="old", stripe__pay="old", stripe__same="same", gone__plan="old")
NEW = outputs(coverage="new", stripe__pay="newer", stripe__same="same", adyen__plan="new")


def tree(folder: Path) -> Files:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def shown(folder: Path) -> Files:
    """A build folder without what is staged in it, which git is not shown either."""
    return {name: data for name, data in tree(folder).items() if not name.startswith(".staged/")}


def every_call(work: Callable[[], object], faults: FileFaults) -> range:
    faults.at = faults.seen = 0
    work()
    return range(1, faults.seen + 1)


@pytest.mark.parametrize("error", [full, broken, MemoryError])
def test_at_every_call_of_a_build(
    error: Callable[[], BaseException], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, at = tmp_path / "old", tmp_path / "build"
    old.mkdir()
    write(old, OLD.items())
    faults = FileFaults(monkeypatch, error)
    shutil.copytree(old, at)
    calls = every_call(lambda: write(at, NEW.items()), faults)
    assert tree(at) == NEW
    assert len(calls) > 60
    for number in calls:
        faults.at = 0
        shutil.rmtree(at)
        shutil.copytree(old, at)
        faults.at, faults.seen, failed = number, 0, False
        try:
            write(at, NEW.items())
        except (OSError, MemoryError):
            failed = True
        faults.at = 0
        now = shown(at)
        for name, data in now.items():
            assert data in (OLD.get(name), NEW.get(name)), (number, name)
        assert failed or now == NEW, number
        # Whoever reads it by its manifest has all of the new one, or is told that it is none.
        assert now[MANIFEST] == OLD[MANIFEST] or now == NEW, number
        assert compare(at, NEW.items()).any is (now != NEW), number
        write(at, NEW.items())
        assert tree(at) == NEW, number


@pytest.mark.parametrize("error", [full, broken, MemoryError])
def test_at_every_call_of_a_lock(
    error: Callable[[], BaseException], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = below(tmp_path) / "forwardc.lock"
    faults = FileFaults(monkeypatch, error)
    calls = every_call(lambda: lock.replace(b"old"), faults)
    for number in calls:
        (tmp_path / "forwardc.lock").write_bytes(b"old")
        faults.at, faults.seen = number, 0
        with pytest.raises((OSError, MemoryError)):
            lock.replace(b"newer")
        faults.at = 0
        assert tree(tmp_path).keys() == {"forwardc.lock"}
        assert tree(tmp_path)["forwardc.lock"] in (b"old", b"newer")


@pytest.mark.parametrize(("error", "told"), [(full, "No space left"), (MemoryError, "FC9901")])
@pytest.mark.parametrize("call", ["replace", "fsync", "open"])
def test_a_build_that_fails_says_so_and_the_next_one_repairs_it(
    call: str,
    error: Callable[[], BaseException],
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "destinations").mkdir()
    (tmp_path / "forwardc.yaml").write_text(ACCOUNTS)
    (tmp_path / "destinations" / "shop.yaml").write_text(SHOP)
    project = ("--project", str(tmp_path))
    inner = getattr(os, call)

    def fail(*given: Any, **named: Any) -> Any:
        if call != "open" or ".tmp" in str(given[0]):
            raise error()
        return inner(*given, **named)

    with monkeypatch.context() as patch:
        patch.setattr(os, call, fail)
        code = cli(["build", *project])
    said = capfd.readouterr()
    assert (code, said.out) == (2, "")
    assert told in said.err
    assert "Traceback" not in said.err
    assert "None" not in said.err
    assert not list(tmp_path.rglob("*.tmp"))
    assert cli(["build", "--check", *project]) == 3
    assert cli(["build", *project]) == 0
    assert cli(["build", "--check", *project]) == 0


def test_an_approval_that_cannot_be_shown_in_build_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "destinations").mkdir()
    (tmp_path / "forwardc.yaml").write_text(ACCOUNTS)
    (tmp_path / "destinations" / "shop.yaml").write_text(SHOP)
    project = ("--project", str(tmp_path))
    assert cli(["build", *project]) == 0
    inner = os.replace

    def fail(old: str, new: str, **where: int) -> None:
        if new != "forwardc.lock":
            raise full()
        inner(old, new, **where)

    asked = ("stripe", "shop", "--env", "production", "--by", "Ann", "--expires", "2026-12-31")
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", fail)
        code = cli(["approve", *asked, *project])
    said = "".join(capfd.readouterr())
    assert code == 1, said
    assert "FC0701" in said
    assert "forwardc.lock is written" in said
    assert (tmp_path / "forwardc.lock").exists()
    assert cli(["build", "--check", *project]) == 3
    assert cli(["build", *project]) == 0
