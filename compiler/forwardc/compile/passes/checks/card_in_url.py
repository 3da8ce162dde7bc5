"""FC0501: no value of a card, an address or a network token in a URL or its query.

URLs are logged by every hop. PCI DSS 4.0, requirement 3.3, and 4.2 for the PAN.
"""

from collections.abc import Iterator

from forwardc.compile.ir.analysis import atoms_in
from forwardc.compile.passes.checks.rule import Case, Problem


def check(case: Case) -> Iterator[Problem]:
    """Every atom in the path or query of a request."""
    request = case.step.request
    for term in (request.url, *(pair.value for pair in request.query)):
        for atom in atoms_in(term):
            yield Problem(
                "FC0501",
                f"`{atom.name}` would stand in a URL, which every server on the way logs",
                atom.span,
                "send it in the body",
            )
