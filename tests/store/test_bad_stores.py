"""Whatever is wrong with a store, a command says and writes what it would without one."""

import errno
import os
import re
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from forwardc.compile.store import tool
from forwardc.compile.store.fields import packed, unpacked
from forwardc.compile.store.inputs import Inputs
from forwardc.compile.store.output_index import OutputIndex
from forwardc.compile.store.sealed_files import SealedFiles
from forwardc.compile.store.tool import tool_identity
from forwardc.core.files import private_folder
from forwardc.core.files.private_folder import PrivateFolder
from patience import until_files_get_later_times
from stored_projects import asked, tree, write_project


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def stored(cache: Path) -> Path:
    """The folder of the only store."""
    (folder,) = (path for path in (cache / "forwardc").iterdir() if path.is_dir())
    return folder


def each(change: Callable[[Path], object]) -> Callable[[Path], None]:
    """A change of every file of a store."""

    def damage(folder: Path) -> None:
        for path in sorted(folder.iterdir()):
            change(path)

    return damage


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def flipped(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))


def other_key(folder: Path) -> None:
    (folder / "key").write_bytes(b"k" * 32)


def swapped(folder: Path) -> None:
    """Each file under the name of another."""
    paths = sorted(folder.iterdir())
    contents = [path.read_bytes() for path in paths]
    for path, data in zip(paths, contents[1:] + contents[:1], strict=True):
        path.write_bytes(data)


