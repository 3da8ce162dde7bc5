"""What steps were answered, where only a part of it changes: read, changed and packed again."""

from typing import Final

from forwardc.core.outcome import Outcome
from forwardc.runtime.history.columns import atoms_of_column, atoms_to_column
from forwardc.runtime.history.database import Transaction, first_row
from forwardc.runtime.history.step_texts import (
    Sample,
    pack,
    sample_text,
    unpack,
    with_untold,
    without_names,
)
from forwardc.runtime.run.result import RunResult

SEQ: Final = "(SELECT seq FROM runs WHERE id = ?)"
"""The number of a run, which its children have, where nothing else has told it."""
_TEXTS: Final = f"SELECT sample, answered FROM steps WHERE run_seq = {SEQ} AND name = ?"


def texts_of(tx: Transaction, run_id: str, step: str) -> tuple[bytes, bytes | None]:
    """The sample of a recorded step, and what it was answered, packed."""
    row = first_row(tx, _TEXTS, run_id, step)
    return (sample_text(tx, row[0]), row[1]) if row else (b"", None)


def answered_before(tx: Transaction, run_id: str, step: str, sample: Sample) -> bytes | None:
    """What an earlier attempt was answered, which holds until this one is told something."""
    before, answered = texts_of(tx, run_id, step)
    text = unpack(answered, before)
    return None if text is None else pack(without_names(text), sample.text)


def record_losses(tx: Transaction, run_id: str, result: RunResult) -> None:
    """Record what a request without an answer was sent without: an answer records its own."""
    last = result.steps[-1] if result.steps else None
    if result.outcome is Outcome.UNKNOWN and last and (last.losses or last.untold):
        sample, answered = texts_of(tx, run_id, last.name)
        tx.run(
            f"UPDATE steps SET losses = ?, answered = ? WHERE run_seq = {SEQ} AND name = ?",
            atoms_to_column(last.losses),
            pack(with_untold(unpack(answered, sample), last.untold), sample),
            *(run_id, last.name),
        )


def collect_losses(tx: Transaction, run_id: str) -> None:
    """Let a run say what its steps say, where it has ended otherwise than by its own end."""
    rows = tx.rows(
        f"SELECT losses FROM steps WHERE run_seq = {SEQ} AND losses IS NOT NULL ORDER BY position",
        run_id,
    )
    names = dict.fromkeys(name for (losses,) in rows for name in atoms_of_column(losses))
    if names:
        tx.run("UPDATE runs SET losses = ? WHERE id = ?", atoms_to_column(tuple(names)), run_id)
