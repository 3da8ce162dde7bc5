"""The version of the files that forwardc writes for itself: plan, lock and manifest.

The three change together, since each says something of the others.
"""

from typing import Final

FORMAT_VERSION: Final = 2
"""Version 1 had no behaviour digest, and rules without their number."""
