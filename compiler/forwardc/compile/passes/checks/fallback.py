"""FC0318: a fallback is an operation that the same caller can run with the same values."""

from collections.abc import Iterator

from forwardc.compile.ir.analysis import names_used, uses_network_token
from forwardc.compile.ir.program import ProgramOperation
from forwardc.compile.passes.checks.rule import Case, Problem


def check(case: Case) -> Iterator[Problem]:
    """The fallback exists, asks for nothing more, and uses the card."""
    operation = case.operation
    if operation.fallback is None or case.step is not operation.steps[0]:
        return
    target = next((o for o in case.program.operations if o.name == operation.fallback), None)
    if target is None:
        yield _problem(operation, f"there is no operation `{operation.fallback}`")
    elif target.fallback or uses_network_token(target) or target is operation:
        yield _problem(operation, f"`{target.name}` needs a network token, or a fallback, itself")
    elif not uses_network_token(operation):
        yield _problem(operation, "only a network-token operation has a fallback")
    elif target.initiator != operation.initiator:
        yield _problem(operation, f"`{target.name}` has another initiator")
    elif set(names_used(target, "params")) - set(names_used(operation, "params")):
        yield _problem(operation, f"`{target.name}` needs params that this operation does not take")


def _problem(operation: ProgramOperation, message: str) -> Problem:
    hint = "a fallback runs with the same params when there is no network token"
    return Problem("FC0318", message, operation.span, hint)
