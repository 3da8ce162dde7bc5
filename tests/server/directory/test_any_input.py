"""Whatever stands in a file, an answer or a query: an instrument or a refusal, and nothing else."""

import json
import sqlite3
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forwardc.server.directory.csv_directory import ReferenceTable, read_table
from forwardc.server.directory.guessable_references import low_entropy_reason
from forwardc.server.directory.http_directory import read_instrument
from forwardc.server.directory.payment_directory import (
    DirectoryError,
    Instrument,
    identifiers_match,
)
from forwardc.server.directory.sql_directory import ReferenceQuery, read_query

TEXTS = st.text(max_size=40)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
MEMBERS = st.sampled_from(["vault", "source", "inputs", "billing", "params", "identifiers", "x"])
GOOD = {"vault": "checkout", "source": "src_1"}
LINE = st.lists(st.sampled_from(['"', ",", "\n", "\r", "a", "r1", "checkout", "\0", " "]))
SQL = st.lists(
    st.sampled_from(
        "SELECT |'|\"|--|/*|*/|\n|$$|$a$|:reference|::|:x|;| a |E'|\\|$1|`|WITH |(|)".split("|")
    ),
    max_size=12,
)


@pytest.mark.fuzz
@given(st.binary(max_size=200) | st.dictionaries(MEMBERS, JSON).map(lambda one: {**GOOD, **one}))
def test_an_answer_is_an_instrument_or_refused(answer: object) -> None:
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    try:
        found = read_instrument(body, {"checkout"})
    except DirectoryError:
        return
    texts = [*found.inputs.values(), *found.params.values(), *found.identifiers.values()]
    assert found.vault == "checkout"
    assert all(texts), "what is empty is absent"


@pytest.mark.fuzz
@given(LINE.map("".join) | TEXTS)
def test_a_file_is_a_table_or_has_mistakes(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "references.csv")
        path.write_bytes(f"reference,vault,source\n{text}".encode("utf-8", "surrogatepass"))
        table = read_table(path, {"checkout"})
    if isinstance(table, ReferenceTable):
        assert all(isinstance(table.find(reference), Instrument) for reference in table.rows)
    else:
        assert table


@pytest.mark.fuzz
@given(SQL.map("".join).map(lambda text: f"SELECT :reference {text}"))
def test_a_query_that_is_taken_has_one_parameter_for_sqlite_too(text: str) -> None:
    query = read_query(text)
    if not isinstance(query, ReferenceQuery):
        return
    assert query.with_parameter(":reference") == text.rstrip(" \t\r\n;")
    connection = sqlite3.connect(":memory:")
    try:
        found = connection.execute(query.with_parameter(":reference"), {"reference": "canary"})
        assert found.fetchone()[0] == "canary"
    except sqlite3.OperationalError:
        # It is no SQL.
        return
    except sqlite3.ProgrammingError:
        # What PostgreSQL quotes so are parameters of SQLite, which have no value.
        assert "$" in text
    finally:
        connection.close()


@pytest.mark.fuzz
@given(st.lists(st.text(max_size=80), max_size=80))
def test_any_references_are_judged_without_being_shown(references: list[str]) -> None:
    reason = low_entropy_reason(references)
    assert (reason is None) or not [one for one in references if len(one) > 20 and one in reason]


@pytest.mark.fuzz
@given(st.dictionaries(st.sampled_from(["email", "phone", "customerId"]), st.text()))
def test_whoever_knows_everything_is_the_customer(known: dict[str, str]) -> None:
    assert identifiers_match(known, known)
    assert identifiers_match(known, dict(list(known.items())[:1]))
    assert not identifiers_match(None, known)
