"""The types of expressions and values. Knows nothing of sources, stages or vaults."""

from enum import StrEnum


class Type(StrEnum):
    """What kind of value a term has once it is evaluated."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    NULL = "null"
    BYTES = "bytes"
    TIME = "time"
    LIST = "list"
    MAP = "map"
    JSON = "json"
    """Any JSON value: a `json` param, or what a destination answered."""


SCALARS = frozenset({Type.TEXT, Type.INTEGER, Type.NUMBER, Type.BOOLEAN, Type.NULL})
"""Types that can stand as a leaf of a body."""


def fits(actual: Type, wanted: Type) -> bool:
    """Whether a value of type `actual` may stand where `wanted` is asked for."""
    if Type.JSON in (actual, wanted):
        return actual not in (Type.BYTES, Type.TIME)
    return actual is wanted or (actual is Type.INTEGER and wanted is Type.NUMBER)
