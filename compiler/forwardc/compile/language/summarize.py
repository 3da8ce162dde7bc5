"""Makes the summary of a destination, while its trees are there (`ir/summary.py`)."""

from collections.abc import Iterable, Sequence

from forwardc.compile.ir.program import Program, ProgramOperation
from forwardc.compile.ir.summary import (
    ArrangementSummary,
    DestinationSummary,
    EnvironmentSummary,
    NotBuilt,
    PciSummary,
    PlaceSummary,
    SecretSummary,
)
from forwardc.compile.language import access
from forwardc.compile.language.destination import Destination, Pci
from forwardc.core.terms.terms import Lit, Ref, Term, Text
from forwardc.plan.separation import host_of


def summary_of(
    destination: Destination,
    programs: Sequence[Program] = (),
    not_built: Iterable[NotBuilt] = (),
) -> DestinationSummary:
    """What rules over the project need of a destination; nothing is assessed yet."""
    countries = destination.root.entry("countries")
    return DestinationSummary(
        name=destination.name,
        span=destination.span,
        has_docs=bool(destination.docs),
        own_vault=destination.own_vault,
        pci=_pci(destination.pci),
        countries=destination.countries,
        countries_span=countries.value.span if countries else None,
        secrets=tuple(
            SecretSummary(name, spec.span, spec.pointer, spec.as_key, spec.owner, spec.owner_span)
            for name, spec in destination.secrets.items()
        ),
        arrangements=tuple(
            ArrangementSummary(arrangement.name, arrangement.vault)
            for arrangement in destination.arrangements
        ),
        operations=tuple(destination.operations),
        environments=tuple(_environments(destination)),
        places=tuple(map(_place, programs)),
        not_built=tuple(not_built),
    )


def _pci(pci: Pci | None) -> PciSummary | None:
    if pci is None:
        return None
    return PciSummary(pci.attestation, pci.expires, pci.date, pci.span, pci.status_span)


def _environments(destination: Destination) -> list[EnvironmentSummary]:
    terms = destination.environments
    return [
        EnvironmentSummary(
            entry.key,
            entry.key_span,
            host_of(_text(terms[entry.key], destination)) if entry.key in terms else None,
        )
        for entry in access.entries(destination.root.get("environments"))
    ]


def _place(program: Program) -> PlaceSummary:
    return PlaceSummary(
        program.where,
        program.host,
        program.separated_by,
        program.base_url.span,
        stands_in=all(map(_stands_in, program.operations)),
    )


def _stands_in(operation: ProgramOperation) -> bool:
    return any(step.stand_in for step in operation.steps)


def _text(term: Term, destination: Destination) -> str:
    parts = term.parts if isinstance(term, Text) else (term,)
    return "".join(_piece(part, destination) for part in parts)


def _piece(part: Term, destination: Destination) -> str:
    if isinstance(part, Lit):
        return str(part.value)
    name = part.name.removeprefix("settings.") if isinstance(part, Ref) else ""
    setting = destination.settings.get(name)
    return str(setting.default.value) if setting and setting.default else "*"
