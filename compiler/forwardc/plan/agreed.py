"""Whether what a vault agreed to holds for a run: on this day, and for whoever answers.

Has no clock: the day is given. An approval shows what was agreed; this asks whether it still is.
"""

import datetime

from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.model import Plan
from forwardc.plan.parts import AgreedWith


def arrangements_of(plan: Plan, operation: str) -> tuple[AgreedWith, ...]:
    """What an operation leaves by, each once. Raises `KeyError` if there is no such operation."""
    arrangements = {
        arrangement.id: arrangement
        for step in plan.operations[operation].steps
        if step.review
        for arrangement in step.review.arrangements
    }
    return tuple(arrangements.values())


def refuse_not_agreed(
    plan: Plan, operation: str, today: datetime.date, sink: Sink, *, emulated: bool
) -> bool:
    """Whether a run must not leave: FC0856 for what has ended, FC0857 for what nobody agreed to.

    A sandbox on this machine (`emulated`) plays what was not agreed. Raises `KeyError` if the plan
    has no such operation.
    """
    before = len(sink.sorted())
    for item in arrangements_of(plan, operation):
        where = f"{plan.vault}/{plan.destination}.{operation}"
        if item.expires is not None and item.expires < today:
            sink.error(
                "FC0856",
                f"{where}: what {plan.vault} agreed to as `{item.id}` ended on {item.expires}",
                hint="ask its support to renew it, record that in forwardc.yaml, build and approve",
            )
        elif item.as_if_agreed and not emulated:
            sink.error(
                "FC0857",
                f"{where}: nobody has recorded that {plan.vault} agreed to `{item.id}`",
                hint="run it with --sandbox, or record the ticket in this environment of"
                " forwardc.yaml, then build",
            )
    return len(sink.sorted()) > before
