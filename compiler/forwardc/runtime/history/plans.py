"""Plans as runs name them: a digest and who approved it, one row for all runs of both."""

from typing import Final

from forwardc.runtime.history.database import Transaction, first_row

_PLAN: Final = "SELECT number FROM plans WHERE digest = ? AND approval = ?"
_NEW_PLAN: Final = (
    "INSERT INTO plans (digest, approval) VALUES (?, ?) ON CONFLICT (digest, approval) DO NOTHING"
)
_APPROVAL: Final = (
    "SELECT plans.approval FROM runs JOIN plans ON plans.number = runs.plan WHERE runs.id = ?"
)


def plan_of(tx: Transaction, digest: str, approval: str) -> int:
    """The number of a plan's digest with who approved it: one row for all runs of both."""
    place = ("plan", digest, approval)
    known: int | None = tx.recall(place)
    if known is None:
        row = first_row(tx, _PLAN, digest, approval)
        if row is None:
            tx.run(_NEW_PLAN, digest, approval)
            row = first_row(tx, _PLAN, digest, approval)
        if row is None:
            raise RuntimeError("a plan that was there a moment before is gone")
        known = int(row[0])
        tx.remember(place, known)
    return known


def change_plan(tx: Transaction, run_id: str, digest: str) -> None:
    """A run was continued with a later plan."""
    row = first_row(tx, _APPROVAL, run_id)
    plan = plan_of(tx, digest, row[0] if row else "")
    tx.run("UPDATE runs SET plan = ? WHERE id = ?", plan, run_id)
