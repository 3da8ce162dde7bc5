"""The echo refuses a body that is not what its Content-Type says, and says why without a value."""

import asyncio
import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forwardc.sandbox.app import InProcessExchange, call, scope_of
from forwardc.sandbox.destinations import echo
from forwardc.sandbox.destinations.wellformed import NotWellFormedError, check
from forwardc.sandbox.world import OutboundRequest, World
from growth import assert_linear

_XSI = b"http://www.w3.org/2001/XMLSchema-instance"
JSON, XML, FORM = "application/json", "application/xml", "application/x-www-form-urlencoded"
SECRET = "s3cr3t-value"


def sent(
    body: bytes, *types: str, method: str = "POST", more: tuple[tuple[str, str], ...] = ()
) -> InProcessExchange:
    headers = (*(("Content-Type", one) for one in types), *more)
    outbound = OutboundRequest(method, "https://new.partner.example/v1", headers, body)
    return asyncio.run(call(echo.create(World()), scope_of(outbound), body))


def reason(body: bytes, *types: str, method: str = "POST", coding: str = "") -> str:
    """Why it is refused, `""` where it is taken."""
    more = (("Content-Encoding", coding),) if coding else ()
    exchange = sent(body, *types, method=method, more=more)
    told = json.loads(bytes(exchange.body)) if exchange.body else {"received": True}
    assert exchange.status == (200 if told["received"] else 400)
    assert SECRET not in told.get("error", "")
    return str(told.get("error", ""))


TAKEN = [
    (b'{"a": [1, 2.5e3, null, true, "\\u00e9\\ud83d\\ude00"]}', JSON),
    ('{"n": "Zoë"}'.encode(), f"{JSON}; charset=UTF-8"),
    (b'"text"', "application/vnd.api+json"),
    (b"[]", 'Application/JSON ; charset="utf-8" ;'),
    (b'{"inner": "{\\"a\\": 1,}"}', JSON),
    (b"<a/>", XML),
    (b'<?xml version="1.0"?><s:E xmlns:s="urn:x"><s:B a="1">&lt;&#233;</s:B></s:E>', "text/xml"),
    (b'<?xml version="1.0" encoding="ISO-8859-1"?><a>\xe9</a>', XML),
    (b'<?xml version="1.0" encoding="utf-8"?><a>\xc3\xa9</a>', f"{XML}; charset=utf-8"),
    (b"<a>\xe9</a>", f"{XML}; charset=iso-8859-1"),
    ("<a>é</a>".encode("utf-16"), XML),
    (b"\xef\xbb\xbf<a/>", XML),
    (b'<!DOCTYPE p PUBLIC "-//W//DTD P v1//EN" "http://dtd.example/p.dtd"><p/>', XML),
    (b"<s:a xmlns:s='urn:s'/>", "application/soap+xml; action=x"),
    (b"<a xmlns:t='urn:t' xmlns:i='%s' i:type='t:Card' type='x:y'/>" % _XSI, XML),
    (b"<a xmlns:i='%s'><b i:type=' Card'/><c i:type='xml:x'/></a>" % _XSI, XML),
    (b"a=1&a=2&b[c]=%C3%A9&d=&e+f=x%20y", FORM),
    (b"u=https://a.example/b?c&m=!$'()*,;:@~", FORM),
    (b"a=1&", FORM),
    (b"", FORM),
    (b"n=%E9", f"{FORM}; charset=iso-8859-1"),
    (b"free text \xc3\xa9 {", "text/plain"),
    (b"\xff\xfe\x00", "application/octet-stream"),
]


@pytest.mark.parametrize(("body", "type_"), TAKEN)
def test_what_is_well_formed_is_taken(body: bytes, type_: str) -> None:
    assert reason(body, type_) == ""


