"""The order of the stages, and nothing else: read, lower, check, assess, emit.

Each stage takes the sink and goes on after a mistake; nothing here writes a file.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from forwardc.diagnostics.sink import Sink
from forwardc.language.destination import Destination
from forwardc.language.project import Project
from forwardc.language.read_project import check_project_names
from forwardc.language.setting_values import check_settings
from forwardc.passes.check import check
from forwardc.passes.lower import lower
from forwardc.passes.project_checks import check_secret_names, check_targets
from forwardc.plan.program import Program
from forwardc.plan.terms import Lit
from forwardc.review import build_files
from forwardc.sources import Loaded, load
from forwardc.vaults.assess import Assessment, assess
from forwardc.vaults.model import Json, Vault
from forwardc.vaults.registry import vaults

ENVIRONMENTS = ("sandbox", "production")


@dataclass(frozen=True, slots=True)
class Compiled:
    """What the stages made. `outputs` are the bytes of `build/`, by path below it."""

    loaded: Loaded
    assessments: tuple[Assessment, ...] = ()
    not_built: tuple[Json, ...] = ()
    outputs: Mapping[str, bytes] = field(default_factory=dict)


def compile_project(root: Path, sink: Sink) -> Compiled:
    """Compile every destination of a project. With errors in the sink, no outputs are made."""
    loaded = load(root, sink)
    return compile_loaded(loaded, sink)


def compile_loaded(loaded: Loaded, sink: Sink) -> Compiled:
    """Compile what was read; files without a project are checked and assessed only."""
    check_secret_names(loaded.destinations, sink)
    if loaded.project is None:
        return _without_project(loaded, sink)
    check_project_names(loaded.project, loaded.by_name, sink)
    assessments: list[Assessment] = []
    not_built: list[Json] = []
    for destination in loaded.destinations:
        for environment in ENVIRONMENTS:
            found = _environment(destination, environment, loaded.project, sink)
            if isinstance(found, dict):
                not_built.append(found)
            else:
                assessments += found
    check_targets(loaded.project, assessments, sink)
    compiled = Compiled(loaded, tuple(assessments), tuple(not_built))
    if sink.has_errors:
        return compiled
    return replace(compiled, outputs=build_files.outputs(loaded, assessments, not_built))


def _without_project(loaded: Loaded, sink: Sink) -> Compiled:
    assessments: list[Assessment] = []
    for destination in loaded.destinations:
        for environment in destination.environments:
            program = _program(destination, environment, {}, sink)
            assessments += _assessed(program, vaults(), {})
    return Compiled(loaded, tuple(assessments))


def _environment(
    destination: Destination, environment: str, project: Project, sink: Sink
) -> list[Assessment] | Json:
    """The assessments of one environment, or why it is not built."""
    settings = check_settings(destination, project, environment, sink)
    if settings is None:
        if environment in destination.environments:
            _program(destination, environment, {}, sink)
        why = "no values for its settings" if environment in destination.environments else "no URL"
        return {"destination": destination.name, "environment": environment, "why": why}
    program = _program(destination, environment, settings, sink)
    values = project.environments.get(environment)
    return list(_assessed(program, vaults(), values.vaults if values else {}))


def _program(
    destination: Destination, environment: str, settings: Mapping[str, Lit], sink: Sink
) -> Program:
    program = lower(destination, environment, settings)
    check(program, destination.root, sink)
    return program


def _assessed(
    program: Program, known: Sequence[Vault], accounts: Mapping[str, Mapping[str, str]]
) -> Iterator[Assessment]:
    for vault in known:
        account = accounts.get(vault.name, {})
        for operation in program.operations:
            yield assess(vault, program, operation, account)
