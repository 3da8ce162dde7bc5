"""Fill the blanks of a forwarded body with a card.

Rules of the guide (May 2026): only what is there and blank is filled; the month has two digits and
the year four; a 0 becomes a number; what no replacement was asked for goes out as it was sent.
Dates in another form and signatures are filled by arrangement only, as this sandbox plays it:
Stripe publishes neither.
"""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from html import escape
from typing import Final

from forwardc.sandbox.stripe.errors import forwarding_invalid
from forwardc.sandbox.stripe.fields import (
    DATES,
    REPLACED_BY,
    Blank,
    BlankField,
    BodyLeaf,
    ForwardedBodyError,
    fill,
    guessed_fields,
    is_blank,
    known_fields,
    leaves,
    numeric_only,
)
from forwardc.sandbox.stripe.registry import OnboardedDestination

SIGNATURE: Final = "sandbox-request-signature"
"""What stands where the vault would sign: nobody outside knows the algorithm of a destination."""

_PART: Final = re.compile(r"YYYY|YY|MM|M|[-/.]")


def date_in(form: str, month: int, year: int) -> str:
    """A date of expiry in a form such as `YYMM`. Raises `ValueError` for one that is none."""
    parts = _PART.findall(form)
    if not parts or "".join(parts) != form:
        raise ValueError("no form of a date")
    written = {
        "YYYY": f"{year:04d}",
        "YY": f"{year % 100:02d}",
        "MM": f"{month:02d}",
        "M": f"{month}",
    }
    return "".join(written.get(part, part) for part in parts)


_BODY = "request[body]"


@dataclass(frozen=True, slots=True)
class WalletToken:
    """What a wallet gave beside number and date: its cryptogram, and the ECI."""

    cryptogram: str = field(repr=False)
    eci: str


@dataclass(frozen=True, slots=True)
class CardData:
    """What a vault holds of a card. The CVC is None once it is used, the name if not known.

    With a wallet's `token`, number and date are the token's own.
    """

    number: str = field(repr=False)
    month: int
    year: int
    cvc: str | None = field(repr=False)
    name: str | None
    token: WalletToken | None = field(default=None, repr=False)

    def value(self, blank: Blank) -> str | None:
        """What a string blank becomes, or None if there is nothing to write."""
        if blank.field is BlankField.SIGNATURE:
            return SIGNATURE
        if blank.field is BlankField.NAME:
            return self.name
        of_token = blank.field.value.startswith("token_")
        if of_token != (self.token is not None):
            return None
        match blank.field:
            case BlankField.NUMBER | BlankField.TOKEN_NUMBER:
                return self.number
            case BlankField.MONTH | BlankField.TOKEN_MONTH:
                return f"{self.month:02d}"
            case BlankField.YEAR | BlankField.TOKEN_YEAR:
                return f"{self.year:04d}"
            case BlankField.EXPIRY | BlankField.TOKEN_EXPIRY:
                return date_in(blank.form, self.month, self.year)
            case BlankField.TOKEN_CRYPTOGRAM:
                return self.token.cryptogram if self.token else None
            case BlankField.TOKEN_ECI:
                return self.token.eci if self.token else None
            case _:
                return self.cvc


@dataclass(frozen=True, slots=True)
class FilledBody:
    """A body as it goes out, and the secret values that were written into it."""

    body: str = field(repr=False)
    number: str | None = field(repr=False)
    cvc: str | None = field(repr=False)
    cryptogram: str | None = field(default=None, repr=False)

    @property
    def values(self) -> tuple[str, ...]:
        """What may be shown nowhere."""
        secrets = (self.number, self.cvc, self.cryptogram)
        return tuple(value for value in secrets if value is not None)


def fill_body(
    body: str, destination: OnboardedDestination, replacements: Collection[str], card: CardData
) -> FilledBody:
    """The body as it goes out. Raises `StripeError` for a body that the config cannot fill."""
    body_leaves = _read(body)
    kinds = _fields(destination, body_leaves, replacements)
    written: list[tuple[BodyLeaf, str]] = []
    secrets: dict[BlankField, str] = {}
    for leaf in body_leaves:
        blank = kinds.get(leaf.place)
        if blank is None or REPLACED_BY[blank.field] not in replacements:
            continue
        _check_blank(leaf, blank.field, destination)
        value = card.value(blank)
        if value is not None:
            written.append((leaf, _written(leaf, value)))
            secrets[blank.field] = value
    return FilledBody(
        fill(body, written),
        secrets.get(BlankField.NUMBER) or secrets.get(BlankField.TOKEN_NUMBER),
        secrets.get(BlankField.CVC),
        secrets.get(BlankField.TOKEN_CRYPTOGRAM),
    )


def _read(body: str) -> list[BodyLeaf]:
    try:
        return leaves(body)
    except ForwardedBodyError as error:
        raise forwarding_invalid(f"{error} Only JSON and XML can be forwarded.", _BODY) from None


def _fields(
    destination: OnboardedDestination, body_leaves: list[BodyLeaf], replacements: Collection[str]
) -> dict[str, Blank]:
    if destination.fields is not None:
        return known_fields(destination.fields, body_leaves)
    kinds = guessed_fields(body_leaves)
    filled = {REPLACED_BY[blank.field] for blank in kinds.values()}
    # A CVC or a name may be left out of a body; without number and expiry the guess has failed.
    lost = sorted({"card_number", "card_expiry"} & set(replacements) - filled)
    if lost or not kinds:
        raise forwarding_invalid(
            "The account's config does not know the card fields of this URL, and the sandbox finds "
            f"no blank field by a well-known name for: {', '.join(lost) or 'a card'}.",
            "url",
        )
    return kinds


def _check_blank(leaf: BodyLeaf, kind: BlankField, destination: OnboardedDestination) -> None:
    """Refuse a card field that is filled already, or blank with the wrong type."""
    if not is_blank(leaf):
        raise forwarding_invalid(
            f"The field {leaf.path} must be blank to be replaced: an empty string, or 0.", _BODY
        )
    as_number = leaf.value == 0
    if as_number and kind not in DATES:
        raise forwarding_invalid(f"The field {leaf.path} must be an empty string.", _BODY)
    if not as_number and numeric_only(destination.fields or {}, leaf.path):
        raise forwarding_invalid(f"The field {leaf.path} must be 0.", _BODY)


def _written(leaf: BodyLeaf, value: str) -> str:
    """What stands in the text for a value: JSON string, JSON number, or XML text."""
    if not leaf.xml:
        return str(int(value)) if leaf.value == 0 else json.dumps(value, ensure_ascii=False)
    return escape(value)
