"""`forwardc fmt`: what it writes, what it only says, and what it leaves alone."""

import json
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from forwardc.cli.main import run as cli
from shop_project import ACCOUNTS, SHOP

ROOT = Path(__file__).resolve().parents[2]
OTHER = SHOP.replace(": ", ":  ")
BROKEN = "forwardc: 1\nname: [\n"
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "forwardc.yaml").write_text(ACCOUNTS)
    (tmp_path / "destinations").mkdir()
    (tmp_path / "destinations/shop.yaml").write_text(OTHER)
    return tmp_path


@pytest.fixture
def call(capfd: pytest.CaptureFixture[str]) -> Call:
    def made(*arguments: str) -> tuple[int, str, str]:
        code = cli(["fmt", *arguments])
        return (code, *capfd.readouterr())

    return made


def shop(project: Path) -> Path:
    return project / "destinations/shop.yaml"


def test_a_project_is_laid_out_and_then_stays(project: Path, call: Call) -> None:
    code, out, err = call()
    assert (code, out) == (0, "")
    assert err == "destinations/shop.yaml is laid out anew\n2 files, 1 written\n"
    assert shop(project).read_text() == SHOP
    before = shop(project).stat()
    assert call() == (0, "", "2 files, 0 written\n")
    assert shop(project).stat() == before
    assert call("--check") == (0, "", "2 files, 0 to be written\n")


def test_a_check_writes_nothing_and_says_where(project: Path, call: Call) -> None:
    code, out, err = call("--check", "--format", "concise")
    assert code == 3
    assert out.startswith("destinations/shop.yaml:1:1: error FC0124 laid out otherwise")
    assert "2 files, 1 to be written\n" in err
    assert shop(project).read_text() == OTHER


def test_the_place_is_the_first_line_that_changes(project: Path, call: Call) -> None:
    shop(project).write_text(SHOP.replace("title: ", "title:  "))
    assert call("--check", "--format", "concise")[1].startswith("destinations/shop.yaml:3:1:")
    shop(project).write_text(SHOP + "\n")
    last = SHOP.count("\n") + 1
    assert call("--check", "--format", "concise")[1].startswith(f"destinations/shop.yaml:{last}:1")


def test_a_difference_is_shown_masked_and_nothing_is_written(project: Path, call: Call) -> None:
    secret = "4eC39HqLyjWDarjtT1zdp7dc"
    shop(project).write_text(SHOP.replace("name: shop", f"name:  shop # sk_live_{secret}"))
    code, out, _ = call("--diff")
    assert code == 3
    lines = out.splitlines()
    assert lines[:2] == ["--- destinations/shop.yaml", "+++ destinations/shop.yaml"]
    changed = [line[:11] for line in lines[2:] if line[:1] in "+-"]
    assert changed == ["-name:  sho", "+name: shop"]
    assert secret not in out
    assert secret in shop(project).read_text()


def test_the_document_of_a_check(project: Path, call: Call) -> None:
    code, out, _ = call("--check", "--json")
    found = json.loads(out)
    assert (code, found["files"]) == (3, 2)
    assert found["written"] == ["destinations/shop.yaml"]
    assert [problem["code"] for problem in found["problems"]] == ["FC0124"]
    code, out, _ = call("--json")
    assert (code, json.loads(out)["problems"]) == (0, [])
    assert shop(project).read_text() == SHOP


@pytest.mark.parametrize("arguments", [(), ("--check",), ("--diff",), ("--json",)])
def test_with_one_that_is_no_yaml_nothing_is_written(
    arguments: tuple[str, ...], project: Path, call: Call
) -> None:
    (project / "destinations/z.yaml").write_text(BROKEN)
    code, out, err = call(*arguments)
    assert code == 1
    assert "FC0104" in out
    assert "written" not in err
    assert shop(project).read_text() == OTHER


def test_a_mistake_of_meaning_is_laid_out_all_the_same(project: Path, call: Call) -> None:
    shop(project).write_text(OTHER.replace("card.number", "card.nubmer"))
    assert call()[0] == 0
    assert shop(project).read_text() == SHOP.replace("card.number", "card.nubmer")


def test_without_a_sound_project_file_nobody_knows_its_files(project: Path, call: Call) -> None:
    (project / "forwardc.yaml").write_text("forwardc: 1\nwhat: 1\n")
    code, out, _ = call()
    assert code == 1
    assert "FC0201" in out
    assert shop(project).read_text() == OTHER


def test_named_files_only(project: Path, call: Call) -> None:
    (project / "forwardc.yaml").write_text("forwardc:  1\n")
    assert call("destinations/shop.yaml")[0] == 0
    assert shop(project).read_text() == SHOP
    assert (project / "forwardc.yaml").read_text() == "forwardc:  1\n"
    assert call("forwardc.yaml", "forwardc.yaml")[2].endswith("1 file, 1 written\n")
    assert call("none.yaml")[0] == 1


