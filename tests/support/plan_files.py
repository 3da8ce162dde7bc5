"""A build folder of hand-made plans, with the manifest that belongs to them."""

import json
from collections.abc import Iterable
from pathlib import Path

from forwardc.core.files.digest import file_digest
from forwardc.plan.model import load_plan


def build_of(plans: Iterable[Path], folder: Path) -> Path:
    """Write the plans where a build has them."""
    outputs = {}
    for source in plans:
        data = source.read_bytes()
        plan = load_plan(data)
        path = f"{plan.vault}/{plan.destination}/{plan.environment}.plan.json"
        (folder / path).parent.mkdir(parents=True)
        (folder / path).write_bytes(data)
        outputs[path] = file_digest(data)
    manifest = {"forwardc": 2, "language": 1, "inputs": {}, "outputs": outputs, "live_hosts": []}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder
