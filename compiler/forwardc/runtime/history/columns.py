"""What a column holds of a value that is no text or number, and the value of a column again.

Each pair of functions stands together: what one writes, the other reads, also in a row of an older
version. Collections are JSON; names of atoms have no spaces and are divided by them.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

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
