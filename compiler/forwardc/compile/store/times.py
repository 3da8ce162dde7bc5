"""Whether the time of a file tells that nobody has written to it since it was looked at.

A file may be written twice within one step of the clock that its file system uses; then only its
bytes tell. So git reads again what is as young as its index, and we what is as young as a record.
"""

_SECOND = 1_000_000_000
"""Nanoseconds."""
TICK_NS = _SECOND // 10
"""Linux and macOS take a file's time from a clock that ticks every 1 to 10 ms; ten times that."""
COARSE_NS = 2 * _SECOND + TICK_NS
"""FAT counts in 2 seconds, HFS+ and old NFS in 1: their times have no fraction."""


def is_young(time_ns: int, looked_at_ns: int) -> bool:
    """Whether something may have been written again after `looked_at_ns` with the same time.

    Also what has a time that is still to come.
    """
    step = TICK_NS if time_ns % _SECOND else COARSE_NS
    return time_ns + step >= looked_at_ns
