"""What tells a sandbox from live over a whole project: the live hosts, and who calls one.

The live hosts of the vaults' facts are the runtime's table; a project adds its own to them.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from forwardc.compile.ir.program import Program, ProgramOperation
from forwardc.compile.language.destination import Destination
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.terms.terms import Lit, Ref, Term, Text
from forwardc.plan.environment import EnvironmentClass
from forwardc.plan.separation import host_of, matching, plain, shipped

Classes: TypeAlias = Mapping[str, EnvironmentClass]
"""The class of each environment of a project, by name."""


def live_names(
    destinations: Sequence[Destination], programs: Sequence[Program], classes: Classes
) -> list[str]:
    """The hosts of every live account of a project, sorted: built, or written in a file only."""
    built = {
        plain(program.host) for program in programs if program.environment_class == "production"
    }
    written = {name for name, _ in _written(destinations, classes) if "*" not in name}
    return sorted((built | written) - {""})


def check_separation(
    destinations: Sequence[Destination], programs: Sequence[Program], classes: Classes, sink: Sink
) -> None:
    """Warn of each sandbox that is not proven to be apart from live: FC0522 and FC0523.

    Without a production there is no setting that lacks its value there.
    """
    live = shipped() | live_names(destinations, programs, classes)
    unknown = {}
    if "production" in classes.values():
        unknown = dict(_unknown(destinations, programs, classes))
    for program in programs:
        if (
            program.environment_class == "production"
            or program.separated_by != "host"
            or not program.host
        ):
            continue
        if program.host in live:
            _shared(program, sink)
        elif program.destination in unknown:
            _not_proven(program, unknown[program.destination], sink)


def _shared(program: Program, sink: Sink) -> None:
    sink.warning(
        "FC0523",
        f"the {program.environment} of {program.destination} calls a host that serves live"
        " accounts, too: it needs an approval as production does",
        program.base_url.span,
        hint="where the credentials tell test from live, give each secret its `shape:`, and write"
        " `separated_by: credential`; where nothing does, write `separated_by: none`",
    )


def _not_proven(program: Program, live: str, sink: Sink) -> None:
    if not matching(live).fullmatch(plain(program.host)):
        return
    sink.warning(
        "FC0522",
        f"nobody knows whether the {program.environment} of {program.destination} is apart from"
        " its production, whose host is a setting without a value",
        program.base_url.span,
        hint="give the setting its value in production, or write `separated_by:` what tells test"
        " from live",
    )


def _unknown(
    destinations: Sequence[Destination], programs: Sequence[Program], classes: Classes
) -> Iterator[tuple[str, str]]:
    """Each destination whose live host is not known, with `*` for each setting without a value.

    One that holds names of ours in every operation never reaches production.
    """
    built = {
        program.destination for program in programs if program.environment_class == "production"
    }
    played = {
        program.destination for program in programs if all(map(_stands_in, program.operations))
    }
    for host, name in _written(destinations, classes):
        if "*" in host and name not in built | played:
            yield name, host


def _stands_in(operation: ProgramOperation) -> bool:
    return any(step.stand_in for step in operation.steps)


def _written(destinations: Sequence[Destination], classes: Classes) -> Iterator[tuple[str, str]]:
    """The live hosts of each destination's file, `*` for a setting, and the destination's name.

    An environment that no project knows is no sandbox: a host too many costs a look only.
    """
    for destination in destinations:
        for name, term in destination.environments.items():
            class_ = "sandbox" if name == "sandbox" else classes.get(name, "production")
            if class_ == "production":
                yield host_of(_text(term, destination)), destination.name


def _text(term: Term, destination: Destination) -> str:
    parts = term.parts if isinstance(term, Text) else (term,)
    return "".join(_piece(part, destination) for part in parts)


def _piece(part: Term, destination: Destination) -> str:
    if isinstance(part, Lit):
        return str(part.value)
    name = part.name.removeprefix("settings.") if isinstance(part, Ref) else ""
    setting = destination.settings.get(name)
    return str(setting.default.value) if setting and setting.default else "*"
