"""Every file of `build/`: what the packs say, coverage, and the manifest with their digests.

One file at a time, so that a large project needs no more memory than a small one. Byte-stable: no
clock, no path of a machine, no order of a set. Writes nothing.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from forwardc.compile.language.load import LoadedProject
from forwardc.compile.review import coverage
from forwardc.compile.review.asked import missing_account_keys
from forwardc.compile.review.coverage_page import to_markdown
from forwardc.compile.review.pack import packs
from forwardc.compile.review.page.page import review_page
from forwardc.compile.review.write import MANIFEST
from forwardc.compile.review.writers import files_of
from forwardc.compile.vaults.assess import Assessment
from forwardc.compile.vaults.model import Json
from forwardc.compile.vaults.plan_file import to_bytes
from forwardc.plan.approvals import Lock
from forwardc.plan.formats import FORMAT_VERSION
from forwardc.plan.live_hosts import shipped

LANGUAGE_VERSION = 1


def documents(
    loaded: LoadedProject,
    assessments: Sequence[Assessment],
    not_built: Sequence[Json],
    lock: Lock,
    live: Sequence[str],
) -> Iterator[tuple[str, Any]]:
    """All files but the manifest, destination by destination: path below `build/` and content.

    A text is a text; a structure may hold terms, which know their place in the YAML.
    """
    missing, by_name, every = list(not_built), loaded.by_name, shipped() | live
    for name, group in groupby(
        assessments, lambda assessment: assessment.context.program.destination
    ):
        built, lacking = packs(list(group), by_name[name], loaded.project, every)
        missing += lacking
        for pack in built:
            yield from files_of(pack).items()
            yield from review_page(pack, lock).items()
    rows, asked = coverage.rows(assessments), missing_account_keys(assessments)
    yield "coverage.json", coverage.to_json(rows, missing, asked)
    yield "coverage.md", to_markdown(rows, missing, asked)


def outputs(
    inputs: Mapping[str, bytes], made: Iterable[tuple[str, Any]], live: Sequence[str]
) -> Iterator[tuple[str, bytes]]:
    """Path below `build/` and bytes of every file, the manifest last. `inputs` were compiled.

    `live` are the hosts of the project's live accounts.
    """
    digests: dict[str, str] = {}
    for path, content in made:
        data = content.encode() if isinstance(content, str) else to_bytes(content)
        digests[path] = _digest(data)
        yield path, data
    yield MANIFEST, to_bytes(_manifest(inputs, digests, live))


def _manifest(inputs: Mapping[str, bytes], digests: Mapping[str, str], live: Sequence[str]) -> Json:
    return {
        "forwardc": FORMAT_VERSION,
        "language": LANGUAGE_VERSION,
        "inputs": {path: _digest(data) for path, data in sorted(inputs.items())},
        "outputs": dict(sorted(digests.items())),
        "live_hosts": list(live),
    }


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
