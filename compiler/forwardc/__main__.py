"""Starts the command line.

`--version` and `--help` are answered before anything heavy is imported, and so are a check and a
build in which nothing changed.
"""

import atexit
import gc
import os
import sys

from forwardc.version import __version__

# Objects that are made before garbage is looked for, a few MiB: no command makes so many while it
# starts, and a server makes them in seconds.
_NEW_OBJECTS = 50_000


def main() -> None:
    """Run the command line with the arguments of this process and exit with its code."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        sys.stdout.write(f"forwardc {__version__}\n")
        return
    if sys.argv[1:] in (["--help"], ["-h"]):
        from forwardc.cli.commands import overview

        sys.stdout.write(f"{overview()}\n")
        return
    if sys.argv[1:] in (["check"], ["build"]):
        from forwardc.cli.unchanged import unchanged

        answer = unchanged(sys.argv[1:], dict(os.environ))
        if answer is not None:
            sys.stderr.write(f"{answer}\n")
            return
    # Modules, their classes and constants stay: with Python's own 700 they would be looked through
    # for garbage again and again while a command starts, which is a tenth of a run's time.
    gc.set_threshold(_NEW_OBJECTS)
    from forwardc.cli.main import run

    code = run(sys.argv[1:])
    # What is left goes with the process: the interpreter would look through all of it for garbage
    # before it ends, which is a seventh of a short command's time.
    gc.freeze()
    sys.exit(code)


def whole_process() -> None:
    """Run the command line as all that this process is for, and exit with its code.

    The interpreter takes module after module apart before it ends, which is a thirtieth of a check.
    Nobody asks for any of it any more, so that the process ends before, as mypy's does. Threads are
    joined by then, and what others have registered for the end was called: what is registered
    first is called last.
    """
    code: object = None

    def leave() -> None:
        if isinstance(code, int):
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    atexit.register(leave)
    try:
        main()
        code = 0
    except SystemExit as ended:
        code = ended.code
        raise


def _forget_working_directory() -> None:
    """Import nothing from the working directory, where `python -m` looks first.

    It may be a checkout with a file called `click.py`. `python -P` never looks there.
    """
    if sys.flags.safe_path:
        return
    from pathlib import Path

    if sys.path[:1] != [str(Path(__file__).parent.parent)]:
        del sys.path[:1]


if __name__ == "__main__":
    _forget_working_directory()
    whole_process()