@pytest.mark.skipif(os.name == "nt", reason="needs modes and links of POSIX")
def test_a_mode_stays_and_a_link_is_refused(project: Path, call: Call) -> None:
    shop(project).chmod(0o640)
    assert call()[0] == 0
    assert stat.S_IMODE(shop(project).stat().st_mode) == 0o640
    other = project / "other.yaml"
    other.write_text(OTHER)
    shop(project).unlink()
    shop(project).symlink_to(other)
    for arguments in ((), ("destinations/shop.yaml",)):
        code, out, _ = call(*arguments)
        assert code == 1
        assert "FC0118" in out
    assert other.read_text() == OTHER
    assert sorted(path.name for path in project.iterdir()) == [
        *("destinations", "forwardc.yaml", "other.yaml")
    ]


@pytest.mark.parametrize(
    "written",
    [
        SHOP.replace("\n", "\r\n"),
        "\ufeff" + SHOP,
        SHOP.rstrip("\n"),
        "\n\n" + SHOP + "\n\n",
        SHOP.replace("\n", "  \n"),
        SHOP.replace("name: shop", "name:\tshop"),
    ],
    ids=("crlf", "bom", "no end", "empty lines", "blanks", "tab"),
)
def test_ends_and_marks(written: str, project: Path, call: Call) -> None:
    shop(project).write_bytes(written.encode())
    assert call("--check")[0] == 3
    assert call("--diff")[0] == 3
    assert call()[0] == 0
    assert shop(project).read_bytes() == SHOP.encode()


def test_what_would_be_too_large_is_a_finding(
    project: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = SHOP + "#note\n" * 100
    shop(project).write_text(written)
    monkeypatch.setattr("forwardc.compile.language.yaml_reader.MAX_BYTES", len(written) + 99)
    code, out, _ = call()
    assert code == 1
    assert "FC0103 laid out, the file would be larger than" in out
    assert shop(project).read_text() == written
    monkeypatch.setattr("forwardc.compile.language.yaml_reader.MAX_BYTES", len(written) + 100)
    assert call()[0] == 0


def test_a_tab_of_indentation_is_a_mistake(project: Path, call: Call) -> None:
    written = SHOP.replace("  sandbox: {", "\tsandbox: {")
    shop(project).write_text(written)
    code, out, _ = call()
    assert code == 1
    assert "FC0108" in out
    assert shop(project).read_text() == written


def piped(data: bytes, *arguments: str, monkeypatch: pytest.MonkeyPatch, folder: Path) -> int:
    (folder / "input").write_bytes(data)
    with (folder / "input").open() as opened:
        monkeypatch.setattr("sys.stdin", opened)
        return cli(["fmt", *arguments])


def test_from_standard_input_to_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.chdir(tmp_path)
    given = b"\xef\xbb\xbf" + OTHER.replace("A note", "Äpfel").replace("\n", "\r\n").encode()
    assert piped(given, "-", monkeypatch=monkeypatch, folder=tmp_path) == 0
    shown = capfdbinary.readouterr()
    assert (shown.out, shown.err) == (SHOP.replace("A note", "Äpfel").encode(), b"")
    assert piped(given, "-", "--check", monkeypatch=monkeypatch, folder=tmp_path) == 3
    assert b"<stdin>:1:1: error FC0124" in capfdbinary.readouterr().out
    assert piped(BROKEN.encode(), "-", monkeypatch=monkeypatch, folder=tmp_path) == 1
    shown = capfdbinary.readouterr()
    assert shown.out == b""
    assert b"<stdin>:" in shown.err
    assert piped(given, "-", "--json", monkeypatch=monkeypatch, folder=tmp_path) == 2
    assert piped(given, "-", "a.yaml", monkeypatch=monkeypatch, folder=tmp_path) == 2


def test_what_is_laid_out_compiles_to_the_same_plans(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("forwardc.yaml", "forwardc.lock"):
        if (ROOT / name).is_file():
            shutil.copy(ROOT / name, tmp_path)
    for name in ("destinations", "build"):
        shutil.copytree(ROOT / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    for path in (tmp_path / "destinations").glob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("  ", "     ").replace(": {", ":  { "), encoding="utf-8")
    assert cli(["build", "--no-store"]) == 0
    assert "manifest.json is stale" not in capfd.readouterr().out
    built = {
        path.relative_to(tmp_path): path.read_bytes()
        for path in (tmp_path / "build").rglob("*.json")
    }
    for path, data in built.items():
        if path.name != "manifest.json":
            assert data == (ROOT / path).read_bytes()
    assert cli(["fmt"]) == 0
    for path in (ROOT / "destinations").glob("*.yaml"):
        assert (tmp_path / "destinations" / path.name).read_bytes() == path.read_bytes()
    assert cli(["build", "--no-store"]) == 0
    manifest = Path("build/manifest.json")
    assert (tmp_path / manifest).read_bytes() == (ROOT / manifest).read_bytes()
