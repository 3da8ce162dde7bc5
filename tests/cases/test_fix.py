"""`forwardc check --fix`: what it writes, byte for byte, and what it leaves alone.

A case is a folder: `before.yaml`, and `after.yaml`, which the command must make of it. Write them
anew with `UPDATE_CASES=1 python -m pytest tests/cases/test_fix.py`, and read the difference.
"""

import os
from pathlib import Path

import pytest

from forwardc.cli.main import run

CASES = Path(__file__).resolve().parent / "fix"


@pytest.mark.parametrize("case", sorted(path.name for path in CASES.iterdir()))
def test_what_is_written(
    case: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    file = Path("shop.yaml")
    file.write_bytes((CASES / case / "before.yaml").read_bytes())
    assert run(("check", "--fix", str(file))) == 0
    expected = CASES / case / "after.yaml"
    if os.environ.get("UPDATE_CASES") == "1":
        expected.write_bytes(file.read_bytes())
    assert file.read_bytes() == expected.read_bytes()
    said = "".join(capsys.readouterr())
    # Where nothing could be written safely, it is said, and the warning stays.
    assert ("FC0326" in said) is (file.read_bytes() == (CASES / case / "before.yaml").read_bytes())
    # A second time there is nothing to do.
    before = file.read_bytes()
    assert run(("check", "--fix", str(file))) == 0
    assert file.read_bytes() == before


def test_every_case_is_whole() -> None:
    for folder in CASES.iterdir():
        assert {path.name for path in folder.iterdir()} == {"before.yaml", "after.yaml"}


def test_without_the_option_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = (CASES / "block" / "before.yaml").read_bytes()
    Path("shop.yaml").write_bytes(before)
    assert run(("check", "shop.yaml")) == 0
    assert Path("shop.yaml").read_bytes() == before


def test_a_file_with_a_byte_order_mark_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = b"\xef\xbb\xbf" + (CASES / "block" / "before.yaml").read_bytes()
    Path("shop.yaml").write_bytes(before)
    assert run(("check", "--fix", "shop.yaml")) == 0
    after = (CASES / "block" / "after.yaml").read_bytes()
    assert Path("shop.yaml").read_bytes() == b"\xef\xbb\xbf" + after
