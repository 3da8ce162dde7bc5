"""What a column holds of a value that is no text or number, and the value of a column again.

Each pair of functions stands together: what one writes, the other reads, also in a row of an older
version. Collections are JSON; names of atoms have no spaces and are divided by them.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from forwardc.runtime.http.request import ShownRequest
from forwardc.runtime.run.result import Party, PartyName

_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, default=str)


def to_json(value: Mapping[str, Any] | tuple[Any, ...] | list[Any]) -> str:
    """JSON text; what JSON lacks, such as a decimal, as text."""
    if not value:
        return "{}" if isinstance(value, Mapping) else "[]"
    return _ENCODER.encode(value)


def atoms_to_column(atoms: tuple[str, ...]) -> str | None:
    """Names of atoms as a column holds them, None for none."""
    return " ".join(atoms) or None


def atoms_of_column(text: str | None) -> tuple[str, ...]:
    """Names of atoms as a column gives them."""
    return tuple(text.split()) if text else ()


def request_to_column(request: ShownRequest) -> str:
    """A request as it may be shown, as JSON."""
    return to_json(
        {
            "method": request.method,
            "url": request.url,
            "headers": request.headers,
            "body": request.body,
        }
    )


def request_of_column(text: str | None) -> ShownRequest | None:
    """The request of a column, None where nothing was sent yet."""
    if text is None:
        return None
    members = json.loads(text)
    headers = tuple((name, value) for name, value in members["headers"])
    return ShownRequest(members["method"], members["url"], headers, members["body"])


def names_to_column(names: tuple[PartyName, ...]) -> str:
    """By which names each party knows a run, as JSON."""
    return to_json([(name.party, name.way, name.place, name.value) for name in names])


def names_of_column(text: str | None) -> tuple[PartyName, ...] | None:
    """The names of a column, None in a row of before they were recorded."""
    if text is None:
        return None
    return tuple(PartyName(Party(party), *rest) for party, *rest in json.loads(text))


def parties_of_column(text: str | None) -> tuple[Party, ...] | None:
    """The parties of a column of JSON, None in a row of before they were recorded."""
    return None if text is None else tuple(Party(party) for party in json.loads(text))
