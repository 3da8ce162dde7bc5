"""The numbers for every vault at once: what the first page shows."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from forwardc.core.outcome import Outcome
from forwardc.dashboard.charts import (
    ChartColumn,
    bar,
    duration,
    number,
    percentiles,
    share,
    stacked,
)
from forwardc.dashboard.filters import FilterForm, read_form
from forwardc.dashboard.views import Page, ViewContext, ViewRequest
from forwardc.runtime.history.queries import Latency, RunStatistics

SERIES: Final = tuple((str(outcome), str(outcome)) for outcome in Outcome)
# Columns that can be told apart on a phone of 380 pixels.
_MOST_COLUMNS: Final = 100
_MOST_EMPTY: Final = timedelta(days=366)
_INSTANT: Final = timedelta(milliseconds=1)
_COLOURS: Final = {2: "approved", 4: "declined", 5: "rejected"}


def overview(context: ViewContext, request: ViewRequest) -> Page:
    """The first page, for the filters of its address."""
    form = read_form(context, request.query, time="7d")
    stats = context.store.statistics(form.filter)
    columns = _columns(stats, form, context.settings.now())
    return Page(
        "overview.html.j2",
        {
            "here": "/",
            "form": form,
            "stats": stats,
            "tiles": _tiles(stats, context.waiting(1_000)),
            "series": SERIES,
            "columns": columns,
            "chart": stacked(columns, SERIES, _said(stats, form)),
            "outcomes": list(_outcomes(stats, form)),
            "statuses": list(_statuses(stats, form)),
            "causes": list(_causes(stats, form)),
            "other_causes": stats.other_causes,
            "operations": list(_operations(stats, form)),
            "vaults": list(_vaults(stats, form)),
            "routes": list(_routes(stats, form)),
        },
    )


def _tiles(stats: RunStatistics, waiting: int) -> list[dict[str, Any]]:
    approved = _count(stats, Outcome.APPROVED)
    latency = stats.latency
    return [
        _tile("Forwards", number(stats.count), "runs that ended"),
        _tile("Response rate", share(stats.answered, stats.count), "answered by the destination"),
        _tile("Approved", share(approved, stats.count), f"{number(approved)} forwards"),
        _tile("Latency p50", duration(latency.p50 if latency else None), "half of all runs"),
        _tile("Latency p95", duration(latency.p95 if latency else None), "95 of 100 runs"),
        _tile("Latency p99", duration(latency.p99 if latency else None), "99 of 100 runs"),
        _tile("To settle", number(waiting), "unknown, of all time"),
    ]


def _tile(name: str, value: str, note: str) -> dict[str, Any]:
    return {"name": name, "value": value, "note": note}


def _count(stats: RunStatistics, outcome: Outcome) -> int:
    return sum(group.count for group in stats.outcomes if group.outcome is outcome)


def _said(stats: RunStatistics, form: FilterForm) -> str:
    """The chart in words, for who does not see it."""
    parts = ", ".join(f"{number(_count(stats, outcome))} {outcome}" for outcome in Outcome)
    return f"Outcomes by {stats.grain}, {form.span}: {parts}. The table below has every number."


def _columns(stats: RunStatistics, form: FilterForm, now: datetime) -> list[ChartColumn]:
    """One for each hour or day, also without runs; several days in one where they are many."""
    if not stats.slots:
        return []
    by_start = {slot.start: slot.outcomes for slot in stats.slots}
    step = timedelta(hours=1) if stats.grain == "hour" else timedelta(days=1)
    size = 13 if stats.grain == "hour" else 10
    first = datetime.fromisoformat(min(_begin(stats, form)[:size], stats.slots[0].start))
    # A clock that jumped may have recorded what is still to come.
    until = datetime.fromisoformat(form.filter.until) - _INSTANT if form.filter.until else now
    last = datetime.fromisoformat(max(min(until, now).isoformat()[:size], stats.slots[-1].start))
    starts = [first + step * index for index in range((last - first) // step + 1)]
    width = -(-len(starts) // _MOST_COLUMNS)
    return [_column(starts[at : at + width], by_start, size) for at in range(0, len(starts), width)]


def _begin(stats: RunStatistics, form: FilterForm) -> str:
    """Where the time begins that was asked for; a day of long before any run is no column."""
    since = form.filter.since
    if since is None:
        return "~"
    empty = datetime.fromisoformat(stats.slots[0].start[:10]) - datetime.fromisoformat(since[:10])
    return "~" if empty > _MOST_EMPTY else since


def _column(
    starts: list[datetime], by_start: Mapping[str, Mapping[Outcome, int]], size: int
) -> ChartColumn:
    inside = [by_start.get(start.isoformat()[:size], {}) for start in starts]
    label = starts[0].strftime("%d %b, %H:00") if size > 10 else _days(starts[0], starts[-1])
    return ChartColumn(
        label, tuple(sum(outcomes.get(o, 0) for outcomes in inside) for o in Outcome)
    )


def _days(first: date, last: date) -> str:
    shown = f"{first:%d %b}"
    return shown if first == last else f"{shown} – {last:%d %b %Y}"


def _outcomes(stats: RunStatistics, form: FilterForm) -> Iterator[dict[str, Any]]:
    for group in stats.outcomes:
        party = (
            f"-{group.rejected_by}"
            if group.outcome is Outcome.REJECTED and group.rejected_by
            else ""
        )
        name = f"{group.outcome} by the {group.rejected_by}" if party else str(group.outcome)
        link = form.link("/history", outcome=f"{group.outcome}{party}")
        yield _row(name, str(group.outcome), group.count, stats.count, link)


def _statuses(stats: RunStatistics, form: FilterForm) -> Iterator[dict[str, Any]]:
    for status, count in sorted(stats.statuses, key=lambda row: -row[1]):
        if status is None:
            yield _row("no answer", "unknown", count, stats.count, None)
        else:
            link = form.link("/history", status=str(status))
            yield _row(str(status), _COLOURS.get(status // 100, "open"), count, stats.count, link)


def _causes(stats: RunStatistics, form: FilterForm) -> Iterator[dict[str, Any]]:
    """The most frequent reasons, each with how its runs ended."""
    whole = sum(cause.count for cause in stats.causes) + stats.other_causes
    for cause in stats.causes:
        link = form.link("/history", reason=cause.cause, outcome=form.chosen["outcome"])
        yield {
            "outcome": cause.outcome,
            **_row(cause.cause, cause.outcome, cause.count, whole, link),
        }


def _operations(stats: RunStatistics, form: FilterForm) -> Iterator[dict[str, Any]]:
    for row in stats.operations:
        names = {"destination": row.destination, "operation": row.operation}
        yield {
            **_row(
                f"{row.destination}.{row.operation}",
                "any",
                row.count,
                stats.count,
                form.link("/history", **names),
            ),
            "answered": share(row.answered, row.count),
            "approved": share(row.approved, row.count),
        }


def _row(name: str, kind: str, count: int, whole: int, href: str | None) -> dict[str, Any]:
    return {
        "name": name,
        "kind": kind,
        "count": count,
        "share": share(count, whole),
        "href": href,
        "bar": bar(count, whole, kind),
    }


def _vaults(stats: RunStatistics, form: FilterForm) -> Iterator[dict[str, Any]]:
    """A row for each vault, with percentiles of its own: they cannot be added up."""
    top = max((row.latency.p99 for row in stats.vaults if row.latency), default=1)
    for row in stats.vaults:
        latency = row.latency or Latency(0, 0, 0)
        yield {
            "name": row.vault,
            "href": form.link("/", vault=row.vault),
            "count": row.count,
            "answered": share(row.answered, row.count),
            "approved": share(row.approved, row.count),
            "p50": row.latency.p50 if row.latency else None,
            "p95": row.latency.p95 if row.latency else None,
            "p99": row.latency.p99 if row.latency else None,
            "bar": percentiles(latency.p50, latency.p95, latency.p99, top),
        }


def _routes(stats: RunStatistics, form: FilterForm) -> Iterator[dict[str, Any]]:
    for route in sorted(stats.routes, key=lambda route: (route.destination, route.vault)):
        yield {
            "destination": route.destination,
            "vault": route.vault,
            "href": form.link("/history", vault=route.vault, destination=route.destination),
            "count": route.count,
            "answered": share(route.answered, route.count),
            "approved": share(route.approved, route.count),
        }
