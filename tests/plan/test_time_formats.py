"""Formats of times: what the compiler takes, every moment is written by, and nothing else is."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forwardc.core.terms.compiled_writer import compiled_writer
from forwardc.core.terms.escaping import NotExpressibleError
from forwardc.core.terms.evaluator import Scope, evaluate
from forwardc.core.terms.functions import FUNCTIONS, ComputationError
from forwardc.core.terms.terms import Call, Encoded, Encoding, Lit, Map, Ref
from forwardc.core.terms.time_formats import (
    format_problem,
    formatted_time,
    http_date,
    is_offset,
    usual_format,
)

MOMENTS = st.datetimes(
    min_value=datetime(1970, 1, 2),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(9998, 12, 30),  # noqa: DTZ001
    timezones=st.just(UTC),
)
MOMENT = datetime(2031, 2, 3, 4, 5, 6, 789_000, tzinfo=UTC)
# What each part is for the C library; milliseconds it does not know.
PARTS = {"YYYY": "%Y", "MM": "%m", "DD": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}


@given(moment=MOMENTS, separator=st.sampled_from(["", "-", "/", ".", ":", " ", "_", "T", ", "]))
def test_every_moment_is_as_the_c_library_writes_it(moment: datetime, separator: str) -> None:
    if moment.year < 1000:
        return
    ours = formatted_time(moment, separator.join(PARTS))
    assert ours == moment.strftime(separator.join(PARTS.values()))


@given(moment=MOMENTS, text=st.text(st.sampled_from("YMDHmsSTZ-/.:,_ x'%"), max_size=14))
def test_what_the_compiler_takes_can_be_written(moment: datetime, text: str) -> None:
    if format_problem(text) is None:
        written = formatted_time(moment, text)
        assert len(written) == len(text)
        assert written.isascii()
        assert written.isprintable()


@given(moment=MOMENTS)
def test_a_date_of_http_is_read_back_by_others(moment: datetime) -> None:
    assert parsedate_to_datetime(http_date(moment)) == moment.replace(microsecond=0)


def test_the_published_example_of_http() -> None:
    # RFC 9110, section 5.6.7.
    assert http_date(datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)) == (
        "Sun, 06 Nov 1994 08:49:37 GMT"
    )


@pytest.mark.parametrize(
    ("offset", "expected"),
    [
        ("+00:00", "20310203040506"),
        ("+09:00", "20310203130506"),
        ("-05:00", "20310202230506"),
        ("+05:30", "20310203093506"),
        ("-03:30", "20310203003506"),
    ],
)
def test_an_offset_shifts_the_day_too(offset: str, expected: str) -> None:
    assert is_offset(offset)
    assert formatted_time(MOMENT, "YYYYMMDDHHmmss", offset=offset) == expected


@pytest.mark.parametrize("text", ["9", "+9", "+9:00", "09:00", "+15:00", "+09:60", "+0900", ""])
def test_what_is_no_offset(text: str) -> None:
    assert not is_offset(text)


@pytest.mark.parametrize(
    "text",
    ["YYYYMMDDHHmmss", "YYYY-MM-DDTHH:mm:ss.SSSZ", "YYMMDD", "DD/MM/YYYY", "HHmm", "MM/YY", "YYYY"],
)
def test_formats_of_the_field(text: str) -> None:
    assert format_problem(text) is None


def test_each_part_stands_once_and_none_without_what_it_counts_from() -> None:
    assert all(format_problem(f"{part}-{part}") for part in PARTS)
    orders = ["".join(order) for order in permutations(("HH", "mm", "ss"))]
    assert all(format_problem(order) is None for order in orders)
    assert format_problem("mmss")
    assert format_problem("HHss")
    assert format_problem("HHmmSSS")
    assert format_problem("HHMM")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("yyyyMMddHHmmss", "YYYYMMDDHHmmss"),
        ("%Y-%m-%d", "YYYY-MM-DD"),
        ("%y%m%d%H%M%S", "YYMMDDHHmmss"),
        ("yyyy-MM-dd'T'HH:mm:ss'Z'", "YYYY-MM-DDTHH:mm:ssZ"),
        ("YYYYMMDDHHMMSS", "YYYYMMDDHHmmss"),
        ("HH:MM", "HH:mm"),
        ("Q", None),
    ],
)
def test_the_hint_has_what_other_languages_call_it(written: str, meant: str | None) -> None:
    assert format_problem(written) is not None
    assert usual_format(written) == meant


@pytest.mark.parametrize("text", ["Q", "YYYY'"])
def test_a_plan_with_another_format_is_refused_and_raises_nothing_else(text: str) -> None:
    with pytest.raises(ComputationError):
        FUNCTIONS["format_time"].compute(MOMENT, text)
    with pytest.raises(ComputationError):
        FUNCTIONS["format_time"].compute(MOMENT, "HH", offset=text)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (Call("http_date", (Ref("run.now"),)), "Mon, 03 Feb 2031 04:05:06 GMT"),
        (Call("iso8601", (Ref("run.now"),)), "2031-02-03T04:05:06.789Z"),
        (Call("map", (Ref("params.kind"), Map((("b", Lit("a b, c")),)))), "a b, c"),
        (Call("map", (Ref("params.kind"), Map(())), (("else", Lit("x; y")),)), "x; y"),
    ],
    ids=["http_date", "iso8601", "map", "else"],
)
def test_a_header_that_a_vault_reads_takes_what_was_known_at_build_time(
    call: Call, expected: str
) -> None:
    scope = Scope({"run.now": MOMENT, "params.kind": "b"})
    header = Encoded(Encoding.HEADER, call, templated=True)
    assert evaluate(header, scope) == compiled_writer(header)(scope) == expected


def test_it_takes_no_other_text_of_a_run_and_no_brace() -> None:
    scope = Scope({"params.kind": "a b"})
    brace = Call("map", (Ref("params.kind"), Map((("a b", Lit("{{card_number}}")),))))
    for term in (Ref("params.kind"), Call("lower", (Ref("params.kind"),)), brace):
        header = Encoded(Encoding.HEADER, term, templated=True)
        with pytest.raises(NotExpressibleError):
            evaluate(header, scope)
        with pytest.raises(NotExpressibleError):
            compiled_writer(header)(scope)
