"""FC0404: a step that our runtime sends itself cannot hold a value of the vault."""

from collections.abc import Iterator

from forwardc.passes.checks.rule import Case, Problem
from forwardc.plan.analysis import atoms_in
from forwardc.plan.program import terms_of


def check(case: Case) -> Iterator[Problem]:
    """Every atom in a step with `deliver: direct`."""
    if not case.step.direct:
        return
    for term in terms_of(case.step.request):
        for atom in atoms_in(term):
            yield Problem(
                "FC0404",
                f"`{atom.name}` is known only inside the vault, and this step does not go there",
                atom.span,
                "leave out `deliver: direct`",
            )
