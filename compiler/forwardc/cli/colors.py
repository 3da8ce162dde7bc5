"""Whether output has colours: what the environment says of them, else whether it is a terminal.

NO_COLOR (https://no-color.org) wins over FORCE_COLOR (https://force-color.org) and CLICOLOR_FORCE
(https://bixense.com/clicolors); each counts with any value but an empty one, and the last two not
with 0.
"""

import os
from collections.abc import Mapping
from typing import TextIO


def said(environment: Mapping[str, str] = os.environ) -> bool | None:
    """What the environment says; None where it says nothing and the stream decides."""
    if environment.get("NO_COLOR"):
        return False
    forced = (environment.get(name) for name in ("FORCE_COLOR", "CLICOLOR_FORCE"))
    if any(value and value != "0" for value in forced):
        return True
    if environment.get("CLICOLOR") == "0" or environment.get("TERM") == "dumb":
        return False
    return None


def wanted(stream: TextIO) -> bool:
    """Whether what is written there has colours."""
    told = said()
    return stream.isatty() if told is None else told
