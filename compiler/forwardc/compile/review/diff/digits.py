"""A change of the digits of money in words: the currency, what it is now, and what it was.

Knows what an approval covers of money, and nothing else of it. Digits are no values of a run.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

from forwardc.plan.changes import Change

Json: TypeAlias = Any

_BLOCK: Final = "/money"
_ROW: Final = f"{_BLOCK}/digits/"


def retold(change: Change, old: Mapping[str, Json], new: Mapping[str, Json]) -> Iterator[str]:
    """The change itself, or one line for each currency that counts otherwise."""
    if change.pointer == _BLOCK:
        yield str(change)
        for code, row in _rows(new or {}).items() if "money" in new else ():
            if code not in _rows(old) and _differs(row):
                yield f"{_named(code, row)}, and was as in ISO 4217"
    elif change.pointer.startswith(_ROW):
        code = change.pointer.removeprefix(_ROW)
        now, then = _rows(new).get(code), _rows(old).get(code)
        yield f"{_named(code, now)}, and {f'was {_told(then)}' if then else 'was not counted'}"
    else:
        yield str(change)


def _rows(covered: Mapping[str, Json]) -> Mapping[str, str]:
    digits: Mapping[str, str] = (covered.get("money") or {}).get("digits") or {}
    return digits


def _differs(row: str) -> bool:
    own, digits, multiple = row.split()
    return own != digits or multiple != "1"


def _named(code: str, row: str | None) -> str:
    return f"amounts in {code}: {_told(row) if row else 'not counted any more'}"


def _told(row: str) -> str:
    own, digits, multiple = row.split()
    steps = f" in steps of {multiple}" if multiple != "1" else ""
    return f"{digits} digits{steps} where ISO 4217 has {own}"
