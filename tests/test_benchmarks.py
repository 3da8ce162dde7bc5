"""Every measurement runs, on tiny input. No figure is judged here: machines differ."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package lies beside the compiler, as `python -m benchmarks` finds it."""
    monkeypatch.syspath_prepend(str(ROOT))
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "compiler"))


def test_a_generated_destination_has_117_lines() -> None:
    from benchmarks.project import destination

    assert destination(7).count("\n") == 117


def test_no_reference_of_the_load_looks_like_a_card() -> None:
    from benchmarks.load import reference

    from forwardc.core.recognizer.cards import holds_card

    # 7415 is the first that did when digits could stand in a row.
    assert not [number for number in range(7000, 9500) if holds_card(reference(number))]


def test_the_floor_writes_two_files_for_each_destination(tmp_path: Path) -> None:
    from benchmarks.project import generate
    from benchmarks.suites import FLOOR, SCHEMA

    root = generate(tmp_path, 2)
    for job in ("check", "build", "rebuild"):
        subprocess.run([sys.executable, str(FLOOR), str(root), str(SCHEMA), job], check=True)
    names = ["config", "template"]
    files = sorted(path.name for path in (root / "floor").iterdir())
    assert files == [f"psp_000{number}.{name}.json" for number in range(2) for name in names]


def test_a_mistake_is_one_that_check_finds(tmp_path: Path) -> None:
    from benchmarks.project import generate

    root = generate(tmp_path, 2, mistakes=1)
    done = subprocess.run(
        [
            sys.executable,
            "-P",
            "-m",
            "forwardc",
            "check",
            "--format",
            "concise",
            "--project",
            str(root),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "psp_0000.yaml" in done.stdout
    assert "psp_0001.yaml" not in done.stdout


def test_every_measurement_runs_and_stands_on_the_page(tmp_path: Path) -> None:
    from benchmarks.__main__ import rows
    from benchmarks.report import page
    from benchmarks.suites import Effort, Row

    found: Sequence[Row] = list(rows(Effort((1, 2), 1, 1, 1, 2, 500, 1, 1, 0.3, 1.0), tmp_path))
    text = page(found, 1)
    assert {row.job for row in found} == {"", "build", "check", "rebuild"}
    for row in found:
        assert row.ours > 0 or row.what.endswith("errors")
        assert row.what in text
    assert text.count("| `build` |") == 1
