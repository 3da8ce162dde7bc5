"""Writes `build/coverage.md` from the rows of coverage. Knows Markdown, and no vault."""

from collections.abc import Sequence

from forwardc.compile.review.asked import MissingAccountKey
from forwardc.compile.review.coverage import CoverageRow, cell, why_where
from forwardc.compile.review.coverage_text import table_of
from forwardc.compile.review.templates import template
from forwardc.compile.vaults.model import Json


def to_markdown(
    rows: Sequence[CoverageRow], not_built: Sequence[Json], asked: Sequence[MissingAccountKey] = ()
) -> str:
    """The page: a table of operation by vault, then the reasons."""
    header, table = table_of(rows)
    reasons = [
        {
            "name": f"{row.destination}.{row.operation}",
            "vault": row.vault,
            "cell": cell(row),
            "findings": why_where(row),
        }
        for row in rows
        if row.findings
    ]
    arranged = any(row.agreed or row.as_if for row in rows)
    return template("forwardc.compile.review", "coverage_page.md.j2").render(
        header=header,
        table=table,
        reasons=reasons,
        not_built=not_built,
        asked=asked,
        arranged=arranged,
    )
