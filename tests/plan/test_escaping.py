# ruff: noqa: S314 - the parsed XML is our own
"""Whatever text a value holds, a parser of the syntax gives it back as it was, or it is refused."""

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from urllib.parse import parse_qsl, unquote, urlsplit

import h11
import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from forwardc.core.terms.escaping import NotExpressibleError, audited
from forwardc.core.terms.evaluator import Scope, evaluate
from forwardc.core.terms.terms import Call, Encoded, Encoding, Lit, Map, Raw, Ref, Seq, Term, Text
from forwardc.core.terms.values import Fragment, Secret

NASTY = (
    "",
    "{{card_number}}",
    "{% if x %}",
    "{#",
    '"},"number":"{{card_number}}',
    "a\r\nX-Injected: 1",
    "%0d%0a",
    "../../v1/refunds",
    "..",
    "a&b=c+d e",
    "æøå 漢字 🂡",
    "\x00\x1f\x7f",
    "\u2028\ufeff\ufffe",
    "\ud800",
    "</x><y>",
    "]]>&amp;",
    "\\u007b\\",
    "***",
)
# All code points, surrogates too, with the characters that mean something mixed in often.
TEXTS = st.one_of(
    st.text(st.characters(codec=None)),
    st.text(st.sampled_from("{}%#\"'\\&=+;/?.:<>[]\r\n\t\0 ab0é\ud800\u2028")),
    st.sampled_from(NASTY),
)
pytestmark = pytest.mark.fuzz
MODES = pytest.mark.parametrize("templated", [False, True])


def write(encoding: Encoding, tree: Term, value: object, *, templated: bool) -> str:
    """The text, in which nothing may open a template but our own fragments."""
    text = evaluate(Encoded(encoding, tree, templated=templated), Scope({"params.x": value}))
    assert isinstance(text, str)
    if templated:
        outside = text.replace("{{ours}}", "")
        assert not re.search(r"\{\{|\{%|\{#", outside)
    return text


def returns(value: str, parse: Callable[[str], object], written: Callable[[], str]) -> None:
    """Either the value comes back, or nothing was written."""
    try:
        text = written()
    except NotExpressibleError:
        return
    assert parse(text) == value


X = Ref("params.x")


@MODES
@given(value=TEXTS)
def test_json_value_and_key(templated: bool, value: str) -> None:
    tree = Map((("k", X), ("list", Seq((X, Raw("{{ours}}")))), ("mixed", Text((Lit("a"), X)))))

    def parse(text: str) -> object:
        body = json.loads(text)
        assert body == {"k": body["k"], "list": [body["k"], "{{ours}}"], "mixed": "a" + body["k"]}
        return body["k"]

    returns(value, parse, lambda: write(Encoding.JSON, tree, value, templated=templated))


@MODES
@given(value=TEXTS)
def test_json_param_with_the_text_as_key(templated: bool, value: str) -> None:
    def parse(text: str) -> object:
        (key,) = json.loads(text)["k"]
        return key

    given_value = {value: [1, {"deep": value}]}
    tree = Map((("k", X),))
    returns(value, parse, lambda: write(Encoding.JSON, tree, given_value, templated=templated))


@MODES
@given(value=TEXTS)
def test_json_in_json_in_json(templated: bool, value: str) -> None:
    inner = Call("json", (Map((("k", X), ("card", Raw("{{ours}}")))),))
    tree = Map((("outer", Call("json", (Map((("inner", inner),)),))),))

    def parse(text: str) -> object:
        return json.loads(json.loads(json.loads(text)["outer"])["inner"])["k"]

    returns(value, parse, lambda: write(Encoding.JSON, tree, value, templated=templated))


@MODES
@given(value=TEXTS)
def test_a_body_as_text_inside_a_json_call(templated: bool, value: str) -> None:
    body = Encoded(Encoding.JSON, Map((("k", X),)), templated=templated)
    tree = Map((("body", body),))

    def parse(text: str) -> object:
        return json.loads(json.loads(text)["body"])["k"]

    returns(value, parse, lambda: write(Encoding.JSON, tree, value, templated=False))


@MODES
@given(value=TEXTS)
def test_form(templated: bool, value: str) -> None:
    tree = Map((("a", Map((("b", X),))), ("c", Seq((X,))), ("d", Raw("{{ours}}"))))

    def parse(text: str) -> object:
        pairs = dict(parse_qsl(text, keep_blank_values=True, strict_parsing=True))
        assert pairs == {"a[b]": pairs["a[b]"], "c[0]": pairs["a[b]"], "d": "{{ours}}"}
        return pairs["a[b]"]

    returns(value, parse, lambda: write(Encoding.FORM, tree, value, templated=templated))


