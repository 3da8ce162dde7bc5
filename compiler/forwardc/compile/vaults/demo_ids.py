"""Tells an id for trying out from a merchant's own, by a vault's facts and by how it was made up.

Knows ids and no project. What it lets through may still be nobody's: only the vault knows that.
"""

import re
from collections.abc import Mapping
from itertools import groupby
from typing import Any, Final

from forwardc.compile.vaults.facts import Facts

# What people write where an id will stand. A vendor's ids are random: that one of them begins with
# such a word, or holds a long one, does not happen.
_WORDS: Final = (
    *("acme", "changeme", "demo", "dummy", "example", "fake", "forwardc", "live", "merchant"),
    *("placeholder", "production", "replace", "sample", "sandbox", "shop", "test", "todo", "your"),
)
_LONG: Final = 6
_SEQUENCES: Final = ("01234567", "12345678", "87654321", "98765432", "abcdefgh", "zyxwvuts")
_SAME: Final = 6


def demo_ids(facts: Facts, account: Mapping[str, str]) -> list[str]:
    """The names of those values of an account that are ids for trying out, in the facts' order."""
    known: Mapping[str, Any] = facts.data.get("demo_ids", {})
    return [
        name
        for name, fact in known.items()
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
