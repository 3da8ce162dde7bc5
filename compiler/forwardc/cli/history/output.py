"""Shows one recorded run in full, for people and as data. All of it was masked before."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from forwardc.cli.history.run_table import operation_of, where_of
from forwardc.core.diagnostics.render.printable import on_one_line
from forwardc.core.outcome import Outcome
from forwardc.core.recognizer.scan import mask
from forwardc.runtime.history.records import (
    Event,
    RunState,
    RunSummary,
    StepState,
    StoredAttempt,
    StoredRun,
    StoredStep,
)
from forwardc.runtime.recovery.inquiries import key_sent, keyed, names_shown
from forwardc.runtime.run.destination_request import destination_request
from forwardc.runtime.run.result import (
    ON_PURPOSE,
    Party,
    RecordedAnswer,
    does_not_tell,
    left_out,
    may_be_why,
    perhaps_why,
    sent_without,
)

# Rows of a kept answer, and characters of one: what a person reads at a terminal. --json has all.
_MOST_ROWS = 40
# Twice the columns of a common terminal.
_LONGEST = 160


def run_json(run: StoredRun, events: Sequence[Event]) -> dict[str, Any]:
    """All of a run as data."""
    whole = {**asdict(run), "untold": run.untold}
    del whole["shapes"]
    for step, recorded in zip(whole["steps"], run.steps, strict=True):
        step["request_id"] = step["request_id"] and mask(step["request_id"])
        gets = destination_request(run, recorded)
        step["gets"] = gets and asdict(gets)
    # The document has a name of its own for it, in the same place.
    whole["steps"] = [
        {"kept" if name == "recorded_answer" else name: value for name, value in step.items()}
        for step in whole["steps"]
    ]
    return {
        **whole.pop("summary"),
        **whole,
        # The members of the document are a contract with programs, names of fields are ours.
        "events": [
            {
                "what" if name == "description" else name: value
                for name, value in asdict(event).items()
            }
            for event in reversed(events)
        ],
    }


def run_lines(run: StoredRun, events: Sequence[Event]) -> Iterator[str]:
    """All of a run for people."""
    summary = run.summary
    yield f"{operation_of(summary)} via {summary.vault} ({where_of(summary)}), run {run.id}"
    yield f"  began      {summary.created_at}"
    yield f"  reference  {summary.reference}, ours"
    if run.source_id is not None:
        yield f"  source     {run.source_id}"
    yield f"  digest     {run.digest}"
    if run.without:
        yield f"  {left_out(run.without)}"
    if run.fell_back:
        yield f"  instead of {run.asked_operation}, its fallback ran"
    for step in run.steps:
        yield ""
        yield from _step(summary, step)
    for event in reversed(events):
        yield ""
        yield f"{event.at}  {event.kind} by {event.by}: {event.description}"
    yield ""
    yield from _verdict(run)


def _step(run: RunSummary, step: StoredStep) -> Iterator[str]:
    by = f" by rule {step.rule}" if step.rule is not None else ""
    # A run goes past a step only with its result, so that nothing waits there any more.
    is_taken = step.state is StepState.WAITING and run.outcome is Outcome.APPROVED
    state = "not sent, an earlier run's result served" if is_taken else step.state
    yield f"step {step.name}: {state}" + (f", {step.outcome}{by}" if step.outcome else "")
    if step.called:
        yield f"  called     {step.called}"
    if step.destination_key and keyed(step, Party.DESTINATION):
        honours = ", which honours it" if step.idempotent else ""
        yield f"  key        {step.destination_key}, sent to {run.destination}{honours}"
    for name in names_shown(step):
        who = run.destination if name.party is Party.DESTINATION else run.vault
        way = "sent to" if name.way == "sent" else "given by"
        yield f"  name       {name.value}, {way} {who} as {name.place}"
    for attempt in step.attempts:
        yield f"  attempt {attempt.number}  {_attempt(step, attempt)}"
    for output, value in step.outputs.items():
        yield f"  output     {output} = {value}"
    for output in step.sensitive_outputs:
        yield f"  output     {output} = ***"
    if step.request_id:
        yield f"  request    {mask(step.request_id)}, the vault's id"
    if step.scheme or step.issuing_country:
        card = ", ".join(part for part in (step.scheme, step.issuing_country) if part)
        yield f"  card       {card}"
    if step.losses:
        yield f"  {sent_without(step.losses)}"
    if step.untold:
        yield f"  {does_not_tell('the vault', step.untold)}"
    if step.answer:
        yield f"  says       {step.answer}"
    if step.log_url:
        yield f"  log        {step.log_url}"
    if step.recorded_answer:
        yield from _answer(run, step.recorded_answer)


def _answer(run: RunSummary, recorded: RecordedAnswer) -> Iterator[str]:
    """The beginning of an answer, field by field; `--json` has all of it."""
    whose = run.destination if recorded.whose == "destination" else run.vault
    status = f" {recorded.status}" if recorded.status is not None else ""
    rows = recorded.body.rows
    yield f"  answer    {status} of {whose}, {recorded.body.kind}"
    for row in rows[:_MOST_ROWS]:
        shown = on_one_line(f"{row.path} = {row.shown}")
        yield f"             {shown if len(shown) <= _LONGEST else shown[:_LONGEST] + '...'}"
    if len(rows) > _MOST_ROWS or not recorded.body.whole:
        yield "             ... --json has what is kept of the rest"


def _attempt(step: StoredStep, attempt: StoredAttempt) -> str:
    parts = [f"{attempt.started_at} {attempt.state.replace('_', ' ')}"]
    parts += [f"{attempt.status} from the destination"] if attempt.status else []
    parts += [f"{attempt.vault_status} from the vault"] if attempt.vault_status else []
    parts += [attempt.reason] if attempt.reason else []
    keys = [f"key {attempt.vault_key}"] if key_sent(step, attempt) else []
    return ", ".join([*parts, *keys])


def _verdict(run: StoredRun) -> Iterator[str]:
    summary = run.summary
    reason = f": {run.reason}" if run.reason else ""
    if summary.state is RunState.DONE:
        by = f" by the {summary.rejected_by}" if summary.rejected_by else ""
        yield f"{summary.outcome}{by}{reason}"
    else:
        yield f"{summary.state}{reason}"
    if may_be_why(summary.outcome, summary.rejected_by, run.losses):
        yield f"{perhaps_why(run.losses)}; {ON_PURPOSE}"
    if any(step.state in (StepState.INTENT, StepState.UNKNOWN) for step in run.steps):
        yield f"a request may have arrived: `forwardc reconcile {run.id}` asks the vault"
