"""Which history it is, for people: never with a credential."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forwardc.runtime.history.location import display_name


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("/srv/forwardc/history.db", "/srv/forwardc/history.db"),
        ("sqlite:////srv/history.db", "/srv/history.db"),
        ("postgresql://db.example:5432/runs", "postgresql runs at db.example:5432"),
        ("postgresql://us:hunter2@db.example/runs", "postgresql runs at db.example"),
        ("postgres://us:hunter2#x?y@db.example/runs", "postgresql runs at db.example"),
        ("postgresql://us@a:1,b:2/runs?password=hunter2", "postgresql runs at a:1,b:2"),
        ("postgresql://us:hun@ter2/x@db/runs", "postgresql"),
        ("postgresql:///runs?host=/var/run/pg&port=5433", "postgresql runs at this machine:5433"),
        ("postgresql://?service=prod&password=hunter2", "postgresql, service prod"),
        ("postgresql://", "postgresql env_runs at env.example:5499"),
    ],
)
def test_a_name_says_where_and_nothing_else(url: str, name: str) -> None:
    known = {"PGHOST": "env.example", "PGPORT": "5499", "PGDATABASE": "env_runs"}
    environ = known if url == "postgresql://" else {"PGPASSWORD": "hunter2"}
    assert display_name(url, environ) == name
    assert "hunter2" not in display_name(url, environ)


def test_a_relative_path_is_shown_whole() -> None:
    assert display_name(".forwardc/history.db").endswith("/.forwardc/history.db")
    assert display_name("sqlite:///x.db").startswith("/")


@given(st.text(st.characters(exclude_characters="/@", codec="utf-8"), min_size=1, max_size=40))
def test_no_password_that_libpq_takes_is_shown(password: str) -> None:
    shown = display_name(f"postgresql://us:XX{password}XX@db.example/runs", {})
    assert shown == "postgresql runs at db.example"
