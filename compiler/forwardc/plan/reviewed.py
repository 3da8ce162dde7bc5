"""What a vault's reviewers accept of a step, as data of a plan.

Knows no vault; which of it an approval covers is said beside the digests.
"""

import datetime
from typing import Literal, Self

from pydantic import model_validator

from forwardc.plan.parts import Part


class ReviewField(Part):
    """A place that the vault fills: a JSON Pointer, an XPath where it is XML, or `header NAME`."""

    at: str
    atom: str
    replacement: str
    json_type: Literal["string", "number"]
    format: str
    required: bool


class AgreedWith(Part):
    """What a vault agreed to beyond its documents, under its ticket, as YYYY-MM-DD.

    `wallets` are those whose tokens may be forwarded.
    `as_if_agreed`: nobody asked it, and only a sandbox on this machine plays it.
    """

    id: str
    ticket: str | None = None
    date: str | None = None
    expires: datetime.date | None = None
    wallets: tuple[str, ...] = ()
    as_if_agreed: bool = False

    @model_validator(mode="after")
    def _is_recorded_or_played(self) -> Self:
        if (self.ticket is None or self.date is None) != self.as_if_agreed:
            raise ValueError("an arrangement has a ticket and a date, or nobody agreed")
        return self


class Review(Part):
    """What the vault's reviewers accept of a step, and must see again when it changes."""

    url: str
    method: str
    fields: tuple[ReviewField, ...] = ()
    headers: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    arrangements: tuple[AgreedWith, ...] = ()
