"""Takes the outputs of a step out of the destination's answer. Scalars only; cards never."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeAlias

from forwardc.diagnostics.scan import find_cards
from forwardc.plan.model import Output
from forwardc.plan.pointer import resolve
from forwardc.plan.values import MASK, Secret

Shown: TypeAlias = str | int | bool | None


@dataclass(frozen=True, slots=True)
class Outputs:
    """Values by output name, sensitive ones as `Secret`, and the names of required ones missing."""

    values: Mapping[str, Any] = field(repr=False)
    missing: tuple[str, ...] = ()

    def shown(self) -> dict[str, Shown]:
        """The values as they may be shown."""
        return {name: _shown(value) for name, value in self.values.items()}


def outputs_of(declared: Mapping[str, Output], document: Any) -> Outputs:
    """The declared outputs. What looks like a card number is not taken and counts as missing."""
    values: dict[str, Any] = {}
    missing: list[str] = []
    for name, output in declared.items():
        value = _typed(resolve(document, output.at), output.type)
        if value is None:
            missing += [] if output.optional else [name]
        else:
            values[name] = Secret(value) if output.sensitive else value
    return Outputs(values, tuple(missing))


def _typed(value: Any, wanted: str) -> Any:
    """The value in its declared type; None where it is none or looks like a card number."""
    if isinstance(value, bool):
        return value if wanted == "boolean" else None
    if not isinstance(value, str | int | Decimal) or find_cards(str(value)):
        return None
    match wanted:
        case "text":
            return str(value)
        case "number":
            return None if isinstance(value, str) else value
        case "integer":
            return value if isinstance(value, int) else None
        case _:
            return None


def _shown(value: Any) -> Shown:
    if isinstance(value, Secret):
        return MASK
    return str(value) if isinstance(value, Decimal) else value
