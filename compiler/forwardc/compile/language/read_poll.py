"""Reads `poll:`: how often, and for how long, a step asks for a pending payment."""

from forwardc.compile.ir.poll import Poll
from forwardc.compile.language import access
from forwardc.compile.language.nodes import Node


def read_poll(node: Node | None) -> Poll | None:
    """What `poll:` says; None without it, and where the schema refuses it."""
    every, at_most = access.integer(node, "every"), access.integer(node, "at_most")
    times = access.integer(node, "times")
    if every is None or at_most is None or times is None:
        return None
    return Poll(every, at_most, times, is_safe=access.flag(node, "safe"))
