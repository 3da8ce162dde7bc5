"""The three stages: who knows a value, and when."""

from enum import IntEnum


class Stage(IntEnum):
    """When a value is known. An expression's stage is the latest of its parts."""

    BUILD = 0
    """Known to the compiler: literals and settings."""
    RUN = 1
    """Known to the runtime on each run: params, inputs, held secrets, earlier outputs."""
    VAULT = 2
    """Known only inside the PSP's PCI boundary: card data and secrets stored there."""
