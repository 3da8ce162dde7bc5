"""Reports from the field, each a script that ends with PASS once the mistake is gone.

The scripts stand beside the checkout. They use fixed ports, so that they run one after another.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import gettempdir

import pytest

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("forwardc.yaml", "destinations", "build", "schemas")
SCRIPTS = (
    "amount-ugx-at-stripe",
    "answer-form-trailing-ampersand",
    "answer-json-bom",
    "content-type-contradicts-body",
    "country-xk",
    "json-param-decimal-bounds",
    "json-param-multipleof-crash",
    "nbsp-indentation",
    "order-number-looks-like-card",
    "params-file-bom",
    "reconcile-counts-an-item-twice",
    "retry-after-overflow",
    "return-url-of-an-app",
    "xml-qualified-names",
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("field"),
    pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell"),
]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what commands read of a checkout."""
    folder = tmp_path_factory.mktemp("clone")
    for name in COPIED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program of this checkout as one command, wherever a script changes to."""
    path = tmp_path_factory.mktemp("bin") / "forwardc"
    path.write_text(
        f'#!/bin/sh\nexport PYTHONPATH="{ROOT / "compiler"}"\n'
        f'exec "{sys.executable}" -P -m forwardc "$@"\n',
        encoding="utf-8",
    )
    path.chmod(0o755)
    return path


@pytest.fixture
def ports() -> Iterator[None]:
    """The fixed ports, which are those of the whole machine: one checkout at a time."""
    import fcntl

    with (Path(gettempdir()) / f"forwardc-field-{os.getuid()}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.mark.usefixtures("ports")
@pytest.mark.parametrize("name", SCRIPTS)
def test_a_report_from_the_field(
    name: str, clone: Path, program: Path, shared: Callable[[str], Path]
) -> None:
    script = shared(f"cases/field/{name}/run.sh")
    said = run(script, program, clone)
    if not said.endswith("PASS\n"):
        # A script gives its server one second to start, and a busy machine may need longer.
        said = run(script, program, clone)
    assert said.endswith("PASS\n"), said


def run(script: Path, program: Path, clone: Path) -> str:
    named = {"FORWARDC": str(program), "PYTHON": sys.executable, "CLONE": str(clone)}
    done = subprocess.run(
        ["sh", script.name],
        cwd=script.parent,
        env={**os.environ, **named},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=60,
    )
    return done.stdout
