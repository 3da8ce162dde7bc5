"""XML of a body: namespaces instead of prefixes, nothing declared, expanded or fetched."""

from typing import Any

import pytest

from forwardc.core.terms.evaluator import Scope, evaluate
from forwardc.core.terms.terms import Call, Lit, Ref, Term
from forwardc.core.terms.values import CONTRADICTION, resolve
from forwardc.runtime.http.bodies.xml_body import Element
from forwardc.runtime.run.answer import DestinationAnswer, Headers
from growth import assert_linear

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
PAY = "urn:pay"
DECLARED = {"s": SOAP, "p": PAY}


def read(text: str, **prefixes: str) -> Any:
    answer = DestinationAnswer(200, Headers(), text, namespaces=prefixes)
    return answer.values()["response.xml"]


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE r [<!ENTITY a "x">]><r>&a;</r>',
        '<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/hostname">]><r>&a;</r>',
        '<!DOCTYPE r PUBLIC "-//X//EN" "http://127.0.0.1/x.dtd" [<!ENTITY a "x">]><r/>',
        "<!DOCTYPE r []><r/>",
        '<!DOCTYPE r SYSTEM "http://127.0.0.1/x.dtd"><r>&a;1</r>',
        '<!DOCTYPE r SYSTEM "http://127.0.0.1/x.dtd"><r code="&a;1"/>',
        "<r>&nbsp;</r>",
        "<r>",
        "<r/",
        "<a/><b/>",
        "<r>\x00</r>",
        "<r a='1' a='2'/>",
        "<a>" * 200 + "</a>" * 200,
        "\ud800",
        "<?xml version='1.0'",
        "<r/>trailing",
    ],
)
def test_hostile_xml_is_null(text: str) -> None:
    assert read(text) is None


@pytest.mark.parametrize(
    "before",
    [
        "",
        "\r\n\r\n",
        "\ufeff",
        '<?xml version="1.0"?>\n',
        '\n \ufeff<?xml version="1.0" encoding="ISO-8859-1" standalone="no"?>',
        "<?xml version='1.0' encoding='UTF-16'?>",
        "<?xml version='1.1' encoding='no-such'?>",
        '<!DOCTYPE r PUBLIC "-//X//EN" "http://x.example/x.dtd">\n',
        '<?xml version="1.0"?><!-- <!DOCTYPE html> --><!DOCTYPE r SYSTEM "x>.dtd">',
        "<!DOCTYPE r>",
        "<?xml-stylesheet href='x'?>",
    ],
)
def test_what_stands_before_the_root_means_nothing(before: str) -> None:
    found = read(before + "<r>\n <a>é &amp; \n</a>\n <n:b/>\n<c><![CDATA[&x;]]></c></r>\n")
    assert found == {"r": {"a": "é & \n", "b": "", "c": "&x;"}}


ANSWERS = {
    "s": f'<s:E xmlns:s="{SOAP}"><s:B><p:R xmlns:p="{PAY}" p:id="7">OK</p:R></s:B></s:E>',
    "another": f'<x:E xmlns:x="{SOAP}"><x:B><y:R xmlns:y="{PAY}" y:id="7">OK</y:R></x:B></x:E>',
    "default": f'<E xmlns="{SOAP}"><B><R xmlns="{PAY}" xmlns:q="{PAY}" q:id="7">OK</R></B></E>',
    "swapped": f'<p:E xmlns:p="{SOAP}"><p:B><s:R xmlns:s="{PAY}" s:id="7">OK</s:R></p:B></p:E>',
    "rebound": f'<p:E xmlns:p="{SOAP}"><p:B><p:R xmlns:p="{PAY}" p:id="7">OK</p:R></p:B></p:E>',
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("prefixes", [DECLARED, {}], ids=["declared", "undeclared"])
def test_a_prefix_of_the_answer_means_nothing(answer: str, prefixes: dict[str, str]) -> None:
    found = read(answer, **prefixes)
    assert resolve(found, "/s:E/s:B/p:R/.p:id") == "7"
    assert resolve(found, "/E/B/R/.") == "OK"
    assert resolve(found, "/E/B/R/.id") == "7"


@pytest.mark.parametrize(
    "answer",
    [
        "<s:E><s:B/></s:E>",
        "<E><B>1</B></E>",
        "<s:E xmlns:s='urn:other'><s:B>1</s:B></s:E>",
        f"<s:E xmlns:s='{SOAP}'><B>1</B></s:E>",
        f"<E xmlns='{SOAP}'><B xmlns=''>1</B></E>",
    ],
)
def test_a_declared_prefix_is_its_namespace_and_no_other(answer: str) -> None:
    assert resolve(read(answer, **DECLARED), "/s:E/s:B") is None
    assert "B" in read(answer, **DECLARED)["E"]


def test_repeated_siblings_are_a_list_whatever_their_prefixes() -> None:
    text = f'<r xmlns:a="{PAY}" xmlns:b="{PAY}" xmlns:c="urn:c"><a:x>1</a:x><b:x>2</b:x><c:x/></r>'
    found = read(text, p=PAY, c="urn:c")["r"]
    assert found.get("p:x") == ["1", "2"]
    assert found.get("c:x") == ""
    assert found.get("x") == ["1", "2", ""]


@pytest.mark.parametrize("more", ["", "<item id='8'>no</item>"])
def test_the_first_of_its_name_is_the_first_alone_or_not(more: str) -> None:
    found = read(f"<r><item id='7'>OK</item>{more}<box><x/></box></r>")
    assert resolve(found, "/r/item/0") == resolve(found, "/r/0/item/0/.") == "OK"
    assert resolve(found, "/r/item/0/.id") == "7"
    assert resolve(found, "/r/box/0/x/0") == resolve(found, "/r/box/x")
    assert resolve(found, "/r/item/1") == ("no" if more else None)
    assert resolve({"item": "OK"}, "/item/0") is None


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (("r", "item", 0), "OK"),
        (("r", 0, "item", 0, ".id"), "7"),
        (("r", "item", 1), None),
        (("r", "box", 0, "x"), "y"),
        (("r", "box", 1), None),
    ],
)
def test_a_rule_reads_the_first_of_its_name(keys: tuple[str | int, ...], value: object) -> None:
    term: Term = Ref("response.xml")
    for key in keys:
        term = Call("get", (term, Lit(key)))
    text = "<r><item id='7'>OK</item><box><x>y</x></box></r>"
    values = DestinationAnswer(200, Headers(), text).values()
    assert evaluate(term, Scope(values)) == value


