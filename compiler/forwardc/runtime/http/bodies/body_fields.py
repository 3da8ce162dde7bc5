"""A body field by field: what is shown and recorded of it. Reads nothing.

By itself, since a history holds it, and is read without the readers of bodies.
"""

from typing import Final, Literal, TypeAlias

from forwardc.core.dataclass import dataclass
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
