"""The files that forwardc writes for itself: their version, and the name and place of the lock.

Plan, lock and manifest change their version together, since each says something of the others.
"""

from pathlib import Path
from typing import Final

from forwardc.core.files.checkout import CheckoutPath, as_checkout

FORMAT_VERSION: Final = 2
"""Version 1 had no behaviour digest, and rules without their number."""


LOCK: Final = "forwardc.lock"

STAGED: Final = ".staged"
"""The folder of a build that is being written, below its build folder."""
STAGED_LOCK: Final = "lock"
"""The file in it that its writer has locked."""


def lock_of_build(build: Path | CheckoutPath) -> CheckoutPath:
    """The lock file: beside the build folder, as that is named, and never where a link leads."""
    return as_checkout(build).beside(LOCK)
