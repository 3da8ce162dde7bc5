"""Runs tests over a mutant: in a copy of the checkout, in a process of its own, within a time.

What the tests need of others is imported once; what is ours is imported anew by each process.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

_PACKAGE: Final = Path("compiler", "forwardc")
_HEAVY: Final = (
    *("pytest", "hypothesis.strategies", "pydantic", "httpx", "httpcore", "yaml", "jinja2"),
    *("jsonschema", "jsonschema_rs", "jwcrypto.jwt", "starlette.applications", "click"),
    *("uvicorn", "prometheus_client", "pydantic_settings", "psycopg", "cryptography.x509"),
)

_OPTIONS: Final = (
    *("-x", "-q", "-p", "no:cacheprovider", "--hypothesis-profile", "mutants"),
    # Plugins that no nearest test needs take longer to load than most of them to run.
    *("-p", "no:schemathesis", "-p", "no:xdist", "-p", "no:anyio"),
    # PostgreSQL has the same statements, and its server takes longer to start than the tests.
    *("-k", "not postgresql"),
    # What was imported beforehand is not ours, and asserts nothing.
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),
)


class Fate(StrEnum):
    """What became of a mutant."""

    KILLED = "killed"
    TIMEOUT = "timeout"
    SURVIVED = "survived"


def copied(root: Path, folder: Path) -> Path:
    """A copy of the checkout as it is now, with its `.venv` and what lies beside it linked."""
    target = folder / "checkout"
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=root, capture_output=True, check=True).stdout
    for name in filter(None, names.decode().split("\0")):
        if (root / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, target / name)
    (target / ".venv").symlink_to((root / ".venv").resolve())
    if (root.parent / "shared").is_dir():
        (folder / "shared").symlink_to((root.parent / "shared").resolve())
    compile_all = [sys.executable, "-m", "compileall", "-q", "compiler", "tests"]
    subprocess.run(compile_all, cwd=target, check=False, capture_output=True)
    return target


def warm() -> None:
    """Import what is not ours, so that each process after it begins at once."""
    for name in _HEAVY:
        __import__(name)


@dataclass(frozen=True, slots=True)
class Workshop:
    """A copy of the checkout. One mutant at a time is in it."""

    copy: Path

    def tried(self, file: str, source: str, tests: tuple[str, ...], limit_s: float) -> Fate:
        """Put a source in the place of a file, run tests, and put the file back."""
        path = self.copy / _PACKAGE / file
        real = path.read_bytes()
        # A stale one would be taken for ours where size and second are the same.
        for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
            compiled.unlink()
        try:
            path.write_text(source, encoding="utf-8", errors="surrogatepass")
            return self._run(tests, limit_s)
        finally:
            path.write_bytes(real)

    def _run(self, tests: tuple[str, ...], limit_s: float) -> Fate:
        child = os.fork()
        if child == 0:
            _become(self.copy, tests)
        ends = time.monotonic() + limit_s
        # A mutant that goes on for ever is one that the tests see.
        while time.monotonic() < ends:
            pid, status = os.waitpid(child, os.WNOHANG)
            if pid:
                _end_group(child)
                return Fate.SURVIVED if status == 0 else Fate.KILLED
            time.sleep(0.01)
        _end_group(child)
        os.waitpid(child, 0)
        return Fate.TIMEOUT


def _end_group(leader: int) -> None:
    """End what a process started and left running, itself included."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        return


def _become(copy: Path, tests: tuple[str, ...]) -> None:
    """Run the tests in this process, which then ends with their exit code."""
    os.setsid()
    os.chdir(copy)
    log = os.open(copy.parent / "log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    sys.dont_write_bytecode = True
    # Commands that the tests start are the copy's, too.
    os.environ |= {"PYTHONPATH": str(copy / "compiler"), "PYTHONDONTWRITEBYTECODE": "1"}
    ours = ("forwardc", "mutants")
    for name in [name for name in sys.modules if name.partition(".")[0] in ours]:
        del sys.modules[name]
    sys.path[:0] = [str(copy / "compiler"), str(copy / "tests" / "support")]
    code = 9
    try:
        import pytest

        code = int(pytest.main([*_OPTIONS, *tests]))
    finally:
        sys.stdout.flush()
        os._exit(code)
