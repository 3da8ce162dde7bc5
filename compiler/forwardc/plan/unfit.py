"""Refuses what production never runs, whoever approves it: stand-ins, steps that decide nothing.

Knows plans, and no approval.
"""

from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.model import Plan


def refuse_stand_in(plan: Plan, operation: str, sink: Sink) -> bool:
    """Whether names of ours stand in for a partner's, which production never sees: FC0815."""
    if plan.operations[operation].status != "stand_in":
        return False
    sink.error(
        "FC0815",
        f"{plan.destination}.{operation} holds names that stand in for the partner's own",
        hint="ask the partner for them; a stand-in runs in the sandbox only",
    )
    return True


def refuse_undecided(plan: Plan, operation: str, sink: Sink) -> bool:
    """Whether a step says nothing of what its answers mean, so that no run could be approved."""
    silent = [step.name for step in plan.operations[operation].steps if not step.outcome]
    for step in silent:
        sink.error(
            "FC0711",
            f"{plan.destination}.{operation}: nothing says what an answer to the step {step} means,"
            " so that every run of it would end as unknown",
            hint="write its `outcome:` rules, or `outcome: by_status`, then build",
        )
    return bool(silent)


def refuse_unfit(plan: Plan, operation: str, sink: Sink) -> bool:
    """Whether production never runs this operation, whoever approves it: FC0711 or FC0815."""
    if plan.environment_class != "production":
        return False
    return refuse_stand_in(plan, operation, sink) or refuse_undecided(plan, operation, sink)
