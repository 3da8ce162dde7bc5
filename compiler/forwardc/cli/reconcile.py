"""`forwardc reconcile`: finds out what became of runs whose answer was lost or said pending.

How each vault is asked about a lost answer is data of the plans. To a destination goes only the
question of a step with `poll:`, for a payment that it called pending itself.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from forwardc.cli.options import build_option, history_option, secrets_option
from forwardc.cli.output import json_option, say, say_document, warnings
from forwardc.cli.polled_runs import ask_again, can_be_asked, polled_runs
from forwardc.cli.run.resume import same_plan
from forwardc.cli.run.target import RunTarget, look_up_for, reach_sandbox, run_dependencies
from forwardc.cli.unknown_runs import questions, questions_json
from forwardc.core.dataclass import dataclass

if TYPE_CHECKING:
    from forwardc.core.diagnostics.sink import Sink
    from forwardc.runtime.history.records import StoredRun
    from forwardc.runtime.history.store import Store
    from forwardc.runtime.recovery.reconcile import StepInDoubt
    from forwardc.runtime.run.result import RunResult, StepReport


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

    A payment that is pending is asked for at the destination, where its plan has a step with poll:.
    The exit code is 1 while a run stays unknown or is pending still; what to ask is shown then.
    """
    from forwardc.cli.sandbox.link import transport_to
    from forwardc.core.diagnostics.sink import Sink

    run_target, sink = RunTarget(build, sandbox, secrets_file, history), Sink()
    if sandbox is not None:
        # What is no address of a sandbox is a mistake here; one that does not answer is none.
        reach_sandbox(lambda: transport_to(sandbox))
    results = None
    with run_target.recording(sink, begin=False) as store:
        if store is not None:
            results = _Results(as_json)
            asyncio.run(_all(store, run_id, run_target, sink, results))
    if as_json:
        say_document(None if results is None else {"runs": results.runs}, sink)
    else:
        warnings(sink)
    return 1 if sink.has_errors else 0


@dataclass(frozen=True, slots=True)
class _Results:
    """What became of each run: for people at once, for programs at the end."""

    as_json: bool
    runs: list[dict[str, Any]] = field(default_factory=list)

    def report(self, run_id: str, lines: Iterable[str], **data: Any) -> None:
        """Tell of one run."""
        self.runs.append({"run": run_id, **data})
        self.say(lines)

    def say(self, lines: Iterable[str]) -> None:
        """Tell people."""
        if not self.as_json:
            for line in lines:
                say(line)


async def _all(
    store: "Store", run_id: str | None, run_target: RunTarget, sink: "Sink", results: _Results
) -> None:
    from forwardc.integrations.registry import every_open_run_hook

    # What callbacks have told already needs no question.
    resolved: list[str] = []
    for hook in every_open_run_hook(run_target.build):
        resolve = partial(hook.resolve_waiting, now=store.timestamp())
        resolved += store.database.write(resolve)
    for name in resolved:
        run = store.load(name)
        outcome = run and run.summary.outcome
        results.report(
            name, [f"{name}  settled by a callback"], outcome=outcome, told_by="callback"
        )
    chosen = _chosen(store, run_id, run_target, sink) if run_id not in resolved else ()
    for run in chosen:
        await _reconcile_run(store, run, run_target, sink, results)
    if run_id is None and not chosen:
        results.say(["no run is unknown"])


def _chosen(
    store: "Store", run_id: str | None, run_target: RunTarget, sink: "Sink"
) -> "tuple[StoredRun, ...]":
    if run_id is None:
        runs = (*store.unknown_runs(), *polled_runs(store, run_target))
        return tuple({run.id: run for run in runs}.values())
    run = store.load(run_id)
    if run is None:
        sink.error("FC0820", f"there is no run {run_id}", hint="`forwardc history` lists them")
        return ()
    return (run,)


