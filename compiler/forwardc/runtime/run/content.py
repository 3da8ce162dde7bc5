"""What a caller asked of a run, as one text: the same text is the same request.

It holds sensitive values, so it is a `Secret`, and leaves this process as a keyed digest only.
"""

import json
from collections.abc import Mapping
from typing import Any

from forwardc.core.terms.values import Secret
from forwardc.runtime.run.prepare import PreparedRun
from forwardc.runtime.run.record import typed_by_hand

_GIVEN = ("params.", "inputs.")


def request_content(prepared: PreparedRun) -> Secret:
    """All that a caller's idempotency key stands for: operation, world, source, values.

    A reference that the caller left to the run is no part of it, nor is the plan's version.
    """
    plan, values = prepared.plan, prepared.values
    reference = values["run.reference"]
    given = None if reference == str(prepared.run_id) else reference
    asked = [plan.place, plan.vault, plan.destination, prepared.name]
    more = [values.get("source.id"), given, sorted(prepared.without)]
    return Secret(json.dumps([*asked, *more, _pairs(values, sensitive=None)]))


def withheld_values(prepared: PreparedRun) -> Secret | None:
    """The values that no record keeps, which `--resume` is given again; None without any."""
    pairs = _pairs(prepared.values, sensitive=True)
    return Secret(json.dumps(pairs)) if pairs else None


def _pairs(values: Mapping[str, Any], *, sensitive: bool | None) -> list[tuple[str, str]]:
    return [
        (name, typed_by_hand(value.reveal() if isinstance(value, Secret) else value))
        for name, value in sorted(values.items())
        if name.startswith(_GIVEN) and sensitive in (None, isinstance(value, Secret))
    ]
