"""Every check can fail: each code is what some test waits for, beside the tables of all codes."""

from functools import cache
from pathlib import Path

from forwardc.core.diagnostics.codes import CODES
from one_rule import one_rule

TESTS = Path(__file__).resolve().parents[1]
# They name codes without a case: what a page has no example for, and what no committed file shows.
TABLES = {"diagnostics/test_page_examples.py", "diagnostics/test_every_check_can_fail.py"}


@cache
def expectations() -> str:
    """All that tests say, and what their cases print."""
    files = (*TESTS.rglob("test_*.py"), *TESTS.rglob("expected.txt"), *TESTS.rglob("*.ambr"))
    return "\n".join(
        path.read_text("utf-8")
        for path in files
        if path.relative_to(TESTS).as_posix() not in TABLES
    )


@one_rule("code", CODES)
def test_a_test_waits_for_it(code: str) -> None:
    assert code in expectations()
