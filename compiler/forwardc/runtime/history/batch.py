"""Several works in one transaction, each with a fate of its own. Knows no table and no thread."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from forwardc.runtime.history.database import Database, SavepointError, Transaction
from forwardc.runtime.history.errors import HistoryConflictError

Work: TypeAlias = Callable[[Transaction], Any]

_TRIES: Final = 4


@dataclass(frozen=True, slots=True)
class WorkResult:
    """What a work came to: its result, or why there is none."""

    result: Any = None
    problem: BaseException | None = None


TaskRunner: TypeAlias = Callable[[Callable[[], list[WorkResult]]], list[WorkResult]]


def inline(task: Callable[[], list[WorkResult]]) -> list[WorkResult]:
    """Do works in this thread."""
    return task()


def commit_batch(
    database: Database, works: Sequence[Work], place: TaskRunner = inline
) -> list[WorkResult]:
    """Do works in one transaction, each where `place` has it done.

    What another process stood in the way of is done again.
    """
    came = _tried(database, works, place)
    for _ in range(_TRIES - 1):
        again = [at for at, one in enumerate(came) if isinstance(one.problem, HistoryConflictError)]
        if not again:
            break
        once_more = _tried(database, [works[at] for at in again], place)
        for at, one in zip(again, once_more, strict=True):
            came[at] = one
    return came


def _tried(database: Database, works: Sequence[Work], place: TaskRunner) -> list[WorkResult]:
    """Do works together, and where one raises, each as a part of its own."""
    refused = False

    def together(tx: Transaction) -> list[WorkResult]:
        nonlocal refused
        try:
            return place(lambda: _together(tx, works))
        except Exception:
            refused = True
            raise

    try:
        try:
            return database.write(together)
        except Exception:
            if not refused:
                raise
            return database.write(lambda tx: [_apart(tx, work) for work in works])
    # Whatever it is, somebody waits to be told.
    except BaseException as problem:
        return [WorkResult(problem=problem)] * len(works)


def _together(tx: Transaction, works: Sequence[Work]) -> list[WorkResult]:
    """All works, and what they have gathered: whoever is quick at the ones is at the other."""
    came = [WorkResult(work(tx)) for work in works]
    tx.end()
    return came


def _apart(tx: Transaction, work: Work) -> WorkResult:
    try:
        return WorkResult(tx.part(work))
    except SavepointError:
        raise
    except Exception as problem:
        return WorkResult(problem=problem)