def linked(path: Path) -> None:
    path.symlink_to(path.rename(path.with_name(f"moved-{path.name}")))


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def resealed(content: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    """Other contents, under the key of the store itself."""

    def damage(folder: Path) -> None:
        with PrivateFolder(str(folder)) as opened:
            files = SealedFiles(opened)
            for path in sorted(folder.iterdir()):
                data = files.read(path.name)
                if data is not None:
                    files.write(path.name, content(data))

    return damage


def without_digests(data: bytes) -> bytes:
    """The same records, where every digest is a text that is none."""
    return re.sub(rb"sha256:[0-9a-f]{64}", b"sha256:none", data)


DEEP = b"[" * 100_000 + b"]" * 100_000


DAMAGES: dict[str, Callable[[Path], object]] = {
    "cut": each(cut),
    "empty": each(lambda path: path.write_bytes(b"")),
    "a byte": each(flipped),
    "another key": other_key,
    "no key": lambda folder: (folder / "key").unlink(),
    "swapped": swapped,
    "another version": each(lambda path: path.write_bytes(b"forwardc store 0\n" + b"x" * 90)),
    "open to others": each(lambda path: path.chmod(0o644)),
    "links": each(linked),
    "folders": each(a_folder),
    "gone": each(Path.unlink),
    "of a key, deep": resealed(lambda _: DEEP),
    "of a key, no list": resealed(lambda _: b"null"),
    "of a key, nothing": resealed(lambda _: b""),
    "of a key, no digests": resealed(without_digests),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_it_is_as_if_there_were_none(damage: str, cache: Path, tmp_path: Path) -> None:
    project, cold = write_project(tmp_path / "project"), write_project(tmp_path / "cold")
    for folder in (project, cold):
        asked(folder, "build", *(("--no-store",) if folder == cold else ()))
        yaml = folder / "destinations" / "shop.yaml"
        yaml.write_text(yaml.read_text().replace("Card payments", "All payments"))
    DAMAGES[damage](stored(cache))
    for command in ("check", "build", "build"):
        assert asked(project, command) == asked(cold, command, "--no-store")
        assert tree(project) == tree(cold)


@pytest.mark.parametrize(
    ("name", "number", "at", "content"),
    [("verdict", 5, 4, DEEP), ("verdict", 5, 4, b"[1]"), ("outputs", 3, 2, b"")],
    ids=["deep findings", "findings of another form", "no index"],
)
def test_a_field_that_the_key_is_of_and_nobody_wrote_says_nothing(
    name: str, number: int, at: int, content: bytes, cache: Path, tmp_path: Path
) -> None:
    project = write_project(tmp_path / "project")
    asked(project, "build")
    expected = asked(project, "build", "--no-store")
    with PrivateFolder(str(stored(cache))) as opened:
        files = SealedFiles(opened)
        fields = unpacked(files.read(name) or b"", number)
        fields[at] = content
        files.write(name, packed(tuple(fields)))
    assert asked(project, "build") == expected


@pytest.mark.parametrize("shorten", [1, 32])
def test_an_index_without_a_look_for_each_file_is_none(shorten: int) -> None:
    index = OutputIndex("build", ["a", "b"], b"l" * 64, b"d" * 64, [], b"", 1, True)
    assert OutputIndex.from_bytes(index.to_bytes()).paths == ["a", "b"]
    index.looks = index.looks[:-shorten]
    with pytest.raises(ValueError, match="other files"):
        OutputIndex.from_bytes(index.to_bytes())


def test_no_folder_has_a_name_that_none_can_have() -> None:
    inputs = Inputs("a\0b", ["shop.yaml"], [], [], b"d" * 32)
    with pytest.raises(ValueError, match="no name"):
        Inputs.from_bytes(inputs.to_bytes())


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT])
def test_what_cannot_be_written_changes_nothing(
    code: int, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, cold = write_project(tmp_path / "project"), write_project(tmp_path / "cold")

    def refused(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(private_folder, "_write_whole", refused)
    for command in ("check", "build", "build"):
        assert asked(project, command) == asked(cold, command, "--no-store")
    assert tree(project) == tree(cold)
    assert not [path for path in cache.rglob("*") if path.is_file() and path.name != "key"]


def test_without_a_home_there_is_none(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.delenv("HOME", raising=False)
    project = write_project(tmp_path / "project")
    first = asked(project, "check")
    assert first == asked(project, "check", "--no-store")
    assert not cache.exists()


def test_a_person_is_told_of_a_folder_that_is_not_private(cache: Path, tmp_path: Path) -> None:
    project = write_project(tmp_path / "project")
    asked(project, "check")
    (cache / "forwardc").chmod(0o755)
    answer = asked(project, "check")
    assert f"nothing is stored: {cache}/forwardc: it is open to others" in answer.err
    assert answer.out == asked(project, "check", "--no-store").out
    assert answer.exit_code == 0


def test_two_at_once_say_the_same(cache: Path, tmp_path: Path) -> None:
    """Both write the same names; a reader sees one of them whole."""
    from forwardc.compile.store.store import open_store

    project = write_project(tmp_path / "project")
    stores = [open_store(str(project), dict(os.environ), make=True)[0] for _ in range(2)]
    contents = [bytes([number]) * 100_000 for number in range(2)]
    stop = threading.Event()

    def write(number: int) -> None:
        store = stores[number]
        assert store is not None
        while not stop.is_set():
            store.files.write("verdict", contents[number])

    writers = [threading.Thread(target=write, args=(number,)) for number in range(2)]
    for writer in writers:
        writer.start()
    try:
        reader = stores[0]
        assert reader is not None
        assert {reader.files.read("verdict") for _ in range(300)} <= {*contents, None}
        assert reader.files.read("verdict") in contents
    finally:
        stop.set()
        for writer in writers:
            writer.join()


def test_a_file_that_changes_while_it_is_read_is_not_answered_from_before(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is compiled are the bytes that were hashed, whatever is there by then."""
    from forwardc.compile.language import load

    project = write_project(tmp_path / "project")
    shop = project / "destinations" / "shop.yaml"
    good = shop.read_text()
    parse = load.parse_file

    def changed(*arguments: object, **options: object) -> object:
        if arguments[1] == "destinations/shop.yaml":
            shop.write_text(good.replace("initiator: customer", "initiator: nobody"))
        return parse(*arguments, **options)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr("forwardc.compile.pipeline.parse_file", changed)
        assert asked(project, "check").exit_code == 0
    assert asked(project, "check").exit_code == 1
    shop.write_text(good)
    assert asked(project, "check").exit_code == 0


def test_a_tool_that_was_just_written_is_no_tool_yet() -> None:
    """It may be written again with the same size and time."""
    assert len(tool_identity()) == 32
    assert tool_identity(now_ns=0) == b""
    assert tool_identity() == tool_identity()


@pytest.mark.parametrize("folder", ["site-packages", "wheels"])
def test_a_package_of_another_version_is_another_tool(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it is taken from; a folder that is not there holds none."""
    monkeypatch.syspath_prepend(str(tmp_path / folder))
    absent = tool_identity()
    old = tmp_path / folder / "PyYAML-6.0.1.dist-info"
    old.mkdir(parents=True)
    first = tool_identity()
    old.rename(old.with_name("PyYAML-6.0.2.dist-info"))
    assert len({absent, first, tool_identity()}) == 3


def test_a_tool_with_the_old_time_of_writing_is_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where an archive is unpacked whose files all have one time."""
    for room in ("compile", "core", "plan"):
        (tmp_path / room).mkdir()
    for name in ("version.py", "compile/passes.py"):
        (tmp_path / name).write_text("a = 1")
        os.utime(tmp_path / name, ns=(10**9, 10**9))
    monkeypatch.setattr(tool, "_PACKAGE", str(tmp_path))
    before = tool_identity()
    until_files_get_later_times()
    (tmp_path / "compile" / "passes.py").write_text("a = 2")
    os.utime(tmp_path / "compile" / "passes.py", ns=(10**9, 10**9))
    assert len(before) == 32
    assert tool_identity() != before
