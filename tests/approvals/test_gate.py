"""The gate before a run: the table in `plan/approvals.py` says which code refuses where."""

import datetime
import re
from dataclasses import replace
from pathlib import Path

import pytest

from forwardc.core.diagnostics.diagnostic import Severity
from forwardc.core.diagnostics.sink import Sink
from forwardc.plan import approvals
from forwardc.plan.approvals import refuse_unapproved
from forwardc.plan.lock import Lock
from forwardc.plan.model import Plan, PlanStep
from forwardc.plan.parts import AgreedWith
from lock_file import TODAY

OPERATION = "card_cit"
TABLE = {
    cells[0]: cells[2:]
    for line in re.findall(r"(?m)^\| (FC.*) \|$", approvals.__doc__ or "")
    if (cells := [cell.strip() for cell in line.split("|")])
}
PLACES = (("production", False), ("sandbox", False), ("sandbox", True))
"""Environment, and whether a sandbox on this machine answers: the columns of the table."""
ENDED = AgreedWith(id="x", ticket="T", date="2020-01-01", expires=TODAY - datetime.timedelta(1))
PLAYED = AgreedWith(id="x", as_if_agreed=True)


def test_the_table_names_every_code_that_refuses() -> None:
    source = Path(approvals.__file__).read_text(encoding="utf-8")
    assert TABLE.keys() == set(re.findall(r'"(FC\d{4})"', source))


def step_of(step: PlanStep, code: str) -> PlanStep:
    """A step with what a code refuses; itself where the code is of something else."""
    assert step.review is not None
    if code in ("FC0856", "FC0857"):
        agreed = (ENDED if code == "FC0856" else PLAYED,)
        return replace(step, review=replace(step.review, arrangements=agreed))
    return replace(step, outcome=()) if code == "FC0711" else step


def plan_of(plan: Plan, code: str, environment: str) -> Plan:
    """A plan of an environment with what a code refuses, and nothing that tells it from live."""
    operation = plan.operations[OPERATION]
    steps = tuple(step_of(step, code) for step in operation.steps)
    status = "stand_in" if code == "FC0815" else operation.status
    operation = replace(operation, steps=steps, status=status)
    return replace(
        plan,
        environment=environment,
        operations={OPERATION: operation},
        demo_ids={environment: ("account",)} if code == "FC0859" else {},
    )


@pytest.mark.parametrize("code", sorted(TABLE))
def test_a_code_refuses_where_the_table_says(code: str, plans: dict[str, Plan]) -> None:
    for (environment, emulated), cell in zip(PLACES, TABLE[code], strict=True):
        plan, sink = plan_of(plans["stripe"], code, environment), Sink()
        refuse_unapproved(plan, OPERATION, Lock(), TODAY, sink, emulated=emulated)
        levels = {shown.severity for shown in sink.sorted() if shown.code == code}
        expected = {"no": set(), "warns": {Severity.WARNING}}.get(cell, {Severity.ERROR})
        assert levels == expected, (code, environment, emulated)
