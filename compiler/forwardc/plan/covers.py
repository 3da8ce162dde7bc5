"""The two things that an own approval covers, and where each differs from what was approved.

Knows no lock file: a record's covers are given as they were written.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from forwardc.plan.behaviour import behaviour, behaviour_digest
from forwardc.plan.changes import Change, changes, described
from forwardc.plan.digests import approval_digest, leaving
from forwardc.plan.model import Plan

Json: TypeAlias = Any

LEAVES: Final = "leaves"
BEHAVIOUR: Final = "behaviour"
_NAMES: Final = {LEAVES: "what leaves", BEHAVIOUR: "behaviour"}


def covers(plan: Plan, operation: str) -> dict[str, Json]:
    """What an approval of this operation covers. Raises `KeyError` if there is none."""
    return {LEAVES: leaving(plan, operation), BEHAVIOUR: behaviour(plan, operation)}


def digests(plan: Plan, operation: str) -> dict[str, str]:
    """The digest of each of the two, kept for each plan loaded. Raises `KeyError`."""
    return {
        LEAVES: approval_digest(plan, operation),
        BEHAVIOUR: behaviour_digest(plan, operation),
    }


def differences(then: Mapping[str, Json], now: Mapping[str, Json]) -> dict[str, list[Change]]:
    """What changed of each; nothing of one that is as it was."""
    found = {name: changes(then.get(name), now.get(name)) for name in (LEAVES, BEHAVIOUR)}
    return {name: listed for name, listed in found.items() if listed}


def told(found: Mapping[str, list[Change]]) -> str:
    """Differences in a message: which of the two, and where."""
    return "; ".join(f"{_NAMES[name]}: {described(listed)}" for name, listed in found.items())
