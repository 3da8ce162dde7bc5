"""Every file of `build/`: what the packs say, coverage, and the manifest with their digests.

One file at a time, so that a large project needs no more memory than a small one. The bytes
follow from the inputs alone: order of sources, sorted digests. Terms in a document know the line
of YAML that made them, which is how a place in `build/` is traced back.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, TypeAlias

from forwardc.compile.language.load import LoadedProject
from forwardc.compile.review import coverage
from forwardc.compile.review.account_keys import missing_account_keys
from forwardc.compile.review.checklist.checklist import checklist
from forwardc.compile.review.coverage import to_markdown
from forwardc.compile.review.packet import ReviewPacket, review_packets
from forwardc.compile.review.page.page import review_page
from forwardc.compile.review.production_config import production_configs
from forwardc.compile.review.submission import submissions
from forwardc.compile.review.write import MANIFEST
from forwardc.compile.vaults.assess import Assessment
from forwardc.compile.vaults.encode import Json, encode, places, to_bytes
from forwardc.core.diagnostics.span import Span
from forwardc.plan.formats import FORMAT_VERSION
from forwardc.plan.lock import Lock
from forwardc.plan.separation import shipped

Files: TypeAlias = dict[str, Any]
"""Paths below `build/` with a text, or a structure that may hold terms."""


def _plan(pack: ReviewPacket) -> Files:
    return {f"{pack.folder}/{pack.program.place}.plan.json": pack.plan}


def _setup(pack: ReviewPacket) -> Files:
    # The questions are asked once: of the account that the letters are about.
    questions = checklist(pack) if pack.leads else []
    asked = {"checklist": questions} if questions else {}
    return {f"{pack.folder}/{pack.program.place}.setup.json": {**pack.setup, **asked}}


WRITERS: tuple[Callable[[ReviewPacket], Files], ...] = (
    _plan,
    _setup,
    production_configs,
    submissions,
)


def files_of(pack: ReviewPacket) -> Files:
    """Everything that is written about a pack."""
    return {path: content for writer in WRITERS for path, content in writer(pack).items()}


# All files
#
# One file at a time, so that a large project needs no more memory than a small one. Byte-stable: no
# clock, no path of a machine, no order of a set. Writes nothing.

LANGUAGE_VERSION = 1
"""The version of the destination language: `forwardc: 1` at the top of each file."""


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
        built, lacking = review_packets(list(group), by_name[name], loaded.project, every)
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


# From `build/` back to YAML


def origin(documents: Mapping[str, Any], path: str, pointer: str) -> Span | None:
    """The place that made `pointer` in a file, or what is around it, or the first thing in it.

    Raises:
        KeyError: There is no such file, or no such pointer in it.
    """
    document = documents[path]
    if not _exists(encode(document), pointer):
        raise KeyError(pointer)
    spans = dict(places(document))
    tokens = pointer.split("/")
    for length in range(len(tokens), 0, -1):
        span = spans.get("/".join(tokens[:length]))
        if span is not None:
            return span
    return next((span for at, span in spans.items() if at.startswith(f"{pointer}/")), None)


def made_by(documents: Mapping[str, Any], source: str, line: int) -> Iterator[tuple[str, str]]:
    """Path and pointer of every generated place whose text starts on a line of a source."""
    for path, document in documents.items():
        for pointer, span in places(document):
            if span.path == source and span.start.line == line:
                yield path, pointer


def _exists(document: Any, pointer: str) -> bool:
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        if isinstance(document, dict) and key in document:
            document = document[key]
        elif isinstance(document, list) and key.isdigit() and int(key) < len(document):
            document = document[int(key)]
        else:
            return False
    return True
