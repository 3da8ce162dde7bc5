"""Whether a build folder was made from the files as they are now. Compares digests, compiles not.

A newer compiler is not noticed: what runs is what stands in `build/`, and `build --check` tells.
"""

import json
from pathlib import Path

from forwardc.plan.digest import file_digest
from forwardc.review.write import MANIFEST


def is_fresh(root: Path, folder: Path, destinations: str) -> bool:
    """Whether the manifest names exactly the present inputs, by path and digest."""
    try:
        inputs = json.loads((folder / MANIFEST).read_bytes())["inputs"]
        now = {path: file_digest((root / path).read_bytes()) for path in inputs}
    except (OSError, ValueError, KeyError, TypeError):
        return False
    present = {f"{destinations}/{path.name}" for path in (root / destinations).glob("*.yaml")}
    return bool(now == inputs) and present <= set(inputs)
