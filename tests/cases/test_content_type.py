"""A Content-Type and a body kind: an error, a warning, or nothing, for each kind of pair."""

import json

from compiled import read_program
from forwardc.core.diagnostics.sink import Sink
from one_rule import one_rule

BODIES = {
    "json": {"json": {"number": "${card.number}"}},
    "form": {"form": {"number": "${card.number}"}},
    "xml": {"xml": {"payment": {"number": "${card.number}"}}},
    "text": {"text": "${card.number}"},
}
# Content-Type: what is found with a json, form, xml and text body: E error, w warning, - nothing.
TABLE = {
    "application/json": "-EE-",
    "APPLICATION/JSON": "-EE-",
    "text/json": "-EE-",
    "application/vnd.x+json; v=1": "-EE-",
    "application/problem+JSON": "-EE-",
    "application/x-www-form-urlencoded": "E-E-",
    "application/X-WWW-Form-URLencoded;charset=utf-8": "E-E-",
    "application/xml": "EE--",
    "text/xml; charset=UTF-8": "EE--",
    "application/soap+xml": "EE--",
    "image/svg+xml": "EE--",
    "multipart/form-data; boundary=x": "EEE-",
    "text/html": "EEE-",
    "text/csv": "EEE-",
    "image/png": "EEE-",
    "application/pdf": "EEE-",
    "application/jwt": "EEE-",
    "application/vnd.x+cbor": "EEE-",
    "text/plain": "www-",
    "application/octet-stream": "www-",
    "application/PTI95": "----",
    "application/vnd.shop.payment.v2": "----",
    "text/vnd.shop": "----",
    "json": "www-",
    "application/json/x": "www-",
    'application/json; charset="utf-8"': "-EE-",
    "application/PTI95; charset=utf8": "----",
    "application/PTI95; charset=us-ascii": "wwww",
    "application/PTI95;a=b; Charset = ISO-8859-15": "EEEE",
    "application/PTI95; charset=": "EEEE",
    "${params.kind}": "----",
    "application/${params.kind}": "----",
    "${settings.kind}": "-EE-",
}


def document(value: str, body: str, name: str) -> str:
    request = {"POST": "/c", "headers": {name: value}, **BODIES[body]}
    steps = {"send": {"request": request, "response": {"outcome": "by_status"}}}
    return json.dumps(
        {
            "forwardc": 1,
            "name": "case",
            "title": "A case",
            "environments": {"sandbox": {"base_url": "https://api.case.example"}},
            "settings": {"kind": {"type": "string"}} if "settings" in value else {},
            "params": {"kind": {"type": "string"}} if "params" in value else {},
            "operations": {"pay": {"initiator": "customer", "steps": steps}},
        }
    )


@one_rule("name", ["Content-Type", "content-type"])
@one_rule("value", TABLE)
def test_what_is_said_of_a_pair(value: str, name: str) -> None:
    found = ""
    for body in BODIES:
        sink = Sink()
        text = document(value, body, name).replace('"settings": {}, "params": {}, ', "")
        text = text.replace('"settings": {}, ', "").replace('"params": {}, ', "")
        read_program(text.encode(), sink, settings={"kind": "application/json"})
        said = sink.sorted()
        assert {one.code for one in said} <= {"FC0514"}
        assert all("Content-Type" in one.message and one.hint for one in said)
        found += {(): "-", ("error",): "E", ("warning",): "w"}[tuple(one.severity for one in said)]
    assert found == TABLE[value]
