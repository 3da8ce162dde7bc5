"""Every file of `build/`: what the packs say, coverage, and the manifest with their digests.

One destination at a time, so that a large project needs no more memory than a small one. The bytes
follow from the inputs alone: order of sources, sorted digests. Terms in a document know the line
of YAML that made them, which is how a place in `build/` is traced back.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from io import BytesIO
from typing import Any, Final, TypeAlias

from forwardc.compile.ir.summary import NotBuilt
from forwardc.compile.language.destination import Destination
from forwardc.compile.language.project import Project
from forwardc.compile.review import coverage
from forwardc.compile.review.account_keys import MissingAccountKey
from forwardc.compile.review.checklist.checklist import checklist
from forwardc.compile.review.coverage import CoveragePart, CoverageRow, markdown_pieces, to_markdown
from forwardc.compile.review.packet import ReviewPacket, review_packets
from forwardc.compile.review.page.page import review_page
from forwardc.compile.review.production_config import production_configs
from forwardc.compile.review.submission import submissions
from forwardc.compile.vaults.assess import Assessment
from forwardc.compile.vaults.encode import Json, encode, places, text_of, to_bytes
from forwardc.core.diagnostics.span import Span
from forwardc.core.json_pointer import pointer_parts
from forwardc.plan.formats import FORMAT_VERSION
from forwardc.plan.lock import Lock
from forwardc.plan.separation import KnownHosts

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


# All files. Byte-stable: no clock, no path of a machine, no order of a set. Writes nothing.

COVERAGE: Final = "coverage.json"
COVERAGE_PAGE: Final = "coverage.md"
LANGUAGE_VERSION = 1
"""The version of the destination language: `forwardc: 1` at the top of each file."""


def destination_documents(
    assessments: Sequence[Assessment],
    destination: Destination,
    project: Project | None,
    lock: Lock,
    live: KnownHosts,
) -> tuple[Iterator[tuple[str, Any]], list[NotBuilt]]:
    """The files of one destination, path below `build/` and content, and what lacks an account.

    A text is a text; a structure may hold terms, which know their place in the YAML.
    """
    packets, lacking = review_packets(assessments, destination, project, live)
    return _of_packets(packets, lock), lacking


def plan_documents(
    assessments: Sequence[Assessment],
    destination: Destination,
    project: Project | None,
    live: KnownHosts,
) -> Iterator[tuple[str, Any]]:
    """The plans alone of one destination, path below `build/` and structure."""
    packets, _ = review_packets(assessments, destination, project, live)
    for pack in packets:
        yield from _plan(pack).items()


def _of_packets(packets: Iterable[ReviewPacket], lock: Lock) -> Iterator[tuple[str, Any]]:
    for pack in packets:
        yield from files_of(pack).items()
        yield from review_page(pack, lock).items()


def coverage_documents(
    rows: Sequence[CoverageRow],
    not_built: Iterable[NotBuilt],
    asked: Sequence[MissingAccountKey],
) -> Iterator[tuple[str, Any]]:
    """The files about all destinations but the manifest. `asked` are keys that accounts lack."""
    missing = [reason.to_json() for reason in not_built]
    yield COVERAGE, coverage.to_json(rows, missing, asked)
    yield COVERAGE_PAGE, to_markdown(rows, missing, asked)


def coverage_files(
    parts: Sequence[CoveragePart],
    not_built: Iterable[NotBuilt],
    asked: Sequence[MissingAccountKey],
) -> Iterator[tuple[str, bytes]]:
    """The same as bytes, put together of the parts of single destinations.

    A structure of all is many times as large.
    """
    missing = [reason.to_json() for reason in not_built]
    yield COVERAGE, _joined(_coverage_pieces(parts, missing, asked))
    yield COVERAGE_PAGE, _joined(markdown_pieces(parts, missing, asked))


def _coverage_pieces(
    parts: Sequence[CoveragePart], missing: Sequence[Json], asked: Sequence[MissingAccountKey]
) -> Iterator[str]:
    # Nothing of an author stands before the rows.
    before, empty, after = text_of(coverage.to_json((), missing, asked)).partition("[]")
    texts = [part.json for part in parts if part.json]
    for number, rows in enumerate(texts):
        yield "," if number else f"{before}["
        yield rows
    yield "\n  ]" if texts else before + empty
    yield f"{after}\n"


def _joined(pieces: Iterable[str]) -> bytes:
    file = BytesIO()
    for piece in pieces:
        file.write(piece.encode())
    return file.getvalue()


def file_bytes(content: Any) -> bytes:
    """A text or a structure as the bytes of its file."""
    return content.encode() if isinstance(content, str) else to_bytes(content)


def manifest_bytes(
    inputs: Mapping[str, str], outputs: Mapping[str, str], live: Iterable[str]
) -> bytes:
    """The manifest: digests of what was compiled and of what was made.

    `live` are the hosts of the project's live accounts.
    """
    return to_bytes(
        {
            "forwardc": FORMAT_VERSION,
            "language": LANGUAGE_VERSION,
            "inputs": dict(sorted(inputs.items())),
            "outputs": dict(sorted(outputs.items())),
            "live_hosts": sorted(live),
        }
    )


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
    for key in pointer_parts(pointer):
        if isinstance(document, dict) and key in document:
            document = document[key]
        elif isinstance(document, list) and key.isdigit() and int(key) < len(document):
            document = document[int(key)]
        else:
            return False
    return True
