"""The JSON of the classes of `part.py`: what `reading.py` makes the same part of."""

import datetime
from collections.abc import Collection, Mapping
from dataclasses import MISSING, fields
from functools import cache
from typing import Any, Final

from forwardc.core.documents.part import DocumentPart, key_of


def as_json(
    part: DocumentPart, *, without_defaults: bool = False, exclude: Collection[str] = ()
) -> dict[str, Any]:
    """The JSON object of a part, its members by their names in the file and in their order.

    `exclude` leaves out members of this part, by their names here; `without_defaults` what is as
    it would be without being said, of every part in it.
    """
    members: dict[str, Any] = {}
    cls: Any = type(part)
    for name, key, default in _members(cls):
        value = getattr(part, name)
        if name not in exclude and not (without_defaults and value == default):
            # Most members are scalars: a call for each would cost more than all else.
            is_scalar = type(value) in _SCALARS
            members[key] = value if is_scalar else _data_of(value, without_defaults)
    return members


_SCALARS: Final = frozenset({str, int, bool, type(None)})
"""Types of values that stand in JSON as they are."""


def _data_of(value: Any, without_defaults: bool) -> Any:
    if type(value) in _SCALARS:
        return value
    if isinstance(value, DocumentPart):
        return as_json(value, without_defaults=without_defaults)
    if isinstance(value, tuple | list):
        return [_data_of(item, without_defaults) for item in value]
    if isinstance(value, Mapping):
        return {key: _data_of(item, without_defaults) for key, item in value.items()}
    return value.isoformat() if isinstance(value, datetime.date) else value


@cache
def _members(cls: Any) -> tuple[tuple[str, str, Any], ...]:
    """Each member's names, and its default; what has none is never equal to it."""
    return tuple((field.name, key_of(field), _default(field)) for field in fields(cls))


def _default(field: Any) -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()
