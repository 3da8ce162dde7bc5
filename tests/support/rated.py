"""Works for a history that are easily told apart: each adds one name to a table that has a key."""

from collections.abc import Callable

from forwardc.runtime.history.database import Transaction
from forwardc.runtime.history.store import Store

ADD = "INSERT INTO rates (name, start, used) VALUES (?, ?, 0)"


class RefusedError(Exception):
    """What a work raises for its own reasons."""


def add(name: str, number: int = 0) -> Callable[[Transaction], int]:
    def work(tx: Transaction) -> int:
        tx.run(ADD, name, number)
        return number

    return work


def add_and_refuse(name: str) -> Callable[[Transaction], int]:
    def work(tx: Transaction) -> int:
        tx.run(ADD, name, 0)
        raise RefusedError

    return work


def names(store: Store) -> list[str]:
    found = store.database.read(lambda tx: tx.rows("SELECT name FROM rates ORDER BY name"))
    return [name for (name,) in found]
