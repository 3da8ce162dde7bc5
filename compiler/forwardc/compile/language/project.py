"""The project as typed values: what `forwardc.yaml` says of folders, accounts and settings.

Accounts and copies are laid over their environments already, so that each place has all its values.
"""

from collections.abc import Iterable, Mapping
from dataclasses import field

from forwardc.compile.ir.arrangements import Grant
from forwardc.compile.language.nodes import YamlMap
from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.levels import AllowComment, LevelRule
from forwardc.core.diagnostics.span import Span
from forwardc.core.terms.terms import Lit
from forwardc.plan.environment import CLASSES, Environment, implied, place_of


@dataclass(frozen=True, slots=True)
class SettingValue:
    """The value of one setting, and where value and name stand."""

    value: Lit
    span: Span
    name_span: Span
    pointer: str


@dataclass(frozen=True, slots=True)
class DestinationValues:
    """The values of one destination's settings, by name."""

    values: Mapping[str, SettingValue]
    span: Span
    """Where the destination's name stands."""
    pointer: str


@dataclass(frozen=True, slots=True)
class EnvironmentValues:
    """One environment or one account of it: vault accounts by field, settings by destination.

    What an account or a copy (`like:`) does not say is that of its environment; what a vault
    agreed to holds for one account, so that `grants` are its own alone.
    """

    where: Environment
    vaults: Mapping[str, Mapping[str, str]]
    settings: Mapping[str, DestinationValues]
    span: Span
    pointer: str
    grants: tuple[Grant, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """What must compile. Without an operation: all of the destination's."""

    vault: str
    destination: str
    operation: str | None
    span: Span
    pointer: str


class Targets:
    """Targets by vault and destination: whoever assesses an operation asks whether it is one."""

    def __init__(self, targets: Iterable[Target]) -> None:
        self._by_place: dict[tuple[str, str], list[Target]] = {}
        for target in targets:
            self._by_place.setdefault((target.vault, target.destination), []).append(target)

    def about(self, place: tuple[str, str, str]) -> list[Target]:
        """The targets that are about a vault, a destination and an operation."""
        vault, destination, operation = place
        return [
            target
            for target in self._by_place.get((vault, destination), ())
            if target.operation in (None, operation)
        ]


@dataclass(frozen=True, slots=True)
class VendorSecret:
    """A secret that a vendor owns, and where its name stands."""

    name: str
    span: Span
    pointer: str


@dataclass(frozen=True, slots=True)
class Vendor:
    """An owner of secrets that several destinations use, with its secrets by name."""

    name: str
    secrets: Mapping[str, VendorSecret]
    span: Span
    """Where the vendor's name stands."""
    pointer: str


@dataclass(frozen=True, slots=True)
class Merchant:
    """Who the card data belongs to, as a vault's support asks. Empty where it is not given."""

    name: str = ""
    country: str = ""
    """Where the accounts at the vaults are registered, ISO 3166-1."""
    contact: str = ""
    volume: str = ""
    country_span: Span | None = None


@dataclass(frozen=True, slots=True)
class Project:
    """One `forwardc.yaml`. Folders are relative to it, with `/` between their parts."""

    destinations: str
    build: str
    environments: Mapping[str, EnvironmentValues]
    """By place: `production`, and `production@us` for an account of it."""
    targets: tuple[Target, ...]
    merchant: Merchant
    root: YamlMap = field(repr=False)
    vendors: Mapping[str, Vendor] = field(default_factory=dict)
    rules: tuple[LevelRule, ...] = ()
    """The levels that the project chose, in their order."""
    allows: tuple[AllowComment, ...] = ()
    """What comments of `forwardc.yaml` itself allow."""

    def places(self) -> list[Environment]:
        """Everything that may be built, sandboxes first and `production` at the end.

        The two names that imply their class are there, said or not: a destination without
        settings needs no values.
        """
        always: dict[str, Environment] = {name: implied(name) for name in CLASSES}
        environments = {
            **always,
            **{place: values.where for place, values in self.environments.items()},
        }
        return sorted(
            environments.values(),
            key=lambda environment: (
                environment.class_ == "production",
                environment.place == "production",
                environment.place,
            ),
        )

    def test_place(self, where: Environment) -> str:
        """Where an account is tried: the sandbox of its name, else the sandbox."""
        same = place_of("sandbox", where.account)
        return same if same in self.environments else "sandbox"
