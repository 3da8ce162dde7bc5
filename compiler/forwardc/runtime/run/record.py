"""Writes down what a run was asked to do, so that the same run can be prepared again.

Knows no database. A sensitive value is left out by its type, and only its name is kept.
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from forwardc.core.terms.values import Secret
from forwardc.plan.approvals import Lock, place
from forwardc.plan.model import Plan
from forwardc.runtime.history.records import NewRun, PlannedStep
from forwardc.runtime.run.amounts import currencies
from forwardc.runtime.run.destination_request import request_shapes
from forwardc.runtime.run.past import RunProgress
from forwardc.runtime.run.prepare import PreparedRun


def new_run(prepared: PreparedRun, past: RunProgress, lock: Lock) -> NewRun:
    """The run before its first step; whose journal it is, the journal says."""
    plan, values = prepared.plan, prepared.values
    return NewRun(
        id=str(prepared.run_id),
        environment=plan.place,
        vault=plan.vault,
        destination=plan.destination,
        operation=prepared.name,
        asked_operation=past.asked or prepared.name,
        fell_back=past.fell_back,
        digest=prepared.digest,
        reference=str(values["run.reference"]),
        source_kind=prepared.source.prefix,
        source_id=values.get("source.id"),
        params=_texts(values, "params."),
        sensitive_params=tuple(
            name
            for name, value in sorted(values.items())
            if isinstance(value, Secret) and name.startswith(("params.", "inputs."))
        ),
        inputs=_texts(values, "inputs."),
        without=tuple(sorted(prepared.without)),
        given_key=prepared.given_key,
        steps=tuple(
            PlannedStep(step.name, step.deliver, step.idempotent)
            for step in prepared.operation.steps
        ),
        owner="",
        approval=_approval(plan, prepared.name, lock),
        amounts=currencies(plan, prepared.operation, values),
        shapes=request_shapes(plan, prepared.operation),
    )


def _approval(plan: Plan, operation: str, lock: Lock) -> dict[str, str] | None:
    """Who accepted what leaves, and the vault's ticket; None where nobody had to."""
    own, psp = lock.own.get(place(plan, operation)), lock.psp.get(place(plan, operation))
    if own is None:
        return None
    ticket = {"ticket": psp.ticket} if psp else {}
    return {"digest": own.digest, "by": own.by, "date": own.date.isoformat(), **ticket}


def _texts(values: Mapping[str, Any], root: str) -> dict[str, str]:
    """Values as a person would type them, without the sensitive ones."""
    return {
        name.removeprefix(root): typed_by_hand(value)
        for name, value in sorted(values.items())
        if name.startswith(root) and not isinstance(value, Secret)
    }


def typed_by_hand(value: Any) -> str:
    """A param's value as the command line would take it."""
    if isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value) if type(value) is int else _json(value)


def _json(value: Any) -> str:
    """JSON with the digits of decimals as they are."""
    match value:
        case Decimal():
            return str(value)
        case dict():
            members = (f"{json.dumps(key)}:{_json(item)}" for key, item in value.items())
            return "{" + ",".join(members) + "}"
        case list() | tuple():
            return "[" + ",".join(map(_json, value)) + "]"
        case _:
            return json.dumps(value)
