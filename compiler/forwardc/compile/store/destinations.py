"""The entries of a store: what stays of each destination, under the digest of its file.

The name of an entry says by which forwardc and of which bytes it is; inside stands on what else it
rests, and it is compiled anew unless all of that is as it was:

    its part of forwardc.yaml and of the lock    `slices`, by values
    its evidence                                 the bytes that the file names
    the whole of forwardc.yaml                   only where a finding shows a place in it
    its files in build/                          only where a build asks: all there, bytes as made
    live hosts of other destinations             asked by the pipeline, when all are known

No entry depends on a day: the rules that do look at summaries, each time. A destination with an
error has no entry.
"""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from forwardc.compile.language.load import PROJECT_FILE
from forwardc.compile.review.compiled_destination import BuiltDestination, CompiledDestination
from forwardc.compile.store.bounds import ENTRY
from forwardc.compile.store.fields import packed, unpacked
from forwardc.compile.store.slices import ProjectParts
from forwardc.compile.store.store import CompileStore
from forwardc.core.dataclass import replace
from forwardc.core.diagnostics.diagnostic import Diagnostic
from forwardc.core.diagnostics.span import Span
from forwardc.core.files.checkout import CheckoutPath
from forwardc.core.files.digest import file_digest
from forwardc.core.files.kinds import ATTESTATION
from forwardc.core.records import from_record, to_record


class StoredDestinations:
    """The entries of one run.

    `has_built` says whether a file of `build/` has a digest; None where nothing is built.
    """

    def __init__(
        self,
        store: CompileStore,
        tool: bytes,
        root: CheckoutPath,
        parts: ProjectParts,
        project_digest: str,
        has_built: Callable[[str, str], bool] | None,
    ) -> None:
        self._store, self._tool, self._root = store, tool, root
        self._parts, self._project_digest, self._has_built = parts, project_digest, has_built
        self._written: list[str] = []

    def recall(self, path: str, digest: str, *, assesses: bool) -> CompiledDestination | None:
        """What stays of the destination in a file with this digest, where it still holds."""
        data = self._store.files.read(self._name(path, digest))
        if data is None:
            return None
        try:
            part, project, record, files = unpacked(data, 4)
            if not self._holds(path, part.decode(), project.decode()):
                return None
            compiled = from_record(CompiledDestination, json.loads(record))
            if self._has_built is not None and files:
                built = from_record(BuiltDestination, json.loads(files))
                compiled = replace(compiled, built=built)
        except (ValueError, TypeError, RecursionError):
            return None  # Sealed by the key of this store, and yet nothing that we write.
        if compiled.files.get(path) != digest:
            return None  # As above.
        if not self._has_evidence(compiled):
            return None
        if assesses and not (compiled.is_assessed and self._is_built(compiled)):
            return None
        return compiled

    def keep(self, compiled: CompiledDestination) -> None:
        """Know this from now on, if it can be written, where it has no error."""
        digest = compiled.files.get(compiled.path)
        if compiled.summary is None or compiled.has_errors or digest is None:
            return
        project = self._project_digest if _shows_project(compiled) else ""
        # Files and coverage are most of it: a check need not read them.
        files = _json(compiled.built) if compiled.built else b""
        part = self._parts.digest(_stem(compiled.path))
        record = _json(replace(compiled, built=None))
        data = packed((part.encode(), project.encode(), record, files))
        name = self._name(compiled.path, digest)
        self._store.keep(name, data)
        self._written.append(name)

    def forget(self) -> None:
        """Remove what this run wrote."""
        for name in self._written:
            self._store.files.folder.remove(name)

    def _name(self, path: str, digest: str) -> str:
        told = b"\0".join((self._tool, path.encode(), digest.encode()))
        return f"{ENTRY}{hashlib.sha256(told).hexdigest()[:40]}"

    def _holds(self, path: str, part: str, project: str) -> bool:
        """Whether `forwardc.yaml` and the lock say what they said, as far as they concern it."""
        return part == self._parts.digest(_stem(path)) and project in ("", self._project_digest)

    def _has_evidence(self, compiled: CompiledDestination) -> bool:
        others = {path: digest for path, digest in compiled.files.items() if path != compiled.path}
        try:
            return all(
                file_digest((self._root / path).read(ATTESTATION)) == digest
                for path, digest in others.items()
            )
        except OSError:
            return False

    def _is_built(self, compiled: CompiledDestination) -> bool:
        if self._has_built is None:
            return True
        if compiled.built is None:
            return False
        try:
            return all(self._has_built(path, made) for path, made in compiled.built.outputs.items())
        except ValueError:
            return False  # Not even a digest: see `recall`.


def _json(value: Any) -> bytes:
    return json.dumps(to_record(value), separators=(",", ":"), ensure_ascii=False).encode()


def _stem(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".yaml")


def _shows_project(compiled: CompiledDestination) -> bool:
    suppressed = compiled.suppressed
    # A rule that suppresses stands there.
    spans = [suppression.span for suppression in suppressed]
    findings = (*compiled.findings, *compiled.assessment_findings)
    diagnostics = (*findings, *(suppression.diagnostic for suppression in suppressed))
    return any(map(_is_about_project, diagnostics)) or any(map(_is_in_project, spans))


def _is_about_project(finding: Diagnostic) -> bool:
    spans = (finding.span, *(related.span for related in finding.related))
    return any(map(_is_in_project, spans))


def _is_in_project(span: Span | None) -> bool:
    return span is not None and span.path == PROJECT_FILE