async def _reconcile_run(
    store: "Store", run: "StoredRun", run_target: RunTarget, sink: "Sink", results: _Results
) -> None:
    """Settle one run, or tell what to ask."""
    from forwardc.cli.sandbox.link import SandboxUnreachableError
    from forwardc.runtime.recovery.inquiries import inquiries
    from forwardc.runtime.recovery.reconcile import StillUnknownError
    from forwardc.runtime.recovery.resolve import resolve_step

    ended = run.summary.outcome
    if not inquiries(run, pending=True):
        line = f"{run.id}  {ended or run.summary.state}; nothing about it is unknown"
        results.report(run.id, [line], outcome=ended, told_by=None, ask=[])
        return
    try:
        if can_be_asked(run, run_target):
            result = await ask_again(run, run_target, store, sink)
            _report_asked(store.load(run.id) or run, result, sink, results)
            return
        step, report = await _ask_vault(run, run_target)
    except (StillUnknownError, SandboxUnreachableError) as problem:
        stays = "pending" if ended == "pending" else "unknown"
        sink.error("FC0824", f"run {run.id} stays {stays}: {problem}")
        asked = (f"{run.id}  {stays}", *questions(run))
        results.report(run.id, asked, outcome=ended, told_by=None, ask=questions_json(run))
        return
    goes_on = await resolve_step(store, step, report)
    lines = [f"{run.id}  {_report_text(report)}"]
    if goes_on:
        lines.append(f"  later steps were not sent: forwardc run --resume {run.id}")
    answer = {"step": report.name, "status": report.status, "losses": report.losses}
    results.report(
        run.id, lines, outcome=report.outcome, told_by="vault", **answer, to_be_resumed=goes_on
    )


def _report_asked(run: "StoredRun", result: "RunResult", sink: "Sink", results: _Results) -> None:
    """Tell what the questions for a pending payment brought."""
    report, outcome = result.steps[-1], result.outcome
    if outcome == "pending":
        sink.error("FC0824", f"run {run.id} stays pending: {result.reason}")
        lines: tuple[str, ...] = (f"{run.id}  pending", *questions(run))
        data: dict[str, Any] = {"ask": questions_json(run)}
    else:
        lines, data = (f"{run.id}  {_report_text(report)}",), {}
    answer = {"step": report.name, "status": report.status, "losses": report.losses}
    results.report(run.id, lines, outcome=outcome, told_by="destination", **answer, **data)


async def _ask_vault(run: "StoredRun", run_target: RunTarget) -> "tuple[StepInDoubt, StepReport]":
    from forwardc.core.diagnostics.sink import Sink
    from forwardc.runtime.recovery.reconcile import StillUnknownError, reconcile_step, step_in_doubt
    from forwardc.runtime.run.journal import NoJournal

    if run.summary.emulated != (run_target.sandbox is not None):
        raise StillUnknownError("a sandbox is asked for its own runs only: see --sandbox")
    findings = Sink()
    plan_of_run = same_plan(run, run_target, findings)
    if plan_of_run is None:
        raise StillUnknownError("; ".join(problem.message for problem in findings.sorted()))
    plan, ambient = plan_of_run
    step = step_in_doubt(plan, run)
    if step is None:
        raise StillUnknownError("no step of it was sent without an answer")
    look_up = look_up_for(plan, run_target.build, run_target.sandbox, run_target.secrets, findings)
    if findings.has_errors:
        raise StillUnknownError("; ".join(problem.message for problem in findings.sorted()))
    operation = run.summary.operation
    async with run_dependencies(
        plan, operation, run_target.sandbox, ambient, NoJournal()
    ) as dependencies:
        return step, await reconcile_step(step, look_up, dependencies)


def _report_text(report: "StepReport") -> str:
    from forwardc.runtime.run.result import may_be_why, perhaps_why, sent_without

    text = f"step {report.name}: {report.outcome}, the destination answered {report.status}"
    if may_be_why(report.outcome, report.rejected_by, report.losses):
        return f"{text}; {perhaps_why(report.losses)}"
    return f"{text}; {sent_without(report.losses)}" if report.losses else text
