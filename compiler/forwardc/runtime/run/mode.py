"""Whether an answer tells another mode than the plan's, or another method than was agreed.

Where it stands is data of the plan. What is not told decides nothing.
"""

from typing import Any

from forwardc.core.terms.values import resolve
from forwardc.plan.answers import MethodAt, Mode
from forwardc.plan.environment import EnvironmentClass


def other_mode(mode: Mode | None, document: Any, class_: EnvironmentClass) -> str | None:
    """Why an answer is none of this class of environment; None where it is, or does not tell."""
    found = resolve(document, mode.at) if mode is not None else None
    if mode is None or found is None:
        return None
    told, other = _word(found), "live" if class_ == "sandbox" else "test"
    own, others = _word(mode.sandbox), _word(mode.production)
    if class_ == "production":
        own, others = others, own
    if told == own:
        return None
    return f"the answer is of a {other} account" if told == others else "the answer's mode is none"


def other_method(agreed: MethodAt | None, document: Any) -> str | None:
    """Why the vault's call is none that was agreed; None where it is, or where it does not tell."""
    found = resolve(document, agreed.at) if agreed is not None else None
    if agreed is None or found is None or _word(found) == agreed.agreed.lower():
        return None
    return f"the vault called the destination by another method than the agreed {agreed.agreed}"


def _word(value: Any) -> str:
    """A value as it is compared: `true`, `"true"` and `"True"` say the same."""
    return str(value).strip().lower() if isinstance(value, bool | str) else ""
