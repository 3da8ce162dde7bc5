"""FC0351 to FC0354: what names a payment at its destination is sent there, or comes from there.

Whoever settles a payment by hand quotes it, so that it must be neither secret nor card data, and
must tell one payment from another.
"""

from collections.abc import Iterator
from typing import Final

from forwardc.compile.ir.analysis import has_atom, tainted
from forwardc.compile.ir.places import bare, payment_references
from forwardc.compile.ir.program import Program, ProgramOperation
from forwardc.compile.language.nodes import YamlMap, pointer_of
from forwardc.compile.passes.checks.rule import Problem
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.terms.functions import Type
from forwardc.core.terms.terms import Ref, Term, walk

_HINT: Final = (
    "name a value that a request holds as a whole, or an output; "
    "`payment_reference: none` where there is none"
)
_TELLING: Final = ("string", "integer", "uri")
_RUN: Final = ("run.id", "run.idempotency_key")


def check_payment_references(program: Program, root: YamlMap, sink: Sink) -> None:
    """Report every value under `payment_reference:` that a person could not quote."""
    for operation in program.operations:
        masked = tainted(program, operation)
        for value, named in zip(
            operation.payment_reference, payment_references(operation), strict=True
        ):
            problem = next(_problems(program, operation, value, masked), None)
            if problem is None and not (named.sent or named.received):
                problem = _never_sent(program, operation, value)
            if problem is not None:
                pointer = pointer_of(root, problem.span)
                sink.error(
                    problem.code, problem.message, problem.span, pointer=pointer, hint=problem.hint
                )


def _problems(
    program: Program, operation: ProgramOperation, value: Term, masked: frozenset[str]
) -> Iterator[Problem]:
    names = [node.name for node in walk(value) if isinstance(node, Ref)]
    if has_atom(value) or any(name.startswith("inputs.") for name in names):
        message = "a value of the card, or of the vault, names no payment"
        yield Problem("FC0353", message, value.span, "use an id of your own, or an output")
    if any(name in masked for name in names):
        message = "a sensitive value is never shown, so that nobody can quote it"
        yield Problem("FC0352", message, value.span, "use a value that may be shown")
    if not any(_tells(program, operation, name) for name in names):
        message = "this is the same for many payments"
        yield Problem("FC0354", message, value.span, "use an id: a param, an output, or ${run.id}")


def _tells(program: Program, operation: ProgramOperation, name: str) -> bool:
    """Whether a value tells one payment from another."""
    root, _, rest = name.partition(".")
    if root == "params":
        return program.params.get(rest, {}).get("type") in _TELLING
    if root == "steps":
        return any(
            f"{step.name}.{output.name}" == rest
            and output.currency is None
            and output.type in (Type.TEXT, Type.INTEGER)
            for step in operation.steps
            for output in step.outputs
        )
    return name in _RUN


def _never_sent(program: Program, operation: ProgramOperation, value: Term) -> Problem:
    shown = bare(value)
    subject = f"`{shown.name}`" if isinstance(shown, Ref) else "this value"
    where = f"{program.destination}.{operation.name}"
    return Problem("FC0351", f"no request of {where} holds {subject} as a whole", value.span, _HINT)