REFUSED = [
    # JSON.
    (b"", JSON, "Expecting value (line 1, column 1)"),
    (b"{", JSON, "(line 1, column 2)"),
    (b'{"a": 1,}', JSON, "not well-formed JSON: "),
    (b"[1,]", JSON, "not well-formed JSON: "),
    (b"{'a': 1}", JSON, "not well-formed JSON: "),
    (b'{"a": 1} {"b": 2}', JSON, "Extra data (line 1, column 10)"),
    (b'{"a":\n  x}', JSON, "(line 2, column 3)"),
    (b'{"a": 01}', JSON, "not well-formed JSON: "),
    (b'{"a": .5}', JSON, "not well-formed JSON: "),
    (b'{"a": NaN}', JSON, "not a JSON number"),
    (b'{"a": -Infinity}', JSON, "not a JSON number"),
    (b'{"a": 1e999}', JSON, "a number that no receiver holds"),
    (b'{"a": "\t"}', JSON, "Invalid control character"),
    (b'{"a": "\\x"}', JSON, "Invalid"),
    (b'{"a": "\\ud800"}', JSON, "half a surrogate pair"),
    (b'{"a": 1, "b": {"c": 1, "c": 2}}', JSON, "a name stands twice"),
    (b'{"a": 1, "\\u0061": 2}', JSON, "a name stands twice"),
    (b"\xef\xbb\xbf{}", JSON, "BOM"),
    (b'{"a": "\xff"}', JSON, "not UTF-8 (byte 8)"),
    ('{"a": 1}'.encode("utf-16-le"), JSON, "not well-formed JSON: "),
    (b"[" * 65 + b"]" * 65, JSON, "nested too deeply"),
    (b"[" * 100_000, JSON, "nested too deeply"),
    (b"// note\n{}", JSON, "not well-formed JSON: "),
    (b"a=1", JSON, "not well-formed JSON: "),
    (b"{}", f"{JSON}; charset=iso-8859-1", "UTF-8 in any case"),
    (b'{"a": "\xc3\xa9"}', f"{JSON}; charset=us-ascii", "its charset does not have"),
    (b"{,}", "application/problem+json", "not well-formed JSON: "),
    (b"{", JSON, "well-formed JSON: Expecting property name"),
    # XML.
    (b"<a>", "application/soap+xml", "no element found"),
    (b"", XML, "no element found"),
    (b"{}", XML, "line 1, column 1"),
    (b"<a><b></a>", XML, "mismatched tag"),
    (b"<a>&x;</a>", XML, "undefined entity"),
    (b"<a>1 & 2</a>", XML, "not well-formed"),
    (b"<a b=1/>", XML, "not well-formed"),
    (b'<a b="1" b="2"/>', XML, "duplicate attribute"),
    (b"<a/><b/>", XML, "junk after document element"),
    (b"<s:a/>", XML, "unbound prefix"),
    (b"<a s:b='1'/>", XML, "unbound prefix"),
    (b"<a><s:b xmlns:s='urn:s'/><s:c/></a>", XML, "unbound prefix"),
    (b"<a xmlns:s=''/>", XML, "undeclare prefix"),
    (b"<a xmlns:xml='urn:s'/>", XML, "reserved prefix (xml)"),
    (b"<a xmlns:xmlns='urn:s'/>", XML, "reserved prefix (xmlns)"),
    (b"<a xmlns:s='http://www.w3.org/2000/xmlns/'/>", XML, "reserved namespace"),
    (b"<a xmlns:s='urn:s' xmlns:t='urn:s' s:b='1' t:b='2'/>", XML, "duplicate attribute"),
    (b"<a xmlns:i='%s' i:type='t:Card'/>" % _XSI, XML, "type with a prefix"),
    (b"<a xmlns:i='%s'><b xmlns:t='u'/><c i:type='t:C'/></a>" % _XSI, XML, "type with a prefix"),
    (b"<a>\x01</a>", XML, "not well-formed"),
    (b"<a>\xe9</a>", XML, "bytes that its encoding does not have"),
    (b' <?xml version="1.0"?><a/>', XML, "XML or text declaration not at start"),
    (b'<?xml version="1.0" encoding="utf-8"?><a/>', f"{XML}; charset=iso-8859-1", "different"),
    (b'\xef\xbb\xbf<?xml version="1.0" encoding="ISO-8859-1"?><a/>', XML, "different"),
    ('<?xml version="1.0" encoding="utf-8"?><a/>'.encode("utf-16"), XML, "different"),
    (b'<?xml version="1.0" encoding="cp500"?><a/>', XML, "not read here"),
    (b'<?xml version="1.0" encoding="rot13"?><a/>', XML, "not read here"),
    (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', XML, "declarations of its own"),
    (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', XML, "declarations"),
    (b"<!DOCTYPE a []><a/>", XML, "declarations of its own"),
    (b'<!DOCTYPE a SYSTEM "http://x.example/a.dtd"><a>&x;</a>', XML, "an entity"),
    (b"<a>" * 65 + b"</a>" * 65, XML, "nested too deeply"),
    (b"<a" * 100_000, XML, "not well-formed"),
    (b"<a>" * 100_000, XML, "nested too deeply"),
    # Forms.
    (b"a=1&b=x y", FORM, "(byte 8)"),
    (b"a=x\xc3\xa9", FORM, "(byte 4)"),
    (b"a=%", FORM, "% without two hexadecimal digits (byte 3)"),
    (b"a=%G1", FORM, "% without two hexadecimal digits"),
    (b"a=1\n", FORM, "a character that must be written"),
    (b"=1", FORM, "a value without a name"),
    (b"a=%FF", FORM, "bytes that its charset does not have"),
    (b'{"a":1}', FORM, "a character that must be written"),
    (b"<a/>", FORM, "(byte 1)"),
    (b"card=${x}", FORM, "(byte 7)"),
    # Text, and headers.
    (b"\xff", "text/plain", "(byte 1)"),
    (b"\xc3\xa9", "text/csv; charset=us-ascii", "(byte 1)"),
    (b"{}", "json", "not type/subtype"),
    (b"{}", "", "not type/subtype"),
    (b"{}", f"{JSON}; charset", "not name=value"),
    (b"{}", f"{JSON}; charset=utf-8; charset=utf-16", "twice"),
    (b"{}", f"{JSON}; charset=utf-7", "not read here"),
    (b"{}", f"{JSON}, {JSON}", "not type/subtype"),
]


@pytest.mark.parametrize(("body", "type_", "why"), REFUSED)
def test_what_is_not_is_refused_with_the_reason(body: bytes, type_: str, why: str) -> None:
    assert why in reason(body, type_)


@pytest.mark.parametrize("charset", ["utf-8", "UTF8", "iso-8859-1", "Latin1", "windows-1252"])
def test_charsets_by_their_names(charset: str) -> None:
    right = "é".encode({"UTF8": "utf-8", "Latin1": "iso-8859-1"}.get(charset, charset))
    for written in (charset, f'"{charset}"'):
        assert reason(right, f"text/plain; charset={written}") == ""
        assert reason(b"<a>" + right + b"</a>", f"{XML}; charset={written}") == ""


@pytest.mark.parametrize("charset", ["us-ascii", "ascii", "utf-16le", "utf-16be"])
def test_charsets_of_other_widths(charset: str) -> None:
    name = charset.replace("16le", "16-le").replace("16be", "16-be")
    assert reason("<a>e</a>".encode(name), f"{XML}; charset={charset}") == ""
    assert reason("<a>é</a>".encode(), f"{XML}; charset={charset}") != ""


def test_a_body_needs_one_content_type() -> None:
    assert "no Content-Type" in reason(b"{}")
    assert "no Content-Type" in reason(b"{}", method="DELETE")
    assert "twice" in reason(b"{}", JSON, JSON)
    assert reason(b"") == ""


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "OPTIONS"])
def test_what_has_no_body_is_not_read(method: str) -> None:
    assert reason(b"", JSON, method=method) == ""


