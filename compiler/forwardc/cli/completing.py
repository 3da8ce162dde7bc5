"""A shell asks what a word may become: an answer on standard output, and nothing else anywhere.

The shell shows whatever comes on standard error between two keys of a person. So a failure is an
empty answer.
"""

import os
import sys
from collections.abc import Callable
from contextlib import redirect_stderr
from io import StringIO
from typing import Final

VARIABLE: Final = "_FORWARDC_COMPLETE"
"""Set by the script of a shell; click reads it."""


def is_asked() -> bool:
    """Whether this process was started for an answer only."""
    return bool(os.environ.get(VARIABLE))


def answered(answer: Callable[[], object]) -> int:
    """The exit code of an answer, which click gives; 1 where there is none."""
    with redirect_stderr(StringIO()):
        try:
            answer()
            sys.stdout.flush()
        except SystemExit as end:
            return end.code if isinstance(end.code, int) else 1
        except Exception:
            return 1
    return 0
