"""FC0406 to FC0408: what a step gives serves other runs only where they would get the same."""

from collections.abc import Iterator

from forwardc.compile.ir.program import ProgramOperation, ProgramStep, rules_of, terms_of
from forwardc.compile.passes.checks.rule import Case, Problem
from forwardc.core.terms.terms import HAS_REF, Ref, root_bit, walk

_OF_ONE_RUN = ("steps", "instrument", "run")
# When it was asked for says nothing of what was asked for.
_THE_TIME = "run.now"


def check(case: Case) -> Iterator[Problem]:
    """A step with `reuse:`: sent by us, the same for every run, and read by a later step."""
    step = case.step
    if step.reuse is None:
        return
    if not step.direct:
        yield Problem(
            "FC0406",
            f"the step `{step.name}` goes through a vault: its result belongs to one card",
            step.reuse_span,
            "leave `reuse:` out, or add `deliver: direct`",
        )
        return
    yield from _of_one_run(step)
    if not _is_read_later(case.operation, step):
        yield Problem(
            "FC0408",
            f"no later step reads what the step `{step.name}` gives: it would be sent for nothing",
            step.reuse_span,
            "leave `reuse:` out, or read an output of it",
        )


def _of_one_run(step: ProgramStep) -> Iterator[Problem]:
    for term in (*terms_of(step.request), *rules_of(step)):
        for node in walk(term, HAS_REF):
            if isinstance(node, Ref) and node.root in _OF_ONE_RUN and node.name != _THE_TIME:
                # The key of `idempotent:` stands in no expression of the author's.
                span = node.span or step.reuse_span
                yield Problem(
                    "FC0407",
                    f"`{node.name}` is of one run: what this step gives serves no other",
                    span,
                    "leave `reuse:` out, or ask with secrets, settings, params and inputs only",
                )


def _is_read_later(operation: ProgramOperation, step: ProgramStep) -> bool:
    later = operation.steps[operation.steps.index(step) + 1 :]
    return any(
        isinstance(node, Ref) and node.name.startswith(f"steps.{step.name}.")
        for other in later
        for term in terms_of(other.request)
        for node in walk(term, root_bit("steps"))
    )
