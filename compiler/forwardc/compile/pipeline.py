"""The order of the stages: read, lower, check, assess, emit.

Each stage takes the sink and goes on after a mistake; of a destination, operations are lowered once
and emitted once for each vault, and every environment fills them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forwardc.compile.ir.program import Program
from forwardc.compile.language.destination import Destination
from forwardc.compile.language.load import LoadedProject, MisshapenDestination, independent, load
from forwardc.compile.language.project import Project
from forwardc.compile.language.read_project import check_project_names
from forwardc.compile.language.setting_values import check_settings
from forwardc.compile.passes.arrangements import check_arrangements
from forwardc.compile.passes.check import check
from forwardc.compile.passes.counting import check_counting
from forwardc.compile.passes.lower import DestinationLowering
from forwardc.compile.passes.payment_reference import check_payment_references
from forwardc.compile.passes.project_checks import check_targets
from forwardc.compile.passes.secret_owners import check_secret_owners
from forwardc.compile.passes.separation import check_separation, live_names
from forwardc.compile.review.account_keys import check_account_keys
from forwardc.compile.review.arrangements import check_arrangement_offers, check_grants
from forwardc.compile.review.attestation import check_attestations
from forwardc.compile.review.production_details import check_production_details
from forwardc.compile.vaults.assess import Assessment, Emissions, VaultAccount, assess
from forwardc.compile.vaults.encode import Json
from forwardc.compile.vaults.registry import vaults
from forwardc.core.diagnostics.diagnostic import Severity
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.terms.terms import Lit
from forwardc.plan.environment import Environment
from forwardc.plan.separation import LiveHosts, shipped

if TYPE_CHECKING:
    from forwardc.plan.lock import Lock


@dataclass(frozen=True, slots=True)
class Compiled:
    """What the stages made of a project, before any file of `build/` is."""

    loaded: LoadedProject
    assessments: tuple[Assessment, ...] = ()
    not_built: tuple[Json, ...] = ()
    live_hosts: tuple[str, ...] = ()
    """The hosts of the project's live accounts, sorted."""
    approvals: "Lock | None" = None
    """What `forwardc.lock` holds; None where there is no such file."""

    @property
    def lock(self) -> "Lock":
        """The approvals: none where there is no file."""
        from forwardc.plan.lock import Lock

        return self.approvals or Lock()

    def documents(self) -> dict[str, Any]:
        """The files of `build/` but the manifest: texts, and structures that know their places."""
        return dict(sorted(self._documents(), key=itemgetter(0)))

    def outputs(self) -> Iterator[tuple[str, bytes]]:
        """Path below `build/` and bytes of every file, one at a time, the manifest last."""
        from forwardc.compile.review import build_files

        return build_files.outputs(self.loaded.files, self._documents(), self.live_hosts)

    def _documents(self) -> Iterator[tuple[str, Any]]:
        from forwardc.compile.review import build_files

        return build_files.documents(
            self.loaded, self.assessments, self.not_built, self.lock, self.live_hosts
        )


def compile_project(root: Path, sink: Sink, today: date | None = None) -> Compiled:
    """Compile every destination of a project. With errors in the sink, write none of it.

    `today` is the day on which attestations must hold; without it their dates are not compared.
    """
    loaded = load(root, sink)
    approvals = _approvals(loaded.lock, sink)
    return replace(compile_loaded(loaded, sink, today), approvals=approvals)


def _approvals(data: bytes | None, sink: Sink) -> "Lock | None":
    # To import what writes files or reads a lock takes longer than to check a few destinations.
    if data is None:
        return None
    from forwardc.plan.lock import lock_of

    problems = Sink()
    lock = lock_of(data, problems)
    for problem in problems.sorted():
        # Approvals of an old format count for nothing, and what they are of can still be built.
        old = problem.code == "FC0710"
        sink.add(replace(problem, severity=Severity.WARNING) if old else problem)
    return lock


