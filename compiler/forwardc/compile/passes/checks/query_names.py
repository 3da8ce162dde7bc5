"""FC0205: the names of query fields need no encoding, so that no vault writes another URL."""

import re
from collections.abc import Iterator

from forwardc.compile.passes.checks.rule import Case, Problem

# Unreserved characters of RFC 3986, and those that names such as `card[number]` and `$top` have.
_NAME = re.compile(r"[A-Za-z0-9._~$\[\]:@-]+")


def check(case: Case) -> Iterator[Problem]:
    """Names with characters that separate or end a field."""
    for pair in case.step.request.query:
        if not _NAME.fullmatch(pair.name):
            hint = "letters, digits and . _ ~ - $ [ ] : @"
            yield Problem("FC0205", "a query field has a name that needs encoding", pair.span, hint)
