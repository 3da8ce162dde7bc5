"""What stays of a destination when its trees are gone: all that a rule over the project looks at.

A destination is read, lowered, checked and assessed alone, and its trees die with it. Rules that
compare destinations (whose a secret is, which hosts are live, what a target needs) or a day take
summaries only, so that they run every time, whatever was compiled anew.

A summary follows from the destination's file and the values of `forwardc.yaml`, and never from a
day or from another destination. It holds names and places, and no value but hosts, which the
manifest names as well. `core/records.py` writes it as JSON.
"""

from collections.abc import Iterable, Iterator

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.span import Span
from forwardc.plan.environment import Environment


@dataclass(frozen=True, slots=True)
class SecretSummary:
    """A declared secret. `owner` is the vendor whose it is, None for the destination's own."""

    name: str
    span: Span
    pointer: str
    as_key: str | None = None
    owner: str | None = None
    owner_span: Span | None = None


@dataclass(frozen=True, slots=True)
class ArrangementSummary:
    """A declared arrangement, and the vault that must agree to it."""

    name: str
    vault: str


@dataclass(frozen=True, slots=True)
class EnvironmentSummary:
    """A key of `environments`: where it stands, and its host, `*` for a setting without default.

    `host` is None where the base URL cannot be read.
    """

    name: str
    span: Span
    host: str | None


@dataclass(frozen=True, slots=True)
class PciSummary:
    """The days of a destination's PCI DSS standing, as written; `attestation` is a file."""

    attestation: str
    expires: str
    date: str
    span: Span | None
    status_span: Span | None


@dataclass(frozen=True, slots=True)
class PlaceSummary:
    """The program of one environment or account: what tells its class from the other one."""

    where: Environment
    host: str
    separated_by: str
    span: Span | None
    """Where the base URL stands."""
    stands_in: bool
    """Whether every operation holds names of ours where the real ones are not known."""


@dataclass(frozen=True, slots=True)
class NotBuilt:
    """Why a destination has no plan in a place: for any vault, or where `vault` says so."""

    destination: str
    environment: str
    why: str
    vault: str | None = None

    def to_json(self) -> dict[str, str]:
        """The row of `build/coverage.json`."""
        vault = {"vault": self.vault} if self.vault else {}
        return {
            "destination": self.destination,
            "environment": self.environment,
            **vault,
            "why": self.why,
        }


@dataclass(frozen=True, slots=True)
class StandingSummary:
    """An arrangement that an operation needs at a vault, and the URL that it is about."""

    id: str
    url: str


@dataclass(frozen=True, slots=True)
class AssessmentSummary:
    """What a vault made of one operation in one place."""

    vault: str
    destination: str
    operation: str
    where: Environment
    refusal: str | None
    """The first reason of a refusal; None where there is none."""
    is_emitted: bool
    is_reviewed: bool
    """Whether a step goes to the vault's reviewers."""
    span: Span | None
    standings: tuple[StandingSummary, ...] = ()

    @property
    def place(self) -> tuple[str, str, str]:
        """Vault, destination and operation."""
        return self.vault, self.destination, self.operation


@dataclass(frozen=True, slots=True)
class DestinationSummary:
    """One destination. `assessments` is empty where it was not assessed."""

    name: str
    span: Span
    """Where the name stands."""
    has_docs: bool
    own_vault: bool
    pci: PciSummary | None
    countries: tuple[str, ...]
    countries_span: Span | None
    secrets: tuple[SecretSummary, ...]
    arrangements: tuple[ArrangementSummary, ...]
    operations: tuple[str, ...]
    environments: tuple[EnvironmentSummary, ...]
    places: tuple[PlaceSummary, ...] = ()
    not_built: tuple[NotBuilt, ...] = ()
    assessments: tuple[AssessmentSummary, ...] = ()


def assessments_of(summaries: Iterable[DestinationSummary]) -> Iterator[AssessmentSummary]:
    """What vaults made of each operation, in the order of the destinations."""
    for summary in summaries:
        yield from summary.assessments
