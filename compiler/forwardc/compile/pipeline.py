"""The project as a whole: each destination alone through all stages, then the rules over all.

1. `forwardc.yaml` and the lock are read, and the files of destinations are listed.
2. Each file goes through `stages.compile_destination`, and what stays of it is a
   `CompiledDestination`. Once an error is known nothing more is assessed, since nothing of it would
   be told.
3. The rules that compare destinations look at summaries. With an error up to here, findings of the
   assessment are dropped.
4. The hosts of live accounts are known only now. A destination that took one for something else is
   compiled again, which is rare: its sandbox calls a host that a later file names as live.
5. The rules about what was assessed, and about the day, look at summaries, too.
6. Each finding gets the level that the project chose for its code, when its rule is done, since an
   error ends the way (`core/diagnostics/levels.py`). Comments that allowed nothing are told last.

Whoever shows more than files and findings asks for the trees (`compile_project`); `check_project`
and `build_project` let them go, so that a project of a thousand destinations needs no more memory
than its largest one and the summaries.

A `DestinationMemory` (`compile/store`) may know what stays of a file already: then step 2 is asked
of it first, and step 4 never. What it recalls is what compiling the same bytes would leave.

Traced: `b.yaml` says that `pay.example` is its production. `a.yaml`, read before it, has it in its
sandbox: `NotedHosts` answers no and notes `{"pay.example": False}` in what stays of `a.yaml`. When
`b.yaml` is read, `live` has the name, the note is wrong, and `a.yaml` is compiled again.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from forwardc.compile.compiled import Compiled
from forwardc.compile.ir.summary import DestinationSummary, assessments_of
from forwardc.compile.language.allow_comments import report_unused
from forwardc.compile.language.load import (
    PROJECT_FILE,
    LoadedProject,
    ReadDestination,
    listed_bytes,
    open_project,
    parse_file,
    read_alone,
    read_file,
)
from forwardc.compile.passes.project_checks import check_project_names, check_targets
from forwardc.compile.passes.secret_owners import check_secret_owners
from forwardc.compile.passes.separation import check_separation, live_names
from forwardc.compile.review.account_keys import (
    check_account_keys,
)
from forwardc.compile.review.arrangements import check_grants
from forwardc.compile.review.attestation import check_attestations
from forwardc.compile.review.compiled_destination import CompiledDestination
from forwardc.compile.review.production_details import check_production_details
from forwardc.compile.stages import DestinationTrees, Surroundings, Take, compile_destination
from forwardc.compile.store.memory import DestinationMemory, Remember
from forwardc.compile.store.slices import ProjectParts
from forwardc.core.dataclass import replace
from forwardc.core.diagnostics.diagnostic import Severity
from forwardc.core.diagnostics.levels import (
    FOUND_LATE,
    OF_A_DAY,
    AllowComment,
    LevelledFindings,
    LevelRule,
    levelled,
)
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.files.checkout import below
from forwardc.core.files.digest import file_digest

if TYPE_CHECKING:
    from forwardc.plan.lock import Lock


def compile_project(root: Path, sink: Sink, today: date | None = None) -> Compiled:
    """Compile every destination of a project and keep all trees. With errors, write none of it.

    `today` is the day on which attestations must hold; without it their dates are not compared.
    """
    return _compiled(open_project(root, sink), sink, today, keeps_trees=True)


def check_project(
    root: Path, sink: Sink, today: date | None = None, remember: Remember | None = None
) -> Compiled:
    """The same findings; no trees are kept."""
    return _compiled(open_project(root, sink), sink, today, remember=remember)


def build_project(
    loaded: LoadedProject,
    sink: Sink,
    take: Take,
    today: date | None = None,
    remember: Remember | None = None,
    numbers: Iterable[int] | None = None,
) -> Compiled:
    """The same, and `take` is given every file of `build/` as it is made, the manifest last.

    `loaded` was opened with the same sink. Of two files for a path the later one counts, and none
    of them with errors in the sink. Files of a destination that was recalled are not made: they are
    in place. `numbers` are those of the destinations, for whoever counts what is done.
    """
    if loaded.project is None:
        return _compiled(loaded, sink, today, remember=remember)
    compiled = _compiled(loaded, sink, today, take, remember=remember, numbers=numbers)
    if not sink.has_errors:
        for path, data in compiled.outputs_of_all():
            take(path, data)
    return compiled


def check_files(
    root: Path, paths: Sequence[str], sink: Sink, piped: Mapping[str, bytes]
) -> Compiled:
    """Check single files, without the settings and targets of a project; no trees are kept.

    `piped` has the bytes of those that no file holds, by the name that findings give them.
    """
    loaded = LoadedProject(below(root), None, tuple(paths))

    def read(index: int, findings: Sink) -> ReadDestination:
        return read_alone(loaded.root, loaded.paths[index], findings, piped)

    return _Compilation(loaded, Surroundings(None), read).run(sink, None)


def compile_loaded(loaded: LoadedProject, sink: Sink, today: date | None = None) -> Compiled:
    """Compile files that were read without a project: they are checked and assessed only."""
    work = _Compilation(loaded, Surroundings(loaded.project), lambda index, _: loaded.read[index])
    return work.run(sink, today, keeps_trees=True)


def _compiled(
    loaded: LoadedProject,
    sink: Sink,
    today: date | None,
    take: Take | None = None,
    *,
    keeps_trees: bool = False,
    remember: Remember | None = None,
    numbers: Iterable[int] | None = None,
) -> Compiled:
    surroundings = Surroundings(loaded.project, _approvals(loaded, sink))

    def read(index: int, findings: Sink) -> ReadDestination:
        return read_file(loaded.root, loaded.paths[index], findings, in_project=True)

    work = _Compilation(loaded, surroundings, read, take)
    if remember is not None:
        work.memory = remember(loaded, work.parts)
    if numbers is not None:
        work.numbers = numbers
    return work.run(sink, today, keeps_trees=keeps_trees)


def _approvals(loaded: LoadedProject, sink: Sink) -> "Lock | None":
    # To import what writes files or reads a lock takes longer than to check a few destinations.
    data = loaded.lock
    if data is None:
        return None
    from forwardc.plan.lock import lock_of

    problems = Sink()
    lock = lock_of(data, problems)
    # Approvals of an old format count for nothing, and what they are of can still be built.
    findings = [
        replace(problem, severity=Severity.WARNING) if problem.code == "FC0710" else problem
        for problem in problems.sorted()
    ]
    sink.add_levelled(levelled(findings, loaded.project.rules if loaded.project else ()))
    return lock


class _Compilation:
    """One run over all destinations of a project."""

    def __init__(
        self,
        loaded: LoadedProject,
        surroundings: Surroundings,
        read: Callable[[int, Sink], ReadDestination],
        take: Take | None = None,
    ) -> None:
        self._loaded, self._surroundings = loaded, surroundings
        self.parts = ProjectParts(surroundings)
        self.memory: DestinationMemory | None = None
        self.numbers: Iterable[int] = range(len(loaded.paths))
        self._read, self._take = read, take
        self._classes = surroundings.classes
        self._destinations: list[CompiledDestination] = []
        self._trees: list[DestinationTrees] = []
        self._live: set[str] = set()
        """The live hosts of the destinations that were compiled so far."""

    def run(self, sink: Sink, today: date | None, *, keeps_trees: bool = False) -> Compiled:
        """Compile all, and report what was found in the sink, also of single destinations."""
        known = sink.has_errors
        for index in self.numbers:
            compiled, trees = self._compile(index, assesses=not known)
            known = known or compiled.has_errors
            self._destinations.append(compiled)
            self._note_live(compiled)
            if keeps_trees:
                self._trees.append(trees)
        if not known:
            self._compile_again(keeps_trees=keeps_trees)
        self._report_checks(sink)
        if sink.has_errors:
            self._trees = [DestinationTrees(trees.read) for trees in self._trees]
        else:
            self._report_assessments(sink, today)
        self._report_unused(sink, today)
        return self._result()

    def _note_live(self, compiled: CompiledDestination) -> None:
        if compiled.summary is not None:
            self._live |= live_names([compiled.summary], self._classes)

    def _compile_again(self, *, keeps_trees: bool) -> None:
        """Compile each destination anew for which another host turned out to be live.

        Its file is read again, too. Where it has changed meanwhile, what it says now counts, also
        for those before it.
        """
        while stale := [
            index
            for index, compiled in enumerate(self._destinations)
            if any((host in self._live) != answer for host, answer in compiled.live.items())
        ]:
            for index in stale:
                compiled, trees = self._compile(index, assesses=True, recalls=False)
                self._destinations[index] = compiled
                if keeps_trees:
                    self._trees[index] = trees
            self._live.clear()
            for compiled in self._destinations:
                self._note_live(compiled)

    def _compile(
        self, index: int, *, assesses: bool, recalls: bool = True
    ) -> tuple[CompiledDestination, DestinationTrees]:
        sink, memory = Sink(), self.memory
        if memory is None:
            read = self._read(index, sink)
        else:
            read, compiled = self._remembered(memory, index, sink, assesses if recalls else None)
            if compiled is not None:
                return compiled, DestinationTrees(read)
        surroundings = self.parts.surroundings(Path(read.path).stem)
        live = self._live if assesses else None
        compiled, trees = compile_destination(read, sink, surroundings, live, self._take)
        if memory is not None:
            memory.keep(compiled)
        return compiled, trees

    def _remembered(
        self, memory: DestinationMemory, index: int, sink: Sink, assesses: bool | None
    ) -> tuple[ReadDestination, CompiledDestination | None]:
        """What a memory knows of the bytes of a file, else its trees, of the very same bytes.

        `assesses` None: the memory is not asked.
        """
        root, path = self._loaded.root, self._loaded.paths[index]
        data = listed_bytes(root, path, sink)
        if data is None:
            return ReadDestination(path, {}), None
        if assesses is not None:
            compiled = memory.recall(path, file_digest(data), assesses=assesses)
            if compiled is not None:
                return ReadDestination(path, compiled.files), compiled
        return parse_file(root, path, data, sink, in_project=True), None

    def _summaries(self) -> list[DestinationSummary]:
        return [each.summary for each in self._destinations if each.summary]

    def _report_checks(self, sink: Sink) -> None:
        """Everything up to the assessment: of each destination, and of all together."""
        for compiled in self._destinations:
            sink.add_levelled(LevelledFindings(compiled.findings, compiled.suppressed))
        project, summaries, unread = self._loaded.project, self._summaries(), self._unread()
        findings = Sink()
        check_secret_owners(summaries, project, findings, unread)
        if project is not None and self._loaded.listed:
            check_project_names(project, summaries, findings, unread)
        check_separation(summaries, self._classes, findings)
        self._tell(findings, sink)

    def _tell(self, findings: Sink, sink: Sink) -> None:
        """Give on what was found in the project as a whole, each at its level."""
        allows = [allow for _, allow in self._allows()]
        sink.add_levelled(levelled(findings.sorted(), self._rules, allows))

    @property
    def _rules(self) -> tuple[LevelRule, ...]:
        return self._loaded.project.rules if self._loaded.project else ()

    def _allows(self) -> Iterator[tuple[bool, AllowComment]]:
        """What comments allow, and whether all of their file could be read."""
        if self._loaded.project is not None:
            yield from ((True, allow) for allow in self._loaded.project.allows)
        for compiled in self._destinations:
            yield from ((compiled.summary is not None, allow) for allow in compiled.allows)

    def _report_unused(self, sink: Sink, today: date | None) -> None:
        """FC0122 for comments that allow nothing, as far as all was looked at that they may allow.

        Rules about several destinations or about a vault are not asked while there are errors, and
        those about a day not without one.
        """
        asked_all = self._loaded.project is not None and not sink.has_errors
        looked_at = [
            allow
            for is_read, allow in self._allows()
            if is_read
            and (asked_all or allow.code not in FOUND_LATE)
            and (today is not None or allow.code not in OF_A_DAY)
        ]
        if looked_at:
            findings = Sink()
            report_unused(looked_at, sink.suppressed(), sink.sorted(), findings)
            sink.add_levelled(levelled(findings.sorted(), self._rules))

    def _unread(self) -> frozenset[str]:
        """Names of files that gave no destination, so that nobody takes them for missing."""
        read = {each.path for each in self._destinations if each.summary}
        paths = (Path(path) for path in self._files() if path not in {*read, PROJECT_FILE})
        return frozenset(path.stem for path in paths if path.suffix == ".yaml")

    def _files(self) -> dict[str, str]:
        files = dict(self._loaded.files)
        for compiled in self._destinations:
            files |= compiled.files
        return files

    def _report_assessments(self, sink: Sink, today: date | None) -> None:
        for compiled in self._destinations:
            for finding in compiled.assessment_findings:
                sink.add(finding)
        project, summaries = self._loaded.project, self._summaries()
        if project is not None:
            findings = Sink()
            check_targets(project, assessments_of(summaries), findings)
            check_production_details(project, summaries, findings)
            check_account_keys(project, assessments_of(summaries), findings)
            check_attestations(summaries, _produced(summaries), today, findings)
            check_grants(project, summaries, today, findings, self._unread())
            self._tell(findings, sink)

    def _result(self) -> Compiled:
        reads = tuple(trees.read for trees in self._trees)
        return Compiled(
            replace(self._loaded, files=self._files(), read=reads),
            tuple(self._destinations),
            tuple(sorted(self._live)),
            self._surroundings.approvals,
            tuple(self._trees),
        )


def _produced(summaries: Sequence[DestinationSummary]) -> frozenset[str]:
    """Names of the destinations that some vault carries in production."""
    return frozenset(
        assessment.destination
        for assessment in assessments_of(summaries)
        if assessment.is_emitted and assessment.where.class_ == "production"
    )
