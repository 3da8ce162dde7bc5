"""What a parameter can be: the words of which the tables in `tables/` are made.

Knows no endpoint, and checks nothing: `params` reads by them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

MAX_TEXT = 5000


@dataclass(frozen=True, slots=True)
class TextParam:
    """A string of at most `limit` characters; with `choices`, one of them."""

    limit: int = MAX_TEXT
    choices: tuple[str, ...] = ()
    form: Literal["email", "url"] | None = None


@dataclass(frozen=True, slots=True)
class IntegerParam:
    """An integer, with optional bounds."""

    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class BooleanParam:
    """`true` or `false`; `words` are further values that are let through as text."""

    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ListParam:
    """A list, written `a[]=` or `a[0]=`."""

    of: "ParamKind"


@dataclass(frozen=True, slots=True)
class MapParam:
    """A map with known keys."""

    fields: Mapping[str, "ParamKind"]
    required: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MetadataParam:
    """At most 50 keys of 40 characters with values of 500 (API reference, January 2026)."""


@dataclass(frozen=True, slots=True)
class ClearableParam:
    """What may be unset: an empty string reads as None."""

    kind: "ParamKind"


@dataclass(frozen=True, slots=True)
class EitherParam:
    """A map, or else a scalar."""

    map: MapParam
    scalar: "ParamKind"


@dataclass(frozen=True, slots=True)
class DatedParam:
    """A parameter of the API versions from `since` on and before `until` (their dates).

    `code` and `text` are those of its refusal after `until`, where Stripe has special ones.
    """

    kind: "ParamKind"
    since: str = ""
    until: str = "9999"
    code: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class CountryParam:
    """A country's code of two capital letters (ISO 3166-1, and Kosovo's)."""


@dataclass(frozen=True, slots=True)
class GatedParam:
    """A parameter that Stripe switches on for an account on request: unknown to all others."""


@dataclass(frozen=True, slots=True)
class UnsupportedParam:
    """A parameter of Stripe that the sandbox cannot follow: it says so and does not pass over."""


ParamKind = (
    TextParam
    | IntegerParam
    | BooleanParam
    | ListParam
    | MapParam
    | MetadataParam
    | ClearableParam
    | EitherParam
    | DatedParam
    | CountryParam
    | GatedParam
    | UnsupportedParam
)
