"""`forwardc history`: what became of runs, as a list, in full, or deleted by age."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import click
from click.core import ParameterSource

from forwardc.cli.history.filters import filter_of, filter_options
from forwardc.cli.history.opening import change
from forwardc.cli.options import history_option
from forwardc.cli.output import json_option, note, say, say_document, say_lines

if TYPE_CHECKING:
    from forwardc.cli.history.opening import ChangeResult
    from forwardc.runtime.history.records import RunFilter
    from forwardc.runtime.history.store import Store

_TYPED: Final = ParameterSource.COMMANDLINE


@click.group(short_help="Show what became of runs.", invoke_without_command=True)
@filter_options
@click.option("--limit", type=click.IntRange(1, 100_000), default=20, show_default=True)
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="Show the list as CSV.")
@click.option("--keep", metavar="DAYS", help="Delete finished runs that are older, such as 30d.")
@click.option(
    "--keep-answers", metavar="DAYS", help="Delete the answers of older runs, such as 7d; or 0d."
)
@history_option
@click.pass_context
def command(
    context: click.Context,
    filter_values: dict[str, Any],
    limit: int,
    as_json: bool,
    as_csv: bool,
    keep: str | None,
    keep_answers: str | None,
    history: str,
) -> int:
    """List runs, the newest first; `history show RUN` tells all of one.

    With --keep nothing is listed: finished runs of before that many days are deleted, with their
    figures. Runs whose fate nobody has settled stay. --keep-answers deletes answers, and no run.
    """
    if context.invoked_subcommand is not None:
        if _typed(context) - {"history"}:
            raise click.UsageError(f"options of the list go without {context.invoked_subcommand}")
        # A subcommand works on the history that was named before it, too.
        context.obj = history
        return 0
    if as_json and as_csv:
        raise click.UsageError("--json and --csv exclude each other.")
    if keep is not None or keep_answers is not None:
        # Whoever deletes must not believe that a filter holds something back.
        if _typed(context) - {"keep", "keep_answers", "as_json", "history"}:
            raise click.UsageError("--keep and --keep-answers go without filters.")
        days = None if keep is None else _days(keep, "--keep")
        answers = None if keep_answers is None else _days(keep_answers, "--keep-answers", least=0)
        return change(
            history, lambda store: _prune(store, days, answers, as_json=as_json), as_json=as_json
        )
    run_filter = filter_of(filter_values)
    return change(
        history,
        lambda store: _list(store, run_filter, limit, as_json=as_json, as_csv=as_csv),
        as_json=as_json,
    )


def _typed(context: click.Context) -> set[str]:
    """The options that somebody typed."""
    names = {name for param in context.command.params if (name := param.name)}
    return {name for name in names if context.get_parameter_source(name) == _TYPED}


# Without the variable: it would win over a path that stands before the subcommand.
_history = click.option("--history", metavar="URL", help="Where runs are recorded.")


@command.command(short_help="Tell all of one run.")
@click.argument("run")
@json_option
@_history
@click.pass_obj
def show(before: str, run: str, as_json: bool, history: str | None) -> int:
    """Tell all that is recorded of a run: every step, attempt, key, and masked request."""
    return change(
        history or before, lambda store: _show(store, run, as_json=as_json), as_json=as_json
    )


@command.command(short_help="Write every run that fits as CSV or JSON.")
@filter_options
@click.option(
    "--format",
    "format_",
    type=click.Choice(["csv", "json"]),
    default="csv",
    show_default=True,
    help="How the runs are written.",
)
@_history
@click.pass_obj
def export(before: str, filter_values: dict[str, Any], format_: str, history: str | None) -> int:
    """Write every run that fits to standard output, the newest first, whatever their number.

    The filters and the columns are those of the dashboard. Where no run fits, nothing is written,
    and the exit code is 1.
    """
    from forwardc.cli.history.filters import nothing_fits
    from forwardc.core.diagnostics.render.printable import escaped
    from forwardc.runtime.history.errors import NoRunMatchesError
    from forwardc.runtime.history.export import ExportFormat, has_runs
    from forwardc.runtime.history.export import export as pieces_of

    run_filter, form = filter_of(filter_values), ExportFormat(format_)

    def work(store: "Store") -> "ChangeResult":
        # Asked first, so that a pipe gets all of a document or nothing.
        if not has_runs(store, run_filter):
            raise NoRunMatchesError(
                "no run fits, and nothing was written", nothing_fits(store, run_filter)
            )
        for piece in pieces_of(store, run_filter, form):
            # CSV has been made harmless cell by cell.
            click.echo(escaped(piece) if form is ExportFormat.JSON else piece, nl=False)
        return 0, None

    return change(history or before, work, as_json=False)


@command.command(short_help="Begin an empty history.")
@json_option
@_history
@click.pass_obj
def begin(before: str, as_json: bool, history: str | None) -> int:
    """Make a history where there is none, for what is not a run: a pause, callbacks, a client.

    `forwardc run` and `forwardc serve` make theirs by themselves. One that is there stays.
    """
    from forwardc.runtime.history.store import open_store

    def work() -> int:
        with open_store(history or before) as store:
            return store.upgraded_from

    return _say_version(work, as_json=as_json)


@command.command(short_help="Bring an older history to this version.")
@json_option
@_history
@click.pass_obj
def upgrade(before: str, as_json: bool, history: str | None) -> int:
    """Bring the tables to this version, when no older forwardc uses them any more.

    `forwardc run` and `forwardc serve` do it by themselves; what only reads a history never does.
    """
    from forwardc.runtime.history.store import upgrade as upgrade_at

    return _say_version(lambda: upgrade_at(history or before), as_json=as_json)


def _say_version(work: Callable[[], int], *, as_json: bool) -> int:
    """Do what gives the version of before, and tell it with that of now."""
    from forwardc.cli.findings import show
    from forwardc.core.diagnostics.sink import Sink
    from forwardc.runtime.history.errors import HistoryError
    from forwardc.runtime.history.migrations import MIGRATIONS

    sink, result = Sink(), None
    try:
        result = {"before": work(), "version": MIGRATIONS[-1].version}
    except HistoryError as problem:
        sink.add(problem.diagnostic())
    if as_json:
        say_document(result, sink)
    elif result is not None:
        say(_version_text(**result))
    else:
        show(sink, "text", None, err=True)
    return int(sink.has_errors)


def _version_text(before: int, version: int) -> str:
    if before == version:
        return f"the history was there, and has version {version}"
    if before:
        return f"the history was brought from version {before} to {version}"
    return f"the history was made, with version {version}"


def _list(
    store: "Store", run_filter: "RunFilter", limit: int, *, as_json: bool, as_csv: bool
) -> "ChangeResult":
    from forwardc.cli.history.filters import strange
    from forwardc.cli.history.run_table import as_csv as csv_lines
    from forwardc.cli.history.run_table import as_table, summary_json

    page = store.search(run_filter, limit=limit)
    if as_csv:
        say_lines(csv_lines(page.runs))
    elif not as_json:
        if page.runs:
            say_lines(as_table(page.runs))
        else:
            note("; ".join(("no run fits", *strange(store, run_filter))))
    if page.cursor is not None:
        note(f"these are the newest {limit}; --limit shows more")
    return 0, {
        "runs": [summary_json(run) for run in page.runs],
        "more": page.cursor is not None,
    }


def _show(store: "Store", run_id: str, *, as_json: bool) -> "ChangeResult":
    from forwardc.cli.history.output import run_json, run_lines
    from forwardc.runtime.history.errors import UnknownRunError

    run = store.load(run_id)
    if run is None:
        raise UnknownRunError("the history has no such run", hint="`forwardc history` lists them")
    events = store.events(run.id)
    if as_json:
        return 0, run_json(run, events)
    for line in run_lines(run, events):
        say(line)
    return 0, None


def _prune(
    store: "Store", days: int | None, answers: int | None, *, as_json: bool
) -> "ChangeResult":
    from getpass import getuser

    counts: dict[str, int] = {}
    if answers is not None:
        counts |= {
            "answers_deleted": store.prune_answers(answers, getuser()),
            "answers_kept_days": answers,
        }
        if not as_json:
            say(f"{counts['answers_deleted']} answers deleted; their runs stay")
    if days is not None:
        counts |= {"deleted": store.prune(days, getuser()), "kept_days": days}
        if not as_json:
            say(f"{counts['deleted']} runs deleted; what is kept began in the last {days} days")
    return 0, counts


def _days(text: str, option: str, least: int = 1) -> int:
    match = re.fullmatch(r"(0|[1-9][0-9]{0,4})d", text, re.ASCII)
    if match is None or int(match[1]) < least:
        raise click.UsageError(f"{option} takes a number of days, such as 30d.")
    return int(match[1])
