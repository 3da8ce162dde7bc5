"""Writes `build/coverage.md` from the rows of coverage. Knows Markdown, and no vault."""

from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from forwardc.review.coverage import Row, cell, why
from forwardc.review.coverage_text import table_of
from forwardc.vaults.model import Json

if TYPE_CHECKING:
    from jinja2 import Template


def to_markdown(rows: Sequence[Row], not_built: Sequence[Json]) -> str:
    """The page: a table of operation by vault, then the reasons."""
    header, table = table_of(rows)
    reasons = [
        {
            "name": f"{row.destination}.{row.operation}",
            "vault": row.vault,
            "cell": cell(row),
            "findings": why(row),
        }
        for row in rows
        if row.findings
    ]
    return _template().render(header=header, table=table, reasons=reasons, not_built=not_built)


@cache
def _template() -> "Template":
    from jinja2 import Environment, StrictUndefined

    text = resources.files("forwardc.review").joinpath("coverage_page.md.j2").read_text("utf-8")
    environment = Environment(
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - Markdown; every value is ours or a checked name
    )
    return environment.from_string(text)
