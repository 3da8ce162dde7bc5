"""FC0370 to FC0373: a payment is asked for where it can be pending, harmlessly, and with limits."""

from collections.abc import Iterator

from forwardc.compile.ir.poll import Poll
from forwardc.compile.ir.program import ProgramOperation, ProgramStep
from forwardc.compile.passes.checks.rule import Case, Problem
from forwardc.core.outcome import Outcome

# RFC 9110, section 9.2.1: these only ask, and section 9.3.4, 9.3.5 and RFC 5789: those change.
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_CHANGING = frozenset({"PUT", "PATCH", "DELETE"})
# Questions: one alone would be a step that is sent once.
_FEWEST = 2


def check(case: Case) -> Iterator[Problem]:
    """A step with `poll:`: the last one, sent by us, after one that can be pending."""
    step, poll = case.step, case.step.poll
    if poll is None:
        return
    misplaced = _misplaced(case.operation, step)
    if misplaced is not None:
        message, hint = misplaced
        yield Problem("FC0370", message, step.poll_span, hint)
        return
    yield from _changes(step, poll)
    yield from _never_asks(case.operation, step)
    if poll.times * poll.every_s > poll.at_most_s:
        fitting = poll.at_most_s // poll.every_s
        yield Problem(
            "FC0373",
            f"{poll.times} questions, each after {poll.every_s} s, do not fit into"
            f" {poll.at_most_s} s",
            step.poll_span,
            f"write `times: {fitting}`, or a larger `at_most`"
            if fitting >= _FEWEST
            else "write a shorter `every`, or a larger `at_most`",
        )


def _misplaced(operation: ProgramOperation, step: ProgramStep) -> tuple[str, str] | None:
    """What is wrong with the place of a step, and what to do."""
    name = step.name
    if not step.direct:
        message = f"the step `{name}` goes through a vault, which would send the card each time"
        return message, "leave `poll:` out, or ask without the card, by `deliver: direct`"
    if step.reuse is not None:
        message = f"what the step `{name}` gives is of one payment, and serves no other run"
        return message, "leave `reuse:` or `poll:` out"
    if operation.steps.index(step) != len(operation.steps) - 1:
        return f"the step `{name}` is not the last one", "let it be the last step, or leave it out"
    if len(operation.steps) == 1:
        return f"no step before `{name}` made a payment", "leave `poll:` out"
    return None


def _changes(step: ProgramStep, poll: Poll) -> Iterator[Problem]:
    method = step.request.method
    if method in _SAFE and poll.is_safe:
        message = f"a {method} changes nothing, whatever is said of it"
        yield Problem("FC0371", message, step.poll_span, "leave `safe:` out")
    elif method in _CHANGING:
        message = f"the step `{step.name}` is sent several times, and a {method} changes something"
        yield Problem("FC0371", message, step.poll_span, "ask by GET, or by a POST that only asks")
    elif method not in _SAFE and not poll.is_safe:
        yield Problem(
            "FC0371",
            f"the step `{step.name}` is sent several times, and a {method} may change something",
            step.poll_span,
            "ask by GET, or write `safe: true` where the destination says that it only answers",
        )


def _never_asks(operation: ProgramOperation, step: ProgramStep) -> Iterator[Problem]:
    for asked in (operation.steps[-2], step):
        if all(rule.outcome is not Outcome.PENDING for rule in asked.outcome):
            yield Problem(
                "FC0372",
                f"no rule of the step `{asked.name}` is `pending`, so that nothing is asked again",
                step.poll_span,
                "say under `outcome:` which answer is pending: `{when: ..., is: pending}`",
            )
