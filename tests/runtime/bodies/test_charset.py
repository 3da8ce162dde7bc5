"""Bytes as text: marks, declarations that lie, names of codecs that are none of text."""

import pytest

from forwardc.plan.model import Plan
from forwardc.runtime.http.bodies.decoding import _TEXTUAL, decoded
from forwardc.runtime.http.send import HttpAnswer
from forwardc.runtime.run.answer import DestinationAnswer, read_answer
from one_rule import one_rule

TEXT = '{"name": "Zoë 中"}'


@one_rule(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"],
)
@one_rule(
    "declared",
    [None, "", "application/json", "application/json; charset=ISO-8859-1", "x; charset=us-ascii"],
)
def test_json_in_every_encoding_of_unicode(encoding: str, declared: str | None) -> None:
    assert decoded(TEXT.encode(encoding), declared) == TEXT


@pytest.mark.parametrize(
    "charset",
    [
        *("base64", "hex", "zlib", "bz2", "rot13", "undefined", "idna", "punycode", "utf-7"),
        *("utf8mb4", "none", "utf-8,gbk", "", '"', "../../etc/passwd", "\x00", "a" * 5000),
        *("utf-16", "utf-32", "latin1", "windows-1252", "unicode_escape", "raw_unicode_escape"),
        *("mbcs", "oem", "string-escape", "üñí", "Shift_JIS", "iso-2022-jp", "hz"),
    ],
)
def test_a_charset_that_lies_or_is_none(charset: str) -> None:
    assert decoded(TEXT.encode(), f"application/json; charset={charset}") == TEXT
    assert "code" in decoded(b'{"code": 1, "m": "Zo\xeb"}', f"text/plain;charset={charset}")


@pytest.mark.parametrize("charset", ["ISO-8859-1", "latin1", '"windows-1252"', "iso-8859-15"])
def test_a_charset_that_is_true(charset: str) -> None:
    data = "Zoë".encode("latin-1")
    assert decoded(data, f"text/plain; x=1; CharSet = {charset}; y=2") == "Zoë"
    assert decoded(data, "text/plain; charset=utf-8") == "Zo\ufffd"


@pytest.mark.parametrize(
    ("encoding", "codec"),
    [
        ("ISO-8859-1", "latin-1"),
        ("windows-1252", "cp1252"),
        ("UTF-8", "utf-8"),
        ("utf-8", "utf-8-sig"),
        ("UTF-16", "utf-16"),
        ("UTF-16", "utf-16-be"),
    ],
)
@pytest.mark.parametrize("declared", [None, "text/xml; charset=utf-8", "text/xml;charset=koi8-r"])
def test_an_xml_document_says_what_its_bytes_are(
    encoding: str, codec: str, declared: str | None
) -> None:
    text = f'\r\n<?xml version="1.0" encoding="{encoding}"?><r>Zoë</r>'
    assert decoded(text.encode(codec), declared) == text


@pytest.mark.parametrize("encoding", ["UTF-16", "utf-32", "base64", "rot13", "no-such", "UTF-8"])
def test_an_xml_document_that_lies(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?><r>Zoë 12</r>'
    assert decoded(text.encode(), None) == text
    assert "12" in decoded(text.encode("latin-1", "replace"), None)


def test_a_direct_answer_by_the_first_of_its_content_types(direct: Plan) -> None:
    step = next(iter(direct.operations.values())).steps[0]
    headers = (("content-type", "text/plain; charset=latin1"), ("Content-Type", "text/html"))
    found = read_answer(step, HttpAnswer(200, headers, b"a=Zo\xeb", 1))
    assert isinstance(found, DestinationAnswer)
    assert found.values()["response.form"] == {"a": "Zoë"}


def test_every_encoding_of_text_reads_ascii_alike() -> None:
    """So that nothing has to be asked of a body that has no other characters."""
    plain = bytes(range(128))
    assert {plain.decode(encoding) for encoding in _TEXTUAL} == {plain.decode("ascii")}
