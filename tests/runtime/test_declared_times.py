"""Times that a server tells: read in every form of the field, and never an exception."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forwardc.runtime.http.declared_times import (
    LONGEST_WAIT_S,
    http_date,
    lifetime,
    max_age,
    retry_after,
)

NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("7", 7),
        (" 42 ", 42),
        ("007", 7),
        ("0.493", 1),
        ("12.00", 12),
        ("292.05", 293),
        ("301", LONGEST_WAIT_S),
        ("9" * 6000, LONGEST_WAIT_S),
        ("9" * 6000 + ".5", LONGEST_WAIT_S),
        ("Fri, 20 Nov 2026 12:00:30 GMT", 30),
        ("Friday, 20-Nov-26 12:00:45 GMT", 45),
        ("Fri Nov 20 12:01:00 2026", 60),
        ("Fri Nov  6 12:01:00 2026", 0),
        ("fri, 20 nov 2026 14:00:05 +0200", 5),
        ("Tue, 20 Nov 2125 12:00:00 GMT", LONGEST_WAIT_S),
        ("Sat, 01 Jan 1000 00:00:00 +1400", 0),
    ],
)
def test_a_wait_is_read_in_each_of_its_forms(text: str, seconds: float) -> None:
    assert retry_after([("Retry-After", text)], NOW) == seconds


@pytest.mark.parametrize(
    "text",
    [
        *("", "-3", "-0.5", "1.5.2", ".5", "5.", "1e3", "+5", "120junk", "soon", "NaN", "inf"),
        *("\u0661\u0662", "\uff15", "1\u00b2", "5, 10"),
        "Wed, 21 Oct 2026 07:28:00 +99999999999999",
        "Wed, 21 Oct 2026 07:28:00 +2359",
        "Wed, 21 Oct 2026 07:28:00 -0060",
        "Wed, 21 Oct 2026 07:28:00 LMT",
        "Fri, 32 Nov 2026 12:00:00 GMT",
        "Fri, 20 Nov 2026 25:00:00 GMT",
        "Fri, 20 Nov 0000 12:00:00 GMT",
        "Sat, 01 Jan 0026 00:00:00 GMT",
        "Fri, 20 Nov 10000 12:00:00 GMT",
        "Fri, 20 Foo 2026 12:00:00 GMT",
        "2026-11-20T12:00:30Z",
    ],
)
def test_what_cannot_be_read_counts_as_absent(text: str) -> None:
    assert retry_after([("retry-after", text)], NOW) is None


def test_a_date_counts_from_the_date_of_its_answer() -> None:
    later = ("Retry-After", "Fri, 20 Nov 2026 11:00:20 GMT")
    assert retry_after([later, ("Date", "Fri, 20 Nov 2026 11:00:00 GMT")], NOW) == 20
    assert retry_after([later, ("date", "yesterday"), ("DATE", "\x00")], NOW) == 0
    assert retry_after([("Date", "Fri, 20 Nov 2026 11:00:00 GMT")], NOW) is None


def test_of_several_the_longest_that_can_be_read_counts() -> None:
    asked = [("Retry-After", "5"), ("retry-after", "junk"), ("RETRY-AFTER", "9")]
    assert retry_after(asked, NOW) == 9


@given(st.lists(st.tuples(st.sampled_from(["Retry-After", "Date", "Age"]), st.text()), max_size=4))
def test_no_header_raises(headers: list[tuple[str, str]]) -> None:
    found = retry_after(headers, NOW)
    assert found is None or 0 <= found <= LONGEST_WAIT_S


@given(
    day=st.integers(-5, 99),
    year=st.integers(0, 99999),
    zone=st.one_of(st.sampled_from(["GMT", "UTC", "EST", "Z", ""]), st.from_regex(r"[+-]\d{1,9}")),
    told=st.datetimes(),
)
def test_no_date_raises(day: int, year: int, zone: str, told: datetime) -> None:
    text = f"Fri, {day:02} Nov {year:04} 12:00:00 {zone}"
    found = retry_after([("Retry-After", text), ("Date", text[5:])], told.replace(tzinfo=UTC))
    assert found is None or 0 <= found <= LONGEST_WAIT_S


@given(st.integers(0, 98 * 365 * 86_400))
def test_the_three_grammars_name_the_same_moment(seconds: int) -> None:
    moment = datetime.fromtimestamp(seconds, UTC)
    for grammar in (
        "%a, %d %b %Y %H:%M:%S GMT",
        "%A, %d-%b-%y %H:%M:%S GMT",
        f"%a %b {moment.day:2} %H:%M:%S %Y",
    ):
        assert http_date(moment.strftime(grammar)) == moment


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        (3600, 3600),
        ("3600", 3600),
        (" 3600 ", 3600),
        ("0003600", 3600),
        (" 3600000000 ", 3_600_000_000),
        ("9999999999", 9_999_999_999),
        ("99999999999", 10**10),
        (3600.9, 3600),
        (10**30, 10**30),
        ("9" * 6000, 10**10),
        (float("inf"), 10**10),
        *[(odd, 0) for odd in (None, True, False, -1, -1.5, float("nan"), [], {}, ["3600"])],
        *[(odd, 0) for odd in ("", "-5", "3600.5", "3600s", "1h", "\uff13\uff16", "\u0663", "1e3")],
    ],
)
def test_a_lifetime_is_a_number_or_its_digits(told: object, seconds: int) -> None:
    assert lifetime(told) == seconds


@pytest.mark.parametrize(
    ("control", "seconds"),
    [
        ("max-age=600", 600),
        ('public, Max-Age="30", immutable', 30),
        ("max-age=" + "9" * 6000, 10**10),
        *[(odd, None) for odd in ("", "s-maxage=5", "max-age=-5", "max-age=\u0665", "max-age")],
    ],
)
def test_an_age_is_read_or_absent(control: str, seconds: float | None) -> None:
    assert max_age(control) == seconds


def test_a_clock_far_from_ours_does_not_matter() -> None:
    theirs = NOW - timedelta(days=900)
    pairs = [
        ("Date", theirs.strftime("%a, %d %b %Y %H:%M:%S GMT")),
        ("Retry-After", (theirs + timedelta(seconds=12)).strftime("%a, %d %b %Y %H:%M:%S GMT")),
    ]
    assert retry_after(pairs, NOW) == 12
