"""FC0401: places that the runtime reads cannot hold a value of the vault."""

from collections.abc import Iterator

from forwardc.compile.ir.analysis import atoms_in
from forwardc.compile.passes.checks.rule import Case, Problem


def check(case: Case) -> Iterator[Problem]:
    """Atoms in outcome rules and in what is said of a signature."""
    sign = case.step.request.sign
    places = [rule.when for rule in case.step.outcome if rule.when is not None]
    for term in [*places, sign.secret, sign.options] if sign else places:
        for atom in atoms_in(term):
            yield Problem(
                "FC0401",
                f"`{atom.name}` is known only inside the vault, and this is read by the runtime",
                atom.span,
                "use a value of the answer, or a param",
            )
