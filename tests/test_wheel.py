"""The wheel, installed into an empty environment, works far from the repository."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from forwardc.cli.commands import COMMANDS
from forwardc.version import __version__
from one_rule import one_rule
from usual_shell import STARTED_WITH

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "compiler" / "forwardc"
UNREACHABLE = re.compile(r"NewConnectionError|NameResolutionError|Max retries|timed out", re.I)
# One worker builds the wheel once for all tests of this file.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wheel")]

Forwardc = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def forwardc(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Forwardc:
    """A function that runs the installed command in a folder of its own."""
    home = tmp_path_factory.mktemp("elsewhere")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home / "venv"], check=True)
    constraints = home / "constraints.txt"
    constraints.write_text("\n".join(locked_versions()), encoding="utf-8")
    installed = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "--python", home / "venv/bin/python", "install"),
            *("--quiet", "--no-input", "--disable-pip-version-check", "--only-binary", ":all:"),
            # A command compiles what it imports; of the rest, nobody needs the bytecode.
            "--no-compile",
            *("--constraint", constraints, wheel),
        ],
        # What leads to the index is a matter of the shell that the tests were started in.
        env=STARTED_WITH,
        capture_output=True,
        text=True,
        check=False,
    )
    if installed.returncode and UNREACHABLE.search(installed.stderr) and "CI" not in STARTED_WITH:
        pytest.skip("needs a package index, and none can be reached")
    assert installed.returncode == 0, installed.stderr
    inherited = {
        name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ
    }

    def call(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [home / "venv/bin/forwardc", *arguments],
            cwd=cwd,
            env={**inherited, "HOME": str(home)},
            capture_output=True,
            text=True,
            check=False,
        )

    return call


def locked_versions() -> Iterator[str]:
    for line in (ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8").splitlines():
        if entry := re.match(r"[a-z0-9-]+==[^ ;]+", line):
            yield entry[0]


def test_the_wheel_holds_the_package_and_its_data(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    package = {
        f"forwardc/{path.relative_to(PACKAGE).as_posix()}"
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    data = {
        f"forwardc/_data/{path.relative_to(ROOT).as_posix()}"
        for folder in ("schemas", "destinations")
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
    }
    record = f"forwardc-{__version__}.dist-info"
    rest = {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE"}
    assert data
    assert inside == package | data | {"forwardc/_data/forwardc.yaml"} | {
        f"{record}/{name}" for name in rest
    }


def test_it_tells_its_version(forwardc: Forwardc, tmp_path: Path) -> None:
    assert forwardc("--version", cwd=tmp_path).stdout == f"forwardc {__version__}\n"


@one_rule("name", COMMANDS)
def test_every_command_is_there(name: str, forwardc: Forwardc, tmp_path: Path) -> None:
    done = forwardc(name, "--help", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"Usage: forwardc {name}" in done.stdout


def test_it_explains_a_code(forwardc: Forwardc, tmp_path: Path) -> None:
    done = forwardc("explain", "FC0302", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "FC0302" in done.stdout


def test_it_checks_a_copied_destination(forwardc: Forwardc, tmp_path: Path) -> None:
    copied = tmp_path / "adyen.yaml"
    shutil.copy(ROOT / "destinations" / "adyen.yaml", copied)
    done = forwardc("check", copied.name, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr

    copied.write_text(copied.read_text(encoding="utf-8") + "\nnonsense: 1\n", encoding="utf-8")
    done = forwardc("check", copied.name, cwd=tmp_path)
    assert done.returncode == 1
    assert "FC0201" in done.stdout + done.stderr


def test_it_gives_the_demo(forwardc: Forwardc, tmp_path: Path) -> None:
    done = forwardc("demo", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "all as expected" in done.stdout
    assert not list(tmp_path.iterdir())
