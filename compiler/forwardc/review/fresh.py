"""Whether a build folder was made from the files as they are now. Compares digests, compiles not.

A newer compiler is not noticed: what runs is what stands in `build/`, and `build --check` tells.
"""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from forwardc.diagnostics.sink import Sink
from forwardc.language.load import load_files, lock_name
from forwardc.language.project import Project
from forwardc.plan.digest import file_digest
from forwardc.plan.formats import FORMAT_VERSION
from forwardc.review.attestation import check_attestations
from forwardc.review.write import MANIFEST

_PLAN, _PRODUCTION = ".plan.json", "/production.plan.json"


def is_fresh(root: Path, project: Project) -> bool:
    """Whether the manifest names exactly the present inputs and plans, by path and digest."""
    build = root / project.build
    try:
        manifest = json.loads((build / MANIFEST).read_bytes())
        plans = {at: one for at, one in manifest["outputs"].items() if at.endswith(_PLAN)}
        fresh = manifest["forwardc"] == FORMAT_VERSION
        fresh = fresh and _holds(root, manifest["inputs"]) and _holds(build, plans)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False
    present = {*_destinations(root, project)}
    lock = lock_name(project)
    if (root / lock).exists():
        present.add(lock)
    return fresh and present <= set(manifest["inputs"])


def _holds(folder: Path, digests: Mapping[str, str]) -> bool:
    """Whether each file has its digest. Raises `OSError` where one cannot be read."""
    return all(file_digest((folder / at).read_bytes()) == one for at, one in digests.items())


def _destinations(root: Path, project: Project) -> list[str]:
    folder = root / project.destinations
    return sorted(f"{project.destinations}/{path.name}" for path in folder.glob("*.yaml"))


def check_evidence(root: Path, project: Project, today: date, sink: Sink) -> None:
    """FC0709 for evidence of a fresh build that has lapsed since, or is near its end.

    Reads only the destinations that name a day, so that it costs nothing where none does.
    """
    manifest = json.loads((root / project.build / MANIFEST).read_bytes())
    produced = {path.split("/")[1] for path in manifest["outputs"] if path.endswith(_PRODUCTION)}
    paths = [at for at in _destinations(root, project) if b"expires" in (root / at).read_bytes()]
    loaded = load_files(root, paths, sink)
    check_attestations(loaded.destinations, frozenset(produced), today, sink)
