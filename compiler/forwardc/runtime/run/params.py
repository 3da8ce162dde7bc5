"""The params of a run: all problems at once, defaults filled in, sensitive ones wrapped.

Knows what the plan declares; how one value is checked stands in `values`.
"""

from typing import Any

from forwardc.core.diagnostics.sink import Sink
from forwardc.core.diagnostics.suggest import did_you_mean
from forwardc.core.terms.values import Secret
from forwardc.plan.model import Plan, PlanOperation, ValueSpec
from forwardc.runtime.run.result import RunRequest
from forwardc.runtime.run.values import checked_value, default_of, from_text


def param_values(
    plan: Plan, operation: PlanOperation, request: RunRequest, allowed: frozenset[str], sink: Sink
) -> dict[str, Any]:
    """The values of `params.<name>` for an operation; FC0803, FC0804, FC0805, FC0812 in the sink.

    `allowed` names the params that may be given: the operation's own and its fallback's.
    """
    _refuse_unknown({*request.texts, *request.params}, allowed, sink)
    found: dict[str, Any] = {}
    for name in operation.params:
        spec = plan.params[name]
        value = _param(name, spec, request, sink)
        if value is not None:
            found[f"params.{name}"] = wrapped(spec, value)
    return found


def wrapped(spec: ValueSpec, value: Any) -> Any:
    """A sensitive value as a `Secret`, any other as it is."""
    return Secret(value) if spec.sensitive else value


def _param(name: str, spec: ValueSpec, request: RunRequest, sink: Sink) -> Any:
    place = f"params.{name}"
    if name in request.texts:
        return from_text(spec, request.texts[name], place, sink)
    if request.params.get(name) is not None:
        return checked_value(spec, request.params[name], place, sink)
    if spec.default is not None:
        return default_of(spec)
    if not spec.optional:
        hint = f"give {name} in --params FILE" if spec.sensitive else f"add -p {name}=..."
        sink.error("FC0803", f"{place} is required", pointer=f"/params/{name}", hint=hint)
    return None


def _refuse_unknown(given: set[str], allowed: frozenset[str], sink: Sink) -> None:
    for name in sorted(given - allowed):
        near = did_you_mean(name, allowed)
        known = ", ".join(sorted(allowed)) or "none"
        hint = f"did you mean {near}?" if near else f"the params are: {known}"
        # A name that the plan does not have may be a value in the wrong place.
        sink.error("FC0805", "the operation has no such param" + _named(name), hint=hint)


def _named(name: str) -> str:
    return f": {name}" if len(name) <= 64 and name.replace("_", "a").isalnum() else ""
