"""The page of one run: everything that is recorded of it."""

from collections.abc import Mapping
from typing import Any

from forwardc.dashboard.filters import address
from forwardc.dashboard.questions import questions
from forwardc.dashboard.views import Page, PageRefusedError, ViewContext, ViewRequest
from forwardc.runtime.history.records import StoredRun, recorded_amounts
from forwardc.runtime.http.bodies.body import fields_of
from forwardc.runtime.recovery.inquiries import key_sent, keyed, names_shown
from forwardc.runtime.run.destination_request import destination_request
from forwardc.runtime.run.result import (
    ON_PURPOSE,
    Party,
    does_not_tell,
    may_be_why,
    perhaps_why,
    sent_without,
)


def run_page(context: ViewContext, request: ViewRequest) -> Page:
    """The run of an id. Raises `PageRefusedError` with status 404."""
    run = context.store.load(request.path["run_id"])
    if run is None:
        raise PageRefusedError(
            404, "No such run", "No run has this id. It may have been deleted by its age."
        )
    return Page(
        "run.html.j2",
        {
            "here": "/history",
            "run": run,
            "scheme": next((step.scheme for step in run.steps if step.scheme), None),
            "country": next((s.issuing_country for s in run.steps if s.issuing_country), None),
            "questions": questions(run),
            "names": {step.name: names_shown(step) for step in run.steps},
            "keyed": {step.name for step in run.steps if keyed(step, Party.DESTINATION)},
            "vault_keyed": {
                (step.name, attempt.number)
                for step in run.steps
                for attempt in step.attempts
                if key_sent(step, attempt)
            },
            "money": _money(run),
            "same_reason": address("/history", {"reason": run.summary.cause or ""}),
            "requests": {
                step.name: fields_of(step.request.body)
                for step in run.steps
                if step.request and step.request.body
            },
            "gets": {step.name: destination_request(run, step) for step in run.steps},
            "lacks": _lacks(run),
            "does_not_tell": does_not_tell,
            "approval": _approval(run.approval),
            "events": context.store.events(run.id),
        },
    )


def _money(run: StoredRun) -> dict[str, str]:
    """Each amount with its currency, by the name of its param, and by `step/name` of an output."""
    outputs = {f"{step.name}/{name}": v for step in run.steps for name, v in step.outputs.items()}
    return {
        amount.name: amount.text
        for amount in recorded_amounts({**run.params, **outputs}, run.amounts)
    }


def _lacks(run: StoredRun) -> list[str]:
    """What it was sent without, and what to do where that may be why it was refused."""
    if may_be_why(run.summary.outcome, run.summary.rejected_by, run.losses):
        return [f"{perhaps_why(run.losses)}; {ON_PURPOSE}"]
    return [sent_without(run.losses)] if run.losses else []


def _approval(approval: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Its records as rows, whatever they hold: what was recorded is shown."""
    rows: list[tuple[str, str]] = []
    for name, value in (approval or {}).items():
        if isinstance(value, Mapping):
            rows += [(f"{name} {inner}", str(text)) for inner, text in value.items() if text]
        elif value:
            rows.append((name, str(value)))
    return [(name.replace("_", " "), text) for name, text in rows]
