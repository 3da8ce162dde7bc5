"""The source of a run: which kind it is, the inputs that go with it, and the atoms it has.

The kinds are those of the plan, told apart by their patterns. What the source has, what its inputs
add and what the caller leaves out decide which atoms are present.
"""

import re
from dataclasses import field
from typing import Any

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.diagnostics.suggest import did_you_mean
from forwardc.core.diagnostics.text_file import ODD_SPACE, character_name
from forwardc.core.recognizer.cards import holds_card
from forwardc.plan.model import Plan, PlanOperation, Presence, PresentByInput, SourceKind
from forwardc.runtime.run.request import RunRequest
from forwardc.runtime.run.values import from_text, wrapped


@dataclass(frozen=True, slots=True)
class BoundSource:
    """The chosen kind, its values by reference name, and the names of atoms that are there.

    `prefix` is the kind's name in the plan; `given` the inputs by name, also those that are not
    shown, without what is left out on purpose.
    """

    kind: SourceKind | None = None
    values: dict[str, Any] = field(default_factory=dict, repr=False)
    present: frozenset[str] = frozenset()
    prefix: str | None = None
    supplied: frozenset[str] = frozenset()


def bind_source(
    plan: Plan,
    operation: PlanOperation,
    request: RunRequest,
    allowed_inputs: frozenset[str],
    sink: Sink,
    allowed_without: frozenset[str] = frozenset(),
) -> BoundSource | None:
    """The source of an operation, or None with FC0801, FC0802, FC0804 or FC0805 in the sink.

    `allowed_inputs` names inputs that may be given besides those of the source's own kind,
    `allowed_without` what may be left out besides what this operation may lack.
    """
    if not any(step.deliver == "vault" for step in operation.steps):
        return _without_source(operation, request, allowed_inputs, sink)
    kind = _kind(plan, operation, request.source, sink)
    if kind is None:
        return None
    _single_use(kind, operation, sink)
    specs = {**kind.inputs, **operation.inputs}
    _refuse_unknown_inputs(request, frozenset(specs) | allowed_inputs, sink)
    values = _inputs(operation, kind, request, sink)
    present = _present(kind, frozenset(request.inputs), request.without)
    _check_without(operation, request, allowed_without, sink)
    _check_required(kind, operation, request, sink)
    prefix = next((name for name, source_kind in plan.sources.items() if source_kind is kind), None)
    return BoundSource(
        kind, {"source.id": request.source, **values}, present, prefix, _names(values)
    )


def _names(values: dict[str, Any]) -> frozenset[str]:
    return frozenset(name.removeprefix("inputs.") for name in values)


def _without_source(
    operation: PlanOperation, request: RunRequest, allowed_inputs: frozenset[str], sink: Sink
) -> BoundSource:
    if request.source is not None:
        sink.error("FC0802", "the operation calls no vault and takes no source")
    _refuse_unknown_inputs(request, frozenset(operation.inputs) | allowed_inputs, sink)
    return BoundSource(values=_inputs(operation, None, request, sink))


def _kind(
    plan: Plan, operation: PlanOperation, source: str | None, sink: Sink
) -> SourceKind | None:
    fitting = plan.sources if operation.source_kinds is None else operation.source_kinds
    forms = "it takes " + ", ".join(f"{kind}..." for kind in fitting)
    if source is None:
        sink.error("FC0802", "a source is required", hint=f"add --source; {forms}")
        return None
    if holds_card(source):
        sink.error(
            "FC0802",
            "the source looks like a card number",
            hint="a source is the vault's name for a card, and card numbers stay in the vault",
        )
        return None
    for name, kind in plan.sources.items():
        if re.fullmatch(kind.pattern, source, re.ASCII):
            if name in fitting:
                return kind
            sink.error("FC0802", f"the operation cannot use a source {name}...", hint=forms)
            return None
    odd = ODD_SPACE.search(source)
    begins = next((name for name in fitting if source.startswith(name)), None)
    if odd:
        hint = f"it holds {character_name(odd[0])}: delete it"
    elif begins is not None:
        hint = (
            f"it begins as {begins}... and has not the length or the characters of one: "
            "copy the whole id"
        )
    else:
        hint = forms
    sink.error("FC0802", f"the source is none of the kinds of {plan.vault}", hint=hint)
    return None


