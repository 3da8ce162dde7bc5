"""However an answer is decorated, a run comes to what it comes to over the plain one.

Over a direct step, where the bytes are ours to read, and through the envelopes of both vaults.
"""

import json
import re
from collections.abc import Callable
from typing import Any, Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from answered import WAYS, Body, enveloped, plans, ran, told
from forwardc.core.outcome import Outcome
from forwardc.core.recognizer.cards import find_cards

pytestmark = pytest.mark.fuzz

SOAP: Final = "http://schemas.xmlsoap.org/soap/envelope/"
PAY: Final = "urn:gate:pay"
JSON: Final = """\
          outputs:
            id: {at: /transId}
            total: {at: /total, type: integer}
            name: {at: /name, optional: true}
          outcome:
            - {when: "${response.json['state'] == 'paid'}", is: approved}
            - {when: "${response.json['state'] in ['refused', 'lost']}", is: declined}
            - {is: unknown}
"""
RESPONSES: Final = {
    "json": JSON,
    "form": JSON.replace("json", "form"),
    "xml": f"""\
          namespaces: {{s: "{SOAP}", p: "{PAY}"}}
          outputs:
            id: {{at: "/s:Envelope/s:Body/p:paid/.p:id"}}
            total: {{at: "/s:Envelope/s:Body/p:paid/p:total", type: integer}}
            name: {{at: "/s:Envelope/s:Body/p:paid/name", optional: true}}
          outcome:
            - when: "${{response.xml['s:Envelope']['s:Body']['p:paid']['p:state'] == 'paid'}}"
              is: approved
            - when: "${{response.xml['Envelope']['Body']['paid']['state'] == 'refused'}}"
              is: declined
            - {{is: unknown}}
""",
}
PLANS: Final = plans(RESPONSES)

NAMES: Final = st.text(
    st.characters(min_codepoint=32, max_codepoint=255, exclude_categories=["Cc"]), max_size=8
)
# What looks like a card number is no output, however it is written.
NUMBERS: Final = st.integers(0, 2**70).filter(lambda number: not find_cards(str(number)))
STATES: Final = st.sampled_from(["paid", "refused", "held"])
LIES: Final = st.sampled_from(
    [
        *("utf-8", "ISO-8859-1", "utf8mb4", "none", "base64", "rot13", "idna", "utf-7", "", '"'),
        *("undefined", "zlib", "utf-16", "UTF-8,gbk", "x" * 3000),
    ]
)
TYPES: Final = st.sampled_from(["Content-Type", "content-type", "CONTENT-TYPE"])
SPACE: Final = st.text("\r\n\t ", max_size=4)
MARKS: Final = st.sampled_from(["", "\ufeff"])
UNICODE: Final = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"])


@st.composite
def headers(draw: Any) -> dict[str, str]:
    return {draw(TYPES): f"{draw(st.sampled_from(['text/html', 'x']))}; charset={draw(LIES)}"}


@st.composite
def json_answers(draw: Any) -> tuple[Body, Body]:
    """A plain answer and a decorated one."""
    number, name, state = draw(NUMBERS), draw(NAMES), draw(STATES)
    plain = {"state": state, "transId": str(number), "total": number, "name": name}
    pairs = [(key, json.dumps(value)) for key, value in plain.items()]
    pairs[1] = ("transId", draw(st.sampled_from([str(number), f'"{number}"'])))
    pairs[2] = ("total", draw(st.sampled_from([str(number), f'"{number}"', f"{number}.0"])))
    again = draw(st.lists(st.sampled_from(pairs), max_size=3))
    gap = draw(SPACE)
    inner = f",{gap}".join(f'{gap}"{key}"{gap}:{value}' for key, value in [*pairs, *again])
    text = draw(MARKS) + draw(SPACE) + "{" + inner + "}" + draw(SPACE)
    data = text.removeprefix("\ufeff").encode(draw(UNICODE))
    return Body(json.dumps(plain)), Body(text, data, draw(headers()))


@st.composite
def form_answers(draw: Any) -> tuple[Body, Body]:
    number, name, state = draw(NUMBERS), draw(NAMES), draw(STATES)
    quoted = "".join(f"%{byte:02x}" for byte in name.encode())
    pairs = [f"state={state}", f"transId={number}", f"total={number}", f"name={quoted}"]
    extra = st.sampled_from([*pairs, "", "", "=", "bare", "other=1", "\r\n"])
    mixed = [*pairs, *draw(st.lists(extra, max_size=6))]
    text = draw(MARKS) + draw(SPACE) + "&".join(draw(st.permutations(mixed))) + draw(SPACE)
    data = text.removeprefix("\ufeff").encode(draw(UNICODE))
    return Body("&".join(pairs)), Body(text, data, draw(headers()))


XML: Final = (
    '<s:Envelope xmlns:s="{soap}" xmlns:p="{pay}"><s:Body><p:paid p:id="{id}">'
    "<p:state>{state}</p:state><p:total>{id}</p:total><name>{name}</name>"
    "</p:paid></s:Body></s:Envelope>"
)


