"""What the record holds of losses: names of atoms, of a step and of a run.

Every function but the two of a column is a part of a transaction's work. Knows no value of a card.
"""

from forwardc.core.outcome import Outcome
from forwardc.runtime.history.database import Transaction
from forwardc.runtime.run.result import RunResult


def atoms_column(names: tuple[str, ...]) -> str | None:
    """Names of atoms as a column holds them."""
    return " ".join(names) or None


def atoms_of_column(text: str | None) -> tuple[str, ...]:
    """Names of atoms as a column gives them."""
    return tuple(text.split()) if text else ()


def record_losses(tx: Transaction, run_id: str, result: RunResult) -> None:
    """Record what a request without an answer was sent without: an answer records its own."""
    last = result.steps[-1] if result.steps else None
    if result.outcome is Outcome.UNKNOWN and last and (last.losses or last.untold):
        tx.run(
            "UPDATE steps SET losses = ?, untold = ? WHERE run_id = ? AND name = ?",
            *(atoms_column(last.losses), atoms_column(last.untold), run_id, last.name),
        )


def collect_losses(tx: Transaction, run_id: str) -> None:
    """Let a run say what its steps say, where it has ended otherwise than by its own end."""
    found = tx.rows(
        "SELECT losses FROM steps WHERE run_id = ? AND losses IS NOT NULL ORDER BY position", run_id
    )
    names = dict.fromkeys(name for (losses,) in found for name in atoms_of_column(losses))
    if names:
        tx.run("UPDATE runs SET losses = ? WHERE id = ?", atoms_column(tuple(names)), run_id)
