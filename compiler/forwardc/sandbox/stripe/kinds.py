"""What a parameter can be: the words of which the tables in `tables/` are made.

Knows no endpoint, and checks nothing: `params` reads by them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

MAX_TEXT = 5000


@dataclass(frozen=True, slots=True)
class Text:
    """A string of at most `limit` characters; with `choices`, one of them."""

    limit: int = MAX_TEXT
    choices: tuple[str, ...] = ()
    form: Literal["email", "url"] | None = None


@dataclass(frozen=True, slots=True)
class Whole:
    """An integer, with optional bounds."""

    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Flag:
    """`true` or `false`; `words` are further values that are let through as text."""

    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Items:
    """A list, written `a[]=` or `a[0]=`."""

    of: "Kind"


@dataclass(frozen=True, slots=True)
class Shape:
    """A map with known keys."""

    fields: Mapping[str, "Kind"]
    required: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Metadata:
    """At most 50 keys of 40 characters with values of 500 (API reference, January 2026)."""


@dataclass(frozen=True, slots=True)
class Cleared:
    """What may be unset: an empty string reads as None."""

    kind: "Kind"


@dataclass(frozen=True, slots=True)
class Either:
    """A map, or else a scalar."""

    map: Shape
    scalar: "Kind"


@dataclass(frozen=True, slots=True)
class Dated:
    """A parameter of the API versions from `since` on and before `until` (their dates).

    `code` and `text` are those of its refusal after `until`, where Stripe has special ones.
    """

    kind: "Kind"
    since: str = ""
    until: str = "9999"
    code: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Country:
    """A country's code of two capital letters (ISO 3166-1, and Kosovo's)."""


@dataclass(frozen=True, slots=True)
class Gated:
    """A parameter that Stripe switches on for an account on request: unknown to all others."""


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A parameter of Stripe that the sandbox cannot follow: it says so and does not pass over."""


Kind = (
    Text
    | Whole
    | Flag
    | Items
    | Shape
    | Metadata
    | Cleared
    | Either
    | Dated
    | Country
    | Gated
    | Unsupported
)
