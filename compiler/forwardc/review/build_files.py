"""Every file of `build/`: what the packs say, coverage, and the manifest with their digests.

Byte-stable: no clock, no path of a machine, no order of a set. Writes nothing.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from forwardc.language.load import Loaded
from forwardc.plan.approvals import Lock
from forwardc.review import coverage
from forwardc.review.coverage_page import to_markdown
from forwardc.review.pack import packs
from forwardc.review.page.page import review_page
from forwardc.review.writers import files_of
from forwardc.vaults.assess import Assessment
from forwardc.vaults.model import Json
from forwardc.vaults.plan_file import PLAN_VERSION, to_bytes

LANGUAGE_VERSION = 1


def documents(
    loaded: Loaded, assessments: Sequence[Assessment], not_built: Sequence[Json], lock: Lock
) -> dict[str, Any]:
    """All files but the manifest by their path below `build/`, sorted, not yet written.

    A text is a text; a structure may hold terms, which know their place in the YAML.
    """
    found, lacking = packs(assessments, loaded)
    rows = coverage.rows(assessments)
    missing = [*not_built, *lacking]
    files = {path: content for pack in found for path, content in files_of(pack).items()}
    for pack in found:
        files |= review_page(pack, lock)
    files["coverage.json"] = coverage.to_json(rows, missing)
    files["coverage.md"] = to_markdown(rows, missing)
    return dict(sorted(files.items()))


def outputs(inputs: Mapping[str, bytes], made: Mapping[str, Any]) -> dict[str, bytes]:
    """The bytes of every file by its path below `build/`. `inputs` are the files compiled."""
    files = {
        path: content.encode() if isinstance(content, str) else to_bytes(content)
        for path, content in made.items()
    }
    return {**files, "manifest.json": to_bytes(_manifest(inputs, files))}


def _manifest(inputs: Mapping[str, bytes], files: Mapping[str, bytes]) -> Json:
    return {
        "forwardc": PLAN_VERSION,
        "language": LANGUAGE_VERSION,
        "inputs": {path: _digest(data) for path, data in sorted(inputs.items())},
        "outputs": {path: _digest(data) for path, data in files.items()},
    }


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
