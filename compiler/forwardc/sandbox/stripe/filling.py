"""Fill the blanks of a forwarded body with a card.

Knows no HTTP and no state. Rules of the guide (May 2026): only what is there and blank is
filled; the month has two digits and the year four; a 0 becomes a number; what no replacement was
asked for goes out as it was sent.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from html import escape

from forwardc.sandbox.stripe.errors import forwarding_invalid
from forwardc.sandbox.stripe.fields import (
    REPLACED_BY,
    Field,
    guessed_fields,
    is_blank,
    known_fields,
    numeric_only,
)
from forwardc.sandbox.stripe.leaves import Leaf, NotReadable, fill, leaves
from forwardc.sandbox.stripe.registry import Destination

_BODY = "request[body]"


@dataclass(frozen=True, slots=True)
class CardData:
    """What a vault holds of a card. The CVC is None once it is used, the name if not known."""

    number: str = field(repr=False)
    month: int
    year: int
    cvc: str | None = field(repr=False)
    name: str | None

    def value(self, kind: Field) -> str | None:
        """What a string blank of this kind becomes, or None if there is nothing to write."""
        return {
            Field.NUMBER: self.number,
            Field.MONTH: f"{self.month:02d}",
            Field.YEAR: f"{self.year:04d}",
            Field.CVC: self.cvc,
            Field.NAME: self.name,
        }[kind]


@dataclass(frozen=True, slots=True)
class Filled:
    """A body as it goes out, and the secret values that were written into it."""

    body: str = field(repr=False)
    number: str | None = field(repr=False)
    cvc: str | None = field(repr=False)

    @property
    def values(self) -> tuple[str, ...]:
        """What may be shown nowhere."""
        return tuple(value for value in (self.number, self.cvc) if value is not None)


def fill_body(
    body: str, destination: Destination, replacements: Collection[str], card: CardData
) -> Filled:
    """The body as it goes out. Raises `StripeError` for a body that the config cannot fill."""
    found = _read(body)
    kinds = _fields(destination, found, replacements)
    written: list[tuple[Leaf, str]] = []
    secrets: dict[Field, str] = {}
    for leaf in found:
        kind = kinds.get(leaf.place)
        if kind is None or REPLACED_BY[kind] not in replacements:
            continue
        _check_blank(leaf, kind, destination)
        value = card.value(kind)
        if value is not None:
            written.append((leaf, _written(leaf, value)))
            secrets[kind] = value
    return Filled(fill(body, written), secrets.get(Field.NUMBER), secrets.get(Field.CVC))


def _read(body: str) -> list[Leaf]:
    try:
        return leaves(body)
    except NotReadable as error:
        raise forwarding_invalid(f"{error} Only JSON and XML can be forwarded.", _BODY) from None


def _fields(
    destination: Destination, found: list[Leaf], replacements: Collection[str]
) -> dict[str, Field]:
    if destination.fields is not None:
        return known_fields(destination.fields, found)
    kinds = guessed_fields(found)
    filled = {REPLACED_BY[kind] for kind in kinds.values()}
    # A CVC or a name may be left out of a body; without number and expiry the guess has failed.
    lost = sorted({"card_number", "card_expiry"} & set(replacements) - filled)
    if lost or not kinds:
        raise forwarding_invalid(
            "The account's config does not know the card fields of this URL, and the sandbox finds "
            f"no blank field by a well-known name for: {', '.join(lost) or 'a card'}.",
            "url",
        )
    return kinds


def _check_blank(leaf: Leaf, kind: Field, destination: Destination) -> None:
    """Refuse a card field that is filled already, or blank with the wrong type."""
    if not is_blank(leaf):
        raise forwarding_invalid(
            f"The field {leaf.path} must be blank to be replaced: an empty string, or 0.", _BODY
        )
    as_number = leaf.value == 0
    if as_number and kind not in (Field.MONTH, Field.YEAR):
        raise forwarding_invalid(f"The field {leaf.path} must be an empty string.", _BODY)
    if not as_number and numeric_only(destination.fields or {}, leaf.path):
        raise forwarding_invalid(f"The field {leaf.path} must be 0.", _BODY)


def _written(leaf: Leaf, value: str) -> str:
    """What stands in the text for a value: JSON string, JSON number, or XML text."""
    if not leaf.xml:
        return str(int(value)) if leaf.value == 0 else json.dumps(value, ensure_ascii=False)
    return escape(value)
