"""`python -m fuzzed`: fuzz the readers with the coverage of each input as the guide.

atheris has wheels for Linux with glibc on x86_64. Where it is not there, this says so and ends
with 0: the property tests have fuzzed the same readers before.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

_LONGEST_INPUT: Final = 20_000
_SECONDS: Final = 20


def main() -> int:
    """Fuzz each reader in a process of its own; 1 where one of them broke."""
    arguments = argparse.ArgumentParser(prog="python -m fuzzed", description=__doc__)
    arguments.add_argument("names", nargs="*", help="readers of the table; all of them without")
    arguments.add_argument("--seconds", type=int, default=_SECONDS, help="for each reader")
    arguments.add_argument("--one", action="store_true", help="fuzz in this process, until it ends")
    given = arguments.parse_args()
    if given.one:
        _fuzz(given.names[0], given.seconds)
        return 0
    try:
        import atheris  # noqa: F401 - whether it is there
    except ImportError:
        sys.stdout.write("NOT FUZZED with coverage: atheris is not there for this Python\n")
        return 0
    from fuzzed.parsers import PARSERS

    names = given.names or list(PARSERS)
    broken = [name for name in names if not _held(name, given.seconds)]
    sys.stdout.write(f"{len(names)} readers fuzzed with coverage, broken: {len(broken)}\n")
    return int(bool(broken))


def _held(name: str, seconds: int) -> bool:
    """Whether a reader held. What broke it is printed, with the bytes as base64."""
    command = [sys.executable, "-m", "fuzzed", "--one", "--seconds", str(seconds), name]
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    told = [line for line in done.stderr.splitlines() if line.startswith("Done ")]
    runs = told[-1].split()[1] if told else "an unknown number of"
    took = time.monotonic() - began
    verdict = "held" if done.returncode == 0 else "BROKEN"
    sys.stdout.write(f"{name}: {verdict}, {runs} inputs in {took:.0f} s\n")
    if done.returncode:
        sys.stdout.write(done.stdout[-4_000:] + done.stderr[-4_000:])
    sys.stdout.flush()
    return done.returncode == 0


def _fuzz(name: str, seconds: int) -> None:
    """Fuzz until the time is up, or a reader breaks; ends the process."""
    import atheris

    # What is imported in here tells its coverage: all of ours, and nothing else.
    with atheris.instrument_imports(include=["forwardc"], enable_loader_override=False):
        from fuzzed.parsers import PARSERS

        parser = PARSERS[name]
        parser.read(parser.seeds()[0])
    with TemporaryDirectory(prefix="corpus-") as corpus:
        for number, seed in enumerate(parser.seeds()):
            Path(corpus, str(number)).write_bytes(seed)
        os.chdir(corpus)
        limits = [f"-max_total_time={seconds}", f"-max_len={_LONGEST_INPUT}", "-timeout=10"]
        atheris.Setup([sys.argv[0], *limits, "-rss_limit_mb=2048", corpus], parser.read)
        atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
