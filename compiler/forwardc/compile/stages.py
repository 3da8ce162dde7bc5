"""All stages of one destination: read, lower, check, assess, emit. Its trees die at the end.

Each stage takes the sink and goes on after a mistake. Operations are lowered once and emitted once
for each vault, and every environment fills them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from typing import TYPE_CHECKING, TypeAlias

from forwardc.compile.ir.program import Program
from forwardc.compile.ir.summary import DestinationSummary, NotBuilt
from forwardc.compile.language.destination import Destination
from forwardc.compile.language.echoes import independent
from forwardc.compile.language.load import MisshapenDestination, ReadDestination
from forwardc.compile.language.project import Project
from forwardc.compile.language.setting_values import check_settings
from forwardc.compile.language.summarize import summary_of
from forwardc.compile.passes.arrangements import check_arrangements
from forwardc.compile.passes.check import check
from forwardc.compile.passes.counting import check_counting
from forwardc.compile.passes.lower import DestinationLowering
from forwardc.compile.passes.payment_reference import check_payment_references
from forwardc.compile.passes.separation import live_names
from forwardc.compile.review.arrangements import check_arrangement_offers
from forwardc.compile.review.assessed import assessment_summary
from forwardc.compile.review.compiled_destination import (
    BuiltDestination,
    CompiledDestination,
)
from forwardc.compile.vaults.assess import Assessment, Emissions, VaultAccount, assess
from forwardc.compile.vaults.registry import vaults
from forwardc.core.dataclass import dataclass, replace
from forwardc.core.diagnostics.levels import levelled
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.files.digest import file_digest
from forwardc.core.terms.terms import Lit
from forwardc.plan.environment import Environment, EnvironmentClass
from forwardc.plan.separation import plain, shipped

if TYPE_CHECKING:
    from forwardc.plan.lock import Lock

Take: TypeAlias = Callable[[str, bytes], object]
"""Whoever is given each file of `build/` as it is made: its path below the folder, its bytes."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What decides of a destination beside its own file."""

    project: Project | None
    approvals: "Lock | None" = None
    """What `forwardc.lock` holds; None where there is no such file."""

    @property
    def lock(self) -> "Lock":
        """The approvals: none where there is no file."""
        from forwardc.plan.lock import Lock

        return self.approvals or Lock()

    @property
    def classes(self) -> dict[str, EnvironmentClass]:
        """The class of each environment of the project, by name."""
        places = self.project.environments.values() if self.project else ()
        return {values.where.name: values.where.class_ for values in places}


@dataclass(frozen=True, slots=True)
class DestinationTrees:
    """What a destination was while it was compiled, for whoever shows more than its files."""

    read: ReadDestination
    assessments: tuple[Assessment, ...] = ()


class NotedHosts:
    """Live hosts that note whom they were asked about, where another destination may decide.

    `names` are the live hosts of destinations that were compiled so far, `own` those of this one.
    """

    def __init__(self, names: Set[str], own: Set[str]) -> None:
        self._names, self._own = names, own
        self.answers: dict[str, bool] = {}

    def __contains__(self, host: str, /) -> bool:
        """Whether a host, with a port or without, serves live accounts."""
        compared = plain(host)
        if compared in self._own or compared in shipped():
            return True
        return self.answers.setdefault(compared, compared in self._names)


def compile_destination(
    read: ReadDestination,
    sink: Sink,
    surroundings: Surroundings,
    live: Set[str] | None,
    take: Take | None = None,
) -> tuple[CompiledDestination, DestinationTrees]:
    """Compile one destination. `sink` holds what was found while it was read.

    `live` are the live hosts of the other destinations, as far as they are known; without them
    nothing is assessed: a vault's answer to half a request means nothing. `take` gets its files.
    """
    if read.misshapen is not None:
        _check_misshapen(read.misshapen, sink)
    if read.destination is None:
        return _checked(read, None, sink, surroundings), DestinationTrees(read)
    programs, not_built = _programs(read.destination, surroundings.project, sink)
    summary = summary_of(read.destination, programs, not_built)
    checked = _checked(read, summary, sink, surroundings)
    if live is None or checked.has_errors:
        return checked, DestinationTrees(read)
    hosts = NotedHosts(live, live_names([summary], surroundings.classes))
    assessments, problems = tuple(_assessments(programs, surroundings, hosts)), Sink()
    check_arrangement_offers(assessments, problems)
    built = None
    if take is not None and not problems.has_errors:
        built = _built(read.destination, assessments, surroundings, hosts, take)
    compiled = replace(
        checked,
        summary=replace(summary, assessments=tuple(map(assessment_summary, assessments))),
        assessment_findings=tuple(problems.sorted()),
        is_assessed=True,
        live=hosts.answers,
        built=built,
    )
    return compiled, DestinationTrees(read, assessments)


