"""Coverage: what each vault carries of each operation, with the reasons; JSON, Markdown, text.

Assessments of all environments become one row for an operation and a vault; the weakest of them
decides its level, and each finding says where it holds. What both files of `build/` say of one
destination is a `CoveragePart`: the files are put together of such parts, whoever made them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from forwardc.compile.ir.arrangements import Grant
from forwardc.compile.review.account_keys import MissingAccountKey
from forwardc.compile.review.templates import code, quoted, template, text
from forwardc.compile.vaults.assess import Assessment, Level, Status
from forwardc.compile.vaults.encode import Json, text_of
from forwardc.compile.vaults.findings import Finding, Verdict
from forwardc.core.dataclass import dataclass

_ORDER = {Level.REFUSED: 0, Level.DEGRADED: 1, Level.FULL: 2}
_DOUBT = {Status.STAND_IN: 0, Status.UNCONFIRMED: 1, Status.DOCUMENTED: 2}


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """One operation at one vault, over all environments that are built."""

    destination: str
    operation: str
    title: str
    vault: str
    level: Level
    status: str
    environments: tuple[str, ...]
    findings: tuple[Finding, ...]
    agreed: tuple[Grant, ...] = ()
    """What the vault agreed to for it; none where it works without."""
    as_if: tuple[str, ...] = ()
    """What a sandbox plays as if it were agreed."""
    where: tuple[tuple[str, ...], ...] = ()
    """Where each finding holds, by place; empty where it holds in all that are assessed."""
    agreed_in: tuple[str, ...] = ()
    """Where it is built because the vault agreed; an account that lacks the grant is not there."""

    def placed(self) -> list[tuple[Finding, tuple[str, ...]]]:
        """Every finding with where it holds."""
        return list(zip(self.findings, self.where, strict=True))


@dataclass(frozen=True, slots=True)
class CoverageCell:
    """One cell of the table: the operation is that of a destination, `shop.payment`."""

    operation: str
    vault: str
    text: str


@dataclass(frozen=True, slots=True)
class CoveragePart:
    """What coverage says of some rows, mostly those of one destination, as it is written.

    It knows no place in the YAML, which a build does not show.
    """

    json: str
    """The rows in `coverage.json`, with the commas between them."""
    cells: tuple[CoverageCell, ...]
    """What they are in the table of `coverage.md`."""
    reasons: str
    """The reasons in it: Markdown."""
    is_arranged: bool
    """Whether anything works by arrangement."""


def rows(assessments: Sequence[Assessment]) -> list[CoverageRow]:
    """One row for each destination, operation and vault; the weaker environment decides."""
    grouped: dict[tuple[str, str, str], list[Assessment]] = {}
    for assessment in assessments:
        program = assessment.context.program
        key = (program.destination, assessment.context.operation.name, assessment.vault.name)
        grouped.setdefault(key, []).append(assessment)
    return [_row(key, group) for key, group in grouped.items()]


def _row(key: tuple[str, str, str], group: list[Assessment]) -> CoverageRow:
    weakest = min(group, key=lambda assessment: _ORDER[assessment.level])
    findings: dict[tuple[str, str, str], Finding] = {}
    places: dict[tuple[str, str, str], list[str]] = {}
    for assessment in group:
        for finding in assessment.findings:
            identity = (finding.code, finding.reason, finding.step)
            findings.setdefault(identity, finding)
            places.setdefault(identity, []).append(assessment.context.program.place)
    # What a sandbox plays says less of an operation than what was agreed.
    agreed = [
        assessment
        for assessment in group
        if not any(standing.as_if for standing in assessment.standings)
    ] or group
    destination, operation, vault = key
    return CoverageRow(
        destination,
        operation,
        weakest.context.operation.title,
        vault,
        weakest.level,
        str(min((assessment.status for assessment in agreed), key=_DOUBT.__getitem__)),
        tuple(
            assessment.context.program.place
            for assessment in group
            if assessment.emission is not None
        ),
        tuple(findings.values()),
        *_arranged(group),
        tuple(
            tuple(environments) if len(environments) < len(group) else ()
            for environments in places.values()
        ),
        tuple(assessment.context.program.place for assessment in group if _is_agreed(assessment)),
    )


def _is_agreed(assessment: Assessment) -> bool:
    granted = any(standing.counts and standing.grant for standing in assessment.standings)
    return assessment.emission is not None and granted


def _arranged(group: Sequence[Assessment]) -> tuple[tuple[Grant, ...], tuple[str, ...]]:
    """What was agreed anywhere, and what is played: each once."""
    counting = [
        standing for assessment in group for standing in assessment.standings if standing.counts
    ]
    agreed = dict.fromkeys(standing.grant for standing in counting if standing.grant)
    as_if = dict.fromkeys(standing.id for standing in counting if standing.as_if)
    return tuple(agreed), tuple(as_if)


def part_of(rows: Sequence[CoverageRow]) -> CoveragePart:
    """What the files of `build/` say of these rows."""
    return CoveragePart(
        ",".join(_indented(row) for row in rows),
        tuple(_cell(row) for row in rows),
        "".join(line for row in rows if row.findings for line in _explained(row)),
        any(row.agreed or row.as_if for row in rows),
    )


def to_json(
    rows: Sequence[CoverageRow], not_built: Sequence[Json], asked: Sequence[MissingAccountKey] = ()
) -> Json:
    """`build/coverage.json`."""
    return {
        "forwardc": 1,
        "coverage": [row_json(row) for row in rows],
        "not_built": list(not_built),
        **({"asked": [need.to_json() for need in asked]} if asked else {}),
    }


def row_json(row: CoverageRow) -> Json:
    """One row of it."""
    return {
        "destination": row.destination,
        "operation": row.operation,
        "vault": row.vault,
        "level": str(row.level),
        "status": row.status,
        "environments": list(row.environments),
        **_agreed(row),
        "reasons": [_reason(finding, where) for finding, where in row.placed()],
    }


def _indented(row: CoverageRow) -> str:
    # In JSON a line ends between values only.
    return "\n    " + text_of(row_json(row)).replace("\n", "\n    ")


def _agreed(row: CoverageRow) -> Json:
    arrangements: list[Json] = [
        {"id": grant.name, "ticket": grant.ticket, "date": grant.date} for grant in row.agreed
    ]
    granted = {grant.name for grant in row.agreed}
    arrangements += [{"id": id_, "as_if_agreed": True} for id_ in row.as_if if id_ not in granted]
    return {"arrangements": arrangements} if arrangements else {}


def _reason(finding: Finding, where: Sequence[str]) -> Json:
    return {
        "code": finding.code,
        "verdict": str(finding.verdict),
        "step": finding.step,
        "message": finding.reason,
        **({"environments": list(where)} if where else {}),
    }


def cell(row: CoverageRow) -> str:
    """One cell of the table: the level, and the status where it is not `documented`.

    What works by arrangement is not called full; where it does so for one account and is refused
    for another, both are said.
    """
    if row.level is Level.REFUSED and not row.agreed_in:
        return str(row.level)
    marks = {"documented": "", "unconfirmed": " (unconfirmed)", "stand_in": " (stand-in)"}
    tickets = ", ".join(dict.fromkeys(grant.ticket for grant in row.agreed))
    arranged = f"by arrangement ({tickets or 'as if agreed'})" if row.agreed or row.as_if else ""
    if row.level is Level.REFUSED:
        return f"{row.level}; {arranged} in {', '.join(row.agreed_in)}"
    level = "" if arranged and row.level is Level.FULL else str(row.level)
    return f"{', '.join(filter(None, (level, arranged)))}{marks[row.status]}"


def _cell(row: CoverageRow) -> CoverageCell:
    return CoverageCell(f"{row.destination}.{row.operation}", row.vault, cell(row))


def why(row: CoverageRow) -> list[Finding]:
    """The findings that explain the level: refusals alone where there are any."""
    return [finding for finding, _ in why_where(row)]


def why_where(row: CoverageRow) -> list[tuple[Finding, tuple[str, ...]]]:
    """The same with where each holds; empty where it holds everywhere."""
    placed = row.placed()
    refusals = [item for item in placed if item[0].verdict is Verdict.REFUSED]
    return refusals or placed


# For a terminal


def table_of(rows: Sequence[CoverageRow]) -> tuple[list[str], list[list[str]]]:
    """Header and lines: operations by vaults."""
    return _table([_cell(row) for row in rows])


def _table(cells: Sequence[CoverageCell]) -> tuple[list[str], list[list[str]]]:
    vaults = list(dict.fromkeys(cell.vault for cell in cells))
    lines: dict[str, dict[str, str]] = {}
    for cell in cells:
        lines.setdefault(cell.operation, {})[cell.vault] = cell.text
    return ["operation", *vaults], [
        [operation, *(by_vault.get(vault, "not built") for vault in vaults)]
        for operation, by_vault in lines.items()
    ]


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


# `build/coverage.md`


def to_markdown(
    rows: Sequence[CoverageRow], not_built: Sequence[Json], asked: Sequence[MissingAccountKey] = ()
) -> str:
    """The page: a table of operation by vault, then the reasons."""
    return "".join(markdown_pieces([part_of(rows)], not_built, asked))


def markdown_pieces(
    parts: Sequence[CoveragePart], not_built: Sequence[Json], asked: Iterable[MissingAccountKey]
) -> Iterator[str]:
    """The same, piece by piece: of a thousand destinations they are ten times the page."""
    header, table = _table([cell for part in parts for cell in part.cells])
    yield from template("forwardc.compile.review", "coverage_page.md.j2").generate(
        header=header,
        table=table,
        not_built=not_built,
        asked=asked,
        arranged=any(part.is_arranged for part in parts),
    )
    for part in parts:
        yield part.reasons


def _explained(row: CoverageRow) -> Iterator[str]:
    """The lines of its reasons, which end the page."""
    name = text(f"{row.destination}.{row.operation}")
    yield f"### {name} at {text(row.vault)}: {text(cell(row))}\n\n"
    for finding, where in why_where(row):
        places = text(f", {', '.join(where)}") if where else ""
        step, reason = code(finding.step), quoted(finding.reason)
        yield f"- {text(finding.code)}{places}, step {step}: {reason}\n"
    yield "\n"