@MODES
@given(value=TEXTS)
def test_xml_text_and_attribute(templated: bool, value: str) -> None:
    item = Map(((".id", X), (".", X)))
    tree = Map((("root", Map((("item", Seq((item, item))), ("card", Raw("{{ours}}"))))),))

    def parse(text: str) -> object:
        root = ET.fromstring(text)
        assert [child.tag for child in root] == ["item", "item", "card"]
        found = {child.get("id") for child in root[:2]} | {child.text or "" for child in root[:2]}
        assert len(found) == 1
        return found.pop()

    returns(value, parse, lambda: write(Encoding.XML, tree, value, templated=templated))


@MODES
@given(value=TEXTS)
def test_plain(templated: bool, value: str) -> None:
    tree = Text((Lit("<"), X, Lit(">")))

    def parse(text: str) -> object:
        return text.encode().decode()[1:-1]

    returns(value, parse, lambda: write(Encoding.PLAIN, tree, value, templated=templated))


@MODES
@given(value=TEXTS)
@example(" ")
@example("a ")
def test_header(templated: bool, value: str) -> None:
    def parse(text: str) -> object:
        server = h11.Connection(h11.SERVER)
        server.receive_data(b"GET / HTTP/1.1\r\nHost: h\r\nX-A: " + text.encode() + b"\r\n\r\n")
        request = server.next_event()
        assert isinstance(request, h11.Request)
        assert [name for name, _ in request.headers] == [b"host", b"x-a"]
        return request.headers[1][1].decode()

    returns(value, parse, lambda: write(Encoding.HEADER, X, value, templated=templated))


@MODES
@given(value=TEXTS)
def test_query(templated: bool, value: str) -> None:
    def parse(text: str) -> object:
        url = httpx.URL(f"https://host.example/p?first=1&x={text}&last=2")
        pairs = parse_qsl(url.query.decode(), keep_blank_values=True, strict_parsing=True)
        assert [name for name, _ in pairs] == ["first", "x", "last"]
        return pairs[1][1]

    returns(value, parse, lambda: write(Encoding.QUERY, X, value, templated=templated))


@given(value=TEXTS)
def test_path_segment(value: str) -> None:
    tree = Text((Lit("https://host.example/v1/"), X, Lit("/confirm")))

    def parse(text: str) -> object:
        url = httpx.URL(text)
        assert url.host == "host.example"
        assert url.raw_path == urlsplit(text).path.encode()
        empty, version, segment, last = url.raw_path.decode().split("/")
        assert (empty, version, last) == ("", "v1", "confirm")
        return unquote(segment, errors="strict")

    returns(value, parse, lambda: write(Encoding.URL, tree, value, templated=False))


def test_a_megabyte_arrives_in_every_body() -> None:
    value = ('{{card_number}}"\\&<\n' * 60_000)[: 1024 * 1024]
    tree = Map((("k", X),))
    assert json.loads(write(Encoding.JSON, tree, value, templated=True)) == {"k": value}
    assert parse_qsl(write(Encoding.FORM, tree, value, templated=True)) == [("k", value)]
    assert ET.fromstring(write(Encoding.XML, tree, value, templated=True)).text == value


@pytest.mark.parametrize("piece", ["{{", "{%", "{#"])
def test_the_audit_finds_an_opening_that_escaping_missed(piece: str) -> None:
    assert audited(["a", Fragment("{{ours}}"), "}"]) == "a{{ours}}}"
    with pytest.raises(NotExpressibleError):
        audited(["a", piece, "b"])
    with pytest.raises(NotExpressibleError):
        audited([piece[0], Fragment(piece[1] + "x")])


@given(value=TEXTS)
def test_a_masked_value_shows_nothing_of_itself(value: str) -> None:
    hidden = f"canary{value}canary"
    scope = Scope({"params.x": Secret(hidden)})
    for encoding in (Encoding.JSON, Encoding.FORM, Encoding.PLAIN, Encoding.HEADER):
        text = evaluate(Encoded(encoding, Text((Lit("a"), X))), scope)
        assert isinstance(text, str)
        assert "canary" not in text
        assert "***" in text
