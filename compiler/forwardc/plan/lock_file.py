"""Where the lock of a build folder lies. Every command and server finds it here.

Loads nothing, so that a command that only looks for it starts fast.
"""

from pathlib import Path
from typing import Final

from forwardc.core.files.checkout import CheckoutPath, as_checkout

LOCK: Final = "forwardc.lock"


def lock_of_build(build: Path | CheckoutPath) -> CheckoutPath:
    """The lock file: beside the build folder, as that is named, and never where a link leads."""
    return as_checkout(build).beside(LOCK)
