"""A body as data: JSON, XML and forms as the world writes them, and what none of them is."""

from decimal import Decimal

import pytest

from forwardc.core.terms.values import CONTRADICTION
from forwardc.runtime.run.answer import DestinationAnswer, Headers, ResponseValues
from growth import assert_linear

KINDS = ("json", "xml", "form", "text", "empty", "any")


def told(body: str) -> ResponseValues:
    return DestinationAnswer(200, Headers(), body).values()


@pytest.mark.parametrize(
    ("body", "document"),
    [
        ('{"a": 1.10}', {"a": Decimal("1.10")}),
        ('\ufeff {"id": 9007199254740993}\r\n', {"id": 9007199254740993}),
        ("a=1&b[c]=%C3%A9", {"a": "1", "b[c]": "é"}),
        ("<r><a x='1'>t</a><a/></r>", {"r": {"a": ["t", ""]}}),
        ("", None),
        ("plain text", None),
        ('{"a": NaN}', None),
        ('{"a": -Infinity}', None),
        ('{"a": 1e99999999999999999999}', None),
        ('{"a": 1e999999999}', None),
        ('{"a": 1} {"a": 1}', None),
        ("[" * 200_000, None),
        ("[" * 101 + "]" * 101, None),
        ('{"a": ' + "9" * 5000 + "}", None),
    ],
)
def test_bodies_as_data(body: str, document: object) -> None:
    assert told(body).document() == document


def test_what_does_not_parse_is_null() -> None:
    values = told("no json")
    assert values["response.json"] is values["response.xml"] is values["response.form"] is None
    assert values["response.text"] == "no json"
    with pytest.raises(KeyError):
        values["response.other"]


@pytest.mark.parametrize("body", ["OK", "OK\n", "OK\r\n\r\n", "\ufeffOK", "\r\n\ufeffOK"])
def test_line_ends_around_a_text_are_no_part_of_it(body: str) -> None:
    assert told(body)["response.text"] == "OK"


def test_space_is_part_of_a_text() -> None:
    assert told(" O\r\nK ")["response.text"] == " O\r\nK "


def test_an_answers_values_stand_beside_those_of_the_run() -> None:
    answer = DestinationAnswer(200, Headers(), "<a>1</a>")
    values = answer.values({"params.a": 1, "response.status": 500})
    assert (values["params.a"], values["response.status"]) == (1, 200)
    assert dict(values)["response.xml"] == {"a": "1"}
    assert len(values) == 7


@pytest.mark.parametrize(
    ("body", "kinds"),
    [
        ("{}", "json text"),
        ("null", "text"),
        ('"ok"', "json text"),
        ("12", "json text"),
        ("<r/>", "xml text"),
        ("<?xml version='1.0'?><s:Envelope xmlns:s='urn:s'/>", "xml text"),
        ("a=1", "form text"),
        ("approved", "text"),
        ('{"a": "b=c"', "text"),
        ("[a=1", "text"),
        ("", "empty"),
        ("\ufeff \r\n\t", "empty"),
        ("<!DOCTYPE html><html><body>Busy</body></html>", ""),
        ("<!doctype HTML>\n<title>Busy</title>", ""),
        ("<!DOCTYPE html PUBLIC '-//W3C//DTD XHTML 1.0//EN' 'x.dtd'><html/>", ""),
        ("<?xml version='1.0'?>\n<!-- a --><html xmlns='http://www.w3.org/1999/xhtml'/>", ""),
        ("<!DOCTYPE x SYSTEM 'x.dtd'>\n<html/>", ""),
        ("<HTML><p>a=1&b=2</p></HTML>", ""),
        ("\n<h1>503 Service Unavailable</h1>\n", ""),
        ("<center>busy</center>", ""),
        ("<html-report/>", "xml text"),
        ("<!-- <html> --><r/>", "xml text"),
        ("<r>", "text"),
    ],
)
def test_what_a_body_reads_as(body: str, kinds: str) -> None:
    values = told(body)
    assert {kind for kind in KINDS if values.reads_as(kind)} == {*kinds.split(), "any"}
    assert (values["response.xml"] is not None) is ("xml" in kinds)


@pytest.mark.parametrize("piece", ["<!-- -->", "<?a?>", "\n", "<!--", "<", "&", "a=&", "[", "{}"])
def test_reading_grows_with_the_length_of_a_body(piece: str) -> None:
    def read(body: str) -> list[str]:
        return [kind for kind in KINDS if told(body).reads_as(kind)]

    assert_linear(read, lambda pieces: piece * pieces, 20_000)


def test_a_kind_that_there_is_not() -> None:
    with pytest.raises(ValueError, match="no such kind"):
        told("{}").reads_as("yaml")


@pytest.mark.parametrize(
    ("body", "form"),
    [
        ("response=1&transId=T1&", {"response": "1", "transId": "T1"}),
        ("&&a=1&&b=2&", {"a": "1", "b": "2"}),
        ("a=1&b=2\r\n", {"a": "1", "b": "2"}),
        ("a=1&\r\nb=2&\r\n", {"a": "1", "b": "2"}),
        ("\ufeffa=1", {"a": "1"}),
        ("a=1&flag&=&=x", {"a": "1", "flag": ""}),
        ("a=one+two%2B&b=x=y", {"a": "one two+", "b": "x=y"}),
        ("a=1&a=1&b=", {"a": "1", "b": ""}),
        ("a=%E9", {"a": "\ufffd"}),
        ("flag", None),
        ("=", None),
        ("&", None),
        ("a=1&" * 1001, None),
    ],
)
def test_forms(body: str, form: object) -> None:
    assert told(body)["response.form"] == form


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1", "2"),
        ("1", "1.0"),
        ("1", '"1"'),
        ("true", "1"),
        ("1.0", "1.00"),
        ('{"a": 1}', '{"a": 2}'),
        ('{"a": 1}', '{"a": 1, "b": 1}'),
        ("[1]", "[1, 1]"),
        ("null", "0"),
    ],
)
def test_a_member_that_comes_twice_with_other_values(one: str, other: str) -> None:
    found = told(f'{{"twice": {one}, "once": 1, "twice": {other}, "twice": {one}}}')
    assert found["response.json"] == {"twice": CONTRADICTION, "once": 1}


@pytest.mark.parametrize("value", ["1", "1.0", '"a"', "null", '{"b": [1, {}]}', '{"b": 1, "b": 2}'])
def test_a_member_that_comes_twice_with_the_same_value(value: str) -> None:
    once, twice = told(f'{{"a": {value}}}'), told(f'{{"a": {value}, "a": {value}}}')
    assert twice["response.json"] == once["response.json"]


def test_a_form_that_gives_a_name_twice() -> None:
    found = told("response=1&id=A&response=2&response=1&id=A")["response.form"]
    assert found == {"response": CONTRADICTION, "id": "A"}