def _single_use(kind: SourceKind, operation: PlanOperation, sink: Sink) -> None:
    uses = sum(step.deliver == "vault" for step in operation.steps)
    if kind.single_use and uses > 1:
        sink.error(
            "FC0802",
            f"the operation calls the vault {uses} times, and this kind of source works once",
            hint="use a stored instrument",
        )


def _refuse_unknown_inputs(request: RunRequest, allowed: frozenset[str], sink: Sink) -> None:
    for name in sorted(set(request.inputs) - allowed):
        near = did_you_mean(name, allowed)
        names = ", ".join(sorted(allowed)) or "none"
        sink.error(
            "FC0805",
            "the source and the operation have no such input",
            hint=f"did you mean {near}?" if near else f"the inputs are: {names}",
        )


def _inputs(
    operation: PlanOperation, kind: SourceKind | None, request: RunRequest, sink: Sink
) -> dict[str, Any]:
    specs = {**(kind.inputs if kind else {}), **operation.inputs}
    values: dict[str, Any] = {}
    for name, spec in specs.items():
        if name in request.without and spec.optional:
            continue
        if name in request.inputs:
            value = from_text(spec, request.inputs[name], f"inputs.{name}", sink)
            if value is not None:
                values[f"inputs.{name}"] = wrapped(spec, value)
        elif name in operation.inputs and not spec.optional:
            hint = f"give {name} in --inputs FILE" if spec.sensitive else f"add --input {name}=..."
            sink.error(
                "FC0801",
                f"inputs.{name} is required: the vault does not hold it",
                pointer=f"/inputs/{name}",
                hint=hint,
            )
    return values


def _present(kind: SourceKind, inputs: frozenset[str], without: frozenset[str]) -> frozenset[str]:
    return frozenset(
        atom
        for atom, presence in kind.has.items()
        if atom not in without and _is_there(presence, inputs)
    )


def _is_there(presence: Presence, inputs: frozenset[str]) -> bool:
    if isinstance(presence, PresentByInput):
        return presence.input in inputs
    return presence != "never"


def may_be_left_out(operation: PlanOperation) -> tuple[str, ...]:
    """The values that an operation can do without, also those that the caller supplies."""
    return (
        *operation.may_lack,
        *(name for name, spec in operation.inputs.items() if spec.optional),
    )


def _check_without(
    operation: PlanOperation, request: RunRequest, allowed: frozenset[str], sink: Sink
) -> None:
    may_lack = may_be_left_out(operation)
    for atom in sorted(request.without - frozenset(may_lack)):
        if atom in operation.requires or atom in operation.inputs:
            sink.error("FC0801", f"{atom} is required by the operation and cannot be left out")
        elif atom not in allowed:
            names = ", ".join(may_lack) or "nothing"
            sink.error(
                "FC0805",
                "the operation has no such value to leave out",
                hint=f"--without can name: {names}",
            )


def _check_required(
    kind: SourceKind, operation: PlanOperation, request: RunRequest, sink: Sink
) -> None:
    for atom in operation.requires:
        presence = kind.has.get(atom)
        if presence in (None, "never"):
            sink.error("FC0802", f"this kind of source has no {atom}, which the operation requires")
        elif isinstance(presence, PresentByInput) and presence.input not in request.inputs:
            sink.error(
                "FC0801",
                f"inputs.{presence.input} is required: the operation sends {atom}",
                pointer=f"/inputs/{presence.input}",
                hint=f"add --input {presence.input}=...",
            )
