"""What is told at once of a plain text or name is what the long way tells."""

import json
import zlib
from datetime import UTC, datetime

from hypothesis import example, given
from hypothesis import strategies as st

from forwardc.runtime.history.answers import pack, unpack
from forwardc.runtime.history.timestamps import Timestamp
from forwardc.runtime.http.bodies.body_fields import BodyField, BodyFields
from forwardc.runtime.run.redaction import (
    is_plain,
    is_plain_name,
    looks_secret,
    looks_secret_as_name,
    shown_url,
)
from forwardc.runtime.run.result import RecordedAnswer

NOW = Timestamp(datetime(2026, 11, 30, tzinfo=UTC))
PARTS = st.lists(
    st.sampled_from(
        (
            "Bearer",
            "basic ",
            "DIGEST\t",
            "_secret_",
            "pi_",
            "://",
            "=",
            '"',
            "<",
            "4242",
            "a1B",
            " ",
        )
    )
    | st.text(max_size=6),
    max_size=9,
).map("".join)


@given(PARTS)
@example("Bearer abcdefgh")
@example("Basic abcdefgh")
@example("pi_3Nabc_secret_Zdef")
@example("a://b")
@example("A1b2C3d4" * 4)
def test_a_plain_text_is_no_secret_no_url_and_no_document(text: str) -> None:
    if is_plain(text):
        assert not looks_secret(text)
        assert shown_url(text) is None
        assert not set(text) & set('"=<\\/')


@given(PARTS)
@example("4242424242424242")
@example("pi_3Nabc_secret_Zdef")
def test_a_plain_name_has_no_card_number(name: str) -> None:
    if is_plain_name(name):
        assert sum(map(str.isdigit, name)) < 14
        assert not looks_secret_as_name(name) or "_secret_" in name


TEXTS = st.text() | st.sampled_from(("a\0b", "\ud800", "\\u0000", "Zoë"))


@given(TEXTS, TEXTS, st.booleans())
@example("a\0b", "\ud800", True)
@example("\\u0000", "plain", False)
def test_what_is_packed_is_read_back_without_what_no_database_takes(
    name: str, value: str, text: bool
) -> None:
    body = BodyFields("json", (BodyField(f"/{name}", value, text), BodyField("/masked", None)))
    answer = RecordedAnswer("destination", 200, body, (BodyField("date", value),), value)
    data = pack(answer, NOW, 14).data
    found = unpack(data)
    assert found is not None
    assert "\0" not in json.dumps(json.loads(zlib.decompress(data)), ensure_ascii=False)
    fine = value.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    assert [row.value for row in found.body.rows] == [fine, None]
    assert (found.says, found.headers[0].value, found.body.rows[0].text) == (fine, fine, text)
