"""`forwardc reconcile`: finds out at the vaults what became of runs whose answer was lost.

Knows no vault: how each one is asked is data of the plans. Nothing is sent to a destination.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from forwardc.cli.options import build_option, history_option, secrets_option
from forwardc.cli.output import json_option, say, say_document
from forwardc.cli.run.end import warnings
from forwardc.cli.run.resume import same_plan
from forwardc.cli.run.target import RunTarget, look_up_for, means_for, reached
from forwardc.cli.unknown_runs import questions, questions_json

if TYPE_CHECKING:
    from forwardc.core.diagnostics.sink import Sink
    from forwardc.runtime.history.records import StoredRun
    from forwardc.runtime.history.store import Store
    from forwardc.runtime.recovery.reconcile import StepInDoubt
    from forwardc.runtime.run.result import StepReport


@click.command(short_help="Find out what became of unknown runs.")
@click.argument("run_id", metavar="[RUN]", required=False)
@secrets_option
@click.option("--sandbox", metavar="URL", help="Ask a sandbox on this machine.")
@json_option
@build_option
@history_option
def command(
    run_id: str | None,
    secrets_file: Path | None,
    sandbox: str | None,
    as_json: bool,
    build: Path,
    history: str,
) -> int:
    """Settle RUN, or every run of unknown fate, by what the vault still knows.

    The exit code is 1 while a run stays unknown; what to ask the destination is shown then.
    """
    from forwardc.cli.sandbox.link import transport_to
    from forwardc.core.diagnostics.sink import Sink

    where, sink = RunTarget(build, sandbox, secrets_file, history), Sink()
    if sandbox is not None:
        # What is no address of a sandbox is a mistake here; one that does not answer is none.
        reached(lambda: transport_to(sandbox))
    told = None
    with where.recording(sink, begin=False) as store:
        if store is not None:
            told = _Told(as_json)
            asyncio.run(_all(store, run_id, where, sink, told))
    if as_json:
        say_document(None if told is None else {"runs": told.runs}, sink)
    else:
        warnings(sink)
    return 1 if sink.has_errors else 0


@dataclass(frozen=True, slots=True)
class _Told:
    """What became of each run: for people at once, for programs at the end."""

    as_json: bool
    runs: list[dict[str, Any]] = field(default_factory=list)

    def of(self, run_id: str, lines: Iterable[str], **what: Any) -> None:
        """Tell of one run."""
        self.runs.append({"run": run_id, **what})
        self.say(lines)

    def say(self, lines: Iterable[str]) -> None:
        """Tell people."""
        if not self.as_json:
            for line in lines:
                say(line)


async def _all(
    store: "Store", run_id: str | None, where: RunTarget, sink: "Sink", told: _Told
) -> None:
    from forwardc.integrations.registry import every_open_run_hook

    # What callbacks have told already needs no question.
    resolved: list[str] = []
    for hook in every_open_run_hook(where.build):
        resolve = partial(hook.resolve_waiting, now=store.timestamp())
        resolved += store.database.write(resolve)
    for name in resolved:
        run = store.load(name)
        outcome = run and run.summary.outcome
        told.of(name, [f"{name}  settled by a callback"], outcome=outcome, told_by="callback")
    chosen = _chosen(store, run_id, sink) if run_id not in resolved else ()
    for run in chosen:
        await _one(store, run, where, sink, told)
    if run_id is None and not chosen:
        told.say(["no run is unknown"])


def _chosen(store: "Store", run_id: str | None, sink: "Sink") -> "tuple[StoredRun, ...]":
    if run_id is None:
        return store.unknown_runs()
    run = store.load(run_id)
    if run is None:
        sink.error("FC0820", f"there is no run {run_id}", hint="`forwardc history` lists them")
        return ()
    return (run,)


async def _one(
    store: "Store", run: "StoredRun", where: RunTarget, sink: "Sink", told: _Told
) -> None:
    """Settle one run, or tell what to ask."""
    from forwardc.cli.sandbox.link import SandboxUnreachableError
    from forwardc.runtime.recovery.inquiries import inquiries
    from forwardc.runtime.recovery.reconcile import StillUnknownError
    from forwardc.runtime.recovery.resolve import resolve_step

    ended = run.summary.outcome
    if not inquiries(run, pending=True):
        line = f"{run.id}  {ended or run.summary.state}; nothing about it is unknown"
        told.of(run.id, [line], outcome=ended, told_by=None, ask=[])
        return
    try:
        what, report = await _asked(run, where)
    except (StillUnknownError, SandboxUnreachableError) as problem:
        sink.error("FC0824", f"run {run.id} stays unknown: {problem}")
        asked = (f"{run.id}  unknown", *questions(run))
        told.of(run.id, asked, outcome=ended, told_by=None, ask=questions_json(run))
        return
    goes_on = await resolve_step(store, what, report)
    lines = [f"{run.id}  {_told(report)}"]
    if goes_on:
        lines.append(f"  later steps were not sent: forwardc run --resume {run.id}")
    found = {"step": report.name, "status": report.status, "losses": report.losses}
    told.of(run.id, lines, outcome=report.outcome, told_by="vault", **found, to_be_resumed=goes_on)


async def _asked(run: "StoredRun", where: RunTarget) -> "tuple[StepInDoubt, StepReport]":
    from forwardc.core.diagnostics.sink import Sink
    from forwardc.runtime.recovery.reconcile import StillUnknownError, reconcile_step, step_in_doubt
    from forwardc.runtime.run.journal import NoJournal

    if run.summary.emulated != (where.sandbox is not None):
        raise StillUnknownError("a sandbox is asked for its own runs only: see --sandbox")
    found = Sink()
    plan_of_run = same_plan(run, where, found)
    if plan_of_run is None:
        raise StillUnknownError("; ".join(problem.message for problem in found.sorted()))
    plan, ambient = plan_of_run
    what = step_in_doubt(plan, run)
    if what is None:
        raise StillUnknownError("no step of it was sent without an answer")
    look_up = look_up_for(plan, where.build, where.sandbox, where.secrets, found)
    if found.has_errors:
        raise StillUnknownError("; ".join(problem.message for problem in found.sorted()))
    operation = run.summary.operation
    async with means_for(plan, operation, where.sandbox, ambient, NoJournal()) as means:
        return what, await reconcile_step(what, look_up, means)


def _told(report: "StepReport") -> str:
    from forwardc.runtime.run.result import may_be_why, perhaps_why, sent_without

    told = f"step {report.name}: {report.outcome}, the destination answered {report.status}"
    if may_be_why(report.outcome, report.rejected_by, report.losses):
        return f"{told}; {perhaps_why(report.losses)}"
    return f"{told}; {sent_without(report.losses)}" if report.losses else told
