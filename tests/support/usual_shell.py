"""One shell for the tests, whoever starts them and from wherever.

A shell hands down variables, a mask for new files and signals that it ignores: a job that runs
behind it is deaf to Ctrl-C, and so is each process that a test starts. A user's proxy, colours,
language, database or certificates would decide tests, too. `settle` takes all of that away, in the
process that runs tests and so in its children; `STARTED_WITH` keeps the variables for whoever has
to reach a package index as the user does.
"""

import os
import signal
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

STARTED_WITH: Final[Mapping[str, str]] = MappingProxyType(dict(os.environ))
"""The variables as the tests were started with them."""
_STAY: Final = frozenset(
    {
        # Where programs and folders are.
        *("PATH", "HOME", "TMPDIR", "USER", "LOGNAME", "SYSTEMROOT"),
        # What tests are asked for, by a person, by CI or by `make mutants`.
        *("UPDATE_CASES", "FORWARDC_CHROMIUM", "FORWARDC_REQUIRE_CHROMIUM"),
        *("FORWARDC_REQUIRE_NODE", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE"),
    }
)
# Of the tests' own tools, and of what is loaded into every process, such as another clock.
_STAY_BEGINNING: Final = (
    "PYTEST_XDIST_",
    "COV_",
    "COVERAGE_",
    "PLAYWRIGHT_",
    "LD_",
    "DYLD_",
    "FAKETIME",
)
_UMASK: Final = 0o022
# What a process may have been started deaf to, and what hears it then.
_HEARD: Final = {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGTERM: signal.SIG_DFL,
    signal.SIGALRM: signal.SIG_DFL,
    signal.SIGCHLD: signal.SIG_DFL,
}


def settle() -> None:
    """Make this process, and those that it starts, as they are in every other shell."""
    for name in set(os.environ) - _STAY:
        if not name.startswith(_STAY_BEGINNING):
            del os.environ[name]
    if not Path(os.environ.get("HOME", "")).is_dir():
        os.environ["HOME"] = tempfile.gettempdir()
    os.umask(_UMASK)
    for number, handler in _HEARD.items():
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _HEARD)
