"""FC0507: every destination is called over https."""

from collections.abc import Iterator

from forwardc.compile.passes.checks.rule import Case, Problem
from forwardc.core.terms.terms import Lit, Text


def check(case: Case) -> Iterator[Problem]:
    """A base URL that does not start with `https://`. One that is a setting has a value first."""
    base = case.program.base_url
    first = base.parts[0] if isinstance(base, Text) else base
    if isinstance(first, Lit) and not str(first.value).startswith("https://"):
        yield Problem(
            "FC0507",
            "the base URL does not start with https://",
            base.span,
            "card data is sent over TLS only",
        )
