"""`make quick` covers every room, and leaves out what starts something."""

from pathlib import Path

import pytest

import quick
from syntax import PACKAGE

ROOMS = sorted(
    ".".join(folder.relative_to(PACKAGE.parent).parts)
    for folder in (*PACKAGE.iterdir(), *(PACKAGE / "compile").iterdir())
    if folder.is_dir() and folder.name not in ("__pycache__", "compile")
)


@pytest.mark.parametrize("room", ROOMS)
def test_it_covers_every_room(room: str) -> None:
    asking = [path for path in quick.files() if f"from {room}." in path.read_text(encoding="utf-8")]
    assert asking


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import json\n", True),
        ("import json\nimport subprocess\n", False),
        ("from serving import Shop\n", False),
        ("from servings import Shop\n", True),
        ("    from subprocess import run\n", True),
    ],
)
def test_what_starts_something_is_left_out(
    text: str, expected: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quick, "TESTS", tmp_path)
    (tmp_path / "test_x.py").write_text(text)
    assert quick.is_quick(tmp_path / "test_x.py") is expected


def test_a_sample_has_both_ends() -> None:
    assert quick.sample([1, 2]) == [1, 2]
    assert quick.sample(list(range(100))) == [0, 50, 99]


def test_what_is_left_out_exists() -> None:
    assert [name for name in quick.ELSEWHERE if not (quick.TESTS / name).exists()] == []
