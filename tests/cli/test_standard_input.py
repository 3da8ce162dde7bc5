"""`check -` and `coverage -`: a destination by standard input is checked as a file of its bytes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from forwardc.compile.language.yaml_reader import MAX_BYTES
from shop_project import SHOP

ROOT = Path(__file__).resolve().parents[2]
BAD = SHOP.replace("card.number", "card.nubmer")
FORMATS = ("text", "concise", "json", "github", "sarif")
TEN_MB = b"a: 1\n" * 2_000_000


def forwardc(
    *arguments: str, given: bytes = b"", folder: Path = ROOT
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "forwardc", *arguments],
        input=given,
        capture_output=True,
        check=False,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT / "compiler")},
    )


def test_what_is_sound_says_so_in_a_folder_without_a_project(tmp_path: Path) -> None:
    done = forwardc("check", "-", given=SHOP.encode(), folder=tmp_path)
    assert (done.returncode, done.stdout) == (0, b"")
    assert done.stderr == b"1 destination checked, no mistakes\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("format_", FORMATS)
def test_findings_are_those_of_a_file(format_: str, tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(BAD)
    of_file = forwardc("check", "shop.yaml", "--format", format_, folder=tmp_path)
    piped = forwardc("check", "-", "--format", format_, given=BAD.encode(), folder=tmp_path)
    assert of_file.returncode == piped.returncode == 1
    name = b"%3Cstdin%3E" if format_ == "sarif" else b"<stdin>"
    assert piped.stdout.replace(name, b"shop.yaml") == of_file.stdout
    assert b"shop.yaml" in of_file.stdout


def test_the_document_names_it() -> None:
    done = forwardc("check", "--json", "-", given=BAD.encode())
    found = json.loads(done.stdout)
    assert (done.returncode, found["destinations"]) == (1, ["shop"])
    assert {problem["path"] for problem in found["problems"]} == {"<stdin>"}


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (b"", b"FC0114"),
        (b"\n\n# nothing\n", b"FC0114"),
        (b"a: 1\n---\nb: 2\n", b"FC0116"),
        (b"\x7fELF\x02\x01\x01\x80\xff", b"FC0102"),
        (SHOP.encode("utf-16"), b"FC0102"),
        (TEN_MB, b"FC0103"),
        (b"a: \xef\xbf\xbd\x00", b"FC0104"),
        (b"forwardc: 1\nname: [\n", b"FC0104"),
    ],
    ids=("empty", "comment", "two", "binary", "utf-16", "10 MB", "nul", "open"),
)
@pytest.mark.parametrize("command", ["check", "coverage"])
def test_what_is_no_destination_is_a_finding(command: str, given: bytes, code: bytes) -> None:
    done = forwardc(command, "-", given=given)
    assert done.returncode == 1
    assert done.stdout.startswith(b"<stdin>:")
    assert code in done.stdout
    assert done.stderr == b""


def test_a_limit_is_that_of_a_file() -> None:
    filled = SHOP.encode() + b"#" * (MAX_BYTES - len(SHOP.encode()))
    assert forwardc("check", "-", given=filled).returncode == 0
    assert b"FC0103" in forwardc("check", "-", given=filled + b"#").stdout


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")
def test_closed_input_is_a_finding() -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", '"$0" -P -m forwardc check - <&-', sys.executable],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT / "compiler")},
    )
    assert done.returncode == 1
    assert "FC0101 standard input cannot be read: it is closed" in done.stdout


def test_files_and_standard_input_go_together(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(SHOP)
    done = forwardc("check", "shop.yaml", "-", given=BAD.encode(), folder=tmp_path)
    assert done.returncode == 1
    assert b"<stdin>:" in done.stdout
    assert b"shop.yaml:" not in done.stdout


def test_it_gives_its_bytes_once_and_nothing_is_written_to_it() -> None:
    assert forwardc("check", "-", "-", given=SHOP.encode()).returncode == 2
    assert forwardc("check", "--fix", "-", given=SHOP.encode()).returncode == 2


def test_an_excerpt_is_masked() -> None:
    given = SHOP.replace("forwardc: 1", "forwardc: 1\nwhat: sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc")
    done = forwardc("check", "-", given=given.encode())
    assert done.returncode == 1
    assert b"<stdin>:2:1" in done.stdout
    assert b"4eC39HqLyj" not in done.stdout


def test_coverage_is_that_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(SHOP)
    of_file = forwardc("coverage", "--why", "shop.yaml", folder=tmp_path)
    piped = forwardc("coverage", "--why", "-", given=SHOP.encode(), folder=tmp_path)
    assert of_file.returncode == piped.returncode == 0
    assert piped.stdout.replace(b"<stdin>", b"shop.yaml") == of_file.stdout