def test_an_attribute_without_a_prefix_is_the_elements_own() -> None:
    text = '<r xmlns:i="urn:i" xmlns:j="urn:j" type="OK" i:type="T" j:id="1" i:id="2" i:n="3"/>'
    found = read(text, j="urn:j")["r"]
    assert found.get(".type") == "OK"
    assert found.get(".z:type") == "T"
    assert found.get(".n") == found.get(".z:n") == "3"
    assert found.get(".id") is CONTRADICTION
    assert found.get(".j:id") == "1"
    assert found.get(".j:type") is None


def test_a_declaration_of_a_namespace_is_no_content() -> None:
    assert read('<r xmlns="urn:r"><a xmlns:x="urn:x">1</a></r>') == {"r": {"a": "1"}}


def test_the_xml_prefix_needs_no_declaration() -> None:
    found = read('<r xml:lang="en">1</r>')
    assert resolve(found, "/r/.xml:lang") == "en"


@pytest.mark.parametrize(
    "text",
    [
        "<r><id>7</id></r>",
        '<r><id xmlns:i="urn:i" i:type="t">7</id></r>',
        "<r><id n='1'>7</id></r>",
        "<r><id><![CDATA[7]]><!-- one --></id></r>",
    ],
)
def test_a_text_is_a_text_whatever_attributes_stand_beside_it(text: str) -> None:
    found = read(text)
    assert found == {"r": {"id": "7"}}
    assert resolve(found, "/r/id/.") == "7"
    assert resolve(found, "/r/id/.n") in ("1", None)


def test_what_an_element_without_text_holds() -> None:
    found = read("<r><error code='5'/><none/><space> </space><mix>a<b/>c</mix></r>")["r"]
    assert resolve(found, "/error/.code") == "5"
    assert (found["none"], found["space"], found["mix"]) == ("", " ", {"b": "", ".": "ac"})


def test_an_element_is_data_that_a_pointer_reads() -> None:
    found = read("<r><a>1</a></r>")
    assert isinstance(found, Element)
    assert resolve(found, "/r/a") == "1"
    assert found.get("b", "none") == "none"
    assert found.get(":a") is found.get("") is None


def wide(size: int) -> str:
    declared = " ".join(f"xmlns:n{number}='urn:{number}'" for number in range(size // 2))
    inside = "<a xmlns='urn:a'/>" * size
    return f"<r {declared}>{inside}</r>"


@pytest.mark.costly
def test_reading_grows_with_namespaces_and_elements() -> None:
    assert len(read(wide(100), p="urn:a")["r"].get("p:a")) == 100
    assert_linear(lambda text: read(text, p="urn:a"), wide, 4000)


@pytest.mark.costly
def test_a_wide_document_is_read_in_one_go() -> None:
    names = [f"n{number}" for number in range(30_000)]
    found = read("<r>" + "".join(f"<{name}/>" for name in names) + "</r>")
    assert list(found["r"]) == names
