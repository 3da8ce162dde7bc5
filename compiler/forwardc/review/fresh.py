"""Whether a build folder was made from the files as they are now. Compares digests, compiles not.

A newer compiler is not noticed: what runs is what stands in `build/`, and `build --check` tells.
"""

import json
from pathlib import Path

from forwardc.language.load import lock_name
from forwardc.language.project import Project
from forwardc.plan.digest import file_digest
from forwardc.review.write import MANIFEST


def is_fresh(root: Path, project: Project) -> bool:
    """Whether the manifest names exactly the present inputs, by path and digest."""
    try:
        inputs = json.loads((root / project.build / MANIFEST).read_bytes())["inputs"]
        now = {path: file_digest((root / path).read_bytes()) for path in inputs}
    except (OSError, ValueError, KeyError, TypeError):
        return False
    folder = root / project.destinations
    present = {f"{project.destinations}/{path.name}" for path in folder.glob("*.yaml")}
    lock = lock_name(project)
    if (root / lock).exists():
        present.add(lock)
    return bool(now == inputs) and present <= set(inputs)
