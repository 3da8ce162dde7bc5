"""What differs between two JSON values, and between what was approved and what a plan says now.

Values are compared member by member; lists whose items have names are compared by name. A change
is told by its pointer and kind, and never by a value.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, TypeAlias

from forwardc.core.dataclass import dataclass
from forwardc.core.json_pointer import pointer_token
from forwardc.plan.digests import approval_digest, behaviour, behaviour_digest, leaving
from forwardc.plan.model import Plan

Json: TypeAlias = Any

_SCALARS: Final = frozenset({str, int, float, bool, type(None)})
# Lists whose items are known by name, so that one more header is one change and not many.
_NAMED: Final = frozenset({"headers", "query", "steps", "fields", "keys"})


class ChangeKind(StrEnum):
    """What happened at a place."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"
    """The same entries stand in another order."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `pointer` (RFC 6901) is into the older value where something was removed.

    `name` is that of the innermost header, field or step, where there is one.
    """

    pointer: str
    kind: ChangeKind
    name: str | None = None

    def __str__(self) -> str:
        named = f" ({self.name})" if self.name else ""
        return f"{self.kind} {self.pointer or '/'}{named}"


def changes(old: Json, new: Json) -> list[Change]:
    """All differences, in reading order; empty only where both values are written alike."""
    return list(_differ(old, new, (), None))


def described(listed: Sequence[Change], most: int = 6) -> str:
    """Changes as one line, the first `most` of them."""
    shown = "; ".join(map(str, listed[:most]))
    rest = len(listed) - most
    return f"{shown}; and {rest} more" if rest > 0 else shown


def _differ(old: Json, new: Json, at: tuple[str, ...], name: str | None) -> Iterator[Change]:
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _entries(old, new, None, at, name)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _lists(old, new, at, name)
    elif not _alike(old, new):
        yield Change(_pointer(at), ChangeKind.CHANGED, name)


def _alike(old: Json, new: Json) -> bool:
    """Whether two scalars are the same JSON: `1 == True` in Python."""
    return type(old) is type(new) and bool(old == new)


def _entries(
    old: dict[str, Json],
    new: dict[str, Json],
    tokens: dict[str, str] | None,
    at: tuple[str, ...],
    name: str | None,
    *,
    named: bool = False,
) -> Iterator[Change]:
    """Differences by key; `tokens` gives what stands for a key in a pointer, if not the key."""
    in_order = list(old) == list(new)
    for key in old if in_order else dict.fromkeys((*old, *new)):
        # Most of two plans is equal scalars, which need no generator each.
        if in_order and type(old[key]) in _SCALARS and _alike(old[key], new[key]):
            continue
        inner, called = (*at, tokens[key] if tokens else key), key if named else name
        if key not in new:
            yield Change(_pointer(inner), ChangeKind.REMOVED, called)
        elif key not in old:
            yield Change(_pointer(inner), ChangeKind.ADDED, called)
        else:
            yield from _differ(old[key], new[key], inner, called)
    if not in_order and [key for key in old if key in new] != [key for key in new if key in old]:
        yield Change(_pointer(at), ChangeKind.MOVED, name)


def _lists(
    old: list[Json], new: list[Json], at: tuple[str, ...], name: str | None
) -> Iterator[Change]:
    is_named = bool(at) and at[-1] in _NAMED
    named_old, named_new = _by_name(old) if is_named else None, _by_name(new) if is_named else None
    if named_old is not None and named_new is not None:
        tokens = {key: str(index) for index, key in enumerate(named_old)}
        tokens |= {key: str(index) for index, key in enumerate(named_new)}
        yield from _entries(named_old, named_new, tokens, at, name, named=True)
        return
    same = _same_at_start(old, new)
    behind = _same_at_start(old[same:][::-1], new[same:][::-1])
    removed, added = old[same : len(old) - behind], new[same : len(new) - behind]
    for index in range(max(len(removed), len(added))):
        inner = (*at, str(same + index))
        if index >= len(added):
            yield Change(_pointer(inner), ChangeKind.REMOVED, name)
        elif index >= len(removed):
            yield Change(_pointer(inner), ChangeKind.ADDED, name)
        else:
            yield from _differ(removed[index], added[index], inner, name)


def _same_at_start(old: list[Json], new: list[Json]) -> int:
    pairs = enumerate(zip(old, new, strict=False))
    differing = (index for index, (old_item, new_item) in pairs if changes(old_item, new_item))
    return next(differing, min(len(old), len(new)))


def _by_name(items: list[Json]) -> dict[str, Json] | None:
    """The items by name, None where one has no name or two have the same."""
    named = {name: item for item in items if (name := _name_of(item)) is not None}
    return named if len(named) == len(items) else None


def _name_of(item: Json) -> str | None:
    match item:
        case str() | [str(), _]:
            return item if isinstance(item, str) else str(item[0])
        case {"name": str(name)} | {"at": str(name)}:
            return name
        case {"$if": _, "then": inner}:
            return _name_of(inner)
        case _:
            return None


def _pointer(parts: tuple[str, ...]) -> str:
    return "".join(f"/{pointer_token(part)}" for part in parts)


# The two things that an own approval covers.

LEAVES: Final = "leaves"
BEHAVIOUR: Final = "behaviour"
_NAMES: Final = {LEAVES: "what leaves", BEHAVIOUR: "behaviour"}


def covers(plan: Plan, operation: str) -> dict[str, Any]:
    """What an approval of this operation covers. Raises `KeyError` if there is none."""
    return {LEAVES: leaving(plan, operation), BEHAVIOUR: behaviour(plan, operation)}


def digests(plan: Plan, operation: str) -> dict[str, str]:
    """The digest of each of the two, kept for each plan loaded. Raises `KeyError`."""
    return {
        LEAVES: approval_digest(plan, operation),
        BEHAVIOUR: behaviour_digest(plan, operation),
    }


def covered_differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, list[Change]]:
    """What changed of each; nothing of one that is as it was."""
    by_part = {name: changes(then.get(name), now.get(name)) for name in (LEAVES, BEHAVIOUR)}
    return {name: listed for name, listed in by_part.items() if listed}


def differences_in_words(by_part: Mapping[str, list[Change]]) -> str:
    """Differences in a message: which of the two, and where."""
    return "; ".join(f"{_NAMES[name]}: {described(listed)}" for name, listed in by_part.items())
