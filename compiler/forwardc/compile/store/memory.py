"""What the pipeline asks of a store: what stays of single destinations, from earlier runs."""

from collections.abc import Callable
from typing import Protocol, TypeAlias

from forwardc.compile.language.load import LoadedProject
from forwardc.compile.review.compiled_destination import CompiledDestination
from forwardc.compile.store.slices import ProjectParts


class DestinationMemory(Protocol):
    """What stays of destinations of earlier runs."""

    def recall(self, path: str, digest: str, *, assesses: bool) -> CompiledDestination | None:
        """What stays of the file with this digest, where compiling it would leave the same.

        `assesses`: assessed and, in a build, with its files in place.
        """

    def keep(self, compiled: CompiledDestination) -> None:
        """Note what stays of a file that was compiled."""


Remember: TypeAlias = Callable[[LoadedProject, ProjectParts], DestinationMemory]
"""Makes the memory of a run, once it is known what the project is."""
