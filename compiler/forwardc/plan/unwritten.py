"""The plan of a structure that is about to be written: a page shows what its file will hold.

`Document({"params": {"rate": {"maximum": Decimal("9.25")}}, ...})` becomes the plan that is read
from `{"params": {"rate": {"maximum": "9.25"}}, ...}`; terms in it are taken as they stand.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from forwardc.plan.model import Plan, plan_from


def plan_of(document: Mapping[str, Any]) -> Plan:
    """The plan of a structure that is about to be written, in which terms stand as they are.

    It is the plan that `load_plan` makes of the file, without writing and reading it. Raises
    `InvalidPlanError` as that does.
    """
    params = _with_texts(document.get("params", {}))
    return plan_from({**document, "params": params})


def _with_texts(value: Any) -> Any:
    """Data with a text for each decimal, which is what a file has."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return {key: _with_texts(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_with_texts(item) for item in value]
    return value
