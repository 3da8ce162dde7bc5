"""Whether a build folder was made from the files as they are now.

The digests of inputs and plans in the manifest are compared with the files; nothing is compiled. A
newer compiler is not noticed: what runs is what stands in `build/`, and `build --check` tells.
"""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from forwardc.compile.language.load import load_files, lock_name
from forwardc.compile.language.project import Project
from forwardc.compile.language.summarize import summary_of
from forwardc.compile.review.attestation import check_attestations
from forwardc.compile.review.comparison import MANIFEST
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.files.checkout import CheckoutPath, below
from forwardc.core.files.digest import file_digest
from forwardc.core.files.kinds import ATTESTATION, BUILT, DESTINATION
from forwardc.plan.formats import FORMAT_VERSION

# What is an input is told by its path alone, and no kind is larger than this one.
_ANY = max((ATTESTATION, BUILT), key=lambda kind: kind.most or 0)
_PLAN, _PRODUCTION = ".plan.json", "/production.plan.json"


def is_fresh(root: Path, project: Project) -> bool:
    """Whether the manifest names exactly the present inputs and plans, by path and digest."""
    at = below(root)
    build = at / project.build
    try:
        manifest = json.loads((build / MANIFEST).read(BUILT))
        plans = {at: digest for at, digest in manifest["outputs"].items() if at.endswith(_PLAN)}
        fresh = manifest["forwardc"] == FORMAT_VERSION
        fresh = fresh and _holds(at, manifest["inputs"]) and _holds(build, plans)
        present = {*_destinations(at, project)}
        lock = lock_name(project)
        if (at / lock).is_plain():
            present.add(lock)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False
    return fresh and present <= set(manifest["inputs"])


def _holds(folder: CheckoutPath, digests: Mapping[str, str]) -> bool:
    """Whether each file has its digest. Raises `OSError` where one cannot be read."""
    return all(file_digest((folder / at).read(_ANY)) == digest for at, digest in digests.items())


def _destinations(root: CheckoutPath, project: Project) -> list[str]:
    names = (root / project.destinations).names(".yaml")
    return [f"{project.destinations}/{name}" for name in names]


def check_evidence(root: Path, project: Project, today: date, sink: Sink) -> None:
    """FC0709 for evidence of a fresh build that has lapsed since, or is near its end.

    Reads only the destinations that name a day, so that it costs nothing where none does.
    """
    at = below(root)
    manifest = json.loads((at / project.build / MANIFEST).read(BUILT))
    produced = {path.split("/")[1] for path in manifest["outputs"] if path.endswith(_PRODUCTION)}
    paths = [
        path for path in _destinations(at, project) if b"expires" in (at / path).read(DESTINATION)
    ]
    loaded = load_files(root, paths, sink)
    check_attestations(map(summary_of, loaded.destinations), frozenset(produced), today, sink)
