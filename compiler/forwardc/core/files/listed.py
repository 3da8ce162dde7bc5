"""Lists what is in a folder that an operator named, for hints. Opens no file."""

import os
from itertools import islice
from pathlib import Path
from typing import Final

_MOST: Final = 500


def names_in(folder: Path) -> list[str]:
    """The names in a folder, the first 500 of them, sorted; none where it cannot be listed."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in islice(entries, _MOST))
    except OSError:
        return []
