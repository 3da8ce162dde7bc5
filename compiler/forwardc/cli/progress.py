"""Shows how far a long command is, on a terminal only: a pipe or a log never sees it.

Knows nothing of what is done.
"""

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import click

Item = TypeVar("Item")


@contextmanager
def progress(
    items: Iterable[Item], label: str, *, length: int | None = None
) -> Iterator[Iterable[Item]]:
    """Give the items back, and draw a bar on standard error while they are taken.

    `length` is the number of items, for those that do not know it themselves.
    """
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield items
        return
    with click.progressbar(items, length=length, label=label, file=sys.stderr) as bar:
        yield bar
