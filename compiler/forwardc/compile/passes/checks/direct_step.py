"""FC0404: a step that our runtime sends itself cannot hold a value of the vault."""

from collections.abc import Iterator

from forwardc.compile.passes.checks.rule import Case, Problem


def check(case: Case) -> Iterator[Problem]:
    """Every atom in a step with `deliver: direct`."""
    for atom in case.step.request.atoms if case.step.direct else ():
        yield Problem(
            "FC0404",
            f"`{atom.name}` is known only inside the vault, and this step does not go there",
            atom.span,
            "leave out `deliver: direct`",
        )
