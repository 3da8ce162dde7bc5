"""CONTRIBUTING's recipes, step by step, on a copy of the repository: a throw-away vault and check.

Each function does what its steps say, in the places that they name, and nothing else.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent.parent
VAULT = "acorn"
CODE = "FC0599"
RULE = "throw_away"


def copy_of_the_repository(folder: Path) -> Path:
    """What the compiler needs, and what it made: package, schemas, destinations, `build/`."""
    for name in ("compiler", "schemas", "destinations", "build"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for name in ("forwardc.yaml", "forwardc.lock"):
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, folder / name)
    return folder


def forwardc(root: Path, *arguments: str, folder: Path | None = None) -> "Done":
    """The command of a copy. Exit code and what it printed."""
    return _python(root, "-m", "forwardc", *arguments, folder=folder)


class Done(subprocess.CompletedProcess[str]):
    """What a command did."""


def _python(root: Path, *arguments: str, folder: Path | None = None) -> Done:
    path = os.pathsep.join((str(root / "compiler"), str(HERE.parent)))
    done = subprocess.run(
        [sys.executable, "-P", *arguments],
        cwd=folder or root,
        env={**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return Done(done.args, done.returncode, done.stdout, done.stderr)


def add_line(file: Path, before: str, line: str) -> None:
    """Put one line before another one, which stands there once."""
    text = file.read_text("utf-8")
    assert text.count(before) == 1, f"{file.name}: {before!r}"
    file.write_text(text.replace(before, f"{line}{before}"), encoding="utf-8")


def add_settings(project: Path, environment: str, line: str) -> None:
    """Put a destination's values first below the settings of an environment of `forwardc.yaml`."""
    head, place, tail = project.read_text("utf-8").partition(f"\n  {environment}:\n")
    vaults, settings, rest = tail.partition("    settings:\n")
    project.write_text(f"{head}{place}{vaults}{settings}{line}{rest}", encoding="utf-8")


def add_vault(root: Path) -> list[str]:
    """The steps of "Add a vault" but the sandbox's; the files touched outside of a folder."""
    vaults = root / "compiler/forwardc/compile/vaults"
    shutil.copytree(HERE / "vault", vaults / VAULT)
    (vaults / VAULT / "__init__.py").write_text('"""Acorn: a vault that a test adds."""\n')
    add_line(vaults / "registry.py", '    "direct",\n', f'    "{VAULT}",\n')
    done = _python(root, "-m", "generated_files", str(root))
    assert done.returncode == 0, done.stderr
    return ["compiler/forwardc/compile/vaults/registry.py", *done.stdout.split()]


def add_to_the_sandbox(root: Path) -> str:
    """The sandbox's step of "Add a vault"; the file of its registry."""
    sandbox = root / "compiler/forwardc/sandbox"
    (sandbox / VAULT).mkdir()
    (sandbox / VAULT / "__init__.py").write_text('"""Acorn\'s API, emulated."""\n')
    for name in ("hosts.py", "party.py"):
        shutil.copy(HERE / "sandbox" / name, sandbox / VAULT / name)
    add_line(sandbox / "registry.py", '    "checkout",\n', f'    "{VAULT}",\n')
    return "compiler/forwardc/sandbox/registry.py"


def add_check(root: Path) -> list[str]:
    """The steps of "Add a check"; the files that were touched and are not new."""
    package = root / "compiler/forwardc"
    diagnostics, passes = package / "core/diagnostics", package / "compile/passes"
    codes, runner = diagnostics / "codes.py", passes / "check.py"
    line = f'    Code("{CODE}", "throw-away-step", "A step has a name that a test forbids"),\n'
    add_line(codes, '    Code("FC0601"', line)
    shutil.copy(HERE / "check/rule.py", passes / f"checks/{RULE}.py")
    add_line(runner, "    weak_key,\n", f"    {RULE},\n")
    add_line(runner, "    weak_key.check,\n", f"    {RULE}.check,\n")
    shutil.copy(HERE / "check/page.md", diagnostics / f"pages/{CODE}.md")
    return [path.relative_to(root).as_posix() for path in (codes, runner)]
