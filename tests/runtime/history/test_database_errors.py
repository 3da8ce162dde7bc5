"""The one table of database errors: every code once, and no row that nobody could see."""

import sqlite3
from collections import Counter

import pytest

from forwardc.runtime.history.database_errors import (
    FAULTS,
    faults_of_sqlite,
    faults_of_sqlstate,
)


def test_a_code_stands_once_and_sqlite_has_each_name() -> None:
    codes = Counter(code for fault in FAULTS for code in (*fault.postgresql, *fault.sqlite))
    assert not [code for code, count in codes.items() if count > 1]
    assert all(hasattr(sqlite3, name) for fault in FAULTS for name in fault.sqlite)


def test_every_row_says_something_to_somebody() -> None:
    assert all(fault.writing or fault.reading or fault.is_lasting for fault in FAULTS)
    # Only an operator of a file of his own is told what to do with it.
    assert not [fault for fault in FAULTS if fault.hint and not fault.sqlite]


@pytest.mark.parametrize(
    ("sqlstate", "writing", "reading", "lasting"),
    [
        ("53100", "cannot grow: the disk is full", "has no room for another connection", False),
        (
            "53300",
            "has no room for another connection",
            "has no room for another connection",
            False,
        ),
        ("42P01", None, "has no such table", True),
        ("42601", None, "does not understand the query", True),
        ("22012", None, None, True),
        ("40001", "was changed by somebody else at the same time", None, False),
        ("23505", None, None, False),
        ("", None, None, False),
    ],
)
def test_the_longest_code_with_words_counts(
    sqlstate: str, writing: str | None, reading: str | None, lasting: bool
) -> None:
    faults = faults_of_sqlstate(sqlstate)
    assert next((fault.writing for fault in faults if fault.writing), None) == writing
    assert next((fault.reading for fault in faults if fault.reading), None) == reading
    assert any(fault.is_lasting for fault in faults) is lasting


def test_an_extended_code_is_its_primary_one() -> None:
    problem = sqlite3.OperationalError()
    problem.sqlite_errorcode = sqlite3.SQLITE_BUSY_SNAPSHOT
    assert [fault.writing for fault in faults_of_sqlite(problem)] == [
        "is locked by another process"
    ]
    assert faults_of_sqlite(sqlite3.OperationalError("Python's own")) == ()
