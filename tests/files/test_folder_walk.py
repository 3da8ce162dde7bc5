"""A walk that goes on from its last folder opens what a walk from the root opens, and no link."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forwardc.core.files.folder_walk import FolderWalk
from forwardc.core.files.kinds import FileRefusedError
from forwardc.core.files.walk import OpenFolder

pytestmark = pytest.mark.skipif(os.name != "posix", reason="folders by descriptor")
WAYS = st.lists(st.lists(st.sampled_from("ab"), max_size=4), max_size=12)


def inode(at: OpenFolder) -> int:
    assert at.at is not None
    return os.fstat(at.at).st_ino


def open_descriptors() -> int:
    return sum(1 for _ in Path("/dev/fd").iterdir())


@given(ways=WAYS)
def test_each_folder_is_the_one_of_its_way(
    ways: list[list[str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("root")
    before = open_descriptors()
    walk = FolderWalk(root, make=True)
    for way in ways:
        assert inode(walk.to(way)) == root.joinpath(*way).stat().st_ino
        assert open_descriptors() == before + 1 + len(way)
    walk.close()
    assert open_descriptors() == before


def test_a_link_is_not_followed_and_the_walk_goes_on(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "a")
    walk = FolderWalk(tmp_path)
    with pytest.raises(FileRefusedError):
        walk.to(["link"])
    with pytest.raises(FileRefusedError):
        walk.to(["link", "b"])
    with pytest.raises(FileNotFoundError):
        walk.to(["a", "b"])
    assert inode(walk.to(["a"])) == (tmp_path / "a").stat().st_ino
    walk.close()
