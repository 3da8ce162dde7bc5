"""`forwardc serve` whose writing thread does all works of the history: what the loop saves it.

A large batch on a local database is done by the event loop (`run_on_loop`); here no batch is large.
"""

import sys

from forwardc.__main__ import main
from forwardc.runtime.history import group_commit

if __name__ == "__main__":
    group_commit._LOOP_WORKS = sys.maxsize  # type: ignore[misc]  # noqa: SLF001 - no setting
    main()
