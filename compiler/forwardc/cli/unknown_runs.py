"""Tells what to ask the destination about a run that nobody knows the fate of."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from forwardc.diagnostics.scan import mask

if TYPE_CHECKING:
    from forwardc.runtime.history.records import StoredRun


def questions(run: "StoredRun") -> Iterator[str]:
    """What the destination needs to find the request, and how to record its answer."""
    from forwardc.runtime.recorded import doubt_of

    summary = run.summary
    for step in run.steps:
        doubt = doubt_of(step)
        if doubt is None:
            continue
        yield f"  ask {summary.destination} whether it did step {step.name}:"
        yield f"    request    {step.called}"
        yield f"    sent       {doubt.sent_at.isoformat(timespec='seconds')}"
        yield f"    key        {step.destination_key}"
        yield f"    reference  {summary.reference}"
        if step.request_id:
            yield f"    {summary.vault:<10} {mask(step.request_id)}"
    yield f"  then: forwardc resolve {run.id} --as approved|declined|not_sent --by NAME"
