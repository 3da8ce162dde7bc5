"""What `check`, `build` and `watch` do with the store of a project.

before      the verdict of the same inputs, and the files of a build, answer at once
meanwhile   each destination is asked for by itself
after       what was found out is written, where there is no error
"""

import json
import os
from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import click

from forwardc.cli.output import note
from forwardc.cli.unchanged import unchanged_files
from forwardc.compile.store.inputs import Inputs
from forwardc.compile.store.output_index import BuiltFiles
from forwardc.compile.store.store import CompileStore, open_store
from forwardc.compile.store.tool import tool_identity
from forwardc.compile.store.verdict import CheckVerdict

if TYPE_CHECKING:
    from forwardc.compile.compiled import Compiled
    from forwardc.compile.language.load import LoadedProject
    from forwardc.compile.store.destinations import StoredDestinations
    from forwardc.compile.store.memory import DestinationMemory, Remember
    from forwardc.compile.store.slices import ProjectParts
    from forwardc.core.diagnostics.sink import Sink

no_store_option = click.option(
    "--no-store",
    is_flag=True,
    help="Compile everything anew, and leave nothing for the next run.",
)


class StoreSession:
    """One run of a command with the store of its project, or without where there is none."""

    def __init__(self, root: Path, today: date, *, no_store: bool) -> None:
        """Open the store, and tell a person where it cannot be trusted."""
        self._day = today.isoformat()
        self._store: CompileStore | None = None
        self._tool = b""
        self._files: BuiltFiles | None = None
        self._entries: StoredDestinations | None = None
        if no_store:
            return
        self._store, why = open_store(str(root), dict(os.environ), make=True)
        if why:
            note(f"nothing is stored: {why}")
        if self._store is not None:
            self._tool = _tool_of_process()
            # What is loaded of another forwardc, nobody knows.
            known = self._tool and self._tool == tool_identity()
            self._store = self._store if known else None

    def verdict(self) -> CheckVerdict | None:
        """What a check said of the project as it is; None where that is not known."""
        verdict = self._store.verdict(self._tool, self._day) if self._store else None
        return verdict if verdict and _can_be_told(verdict) else None

    def remember(self) -> "Remember | None":
        """The entries of the destinations, for a check; None where there is no store."""
        return self._remember(None)

    def remember_built(
        self, loaded: "LoadedProject", begin: Callable[[], None]
    ) -> "Remember | None":
        """The same for a build: only those whose files are in `build/` as they were made.

        `begin` keeps others from writing there from now on. Where it cannot, nothing is recalled,
        and the build says why when all else is known.
        """
        from forwardc.compile.review.staged_build import BuildUnderWayError

        if self._store is None or loaded.project is None:
            return None
        try:
            begin()
        except BuildUnderWayError:
            raise
        except OSError:
            return None
        before, build = self._store.last_outputs(), loaded.project.build
        self._files = files = BuiltFiles(self._store.root, build, before)
        return self._remember(lambda path, digest: files.has(path, raw_digest(digest)))

    def _remember(self, has_built: Callable[[str, str], bool] | None) -> "Remember | None":
        from forwardc.compile.language.load import PROJECT_FILE
        from forwardc.compile.store.destinations import StoredDestinations

        store, tool = self._store, self._tool
        if store is None:
            return None

        def remember(loaded: "LoadedProject", parts: "ProjectParts") -> "DestinationMemory":
            digest = loaded.files.get(PROJECT_FILE, "")
            entries = StoredDestinations(store, tool, loaded.root, parts, digest, has_built)
            self._entries = entries
            return entries

        return remember

    def unchanged_files(self, verdict: CheckVerdict) -> int | None:
        """How many files `build/` has, where all are as they were built of the same inputs."""
        return unchanged_files(self._store, self._tool, verdict) if self._store else None

    def keep_build(self, compiled: "Compiled", sink: "Sink", digests: Mapping[str, str]) -> None:
        """Know what was checked and built. `digests` are those of all files of `build/`."""
        self.keep_verdict(compiled, sink)
        project = compiled.loaded.project
        if self._store is None or project is None:
            return
        files = self._files or BuiltFiles(self._store.root, project.build, None)
        raw = {path: raw_digest(digest) for path, digest in digests.items()}
        index, other = files.index(raw)
        if not other:
            self._store.keep_outputs(self._tool, _inputs(compiled.loaded), index)

    def keep_verdict(self, compiled: "Compiled", sink: "Sink") -> None:
        """Know what this check said. Without an error only: what is wrong is looked at again."""
        if self._store is None:
            return
        if tool_identity() != self._tool:
            # Somebody changed forwardc meanwhile, and parts of it may have been loaded since.
            if self._entries is not None:
                self._entries.forget()
            self._store = None
            return
        self._store.bound()
        if sink.has_errors or compiled.loaded.project is None:
            return
        findings = to_findings(sink)
        names = [summary.name for summary in compiled.summaries]
        inputs = _inputs(compiled.loaded)
        self._store.keep_verdict(CheckVerdict(self._tool, self._day, inputs, names, findings))


@cache
def _tool_of_process() -> bytes:
    """The identity of the forwardc that this process began with; its modules come one by one."""
    return tool_identity()


def _inputs(loaded: "LoadedProject") -> Inputs:
    from forwardc.compile.language.load import lock_name

    if loaded.project is None:
        raise ValueError("a project without mistakes was read")
    digests = {path: raw_digest(digest) for path, digest in loaded.files.items()}
    return Inputs.of(digests, loaded.project.destinations, lock_name(loaded.project))


def raw_digest(digest: str) -> bytes:
    """The bytes of `sha256:...`."""
    return bytes.fromhex(digest.partition(":")[2])


def to_findings(sink: "Sink") -> bytes:
    """The findings of a sink as a verdict has them, then the suppressed; empty without either."""
    from forwardc.core.diagnostics.levels import LevelledFindings
    from forwardc.core.records import to_record

    findings, suppressed = tuple(sink.sorted()), tuple(sink.suppressed())
    if not findings and not suppressed:
        return b""
    return json.dumps(to_record(LevelledFindings(findings, suppressed))).encode()


def _can_be_told(verdict: CheckVerdict) -> bool:
    try:
        findings_of(verdict)
    except (ValueError, RecursionError):
        return False
    return True


def findings_of(verdict: CheckVerdict) -> "Sink":
    """The findings that a verdict has. Raises `ValueError` and `RecursionError` for other data."""
    from forwardc.core.diagnostics.levels import LevelledFindings
    from forwardc.core.diagnostics.sink import Sink
    from forwardc.core.records import from_record

    sink = Sink()
    if verdict.findings:
        sink.add_levelled(from_record(LevelledFindings, json.loads(verdict.findings)))
    return sink
