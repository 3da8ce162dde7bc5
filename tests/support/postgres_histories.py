"""Empty histories in a PostgreSQL, used again by the next test.

To copy a database costs the server fifty milliseconds and 300 files that somebody has to remove; to
take the rows out of one costs half a millisecond. A history is

    made        copied from the template, and its `State` noted: all that it is but for its rows
    in use      by one test, which may do anything with it
    free        given back, with nobody connected, its rows taken out, and in its state again
    left        given back, and otherwise: nobody gets it again
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg

_TABLES: Final = """
SELECT relname FROM pg_class
 WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY oid"""
# Tables, indexes, columns, functions, rules, schemas, settings: by their ids, so that what was
# taken away and made again counts as changed, too.
_MADE_OF: Final = """
SELECT (SELECT string_agg(concat(oid, relname, relnatts, relchecks), ',' ORDER BY oid)
          FROM pg_class WHERE relnamespace = 'public'::regnamespace),
       (SELECT string_agg(concat(attrelid, attname, atttypid, attnotnull), ','
                          ORDER BY attrelid, attnum)
          FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
         WHERE relnamespace = 'public'::regnamespace),
       (SELECT string_agg(concat(oid, proname), ',' ORDER BY oid)
          FROM pg_proc WHERE pronamespace = 'public'::regnamespace),
       (SELECT concat(count(*), max(oid)) FROM pg_constraint),
       (SELECT concat(count(*), max(oid)) FROM pg_trigger),
       (SELECT string_agg(concat(oid, nspacl), ',' ORDER BY oid) FROM pg_namespace
         WHERE nspname NOT LIKE 'pg\\_%'),
       (SELECT string_agg(setconfig::text, ',') FROM pg_db_role_setting),
       (SELECT concat(datacl, datconnlimit, datallowconn) FROM pg_database
         WHERE datname = current_database())"""
_SEQUENCES: Final = """
SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1"""
_OTHERS: Final = """
SELECT count(*) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid()
   AND backend_type = 'client backend'"""
# Seconds: a session ends a moment after its client has closed it. Who takes longer, stays.
_ENDS_IN_S: Final = 0.5


@dataclass(frozen=True)
class State:
    """What a history is made of.

    `rows` are those of the tables that are not empty in a new history, such as its version.
    """

    made_of: object
    sequences: list[Any]
    rows: dict[str, list[Any]]


@dataclass
class Histories:
    """The empty histories of a server. `make` copies the template and gives the copy's URL."""

    make: Callable[[], str]
    free: list[str] = field(default_factory=list)
    states: dict[str, State] = field(default_factory=dict)

    def take(self) -> str:
        """The URL of an empty history that nobody else uses."""
        if self.free:
            return self.free.pop()
        url = self.make()
        with psycopg.connect(url, autocommit=True) as asked:
            tables = [name for (name,) in asked.execute(_TABLES)]
            rows = {name: _rows(asked, name) for name in tables}
            here = {name: some for name, some in rows.items() if some}
            self.states[url] = _state(asked, here)
        return url

    def give_back(self, url: str) -> None:
        """Somebody is done with a history."""
        state = self.states[url]
        with psycopg.connect(url, autocommit=True) as asked:
            # Who is connected may still write; and what was changed may be anything.
            if _is_alone(asked) and _emptied(asked, state) == state:
                self.free.append(url)


def _is_alone(asked: "psycopg.Connection[Any]") -> bool:
    ends = time.monotonic() + _ENDS_IN_S
    # Nothing fails where it takes longer: another history is made.
    while asked.execute(_OTHERS).fetchone() != (0,):
        if time.monotonic() > ends:
            return False
        time.sleep(0.005)
    return True


def _emptied(asked: "psycopg.Connection[Any]", state: State) -> State:
    """What a history is when its rows are taken out."""
    tables = [name for (name,) in asked.execute(_TABLES) if name not in state.rows]
    # Rules between tables are not asked: all of them will be empty.
    steps = ["SET session_replication_role = replica"]
    steps += [f'DELETE FROM "{one}"' for one in tables]  # noqa: S608 - names of tables
    for name, last in state.sequences:
        steps.append(f"SELECT setval('{name}', {last or 1}, {last is not None})")
    asked.execute(";".join(steps).encode())
    return _state(asked, state.rows)


def _state(asked: "psycopg.Connection[Any]", tables: Any) -> State:
    return State(
        asked.execute(_MADE_OF.encode()).fetchone(),
        asked.execute(_SEQUENCES).fetchall(),
        {name: _rows(asked, name) for name in tables},
    )


def _rows(asked: "psycopg.Connection[Any]", table: str) -> list[Any]:
    query = f'SELECT * FROM "{table}"'  # noqa: S608 - a name of a table
    return asked.execute(query.encode()).fetchall()
