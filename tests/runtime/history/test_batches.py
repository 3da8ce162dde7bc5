"""What of a batch is done again, and what each caller is told: the table of `group_commit`."""

import re
from collections.abc import Callable
from typing import Any, cast

import pytest

from forwardc.runtime.history import group_commit as chapter
from forwardc.runtime.history.database import Database, Transaction
from forwardc.runtime.history.errors import HistoryConflictError, HistoryUnavailableError
from forwardc.runtime.history.group_commit import Work, WorkResult, commit_batch
from rated import RefusedError

TOLD = {
    "its result": None,
    "what it raised": RefusedError,
    "`HistoryConflictError`": HistoryConflictError,
    "`HistoryUnavailableError`": HistoryUnavailableError,
}
HAPPENS: dict[str, Callable[[int], BaseException | None]] = {
    "nothing": lambda _: None,
    "a work raises": lambda _: RefusedError(),
    "another process is in the way once": lambda time: (
        HistoryConflictError("in the way") if time == 1 else None
    ),
    "another process is in the way always": lambda _: HistoryConflictError("in the way"),
    "the database is away": lambda _: None,
}


def table() -> dict[str, tuple[int, int, int, type[BaseException] | None]]:
    block = re.search(r"(?:^\|.*\|\n)+", chapter.__doc__ or "", re.MULTILINE)
    assert block
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in block[0].splitlines()]
    return {row[0]: (*map(int, row[1:4]), TOLD[row[4]]) for row in rows[2:]}  # type: ignore[misc]


class Counted:
    """A database without rows, which counts its transactions."""

    def __init__(self, *, is_away: bool) -> None:
        self.transactions = 0
        self._is_away = is_away

    def write(self, work: Callable[[Any], Any]) -> Any:
        self.transactions += 1
        if self._is_away:
            raise HistoryUnavailableError("away")
        return work(self)

    def flush(self) -> None:
        """Nothing was deferred."""

    def savepoint(self, work: Work) -> Any:
        return work(cast("Transaction", self))


def test_the_table_has_all_that_happens() -> None:
    assert list(table()) == list(HAPPENS)


@pytest.mark.parametrize("what", list(HAPPENS))
def test_what_is_done_again(what: str) -> None:
    done = {"work": 0, "neighbour": 0}

    def work(_: Transaction) -> str:
        done["work"] += 1
        problem = HAPPENS[what](done["work"])
        if problem is not None:
            raise problem
        return "mine"

    def neighbour(_: Transaction) -> str:
        done["neighbour"] += 1
        return "theirs"

    database = Counted(is_away=what == "the database is away")
    others = [WorkResult(result="theirs")] * 2
    first, result, last = commit_batch(
        cast("Database", database), [neighbour, work, lambda _: "theirs"]
    )
    told = None if result.problem is None else type(result.problem)
    counted = (database.transactions, done["work"], done["neighbour"], told)
    assert counted == table()[what]
    assert told is not None or result.result == "mine"
    assert what == "the database is away" or [first, last] == others
