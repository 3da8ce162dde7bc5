"""Below the root of a checkout no link is followed, and nothing but a plain file is opened."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from forwardc.core.files import walk
from forwardc.core.files.checkout import CheckoutPath, below, mounted, named_by_person
from forwardc.core.files.kinds import DESTINATION, FileKind, FileRefusedError, Whose
from held_up import within

SMALL = FileKind("small", Whose.CHECKOUT, 10, "a test")
CANARY = b"canary-7c1e"


@pytest.fixture(params=["by descriptor", "by looking"])
def root(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout, with a file of somebody else beside it; on either kind of platform."""
    if request.param == "by looking":
        monkeypatch.setattr(walk, "BY_DESCRIPTOR", False)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a.yaml").write_bytes(CANARY)
    (tmp_path / "root" / "folder").mkdir(parents=True)
    (tmp_path / "root" / "folder" / "a.yaml").write_bytes(b"ours")
    return tmp_path / "root"


def to(target: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(target)


def pipe(path: Path) -> None:
    os.mkfifo(path)


def listening(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(os.path.relpath(path))


ENDS: dict[str, tuple[Callable[[Path], None], str]] = {
    "link outside": (to("../../outside/a.yaml"), "it is a link"),
    "absolute link": (to("/etc/passwd"), "it is a link"),
    "link inside": (to("a.yaml"), "it is a link"),
    "link to nothing": (to("nothing"), "it is a link"),
    "link to itself": (to("x.yaml"), "it is a link"),
    "link to an endless device": (to("/dev/zero"), "it is a link"),
    "link to standard input": (to("/dev/stdin"), "it is a link"),
    "pipe": (pipe, "it is a pipe"),
    "socket": (listening, "it is a socket"),
    "folder": (Path.mkdir, "Is a directory"),
}


@pytest.mark.parametrize("end", ENDS)
def test_only_a_plain_file_is_read(end: str, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    make, reason = ENDS[end]
    make(root / "folder" / "x.yaml")
    with within(), pytest.raises(OSError, match=reason):
        (below(root) / "folder/x.yaml").read(DESTINATION)


@pytest.mark.parametrize("target", ["../outside", "folder", ".", "way", "nothing"])
def test_no_folder_on_the_way_is_a_link(target: str, root: Path) -> None:
    (root / "way").symlink_to(target)
    (root / "folder" / "deep").symlink_to("../way")
    for path in ("way/a.yaml", "folder/deep/a.yaml", "way/folder/a.yaml"):
        with pytest.raises(FileRefusedError, match="a folder on the way to it, is a link"):
            (below(root) / path).read(DESTINATION)
    with pytest.raises(FileRefusedError, match="is a link"):
        (below(root) / "way").names(".yaml")
    with pytest.raises(FileRefusedError, match="is a link"):
        (below(root) / "way/b.yaml").replace(b"new")
    assert [one.name for one in (root.parent / "outside").iterdir()] == ["a.yaml"]


@pytest.mark.parametrize(
    "path", ["../outside/a.yaml", "/etc/passwd", "folder/../folder/a.yaml", ".", "", "a\0b", "a//b"]
)
def test_a_path_leads_down_only(path: str, root: Path) -> None:
    with pytest.raises(FileRefusedError, match="not inside"):
        below(root) / path


def test_a_hard_link_and_a_root_that_is_a_link_are_fine(root: Path) -> None:
    os.link(root.parent / "outside" / "a.yaml", root / "folder" / "hard.yaml")
    (root.parent / "checkout").symlink_to("root")
    at = below(root.parent / "checkout") / "folder"
    assert (at / "hard.yaml").read(DESTINATION) == CANARY
    assert at.names(".yaml") == ["a.yaml", "hard.yaml"]


def test_a_limit_is_exact(root: Path) -> None:
    file = below(root) / "folder/a.yaml"
    file.path.write_bytes(b"x" * 10)
    assert file.read(SMALL) == b"x" * 10
    file.path.write_bytes(b"x" * 11)
    with pytest.raises(FileRefusedError, match="larger than 10 bytes"):
        file.read(SMALL)
    os.truncate(file.path, 1 << 40)
    with pytest.raises(FileRefusedError, match="larger than 10 bytes"):
        file.read(SMALL)


def test_a_folder_that_may_be_passed_need_not_be_listed(root: Path) -> None:
    (root / "folder").chmod(0o311)
    try:
        assert (below(root) / "folder/a.yaml").read(DESTINATION) == b"ours"
    finally:
        (root / "folder").chmod(0o755)


def test_what_is_missing_is_missing_and_not_refused(root: Path) -> None:
    at = below(root)
    with pytest.raises(FileNotFoundError):
        (at / "no/such.yaml").read(DESTINATION)
    with pytest.raises(NotADirectoryError):
        (at / "folder/a.yaml/b.yaml").read(DESTINATION)
    assert (at / "no").names(".yaml") == []
    assert not (at / "no/such.yaml").is_plain()


@pytest.mark.parametrize("relative", [True, False])
def test_what_a_person_names_may_lie_anywhere_and_not_be_a_link(
    relative: bool, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root.parent)
    (root.parent / "way").symlink_to("root")
    (root / "link.yaml").symlink_to("folder/a.yaml")
    start = Path() if relative else root.parent
    assert named_by_person(start / "root/folder/a.yaml").read(DESTINATION) == b"ours"
    assert named_by_person(start / "root/../root/folder/a.yaml").read(DESTINATION) == b"ours"
    with pytest.raises(FileRefusedError):
        named_by_person(start / "root/link.yaml").read(DESTINATION)
    if relative:
        with pytest.raises(FileRefusedError):
            named_by_person(Path("way/folder/a.yaml")).read(DESTINATION)
    else:
        assert named_by_person(start / "way/folder/a.yaml").read(DESTINATION) == b"ours"


@pytest.mark.parametrize(
    "path", [".", "..", "folder", "folder/.", "folder/deep/..", "/", "../root", "no", "no/.."]
)
def test_the_end_of_a_named_path_is_the_folder_itself(
    path: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "folder" / "deep").mkdir()
    monkeypatch.chdir(root)
    assert named_by_person(Path(path)).path == (root / path).resolve()
    assert named_by_person(Path(path)).beside("x").path == (root / path).resolve().parent / "x"


def test_what_is_mounted_is_followed_and_not_written(root: Path) -> None:
    (root / "build").symlink_to("folder")
    at = mounted(root / "build")
    assert (at / "a.yaml").read(DESTINATION) == b"ours"
    assert at.beside("forwardc.lock").path == root / "forwardc.lock"
    with pytest.raises(FileRefusedError, match="not written"):
        (at / "a.yaml").replace(b"new")
    with pytest.raises(FileRefusedError, match="not written"):
        (at / "a.yaml").remove()
    os.mkfifo(root / "folder" / "pipe")
    with within(), pytest.raises(FileRefusedError, match="it is a pipe"):
        (at / "pipe").read(DESTINATION)
    assert (root / "folder" / "a.yaml").read_bytes() == b"ours"


# A platform that can only look loses this race.
@pytest.mark.parametrize("root", ["by descriptor"], indirect=True)
def test_a_file_that_is_swapped_for_a_link_in_between_is_refused(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look and the opening, somebody puts a link there."""
    file = root / "folder" / "a.yaml"
    look = walk.OpenFolder.check_plain

    def then_swap(at: walk.OpenFolder, part: str) -> int:
        mode = look(at, part)
        file.unlink()
        file.symlink_to("../../outside/a.yaml")
        return mode

    monkeypatch.setattr(walk.OpenFolder, "check_plain", then_swap)
    with pytest.raises(OSError, match="symbolic links"):
        CheckoutPath(root, ("folder", "a.yaml")).read(DESTINATION)
