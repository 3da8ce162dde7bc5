"""Refuses what a project with ids for trying out would send, and names these ids for a letter.

Knows plans only: which ids are so is the compiler's finding.
"""

from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.model import Plan

_CODE = "FC0859"
_HINT = "write the account's own ids into forwardc.yaml, build, and approve what changed"


def refuse_demo_ids(plan: Plan, sink: Sink) -> bool:
    """Whether this plan must not reach its vault: FC0859 where an id for trying out stands in it.

    A rehearsal against a sandbox on this machine may.
    """
    said = _of_the_plan(plan)
    if said:
        sink.error(_CODE, f"an id for trying out is nobody's account: {said}", hint=_HINT)
    return bool(said)


def warn_of_demo_ids(plan: Plan, sink: Sink) -> None:
    """Tell a rehearsal that its account is nobody's: FC0859 as a warning."""
    said = _of_the_plan(plan)
    if said:
        sink.warning(_CODE, f"a rehearsal with an id for trying out, not for sending: {said}")


def _of_the_plan(plan: Plan) -> str:
    names = plan.demo_ids.get(plan.place, ())
    return f"{plan.vault}/{plan.destination}: {named(plan.place, names)}" if names else ""


def refuse_sending(plan: Plan, sink: Sink) -> bool:
    """Whether nothing may be sent to the vault's support for this plan: FC0859 for any such id."""
    if not plan.demo_ids:
        return False
    said = "; ".join(named(place, names) for place, names in plan.demo_ids.items())
    message = f"ids for trying out stand in the letter: {plan.vault}/{plan.destination}: {said}"
    sink.error(_CODE, message, hint=_HINT)
    return True


def named(place: str, names: tuple[str, ...]) -> str:
    """Ids in words, without their values: `account of production`."""
    return f"{', '.join(names)} of {place}"
