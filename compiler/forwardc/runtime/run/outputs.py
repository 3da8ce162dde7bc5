"""Takes the outputs of a step out of the destination's answer. Scalars only.

A destination may write a number as text, and an id as either: the declared type decides.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, TypeAlias

from forwardc.core.terms.money import AmountRefusedError
from forwardc.core.terms.values import CONTRADICTION, MASK, Secret, XmlLeaf, resolve
from forwardc.plan.answers import PlanOutput
from forwardc.runtime.run.sums import amount_of

ShownValue: TypeAlias = str | int | bool | None

# No number of a payment has as many; an integer of a large exponent would fill the memory.
_MOST_DIGITS: Final = 100
_NUMBER: Final = re.compile(rf"-?[0-9]{{1,{_MOST_DIGITS}}}(\.[0-9]{{1,{_MOST_DIGITS}}})?")


@dataclass(frozen=True, slots=True)
class StepOutputs:
    """Values by output name, sensitive ones as `Secret`, and the names of required ones missing.

    `inexact` are amounts that cannot be read in the destination's digits, optional or not, and
    `twice` are the required ones that the answer gives twice, with different values.
    """

    values: Mapping[str, Any] = field(repr=False)
    missing: tuple[str, ...] = ()
    twice: tuple[str, ...] = ()
    inexact: tuple[str, ...] = ()

    def lacking(self) -> str:
        """Why required outputs are missing, in words; empty where none is."""
        lost = [name for name in self.missing if name not in self.twice]
        reasons = [f"the answer lacks {', '.join(lost)}"] if lost else []
        if self.twice:
            reasons.append(f"the answer gives {', '.join(self.twice)} twice, with different values")
        if self.inexact:
            reasons.append(f"{', '.join(self.inexact)}: no exact amount as the destination counts")
        return "; ".join(reasons)

    def shown(self) -> dict[str, ShownValue]:
        """The values as they may be shown."""
        return {name: _shown(value) for name, value in self.values.items()}


def step_outputs(
    declared: Mapping[str, PlanOutput], document: Any, known: Mapping[str, Any] | None = None
) -> StepOutputs:
    """The declared outputs, as they came: masked is only what is shown of them.

    `known` are the values of the run, of which amounts need their currency.
    """
    values: dict[str, Any] = {}
    missing: list[str] = []
    twice: list[str] = []
    inexact: list[str] = []
    for name, output in declared.items():
        found = resolve(document, output.at)
        try:
            is_amount = output.type == "amount"
            value = _amount(output, found, known or {}) if is_amount else _typed(found, output.type)
        except AmountRefusedError:
            inexact.append(name)
            continue
        if value is not None:
            values[name] = Secret(value) if output.sensitive else value
        elif not output.optional:
            missing.append(name)
            twice += [name] if found is CONTRADICTION else []
    return StepOutputs(values, tuple(missing), tuple(twice), tuple(inexact))


def _amount(output: PlanOutput, found: Any, known: Mapping[str, Any]) -> int | None:
    """The amount where it is there. Raises `AmountRefusedError`."""
    return None if found is None or found is CONTRADICTION else amount_of(output, found, known)


def _typed(value: Any, wanted: str) -> Any:
    """The value in its declared type; None where it is none."""
    if isinstance(value, bool):
        return value if wanted == "boolean" else None
    if not isinstance(value, str | int | Decimal):
        return None
    if isinstance(value, XmlLeaf) and not value:
        # `<TransactionId/>` names nothing.
        return None
    match wanted:
        case "text":
            return str(value)
        case "number":
            return _number(value)
        case "integer":
            return _integer(_number(value))
        case _:
            return {"true": True, "false": False}.get(value) if isinstance(value, str) else None


def _number(value: str | int | Decimal) -> int | Decimal | None:
    """A number, or a text of its digits as one."""
    if not isinstance(value, str):
        return value
    text = value.strip(" \t\r\n")
    if _NUMBER.fullmatch(text) is None:
        return None
    return Decimal(text) if "." in text else int(text)


def _integer(value: int | Decimal | None) -> int | None:
    if isinstance(value, Decimal):
        whole = value.adjusted() < _MOST_DIGITS and value == value.to_integral_value()
        return int(value) if whole else None
    return value


def _shown(value: Any) -> ShownValue:
    if isinstance(value, Secret):
        return MASK
    return str(value) if isinstance(value, Decimal) else value
