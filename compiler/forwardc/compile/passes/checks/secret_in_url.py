"""FC0511: no secret in the path of a URL. A query may hold an API key where a vendor asks it."""

from collections.abc import Iterator

from forwardc.compile.ir.analysis import refs_in
from forwardc.compile.passes.checks.rule import Case, Problem


def check(case: Case) -> Iterator[Problem]:
    """Every secret in the path."""
    for ref in refs_in(case.step.request.url, "secrets"):
        yield Problem(
            "FC0511",
            f"`{ref.name}` would stand in the path of a URL",
            ref.span,
            "send it in a header",
        )
