"""FC0507: every destination is called over https."""

from collections.abc import Iterator

from forwardc.passes.checks.rule import Case, Problem
from forwardc.plan.terms import Lit, Text


def check(case: Case) -> Iterator[Problem]:
    """A base URL that does not start with `https://`."""
    url = case.step.request.url
    first = url.parts[0] if isinstance(url, Text) else url
    if not (isinstance(first, Lit) and str(first.value).startswith("https://")):
        yield Problem(
            "FC0507",
            "the base URL does not start with https://",
            first.span or case.step.request.span,
            "card data is sent over TLS only",
        )
