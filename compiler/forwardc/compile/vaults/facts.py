"""Reads a vault's `facts.yaml`: names, limits and presence, each with its source and date.

Who compiles reads through `recording()`, which remembers what was looked at: what rests on a fact
that nobody confirms is told by that, and by no list.

`facts.json` beside it is a copy that is read quicker, made by `make generated`; one that is stale
or absent changes the time only.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from functools import cache
from hashlib import sha256
from itertools import groupby
from typing import Any, Final

from forwardc.core.dataclass import dataclass
from forwardc.core.resources import package_file
from forwardc.plan.environment import EnvironmentClass

# What people write where an id will stand. A vendor's ids are random: that one of them begins with
# such a word, or holds a long one, does not happen.
_WORDS: Final = (
    *("acme", "changeme", "demo", "dummy", "example", "fake", "forwardc", "live", "merchant"),
    *("placeholder", "production", "replace", "sample", "sandbox", "shop", "test", "todo", "your"),
)
_LONG: Final = 6
"""Letters: a shorter word may stand in a random id by accident."""
_SEQUENCES: Final = ("01234567", "12345678", "87654321", "98765432", "abcdefgh", "zyxwvuts")
_SAME: Final = 6
"""Characters: the same one so often in a row was typed. Fewer than 1 in 5 million random ids has it
(11 places in 16 letters and digits, each 36**-5)."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The parsed facts of one vault, by section."""

    vault: str
    title: str
    data: Mapping[str, Any]
    doubts: dict[tuple[str, str], None] | None = field(default=None, compare=False)
    """Where reading is recorded: step, and why what was read for it is not confirmed."""
    step: str = ""
    unconfirmed: Mapping[str, frozenset[str]] | None = field(default=None, compare=False)
    """By section, the names of its facts that nobody confirms: only they are worth a record."""

    def __post_init__(self) -> None:
        """Look for unconfirmed facts, where whoever makes a copy does not know them."""
        if self.unconfirmed is None:
            by_section = {name: _doubtful(self, data) for name, data in self.data.items()}
            object.__setattr__(self, "unconfirmed", by_section)

    def recording(self) -> "Facts":
        """The same facts with a record of its own."""
        return self._copy({}, self.step)

    def unrecorded(self) -> "Facts":
        """The same facts for what is read of all alike, whatever is used of it."""
        return self._copy(None, self.step)

    def at(self, step: str) -> "Facts":
        """The same facts and record, for what a step reads."""
        return self._copy(self.doubts, step)

    def _copy(self, doubts: dict[tuple[str, str], None] | None, step: str) -> "Facts":
        # Each step of each operation takes some: `replace` would look at every field for it.
        return Facts(self.vault, self.title, self.data, doubts, step, self.unconfirmed)

    def section(self, name: str) -> Mapping[str, Any]:
        """One section; every entry is a mapping that names its `source`."""
        entries: Mapping[str, Any] = self.data[name]
        doubtful = (self.unconfirmed or {})[name]
        return (
            _Section(entries, self, doubtful) if doubtful and self.doubts is not None else entries
        )

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
        keys = self.data["account"]
        return tuple(key for key, fact in keys.items() if fact["value"] == kind)

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

    def note_all(self, other: "Facts") -> None:
        """Remember what another record of the same facts remembers."""
        if self.doubts is not None:
            self.doubts.update(other.doubts or {})

    def note(self, fact: Mapping[str, Any]) -> None:
        """Remember that a fact was looked at."""
        reason = self.doubt(fact) if self.doubts is not None else None
        if self.doubts is not None and reason:
            self.doubts[self.step, reason] = None


def _doubtful(facts: Facts, section: object) -> frozenset[str]:
    """The names of a section's facts that nobody confirms; none where it is no section of facts."""
    entries = section.items() if isinstance(section, Mapping) else ()
    named = {name: fact for name, fact in entries if isinstance(fact, Mapping) and "source" in fact}
    return frozenset(name for name, fact in named.items() if facts.doubt(fact) is not None)


class _Section(Mapping[str, Any]):
    """A section that records each doubtful entry that is looked into. Names alone tell nothing."""

    __slots__ = ("_doubtful", "_entries", "_facts")

    def __init__(self, entries: Mapping[str, Any], facts: Facts, doubtful: frozenset[str]) -> None:
        self._entries, self._facts, self._doubtful = entries, facts, doubtful

    def __getitem__(self, name: str) -> Mapping[str, Any]:
        entry: Mapping[str, Any] = self._entries[name]
        return _Fact(entry, self._facts) if name in self._doubtful else entry

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
    written = package_file("compile", "vaults", vault, "facts.yaml").read_bytes()
    data = _quickly_read(vault, written) or parsed(written)
    return Facts(data["vault"], data["title"], data)


def parsed(written: bytes) -> dict[str, Any]:
    """What a `facts.yaml` says, as plain data; a day is a text."""
    import yaml

    data = yaml.load(written, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - a safe one
    plain: dict[str, Any] = json.loads(json.dumps(data, default=str))
    return plain


def quick_copy(written: bytes) -> str:
    """The `facts.json` of a `facts.yaml`: JSON is read in a thirtieth of the time.

    It says of which bytes it is a copy, so that one of others is not taken for it.
    """
    copy = {"sha256": sha256(written).hexdigest(), "facts": parsed(written)}
    return json.dumps(copy, indent=1, ensure_ascii=False) + "\n"


def _quickly_read(vault: str, written: bytes) -> dict[str, Any] | None:
    try:
        copy = json.loads(package_file("compile", "vaults", vault, "facts.json").read_bytes())
    except FileNotFoundError:
        return None
    facts: dict[str, Any] = copy["facts"]
    return facts if copy["sha256"] == sha256(written).hexdigest() else None


def demo_ids(facts: Facts, account: Mapping[str, str]) -> list[str]:
    """The names of those values of an account that are ids for trying out, in the facts' order."""
    ids: Mapping[str, Any] = facts.data.get("demo_ids", {})
    return [
        name
        for name, fact in ids.items()
        if name in account and _is_demo(account[name], fact["value"])
    ]


def _is_demo(text: str, fact: Mapping[str, Any]) -> bool:
    if (
        text in (*fact["ours"], *fact.get("printed", ()))
        or re.fullmatch(str(fact["real"]), text) is None
    ):
        return True
    return _is_made_up(re.split(r"[_-]", text)[-1].lower())


def _is_made_up(text: str) -> bool:
    """Whether a person typed what a vendor draws at random."""
    if text.startswith(_WORDS) or any(word in text for word in _WORDS if len(word) >= _LONG):
        return True
    if any(sequence in text for sequence in _SEQUENCES):
        return True
    runs = (len(list(group)) for _, group in groupby(text))
    return max(runs, default=0) >= min(_SAME, len(text)) or len(set(text)) <= len(text) // 4
