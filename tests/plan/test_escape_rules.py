"""Exactly what is written for each syntax, and exactly what is refused: no more and no less."""

import pytest

from forwardc.core.terms.escaping import (
    UNRESERVED,
    NotExpressibleError,
    escape,
    header_literal,
    is_printable_ascii,
)
from forwardc.core.terms.terms import Encoding
from one_rule import one_rule

PLAIN, TEMPLATE = False, True
ALL_ASCII = "".join(map(chr, range(128)))
PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))

# RFC 3986, section 2.3, by its own list.
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
KEPT = LETTERS + "0123456789-._~"

WRITTEN = [
    (Encoding.JSON, PLAIN, "{}", "{}"),
    (Encoding.JSON, TEMPLATE, "a{b}c", r"a\u007bb\u007dc"),
    (Encoding.JSON, TEMPLATE, "}", r"\u007d"),
    (Encoding.JSON, TEMPLATE, "{", r"\u007b"),
    (Encoding.JSON, PLAIN, '"\\\n', r"\"\\\n"),
    (Encoding.JSON, PLAIN, "é漢", "é漢"),
    (Encoding.FORM, PLAIN, "a b&c=d+e", "a+b%26c%3Dd%2Be"),
    (Encoding.FORM, TEMPLATE, "{~}", "%7B~%7D"),
    (Encoding.FORM, PLAIN, "/é", "%2F%C3%A9"),
    (Encoding.XML, PLAIN, "{}", "{}"),
    (Encoding.XML, TEMPLATE, "a{b}c", "a&#123;b&#125;c"),
    (Encoding.XML, TEMPLATE, "}", "&#125;"),
    (Encoding.XML, PLAIN, "&<>\"'\r\n\t", "&amp;&lt;&gt;&quot;'&#13;&#10;&#9;"),
    (Encoding.XML, PLAIN, "&amp;", "&amp;amp;"),
    (Encoding.PLAIN, PLAIN, "{}é\x00", "{}é\x00"),
    (Encoding.PLAIN, TEMPLATE, "a b", "a b"),
    (Encoding.HEADER, PLAIN, PRINTABLE, PRINTABLE),
    (Encoding.HEADER, TEMPLATE, KEPT, KEPT),
    (Encoding.QUERY, PLAIN, "a b/~{é", "a%20b%2F~%7B%C3%A9"),
    (Encoding.QUERY, TEMPLATE, KEPT, KEPT),
    (Encoding.URL, PLAIN, "a b/~..", "a%20b%2F~.."),
    (Encoding.URL, TEMPLATE, "{}", "%7B%7D"),
    (Encoding.URL, PLAIN, "...", "..."),
]

REFUSED = [
    *[(kind, mode, "\ud800") for kind in Encoding for mode in (PLAIN, TEMPLATE)],
    *[(kind, PLAIN, "a\udfffé") for kind in Encoding],
    *[(Encoding.URL, mode, text) for text in ("", ".", "..") for mode in (PLAIN, TEMPLATE)],
    *[(Encoding.XML, PLAIN, text) for text in ("\x00", "\x0b", "\x1f", "\ufffe", "\uffff")],
    *[(Encoding.PLAIN, TEMPLATE, text) for text in ("{", "}", "a{b", "a}b", "{}")],
    *[(Encoding.HEADER, PLAIN, text) for text in ("\x1f", "\x7f", "é", "a\nb", "\t")],
    *[
        (kind, TEMPLATE, mark)
        for kind in (Encoding.HEADER, Encoding.QUERY)
        for mark in [*sorted(set(ALL_ASCII) - set(KEPT)), "é"]
    ],
]


@pytest.mark.parametrize(("kind", "templated", "text", "written"), WRITTEN)
def test_what_is_written(kind: Encoding, templated: bool, text: str, written: str) -> None:
    assert escape(kind, text, templated=templated) == written


@one_rule(("kind", "templated", "text"), REFUSED)
def test_what_is_refused(kind: Encoding, templated: bool, text: str) -> None:
    with pytest.raises(NotExpressibleError):
        escape(kind, text, templated=templated)


@one_rule("mark", PRINTABLE)
def test_a_header_of_the_author_holds_what_is_printable(mark: str) -> None:
    assert header_literal(mark, templated=PLAIN) == mark
    if mark not in "{}":
        assert header_literal(mark, templated=TEMPLATE) == mark
        return
    for text in (mark, f"a{mark}b"):
        with pytest.raises(NotExpressibleError):
            header_literal(text, templated=TEMPLATE)


@pytest.mark.parametrize("text", ["\x1f", "\x7f", "é", "a\r\nb", "\u00a0"])
def test_a_header_of_the_author_holds_nothing_else(text: str) -> None:
    assert not is_printable_ascii(text)
    for mode in (PLAIN, TEMPLATE):
        with pytest.raises(NotExpressibleError):
            header_literal(text, templated=mode)


def test_the_characters_that_mean_themselves_are_those_of_the_rfc() -> None:
    assert sorted(UNRESERVED) == sorted(KEPT)


def test_xml_holds_the_characters_of_production_2_and_no_other() -> None:
    """XML 1.0, section 2.2: every character below U+10000, and the ends of what is above."""
    allowed = {0x9, 0xA, 0xD, *range(0x20, 0xD800), *range(0xE000, 0xFFFE), 0x10000, 0x10FFFF}

    def is_written(code: int) -> bool:
        try:
            escape(Encoding.XML, chr(code), templated=PLAIN)
        except NotExpressibleError:
            return False
        return True

    assert {code for code in (*range(0x10000), 0x10000, 0x10FFFF) if is_written(code)} == allowed