@st.composite
def xml_answers(draw: Any) -> tuple[Body, Body]:
    number, state = draw(NUMBERS), draw(STATES)
    # Line ends and the space around a text are read as XML has them.
    name = re.sub(r"[&<>:]", "", draw(NAMES)) + "."
    plain = XML.format(soap=SOAP, pay=PAY, id=number, state=state, name=name)
    prefixes = st.sampled_from(["s", "p", "soapenv", "SOAP-ENV", "ns0", "x"])
    of_soap, of_pay = draw(st.tuples(prefixes, prefixes).filter(lambda two: two[0] != two[1]))
    root = re.sub(r"\bs:", "\0", plain)
    root = re.sub(r"\bp:", f"{of_pay}:", root).replace("\0", f"{of_soap}:")
    root = root.replace(f':s="{SOAP}"', f':{of_soap}="{SOAP}"')
    root = root.replace(f':p="{PAY}"', f':{of_pay}="{PAY}"')
    typed = ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xsd:string"'
    root = root.replace(":state>", f":state{draw(st.sampled_from(['', typed]))}>", 1)
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "iso-8859-1"]))
    claims = {"utf-8-sig": "utf-8"}.get(encoding, encoding)
    declaration = f"<?xml version='1.0' encoding='{claims}'?>"
    needed = encoding == "iso-8859-1"
    before = [
        draw(MARKS),
        draw(SPACE),
        declaration
        if needed
        else draw(st.sampled_from(["", declaration, "<?xml version='1.0'?>"])),
        draw(SPACE),
        draw(st.sampled_from(["", "<!-- <html> -->", "<!-- <!DOCTYPE html> -->"])),
        draw(
            st.sampled_from(
                [
                    "",
                    '<!DOCTYPE e PUBLIC "-//X//DTD e//EN" "http://127.0.0.1:1/e.dtd">',
                    "<!DOCTYPE e SYSTEM 'file:///etc/hostname'>",
                ]
            )
        ),
    ]
    text = "".join(before) + root + draw(SPACE)
    lying = draw(st.sampled_from([claims, "UTF-16", "base64", "x-none"]))
    lie = text.replace(f"encoding='{claims}'", f"encoding='{lying}'")
    data = text.removeprefix("\ufeff").encode(encoding)
    return Body(plain), Body(lie, data, draw(headers()))


def _same_on_all_ways(operation: str, plain: Body, decorated: Body, encoding: str) -> None:
    lie = {"Content-Type": "application/json; charset=base64"}
    for way in WAYS:
        plan = PLANS[way]
        wanted = told(plan, operation, way, enveloped(way, plain))
        assert wanted[0] != "unknown" or "held" in plain.text
        assert wanted[1]
        assert told(plan, operation, way, enveloped(way, decorated, encoding, **lie)) == wanted


@given(json_answers(), UNICODE)
def test_json(answers: tuple[Body, Body], encoding: str) -> None:
    _same_on_all_ways("json", *answers, encoding)


@given(form_answers(), UNICODE)
def test_forms(answers: tuple[Body, Body], encoding: str) -> None:
    _same_on_all_ways("form", *answers, encoding)


@given(xml_answers(), UNICODE)
def test_xml(answers: tuple[Body, Body], encoding: str) -> None:
    _same_on_all_ways("xml", *answers, encoding)


@given(
    data=st.binary(max_size=60) | st.text(st.characters(codec=None), max_size=60),
    kind=st.sampled_from(["json", "form", "xml"]),
    declared=LIES | st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30),
    status=st.sampled_from([200, 204, 302, 404, 500]),
)
@example(b"[" * 100_000, "json", "utf-8", 200)
@example(b'{"total": 1e999999999999999999999}', "json", "utf-8", 200)
@example(b'{"state": "paid", "transId": ' + b"9" * 6000 + b"}", "json", "utf-8", 200)
@example(b"<a>" * 50_000, "xml", "utf-8", 200)
@example(b'<?xml version="1.0" encoding="rot13"?><a/>', "xml", "undefined", 200)
@example(b"&" * 100_000, "form", "idna", 200)
@example("\ud800", "xml", "utf-8", 200)
def test_nothing_raises(data: bytes | str, kind: str, declared: str, status: int) -> None:
    text = data if isinstance(data, str) else data.decode("latin-1")
    sent = text.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    body = Body(text, sent, {"Content-Type": f"x; charset={declared}"}, status)
    for way in WAYS:
        result = ran(PLANS[way], kind, way, enveloped(way, body))
        assert result.outcome in (Outcome.UNKNOWN, Outcome.REJECTED)


@given(
    data=st.binary(max_size=60),
    way=st.sampled_from(["checkout", "stripe"]),
    declared=LIES,
)
def test_no_answer_of_a_vault_raises(data: bytes, way: str, declared: str) -> None:
    answer = enveloped("direct", Body("", data or b" ", {"Content-Type": f"x; charset={declared}"}))
    assert ran(PLANS[way], "json", way, answer).outcome is Outcome.UNKNOWN


CUTS: Final[dict[str, Callable[[str], str]]] = {
    "cut": lambda text: text[: len(text) // 2],
    "page": lambda text: f"<!DOCTYPE html><html><body>{text}</body></html>",
    "nothing": lambda _text: "",
    "twice": lambda text: text + text,
}


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("operation", ["json", "xml"])
def test_what_cannot_be_read_is_unknown(operation: str, way: str, cut: str) -> None:
    plain = {
        "json": '{"state": "paid", "transId": "T1", "total": 5}',
        "xml": XML.format(soap=SOAP, pay=PAY, id=5, state="paid", name="x"),
    }[operation]
    assert told(PLANS[way], operation, way, enveloped(way, Body(plain)))[0] == "approved"
    body = Body(CUTS[cut](plain))
    assert told(PLANS[way], operation, way, enveloped(way, body)) == ("unknown", {})
