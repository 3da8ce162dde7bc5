"""Commands of forwardc, each in a process of its own that is forked from one that has it loaded.

A fork costs less than starting Python and importing everything anew. What a command sees is the
same but for that: its folder, its environment, no input.
Run as a program it is the process that forks: one command a line, in JSON; it answers exit codes.
"""

import atexit
import gc
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
# What commands import late, of others.
_OF_OTHERS = (
    "_strptime",
    "anyio._backends._asyncio",
    "difflib",
    "encodings.idna",
    "jinja2",
    "jsonschema_rs",
)
_LONGEST_S = 300
"""A command that goes on for longer was meant to end: a server that should have refused."""


def forwardc(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], *, mixed: bool = False
) -> "subprocess.CompletedProcess[str]":
    """What a command ended with, negative for a signal, and what it printed.

    `mixed`: on one stream, as on a terminal.
    """
    with TemporaryFile() as output, TemporaryFile() as errors:
        streams = (output.fileno(), (output if mixed else errors).fileno())
        code = ending(arguments, folder, environment, streams)
        output.seek(0)
        errors.seek(0)
        said, told = output.read().decode(), errors.read().decode()
        return subprocess.CompletedProcess(list(arguments), code, said, told)


def ending(
    arguments: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    streams: tuple[int, int],
) -> int:
    """What a command ended with that writes to these descriptors, such as a terminal's."""
    return _ask(
        {
            "arguments": list(arguments),
            "folder": str(folder),
            "environment": dict(environment),
            "streams": [f"/proc/{os.getpid()}/fd/{stream}" for stream in streams],
        }
    )


def _ask(asked: dict[str, Any]) -> int:
    process = _loaded()
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(asked) + "\n")
    process.stdin.flush()
    return int(process.stdout.readline())


@cache
def _loaded() -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-P", __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT / "compiler")},
        text=True,
    )
    atexit.register(_end, process)
    return process


def _end(process: "subprocess.Popen[str]") -> None:
    # Without its input it ends by itself.
    with process:
        pass


def _command(asked: dict[str, Any]) -> int:
    child = os.fork()
    if child == 0:
        code = 70
        try:
            code = _in_child(asked)
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _in_child(asked: dict[str, Any]) -> int:
    from forwardc.cli.main import run

    signal.alarm(_LONGEST_S)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for stream, path in enumerate(asked["streams"], 1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NOCTTY), stream)
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    code = run(asked["arguments"])
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def load() -> None:
    """All of the program, so that no command has to load its part."""
    from importlib import import_module
    from pkgutil import walk_packages

    import forwardc

    modules = [module.name for module in walk_packages(forwardc.__path__, "forwardc.")]
    for name in (*modules, *_OF_OTHERS):
        if not name.endswith(".__main__"):
            import_module(name)
    # What the collector does not touch, no child has to copy.
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    load()
    for line in sys.stdin:
        sys.stdout.write(f"{_command(json.loads(line))}\n")
        sys.stdout.flush()
