"""The rules of a JSON Schema that a tree breaks, as the explaining library tells them.

An unknown key and a missing one in the same map may be one mistake: `renamed_keys` says which.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from jsonschema.exceptions import ValidationError

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.suggest import did_you_mean

Path: TypeAlias = tuple[str | int, ...]
"""Keys and indices from the root."""


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """A rule of the schema that does not hold, and for what."""

    keyword: str
    value: Any
    schema: Mapping[str, Any]
    instance: Any
    path: Path
    of_name: bool

    @property
    def unknown_keys(self) -> list[str]:
        """The keys that no rule has, where that is what is wrong; not those of another file."""
        if self.keyword != "additionalProperties" or not isinstance(self.instance, dict):
            return []
        known = self.schema.get("properties", {})
        elsewhere = self.schema.get("elsewhere", {}).get("keys", ())
        return [key for key in self.instance if key not in known and key not in elsewhere]

    @property
    def missing(self) -> list[tuple[str, ...]]:
        """What is not there of the keys that must be: each one, or one out of several."""
        present = self.instance if isinstance(self.instance, dict) else {}
        if self.keyword == "required":
            return [(name,) for name in self.value if name not in present]
        if self.keyword in ("oneOf", "anyOf"):
            names = alternatives(self.value)
            return [tuple(names)] if names and not present.keys() & set(names) else []
        return []

    @property
    def forbids(self) -> bool:
        """Whether the rule forbids a key beside another one, as `values` beside `type: string`."""
        return self.keyword == "not" and self.value == {}


def renamed_keys(broken: Iterable[BrokenRule]) -> dict[Path, tuple[str, ...]]:
    """By map, what its only unknown key must mean: the only key, or one of those, that it lacks.

    Not where the unknown key is near to one that the map may have besides.
    """
    unknown: dict[Path, dict[str, set[str]]] = {}
    missing: dict[Path, set[tuple[str, ...]]] = {}
    for rule in broken:
        for key in rule.unknown_keys:
            known = unknown.setdefault(rule.path, {}).setdefault(key, set())
            known |= set(rule.schema.get("properties", {}))
        missing.setdefault(rule.path, set()).update(rule.missing)
    renamed = {}
    for path, keys in unknown.items():
        names = missing.get(path, set())
        if len(keys) == len(names) == 1:
            ((key, known),), (lacking,) = keys.items(), names
            near = did_you_mean(key, known)
            if near is None or near in lacking:
                renamed[path] = lacking
    return renamed


def broken_rule(error: ValidationError) -> BrokenRule:
    """What the explaining library says, as data."""
    return BrokenRule(
        str(error.validator),
        error.validator_value,
        error.schema if isinstance(error.schema, dict) else {},
        error.instance,
        tuple(error.absolute_path),
        "propertyNames" in error.absolute_schema_path,
    )


def alternatives(of: Iterable[object]) -> list[str]:
    """The keys of branches that each ask for one key; none where they ask for something else."""
    branches = [branch for branch in of if isinstance(branch, dict)]
    return [branch["required"][0] for branch in branches if len(branch.get("required", ())) == 1]
