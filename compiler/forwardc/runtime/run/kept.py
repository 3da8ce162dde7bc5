"""What is kept of an answer, field by field, as it may be shown. Knows no database.

What may be a credential, or came from the card, has a name and no value.
"""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from forwardc.core.terms.values import MASK

BodyKind: TypeAlias = Literal["json", "xml", "form", "text", "empty"]
"""How a body was read; `text` is a body of one field."""


@dataclass(frozen=True, slots=True)
class BodyField:
    """A value of a body, or a header.

    `path` is a JSON Pointer, of a header its name, of a text empty. `value` is None where it is
    masked. `text`: it was text there, and not a number, `true`, `false`, `null` or something empty.
    `fills` names what a vault puts in: it stands in the value as `${card.number}`.
    """

    path: str
    value: str | None
    text: bool = True
    fills: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """The value, or `***`."""
        return MASK if self.value is None else self.value


@dataclass(frozen=True, slots=True)
class BodyFields:
    """A body field by field, in its own order. `whole` tells that nothing was cut."""

    kind: BodyKind
    rows: tuple[BodyField, ...]
    whole: bool = True


NOT_READ: Final = BodyFields("text", (), whole=False)
"""Of a body that was not read."""


@dataclass(frozen=True, slots=True)
class RecordedAnswer:
    """What is kept of the answer to one step.

    `whose` it is: the destination's, with its status, or the vault's where there is none of the
    destination. `says` is its beginning on one line, where it was rejected or nobody knows.
    `kept_at` is ISO 8601 in UTC, empty before it was kept.
    """

    whose: Literal["destination", "vault"]
    status: int | None
    body: BodyFields
    headers: tuple[BodyField, ...] = ()
    says: str | None = None
    kept_at: str = ""
