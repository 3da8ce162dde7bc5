"""Pauses the garbage collector while a command compiles. Knows nothing of what is compiled."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """No collection inside: trees of a compile hold no cycles, and walking them costs a sixth."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.unfreeze()
        if was_enabled:
            gc.enable()


def collect_from_now_on() -> None:
    """Collect again, but look only at what is made from now on: the writing of pages is cyclic."""
    gc.freeze()
    gc.enable()
