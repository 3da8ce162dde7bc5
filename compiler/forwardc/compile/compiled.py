"""What the stages made of a project, before any file of `build/` is.

Findings are in the sink by then. Of each destination there is what stays of it; its trees are there
where they were asked for.
"""

from collections.abc import Iterable, Iterator
from dataclasses import field
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from forwardc.compile.ir.summary import DestinationSummary, NotBuilt, assessments_of
from forwardc.compile.language.load import LoadedProject
from forwardc.compile.review.account_keys import MissingAccountKey, missing_account_keys
from forwardc.compile.review.compiled_destination import CompiledDestination
from forwardc.compile.stages import DestinationTrees, Surroundings
from forwardc.compile.vaults.assess import Assessment
from forwardc.core.dataclass import dataclass
from forwardc.core.files.digest import file_digest
from forwardc.plan.separation import shipped

if TYPE_CHECKING:
    from forwardc.compile.review.coverage import CoveragePart, CoverageRow
    from forwardc.plan.lock import Lock


@dataclass(frozen=True, slots=True)
class Compiled:
    """What the stages made of a project, before any file of `build/` is."""

    loaded: LoadedProject
    destinations: tuple[CompiledDestination, ...] = ()
    live_hosts: tuple[str, ...] = ()
    """The hosts of the project's live accounts, sorted."""
    approvals: "Lock | None" = None
    """What `forwardc.lock` holds; None where there is no such file."""
    trees: tuple[DestinationTrees, ...] = field(default=(), repr=False)
    """For whoever asked for them; without assessments where there are errors."""

    @property
    def lock(self) -> "Lock":
        """The approvals: none where there is no file."""
        return self._surroundings.lock

    @property
    def summaries(self) -> list[DestinationSummary]:
        """What rules over the project look at, in the order of the files."""
        return [each.summary for each in self.destinations if each.summary]

    @property
    def not_built(self) -> list[NotBuilt]:
        """Which destinations have no values in a place."""
        return [reason for summary in self.summaries for reason in summary.not_built]

    @property
    def assessments(self) -> tuple[Assessment, ...]:
        """What each vault makes of each operation, where the trees were asked for."""
        return tuple(assessment for trees in self.trees for assessment in trees.assessments)

    @property
    def _surroundings(self) -> Surroundings:
        return Surroundings(self.loaded.project, self.approvals)

    def output_paths(self) -> list[str]:
        """The files of a project that was built, below its build folder, the manifest last."""
        from forwardc.compile.review.build_files import COVERAGE, COVERAGE_PAGE
        from forwardc.compile.review.comparison import MANIFEST

        built = [each.built for each in self.destinations if each.built is not None]
        own = [path for each in built for path in each.outputs]
        return [*own, COVERAGE, COVERAGE_PAGE, MANIFEST]

    def documents(self) -> dict[str, Any]:
        """The files of `build/` but the manifest: texts, and structures that know their places.

        Of a project whose trees were asked for.
        """
        return dict(sorted(self._documents(), key=itemgetter(0)))

    def outputs(self) -> Iterator[tuple[str, bytes]]:
        """Path below `build/` and bytes of every file, one at a time, the manifest last.

        Of a project whose trees were asked for.
        """
        from forwardc.compile.review.build_files import file_bytes
        from forwardc.compile.review.coverage import part_of

        shared, digests = _SharedFiles(), dict[str, str]()
        for path, content in self._of_destinations(shared):
            data = file_bytes(content)
            digests[path] = file_digest(data)
            yield path, data
        yield from self._shared_outputs([part_of(shared.rows)], shared.lacking, digests)

    def plans(self) -> Iterator[tuple[str, bytes]]:
        """Path and bytes of every plan, and of a manifest that names them alone, the last.

        For who reads nothing else: pages take most of the time of a build. Of a project whose
        trees were asked for.
        """
        from forwardc.compile.review.build_files import file_bytes, manifest_bytes, plan_documents
        from forwardc.compile.review.comparison import MANIFEST

        live, digests = shipped() | self.live_hosts, dict[str, str]()
        for trees in self.trees:
            if trees.read.destination is not None:
                made = plan_documents(
                    trees.assessments, trees.read.destination, self.loaded.project, live
                )
                for path, content in made:
                    data = file_bytes(content)
                    digests[path] = file_digest(data)
                    yield path, data
        yield MANIFEST, manifest_bytes(self.loaded.files, digests, self.live_hosts)

    def outputs_of_all(self) -> Iterator[tuple[str, bytes]]:
        """Coverage and the manifest of a project whose destinations were built."""
        built = [each.built for each in self.destinations if each.built is not None]
        parts = [each.coverage for each in built]
        lacking = [reason for each in built for reason in each.lacking]
        digests = {path: digest for each in built for path, digest in each.outputs.items()}
        yield from self._shared_outputs(parts, lacking, digests)

    def _shared_outputs(
        self, parts: list["CoveragePart"], lacking: Iterable[NotBuilt], digests: dict[str, str]
    ) -> Iterator[tuple[str, bytes]]:
        """Coverage and the manifest; `digests` are those of the destinations' files."""
        from forwardc.compile.review.build_files import coverage_files, manifest_bytes
        from forwardc.compile.review.comparison import MANIFEST

        for path, data in coverage_files(parts, [*self.not_built, *lacking], self._asked()):
            digests[path] = file_digest(data)
            yield path, data
        yield MANIFEST, manifest_bytes(self.loaded.files, digests, self.live_hosts)

    def _documents(self) -> Iterator[tuple[str, Any]]:
        from forwardc.compile.review.build_files import coverage_documents

        shared = _SharedFiles()
        yield from self._of_destinations(shared)
        yield from coverage_documents(
            shared.rows, [*self.not_built, *shared.lacking], self._asked()
        )

    def _of_destinations(self, shared: "_SharedFiles") -> Iterator[tuple[str, Any]]:
        """The files of each destination; what they say together goes into `shared`."""
        from forwardc.compile.review.build_files import destination_documents
        from forwardc.compile.review.coverage import rows

        live = shipped() | self.live_hosts
        for trees in self.trees:
            if trees.read.destination is not None:
                made, lacking = destination_documents(
                    *(trees.assessments, trees.read.destination, self.loaded.project),
                    *(self.lock, live),
                )
                yield from made
                shared.lacking += lacking
                shared.rows += rows(trees.assessments)

    def _asked(self) -> list[MissingAccountKey]:
        return missing_account_keys(self.loaded.project, assessments_of(self.summaries))


@dataclass(slots=True)
class _SharedFiles:
    """What goes into the files about all destinations."""

    rows: list["CoverageRow"] = field(default_factory=list)
    lacking: list[NotBuilt] = field(default_factory=list)
