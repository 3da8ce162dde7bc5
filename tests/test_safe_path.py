"""A file of a checkout that is called like a package is not imported."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
COMPILER = str(ROOT / "compiler")
NAMES = ("click.py", "yaml.py", "jsonschema_rs.py", "jinja2.py", "json.py", "selectors.py", "re.py")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A project with files that leave a trace when they are imported."""
    trace = f"open({str(tmp_path / 'trace')!r}, 'a').write(__name__)\nraise SystemExit(9)\n"
    folder = tmp_path / "checkout"
    (folder / "destinations").mkdir(parents=True)
    for name in NAMES:
        (folder / name).write_text(trace, encoding="utf-8")
    (folder / "pydantic").mkdir()
    (folder / "pydantic" / "__init__.py").write_text(trace, encoding="utf-8")
    (folder / "forwardc.yaml").write_text("forwardc: 1\nx: 1\n", encoding="utf-8")
    return folder


def entry(folder: Path) -> Path:
    """The command that `make` writes into `.venv`, for this interpreter."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (written,) = re.findall(r"@printf '(.*)' >\.venv/bin/forwardc", makefile)
    text = written.replace("\\n", "\n").replace("$$", "$")
    path = folder / "forwardc"
    path.write_text(text.replace('"$(dirname "$0")/python"', f'"{sys.executable}"'))
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("way", ["make", "python -P -m", "python -m"])
@pytest.mark.parametrize("arguments", [("check",), ("build",), ("--help",), ("explain", "FC0118")])
def test_no_file_of_the_checkout_is_imported(
    arguments: tuple[str, ...], way: str, checkout: Path, tmp_path: Path
) -> None:
    if way == "python -m":
        # Python itself imports these before any line of ours is run.
        for name in ("json.py", "selectors.py", "re.py"):
            (checkout / name).unlink()
    command = {
        "make": [str(entry(tmp_path))],
        "python -P -m": [sys.executable, "-P", "-m", "forwardc"],
        "python -m": [sys.executable, "-m", "forwardc"],
    }[way]
    done = subprocess.run(
        [*command, *arguments],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": COMPILER},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not (tmp_path / "trace").exists()
    assert done.returncode in (0, 1), done.stderr


WORKER = """\
import os, socket, sys
from forwardc.server.http import workers
from forwardc.server.http.workers import Workers

if __name__ == "__main__":
    assert not sys.flags.safe_path
    # A busy machine takes its time to start one: it ends soon all the same.
    workers._SOON_S = 600
    with socket.create_server(("127.0.0.1", 0)) as listener:
        code = Workers(1, {}, listener).run(lambda: None)
    assert "PYTHONSAFEPATH" not in os.environ
    sys.exit(code)
"""


def test_a_worker_of_a_server_imports_nothing_from_there(tmp_path: Path) -> None:
    """Whoever starts the installed command has no `-P`; a worker begins as another Python."""
    (tmp_path / "folder").mkdir()
    for name in ("runpy.py", "pickle.py", "multiprocessing.py"):
        trace = f"open({str(tmp_path / 'trace')!r}, 'a').write(__name__)\n"
        (tmp_path / "folder" / name).write_text(trace, encoding="utf-8")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "start.py").write_text(WORKER, encoding="utf-8")
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONSAFEPATH"}
    done = subprocess.run(
        [sys.executable, tmp_path / "bin" / "start.py"],
        cwd=tmp_path / "folder",
        env={**environment, "PYTHONPATH": COMPILER},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    # Settings that are none end the worker, once it has begun.
    assert done.returncode == 1, done.stderr
    assert "ValidationError" in done.stderr
    assert not (tmp_path / "trace").exists()
