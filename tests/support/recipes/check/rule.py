"""FC0599: a step has no name that a recipe of a test forbids."""

from collections.abc import Iterator

from forwardc.compile.passes.checks.rule import Case, Problem


def check(case: Case) -> Iterator[Problem]:
    """A step called `throw_away`."""
    if case.step.name == "throw_away":
        yield Problem("FC0599", "a step is called throw_away", case.step.span, "name it otherwise")
