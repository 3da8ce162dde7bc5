"""FC0338 and FC0339: what a named signature needs of the request, and what it writes itself."""

from collections.abc import Iterator

from forwardc.compile.passes.checks.rule import Case, Problem


def check(case: Case) -> Iterator[Problem]:
    """A body of the wrong kind, a part that is missing, a part that is written twice."""
    sign = case.step.request.sign
    if sign is not None and sign.is_term:
        # Few requests have one, and the schemes are loaded for those only.
        from forwardc.compile.passes.signature_problems import problems

        yield from problems(case.step.request, sign)
