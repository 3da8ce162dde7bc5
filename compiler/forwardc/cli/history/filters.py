"""Which runs of a history: the filters of the dashboard as options, and names that no run has."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import click

from forwardc.cli import candidates
from forwardc.cli.options import environment_option

if TYPE_CHECKING:
    from forwardc.runtime.history.records import RunFilter
    from forwardc.runtime.history.store import Store

_Command = TypeVar("_Command", bound=Callable[..., Any])
_OUTCOMES: Final = ("approved", "declined", "pending", "rejected", "unknown", "stopped", "running")
_DAY: Final = click.DateTime(["%Y-%m-%d"])
# Characters of a reason that is typed: more than any that is recorded has (see `normalize_cause`).
_LONGEST: Final = 300
_OPTIONS: Final = (
    click.option("--reference", help="Runs with this reference of ours."),
    click.option(
        "--search",
        "text",
        help="Start of a reference, theirs or ours, or of a source; or a run or request id.",
    ),
    click.option(
        "--outcome", type=click.Choice(_OUTCOMES), help="Runs with this outcome, or in this state."
    ),
    click.option(
        "--rejected-by",
        type=click.Choice(["vault", "destination"]),
        help="Runs that this one rejected.",
    ),
    click.option("--reason", "cause", help="Runs that ended for this reason."),
    click.option(
        "--status", type=click.IntRange(100, 999), help="Runs with this status of the destination."
    ),
    click.option(
        "--destination",
        help="Runs of this destination.",
        shell_complete=candidates.destinations,
    ),
    click.option(
        "--operation",
        help="Runs of this operation.",
        shell_complete=candidates.operation_names,
    ),
    click.option(
        "--via", "vault", help="Runs through this vault.", shell_complete=candidates.vaults
    ),
    environment_option(),
    click.option("--emulated", is_flag=True, help="Runs that a sandbox of this machine answered."),
    click.option("--from", "first", type=_DAY, metavar="DAY", help="Runs of this day or later."),
    click.option("--to", "last", type=_DAY, metavar="DAY", help="Runs of this day or earlier."),
)
_NAMES: Final = (
    *("reference", "text", "outcome", "rejected_by", "cause", "status", "destination"),
    *("operation", "vault", "environment", "emulated", "first", "last"),
)


def filter_options(function: _Command) -> _Command:
    """The options of a filter; the command gets them as one, `filter_values`, for `filter_of`."""

    @wraps(function)
    def command(**options: Any) -> Any:
        return function(filter_values={name: options.pop(name) for name in _NAMES}, **options)

    for option in reversed(_OPTIONS):
        command = option(command)
    return cast("_Command", command)


def filter_of(values: dict[str, Any]) -> "RunFilter":
    """The filter of the options. Days are those of UTC. Raises `UsageError`."""
    from forwardc.core.outcome import Outcome
    from forwardc.runtime.history.records import RunFilter, RunState
    from forwardc.runtime.run.result import Party

    word, party, place = values["outcome"], values["rejected_by"], values["environment"]
    in_state = word in ("stopped", "running")
    first, last = values["first"], values["last"]
    if first and last and last < first:
        raise click.UsageError("--to is before --from.")
    return RunFilter(
        reference=values["reference"],
        text=values["text"],
        outcome=Outcome(word) if word and not in_state else None,
        state=RunState(word) if in_state else None,
        rejected_by=Party(party) if party else None,
        cause=_cause(values["cause"]),
        status=values["status"],
        destination=values["destination"],
        operation=values["operation"],
        vault=values["vault"],
        environment=place,
        # Whoever names an environment means the vendor's own, as on the dashboard.
        emulated=True if values["emulated"] else False if place else None,
        since=_midnight(first, 0) if first else None,
        until=_midnight(last, 1) if last else None,
    )


def _cause(text: str | None) -> str | None:
    """A reason in the one spelling that is counted, however it is typed."""
    from forwardc.runtime.history.rollups import normalize_cause

    if text is None:
        return None
    cause = normalize_cause(text) if len(text) <= _LONGEST and text.isprintable() else None
    if cause is None:
        raise click.BadParameter(
            f"a reason has a word or a number in it, and at most {_LONGEST} characters.",
            param_hint="--reason",
        )
    return cause


def _midnight(day: datetime, later: int) -> str:
    from forwardc.runtime.history.timestamps import Timestamp

    try:
        return Timestamp(day.replace(tzinfo=UTC) + timedelta(days=later)).text
    except (OverflowError, ValueError):
        raise click.UsageError("--from and --to take days of the calendar.") from None


def nothing_fits(store: "Store", run_filter: "RunFilter") -> str:
    """Why no run may fit: names of the filter that no run has, with the nearest that one has."""
    return "; ".join(strange(store, run_filter)) or "no run has all of this at once; leave some out"


def strange(store: "Store", run_filter: "RunFilter") -> Iterator[str]:
    """The names of a filter that no run has, each with what may be meant."""
    from forwardc.core.diagnostics.suggest import did_you_mean
    from forwardc.runtime.history.queries import recorded_names

    recorded = store.database.read(recorded_names)
    for kind, name, names in (
        ("destination", run_filter.destination, recorded.destinations),
        ("operation", run_filter.operation, recorded.operations),
        ("vault", run_filter.vault, recorded.vaults),
        ("environment", run_filter.environment, recorded.environments),
        ("reason", run_filter.cause, recorded.causes),
    ):
        if name is not None and name not in names:
            near = did_you_mean(name, names)
            meant = f"did you mean {near}?" if near else f"there are: {', '.join(names) or 'none'}"
            yield f"no run has this {kind}: {meant}"
