"""The project as typed values: what `forwardc.yaml` says of folders, accounts and settings.

Knows no destination: whether a setting exists and fits is checked against its declaration.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from forwardc.diagnostics.span import Span
from forwardc.language.nodes import YamlMap
from forwardc.plan.terms import Lit


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
    """One environment: accounts by vault and field, and settings by destination."""

    vaults: Mapping[str, Mapping[str, str]]
    settings: Mapping[str, DestinationValues]
    span: Span
    pointer: str


@dataclass(frozen=True, slots=True)
class Target:
    """What must compile. Without an operation: all of the destination's."""

    vault: str
    destination: str
    operation: str | None
    span: Span
    pointer: str


@dataclass(frozen=True, slots=True)
class Project:
    """One `forwardc.yaml`. Folders are relative to it, with `/` between their parts."""

    destinations: str
    build: str
    environments: Mapping[str, EnvironmentValues]
    targets: tuple[Target, ...]
    merchant: str
    """The merchant's name; empty where it is not given."""
    root: YamlMap = field(repr=False)