def test_a_compressed_body_is_not_read() -> None:
    assert "content coding" in reason(b"{}", JSON, coding="gzip")
    assert reason(b"{}", JSON, coding="identity") == ""


@pytest.mark.parametrize(
    ("body", "type_"),
    [
        (f'{{"{SECRET}": {SECRET}}}'.encode(), JSON),
        (f'{{"{SECRET}": 1, "{SECRET}": 2}}'.encode(), JSON),
        (f"<{SECRET}>{SECRET}</x>".encode(), XML),
        (f"<a>&{SECRET};</a>".encode(), XML),
        (f"{SECRET}={SECRET} ".encode(), FORM),
        (b"{}", SECRET),
        (b"{}", f"{JSON}; charset={SECRET}"),
    ],
)
def test_no_value_is_in_a_reason(body: bytes, type_: str) -> None:
    assert reason(body, type_)


@pytest.mark.parametrize(
    ("method", "status"),
    [
        *((name, 200) for name in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")),
        *((name, 405) for name in ("TRACE", "CONNECT")),
        *((name, 501) for name in ("BREW", "post", "PROPFIND")),
    ],
)
def test_methods_are_those_of_http(method: str, status: int) -> None:
    exchange = sent(b"", method=method)
    assert exchange.status == status
    assert ("allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS") in exchange.headers or (
        status == 200
    )


def test_a_card_number_that_is_no_test_card_is_refused_first() -> None:
    for body in (b'{"n": "4000000000000010",}', '<a n="4000000000000010">'.encode("utf-16")):
        exchange = sent(body, JSON)
        assert exchange.status == 422
        assert b"400000" not in bytes(exchange.body)


@given(
    st.binary(max_size=200)
    | st.text(alphabet='{}[]",:\\u0d8<>/&;=%!D?x \n', max_size=60).map(str.encode),
    st.sampled_from([JSON, XML, FORM, "text/plain", f"{XML}; charset=utf-16"])
    | st.text(max_size=20),
)
def test_any_bytes_are_taken_or_refused(body: bytes, type_: str) -> None:
    with contextlib.suppress(NotWellFormedError):
        check("POST", [type_], [], body)


HARD = [
    (lambda size: b'{"' + b"a" * size + b'":1,', JSON),
    (lambda size: b'{"a":"' + b"\\u00e9" * (size // 6) + b'"}', JSON),
    (lambda size: b"[" + b"1.5," * (size // 4) + b"1]", JSON),
    (lambda size: b"[" + b"9" * size + b"]", JSON),
    (lambda size: b"<a " + b" ".join(b"b%d=''" % n for n in range(size // 10)) + b"/>", XML),
    (lambda size: b"<a>" + b"<b/>" * (size // 4) + b"</a>", XML),
    (lambda size: b"<?xml " + b" " * size, XML),
    (lambda size: b"<!DOCTYPE " + b"a" * size, XML),
    (lambda size: b"%41" * (size // 3), FORM),
    (lambda size: b"&" * size, FORM),
    (lambda size: b"a=1&" * (size // 4), FORM),
]


@pytest.mark.parametrize("number", range(len(HARD)))
def test_time_grows_with_the_body_and_not_faster(number: int) -> None:
    grow, type_ = HARD[number]

    def work(body: bytes) -> None:
        with contextlib.suppress(NotWellFormedError):
            check("POST", [type_], [], body)

    assert_linear(work, grow, 200_000)
