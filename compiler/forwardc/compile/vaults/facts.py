"""Reads a vault's `facts.yaml`: names, limits and presence, each with its source and date.

Knows the shape of the file, and no vault. Who compiles reads through `recording()`, which remembers
what was looked at: what rests on a fact that nobody confirms is told by that, and by no list.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
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
    doubts: dict[tuple[str, str], None] | None = field(default=None, compare=False)
    """Where reading is recorded: step, and why what was read for it is not confirmed."""
    step: str = ""

    def recording(self) -> "Facts":
        """The same facts with a record of its own."""
        return replace(self, doubts={})

    def unrecorded(self) -> "Facts":
        """The same facts for what is read of all alike, whatever is used of it."""
        return replace(self, doubts=None)

    def at(self, step: str) -> "Facts":
        """The same facts and record, for what a step reads."""
        return replace(self, step=step)

    def section(self, name: str) -> Mapping[str, Any]:
        """One section; every entry is a mapping that names its `source`."""
        found: Mapping[str, Any] = self.data[name]
        return found if self.doubts is None else _Section(found, self)

    def value(self, section: str, name: str) -> Any:
        """The `value` of one fact."""
        return self.section(section)[name]["value"]

    def single(self, name: str) -> Any:
        """The `value` of a section that is one fact."""
        fact = self.data[name]
        self.note(fact)
        return fact["value"]

    def account_keys(self, kind: str) -> tuple[str, ...]:
        """The keys of an account in `forwardc.yaml` that are `required`, `asked` or `optional`."""
        known = self.data["account"]
        return tuple(key for key, fact in known.items() if fact["value"] == kind)

    def limit(self, name: str, unit: str = "characters") -> int:
        """A limit, in the unit that its fact names."""
        return self.counted("limits", name, unit)

    def counted(self, section: str, name: str, unit: str) -> int:
        """A number of the unit that the reader counts in.

        Raises ValueError where the fact is of another one: that is a mistake of ours.
        """
        fact = self.section(section)[name]
        if str(fact["unit"]).partition(" of ")[0] != unit:
            raise ValueError(f"{self.vault}: {section}/{name} is no number of {unit}")
        return int(fact["value"])

    def host(self, name: str, environment_class: EnvironmentClass) -> str:
        """A host of the vault in every environment of a class."""
        return str(self.value("hosts", name)[environment_class])

    def doubt(self, fact: Mapping[str, Any]) -> str | None:
        """Why nobody confirms a fact; None where its source does.

        A fact is not confirmed where it says so itself, or where its source is none of the vendor.
        """
        source = self.data["sources"][fact["source"]]
        if fact.get("confirmed", True) and source["confidence"] != "unconfirmed":
            return None
        return str(fact["reason"])

    def note(self, fact: Mapping[str, Any]) -> None:
        """Remember that a fact was looked at."""
        reason = self.doubt(fact) if self.doubts is not None else None
        if self.doubts is not None and reason:
            self.doubts[self.step, reason] = None


class _Section(Mapping[str, Any]):
    """A section that records each entry that is looked into. Its names alone tell nothing."""

    __slots__ = ("_entries", "_facts")

    def __init__(self, entries: Mapping[str, Any], facts: Facts) -> None:
        self._entries, self._facts = entries, facts

    def __getitem__(self, name: str) -> "_Fact":
        return _Fact(self._entries[name], self._facts)

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


class _Fact(Mapping[str, Any]):
    """One entry, recorded as soon as somebody asks what it says."""

    __slots__ = ("_entry", "_facts")

    def __init__(self, entry: Mapping[str, Any], facts: Facts) -> None:
        self._entry, self._facts = entry, facts

    def __getitem__(self, name: str) -> Any:
        self._facts.note(self._entry)
        return self._entry[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entry)

    def __len__(self) -> int:
        return len(self._entry)


@cache
def load(vault: str) -> Facts:
    """The facts of a vault by its folder's name."""
    import yaml

    text = (
        resources.files(f"forwardc.compile.vaults.{vault}")
        .joinpath("facts.yaml")
        .read_text("utf-8")
    )
    data = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - a safe one
    return Facts(data["vault"], data["title"], data)