def compile_loaded(loaded: LoadedProject, sink: Sink, today: date | None = None) -> Compiled:
    """Compile what was read; files without a project are checked and assessed only.

    With errors in the sink nothing is assessed: a vault's answer to half a request means nothing.
    """
    check_secret_owners(loaded.destinations, loaded.project, sink, loaded.unread)
    for misshapen in loaded.misshapen:
        _check_misshapen(misshapen, sink)
    programs, not_built = _programs(loaded, sink)
    project = loaded.project
    places = project.environments.values() if project else ()
    classes = {values.where.name: values.where.class_ for values in places}
    check_separation(loaded.destinations, programs, classes, sink)
    if sink.has_errors:
        return Compiled(loaded, not_built=not_built)
    live = live_names(loaded.destinations, programs, classes)
    live_known = shipped() | live
    assessments = tuple(_assessed(programs, project, live_known))
    check_arrangement_offers(assessments, sink)
    if project is not None:
        check_targets(project, assessments, sink)
        check_production_details(loaded, assessments, sink)
        check_account_keys(project, assessments, sink)
        check_attestations(loaded.destinations, _produced(assessments), today, sink)
        check_grants(project, loaded.destinations, assessments, today, sink, loaded.unread)
    return Compiled(loaded, assessments, not_built, tuple(live))


def _check_misshapen(misshapen: MisshapenDestination, sink: Sink) -> None:
    """Report what the rules find in a destination that does not fit its schema."""
    problems, lowering = Sink(), DestinationLowering(misshapen.destination)
    for where in _entries(misshapen.destination):
        _program(lowering, where, {}, problems)
    for diagnostic in independent(problems.sorted(), misshapen.form):
        sink.add(diagnostic)


def _produced(assessments: Sequence[Assessment]) -> frozenset[str]:
    """Names of the destinations that some vault carries in production."""
    return frozenset(
        assessment.context.program.destination
        for assessment in assessments
        if assessment.emission is not None and assessment.context.environment_class == "production"
    )


def _programs(loaded: LoadedProject, sink: Sink) -> tuple[list[Program], tuple[Json, ...]]:
    """Every destination in each of its environments, checked, and what has no values there."""
    project = loaded.project
    if project is None:
        return [
            _program(lowering, where, {}, sink)
            for lowering in map(DestinationLowering, loaded.destinations)
            for where in _entries(lowering.destination)
        ], ()
    if loaded.listed:
        check_project_names(project, loaded.by_name, sink, loaded.unread)
    programs: list[Program] = []
    not_built: list[Json] = []
    for lowering in map(DestinationLowering, loaded.destinations):
        for where in project.places():
            compiled = _environment(lowering, where, project, sink)
            if isinstance(compiled, Program):
                programs.append(compiled)
            else:
                not_built.append(compiled)
    return programs, tuple(not_built)


def _entries(destination: Destination) -> list[Environment]:
    """What a destination says by itself. A name without a project counts as production's."""
    return [
        Environment(name, "sandbox" if name == "sandbox" else "production")
        for name in destination.environments
    ]


def _environment(
    lowering: DestinationLowering, where: Environment, project: Project, sink: Sink
) -> Program | Json:
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
    return {"destination": destination.name, "environment": where.place, "why": why}


def _program(
    lowering: DestinationLowering, where: Environment, settings: Mapping[str, Lit], sink: Sink
) -> Program:
    destination, program = lowering.destination, lowering.program(where, settings)
    check(program, destination.root, sink)
    check_arrangements(program, sink)
    check_counting(program, destination, sink)
    check_payment_references(program, destination.root, sink)
    return program


def _assessed(
    programs: Iterable[Program], project: Project | None, live: LiveHosts
) -> Iterator[Assessment]:
    """What each vault makes of each program; of a destination every operation is emitted once."""
    for _, places in groupby(programs, attrgetter("destination")):
        emissions = Emissions()
        for program in places:
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
