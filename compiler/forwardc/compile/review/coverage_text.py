"""Coverage for a terminal: the table, and each reason at its place. Knows rows only."""

from collections.abc import Callable, Iterator, Sequence

from forwardc.compile.review.coverage import CoverageRow, cell, why_where


def table_of(rows: Sequence[CoverageRow]) -> tuple[list[str], list[list[str]]]:
    """Header and lines: operations by vaults."""
    vaults = list(dict.fromkeys(row.vault for row in rows))
    cells = {(row.destination, row.operation, row.vault): cell(row) for row in rows}
    names = list(dict.fromkeys((row.destination, row.operation) for row in rows))
    lines = [
        [
            f"{destination}.{operation}",
            *(cells.get((destination, operation, vault), "not built") for vault in vaults),
        ]
        for destination, operation in names
    ]
    return ["operation", *vaults], lines


def reasons(rows: Sequence[CoverageRow], shown: Callable[[str], str] = str) -> Iterator[str]:
    """One line for each reason, with file and line; `shown` says how a file is named."""
    for row in rows:
        for finding, where in why_where(row):
            start = finding.span.start if finding.span else None
            place = f"{shown(finding.span.path)}:{start.line}" if finding.span and start else "-"
            yield (
                f"{place}: {finding.code} {row.destination}.{row.operation} at {row.vault}, "
                f"{finding.verdict}{_only(where)}: {finding.reason}"
            )


def _only(where: Sequence[str]) -> str:
    return f" in {' and '.join(where)}" if where else ""
