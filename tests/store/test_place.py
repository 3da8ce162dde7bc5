"""Where the store is: in the user's cache folder, his alone, and never in a checkout."""

import os
import stat
from pathlib import Path

import pytest

from forwardc.compile.store import bounds
from forwardc.compile.store.place import cache_folder
from forwardc.compile.store.store import CompileStore, open_store
from forwardc.core.files.private_folder import PrivateFolder


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    return tmp_path / "cache"


def opened(cache: Path, *, make: bool = True, **more: str) -> tuple[CompileStore | None, str]:
    environment = {"XDG_CACHE_HOME": str(cache), **more}
    return open_store(str(cache.parent / "project"), environment, make=make)


def test_everything_of_it_is_its_users_alone(cache: Path) -> None:
    before = os.umask(0)
    try:
        store, why = opened(cache)
        assert store is not None
        assert why == ""
        store.files.write("verdict", b"x")
    finally:
        os.umask(before)
    made = [cache, *cache.rglob("*")]
    assert len(made) == 5  # The cache folder, ours in it, the project's, its key, the file.
    for path in made:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


def test_who_only_asks_makes_nothing(cache: Path) -> None:
    assert opened(cache, make=False) == (None, "")
    assert not cache.exists()


@pytest.mark.parametrize("mode", [0o750, 0o705, 0o701, 0o777], ids=oct)
@pytest.mark.parametrize("which", ["of all", "of the project"])
def test_a_folder_that_is_open_to_others_is_not_used_and_a_person_is_told(
    which: str, mode: int, cache: Path
) -> None:
    assert opened(cache)[0] is not None
    folder = (
        next((cache / "forwardc").iterdir()) if which == "of the project" else cache / "forwardc"
    )
    folder.chmod(mode)
    assert opened(cache) == (None, f"{folder}: it is open to others than its owner")


def test_a_folder_of_somebody_else_is_not_used_and_a_person_is_told(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert opened(cache)[0] is not None
    somebody = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: somebody)
    assert opened(cache) == (None, f"{cache}/forwardc: it belongs to somebody else")


@pytest.mark.parametrize("which", ["of all", "of the project"])
def test_a_link_is_not_followed(which: str, cache: Path) -> None:
    assert opened(cache)[0] is not None
    folder = cache / "forwardc"
    folder = next(folder.iterdir()) if which == "of the project" else folder
    elsewhere = folder.rename(cache / "elsewhere")
    folder.symlink_to(elsewhere)
    assert opened(cache) == (None, f"{folder}: it is a link")


def test_the_cache_folder_itself_may_be_a_link_of_the_users(cache: Path) -> None:
    (cache.parent / "disk").mkdir()
    cache.symlink_to("disk")
    assert opened(cache)[0] is not None
    assert (cache.parent / "disk" / "forwardc").is_dir()


@pytest.mark.parametrize("where", ["project", "project/.cache", "project/deeper/still"])
def test_a_cache_folder_in_the_project_is_not_used(where: str, cache: Path) -> None:
    inside = cache.parent / where
    store, why = opened(cache, XDG_CACHE_HOME=str(inside))
    assert store is None
    assert why == f"{inside} lies in the checkout"
    assert not (inside / "forwardc").exists()


def test_nor_in_the_repository_around_the_project(cache: Path) -> None:
    (cache.parent / ".git").mkdir()
    assert opened(cache) == (None, f"{cache} lies in the checkout")
    (cache.parent / "link").symlink_to(cache)
    assert opened(cache, XDG_CACHE_HOME=str(cache.parent / "link"))[0] is None


def test_a_project_with_its_own_repository_is_in_no_other(cache: Path) -> None:
    """A home folder that is a repository of dotfiles holds the cache folder as well."""
    (cache.parent / ".git").mkdir()
    (cache.parent / "project" / ".git").mkdir()
    assert opened(cache)[0] is not None


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"XDG_CACHE_HOME": "/x", "HOME": "/h"}, "/x"),
        ({"XDG_CACHE_HOME": "x", "HOME": "/h"}, "/h/.cache"),
        ({"XDG_CACHE_HOME": "", "HOME": "/h"}, "/h/.cache"),
        ({"HOME": "h"}, None),
        ({}, None),
    ],
)
def test_which_folder_it_is(
    environment: dict[str, str], folder: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    assert cache_folder(environment) == folder


def test_which_folder_it_is_on_a_mac(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    assert cache_folder({"HOME": "/h"}) == "/h/Library/Caches"


@pytest.mark.parametrize("name", ["true", "1", "false"])
def test_a_run_of_ci_has_none(name: str, cache: Path) -> None:
    assert opened(cache, CI=name) == (None, "")
    assert not cache.exists()
    assert opened(cache, CI="")[0] is not None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_cache_folder_that_is_read_only_is_as_none(cache: Path) -> None:
    cache.mkdir(mode=0o500)
    assert opened(cache) == (None, "")


def test_what_is_no_folder_is_as_none(cache: Path) -> None:
    cache.write_text("a file")
    assert opened(cache) == (None, "")


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def aged(path: Path, seconds: float, size: int = 0) -> None:
    path.write_bytes(b"x" * size)
    then = path.stat().st_mtime - seconds
    os.utime(path, (then, then))


def test_the_oldest_entries_go_and_what_else_it_needs_stays(tmp_path: Path) -> None:
    folder = PrivateFolder(str(tmp_path / "store"), make=True)
    for age, name in enumerate(["destination-c", "destination-b", "destination-a"]):
        aged(tmp_path / "store" / name, 10 * age, 100)
    aged(tmp_path / "store" / "key", 1000, 32)
    bounds.bound_project(folder, 250)
    assert files(tmp_path / "store") == ["destination-b", "destination-c", "key"]


def test_what_a_kill_left_goes_and_what_is_being_written_stays(tmp_path: Path) -> None:
    folder = PrivateFolder(str(tmp_path / "store"), make=True)
    aged(tmp_path / "store" / ".tmp-old", 7200)
    aged(tmp_path / "store" / ".tmp-new", 5)
    bounds.bound_project(folder)
    assert files(tmp_path / "store") == [".tmp-new"]


def test_the_store_that_was_written_longest_ago_goes_once_a_day(tmp_path: Path) -> None:
    folder = PrivateFolder(str(tmp_path / "all"), make=True)
    for age, name in enumerate(["new", "own", "old"]):
        with folder.below(name, make=True):
            aged(tmp_path / "all" / name / "key", 1000 * age, 100)
    bounds.bound_all(folder, "own", 250)
    assert files(tmp_path / "all") == ["new", "own", "swept"]
    bounds.bound_all(folder, "own", 0)
    assert files(tmp_path / "all") == ["new", "own", "swept"]
    aged(tmp_path / "all" / "swept", 2 * 24 * 3600)
    (tmp_path / "all" / "swept").chmod(0o600)
    bounds.bound_all(folder, "own", 0)
    assert files(tmp_path / "all") == ["own", "swept"]
