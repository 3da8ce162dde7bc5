"""Lets a child process hear interrupts, wherever the tests themselves were started."""

import signal


def hear_interrupts() -> None:
    """For `preexec_fn`: a shell starts background jobs deaf to them, and children inherit it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