def _checked(
    read: ReadDestination,
    summary: DestinationSummary | None,
    sink: Sink,
    surroundings: Surroundings,
) -> CompiledDestination:
    """What is known up to the check: the findings have their levels from here on."""
    rules = surroundings.project.rules if surroundings.project else ()
    levels = levelled(sink.sorted(), rules, read.allows)
    return CompiledDestination(
        read.path, read.files, summary, levels.findings, levels.suppressed, read.allows
    )


def _check_misshapen(misshapen: MisshapenDestination, sink: Sink) -> None:
    """Report what the rules find in a destination that does not fit its schema."""
    problems, lowering = Sink(), DestinationLowering(misshapen.destination)
    for where in _entries(misshapen.destination):
        _program(lowering, where, {}, problems)
    root = misshapen.destination.root
    for diagnostic in independent(problems.sorted(), misshapen.form, root):
        sink.add(diagnostic)


def _programs(
    destination: Destination, project: Project | None, sink: Sink
) -> tuple[list[Program], list[NotBuilt]]:
    """The program of each place, checked, and what has no values there."""
    lowering = DestinationLowering(destination)
    if project is None:
        entries = _entries(destination)
        return [_program(lowering, where, {}, sink) for where in entries], []
    places = [_environment(lowering, where, project, sink) for where in project.places()]
    return (
        [place for place in places if isinstance(place, Program)],
        [place for place in places if isinstance(place, NotBuilt)],
    )


def _entries(destination: Destination) -> list[Environment]:
    """What a destination says by itself. A name without a project counts as production's."""
    return [
        Environment(name, "sandbox" if name == "sandbox" else "production")
        for name in destination.environments
    ]


def _environment(
    lowering: DestinationLowering, where: Environment, project: Project, sink: Sink
) -> Program | NotBuilt:
    """The program of one environment, or why it is not built."""
    destination = lowering.destination
    settings = check_settings(destination, project, where, sink)
    if settings is not None:
        return _program(lowering, where, settings, sink)
    if destination.entry_of(where) is None:
        why = "no URL"
    else:
        # Checked all the same: its mistakes do not depend on the values.
        _program(lowering, where, {}, sink)
        why = "no values for its settings"
    return NotBuilt(destination.name, where.place, why)


def _program(
    lowering: DestinationLowering, where: Environment, settings: Mapping[str, Lit], sink: Sink
) -> Program:
    destination, program = lowering.destination, lowering.program(where, settings)
    check(program, destination.root, sink)
    check_arrangements(program, sink)
    check_counting(program, destination, sink)
    check_payment_references(program, destination.root, sink)
    return program


def _assessments(
    programs: Sequence[Program], surroundings: Surroundings, live: NotedHosts
) -> Iterator[Assessment]:
    """What each vault makes of each program; every operation is emitted once."""
    emissions, project = Emissions(), surroundings.project
    for program in programs:
        yield from _in_place(program, project, emissions, shares_live=program.host in live)


def _in_place(
    program: Program, project: Project | None, emissions: Emissions, *, shares_live: bool
) -> Iterator[Assessment]:
    values = project.environments.get(program.place) if project else None
    for vault in vaults():
        agreed = values.grants if values else ()
        account = VaultAccount(
            values=values.vaults.get(vault.name, {}) if values else {},
            grants={grant.name: grant for grant in agreed if grant.vault == vault.name},
            shares_live_host=shares_live,
        )
        for operation in program.operations:
            yield assess(vault, program, operation, account, emissions)


def _built(
    destination: Destination,
    assessments: Sequence[Assessment],
    surroundings: Surroundings,
    live: NotedHosts,
    take: Take,
) -> BuiltDestination:
    """The files of a destination, each given to `take` as it is made."""
    # To import what makes pages takes longer than to check a few destinations.
    from forwardc.compile.review.build_files import destination_documents, file_bytes
    from forwardc.compile.review.coverage import part_of, rows

    outputs: dict[str, str] = {}
    made, lacking = destination_documents(
        assessments, destination, surroundings.project, surroundings.lock, live
    )
    for path, content in made:
        data = file_bytes(content)
        outputs[path] = file_digest(data)
        take(path, data)
    return BuiltDestination(outputs, part_of(rows(assessments)), tuple(lacking))
