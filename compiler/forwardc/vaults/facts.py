"""Reads a vault's `facts.yaml`: names, limits and presence, each with its source and date.

Knows the shape of the file, and no vault.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from forwardc.plan.environment import EnvironmentClass


@dataclass(frozen=True, slots=True)
class Facts:
    """The parsed facts of one vault, by section."""

    vault: str
    title: str
    data: Mapping[str, Any]

    def section(self, name: str) -> Mapping[str, Any]:
        """One section; every entry is a mapping that names its `source`."""
        found: Mapping[str, Any] = self.data[name]
        return found

    def value(self, section: str, name: str) -> Any:
        """The `value` of one fact."""
        return self.section(section)[name]["value"]

    def account_keys(self, kind: str) -> tuple[str, ...]:
        """The keys of an account in `forwardc.yaml` that are `required`, `asked` or `optional`."""
        known = self.section("account")
        return tuple(key for key, fact in known.items() if fact["value"] == kind)

    def limit(self, name: str) -> int:
        """A limit, in the unit that its fact names."""
        return int(self.value("limits", name))

    def host(self, name: str, environment_class: EnvironmentClass) -> str:
        """A host of the vault in every environment of a class."""
        return str(self.value("hosts", name)[environment_class])


@cache
def load(vault: str) -> Facts:
    """The facts of a vault by its folder's name."""
    import yaml

    text = resources.files(f"forwardc.vaults.{vault}").joinpath("facts.yaml").read_text("utf-8")
    data = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - a safe one
    return Facts(vault, data["title"], data)
