"""What the project of a sandbox has compiled, as plain data: what its vaults have onboarded.

Knows no vendor and no file: whoever starts a sandbox reads the project.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Project:
    """All that the project's plans name. An empty one has onboarded nothing."""
