"""`forwardc build` and `run` against a server whose answers are written as real ones are."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from answered import WAYS, Body, enveloped
from forwardc.cli.main import run as cli

PROJECT = """\
forwardc: 1
merchant: {name: Shop of Tests}
environments:
  sandbox:
    vaults:
      checkout: {processing_channel_id: pc_abcdefghijklmnopqrstuvwxyz}
      stripe: {account: acct_test, api_version: 2026-09-30.endive}
"""
DESTINATION = """\
forwardc: 1
name: harbour
title: A gateway of tests
docs: https://docs.harbour.example
environments: {sandbox: {base_url: https://sandbox.harbour.example}}
operations:
  json:
    initiator: customer
    steps:
      pay:
        request: {POST: /json, json: {number: "${card.number}"}}
        response: &json
          outputs: {receipt: {at: /receipt}}
          outcome:
            - {when: "${response.json['result']['code'] == '00'}", is: approved}
            - {when: "${response.json['result']['code'] in ['05', '51']}", is: declined}
  form:
    initiator: customer
    steps:
      pay:
        request: {POST: /form, json: {number: "${card.number}"}}
        response:
          outputs: {receipt: {at: /receipt}}
          outcome:
            - {when: "${response.form['code'] == '00'}", is: approved}
            - {when: "${response.form['code'] in ['05', '51']}", is: declined}
  soap:
    initiator: customer
    steps:
      pay:
        request: {POST: /soap, xml: {number: "${card.number}"}}
        response:
          namespaces: {soap: "http://www.w3.org/2003/05/soap-envelope", h: "urn:harbour"}
          outputs: {receipt: {at: "/soap:Envelope/soap:Body/h:result/h:receipt"}}
          outcome:
            - when: "${response.xml['soap:Envelope']['soap:Body']['h:result']['.h:code'] == '00'}"
              is: approved
            - when: "${response.xml['soap:Envelope']['soap:Body']['h:result']['.h:code'] == '05'}"
              is: declined
  direct:
    initiator: merchant
    steps:
      pay:
        deliver: direct
        request: {POST: /direct, json: {ping: "1"}}
        response: *json
"""
SOURCES = {"checkout": "src_abcdefghijklmnopqrstuvwxyz", "stripe": "pm_1AbCdEf", "direct": ""}
OK = '{"result": {"code": "00"}, "receipt": "R-1"}'
SOAP = (
    "<{0}:Envelope xmlns:{0}='http://www.w3.org/2003/05/soap-envelope'><{0}:Header/><{0}:Body>"
    "<{1}:result xmlns:{1}='urn:harbour' {1}:code='{2}'><{1}:receipt>R-1</{1}:receipt>"
    "</{1}:result></{0}:Body></{0}:Envelope>"
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("project")
    (root / "destinations").mkdir()
    (root / "forwardc.yaml").write_text(PROJECT)
    (root / "destinations" / "harbour.yaml").write_text(DESTINATION)
    assert cli(["build", "--project", str(root)]) == 0
    return root


class Server:
    """Every vault and the destination at once: the next answer is set before each run."""

    def __init__(self) -> None:
        self.status, self.headers, self.body = 200, [(b"", b"")], b""

    def will_answer(self, way: str, body: Body) -> None:
        answer = enveloped(way, body)
        self.status, self.body = answer.status_code, answer.content
        self.headers = answer.headers.raw

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        more = True
        while more:
            more = (await receive()).get("more_body", False)
        start = {"type": "http.response.start", "status": self.status, "headers": self.headers}
        await send(start)
        await send({"type": "http.response.body", "body": self.body})


@pytest.fixture(scope="module")
def server() -> Server:
    return Server()


@pytest.fixture(scope="module")
def url(server: Server, serve: Callable[[Any], Any]) -> Iterator[str]:
    with serve(server) as address:
        yield address


@pytest.fixture
def pay(
    project: Path, server: Server, url: str, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Run an operation over an answer: exit code, and what is printed."""

    def call(operation: str, way: str, body: Body) -> tuple[int, str]:
        server.will_answer(way, body)
        target = f"harbour.{'direct' if way == 'direct' else operation}"
        source = ("--source", SOURCES[way]) if SOURCES[way] else ()
        options = ("--via", way, "--env", "sandbox", "--sandbox", url, "--no-history")
        code = cli(["run", target, "--build", str(project / "build"), *options, *source])
        out, err = capfd.readouterr()
        assert err == ""
        return code, out

    return call


READ = {
    "mark": Body("\ufeff" + OK),
    "space": Body("\r\n" + OK + "\n\n"),
    "utf16": Body(OK, OK.encode("utf-16"), {"Content-Type": "application/json; charset=latin1"}),
    "charset": Body(OK, headers={"content-type": "application/json; charset=base64"}),
    "number": Body(OK.replace('"R-1"', "123456789012345678901234")),
    "member twice, alike": Body(OK[:-1] + ', "receipt": "R-1"}'),
    "member twice, unread": Body(OK[:-1] + ', "note": 1, "note": 2}'),
}


@pytest.mark.parametrize("body", READ.values(), ids=READ)
@pytest.mark.parametrize("way", WAYS)
def test_json_that_says_approved(pay: Any, way: str, body: Body) -> None:
    code, out = pay("json", way, body)
    assert (code, out.splitlines()[-1]) == (0, "approved")
    shown = "123456789012345678901234" if "R-1" not in body.text else "R-1"
    assert f"  output   receipt = {shown}\n" in out


NO_JSON = "unknown: the destination answered 200, and the body is no JSON"
TWICE = "unknown: rule 1 cannot be computed: the answer gives this member twice"
UNKNOWN = {
    "page": ("<!DOCTYPE html><html><body>Down for maintenance</body></html>", NO_JSON),
    "cut": (OK[:20], NO_JSON),
    "nothing": ("", NO_JSON),
    "not a number": ('{"result": {"code": NaN}, "receipt": "R-1"}', NO_JSON),
    "deep": ("[" * 90_000 + "]" * 90_000, NO_JSON),
    "long exponent": ('{"result": {"code": 1e999999999}, "receipt": "R-1"}', NO_JSON),
    "code twice": ('{"result": {"code": "00", "code": "05"}, "receipt": "R-1"}', TWICE),
    "result twice": ('{"result": {"code": "00"}, "receipt": "R-1", "result": {}}', TWICE),
    "receipt twice": (
        '{"result": {"code": "00"}, "receipt": "R-1", "receipt": "R-2"}',
        "unknown: the answer gives receipt twice, with different values",
    ),
    "receipt missing": ('{"result": {"code": "00"}}', "unknown: the answer lacks receipt"),
}


@pytest.mark.parametrize(("text", "why"), UNKNOWN.values(), ids=UNKNOWN)
@pytest.mark.parametrize("way", WAYS)
def test_json_that_says_nothing(pay: Any, way: str, text: str, why: str) -> None:
    code, out = pay("json", way, Body(text))
    assert code == 13
    assert f"\n{why}\n" in out
    assert "CONTRADICTION" not in out


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("code=00&receipt=R-1&", 0),
        ("&code=00&&receipt=R-1&\r\n", 0),
        ("test&code=05&receipt=R-1", 10),
        ("code=00&receipt=R-1&code=00", 0),
        ("code=00&receipt=R-1&code=05", 13),
        ("<p>code=00&receipt=R-1</p>", 13),
    ],
)
@pytest.mark.parametrize("way", ["checkout", "stripe"])
def test_forms(pay: Any, way: str, text: str, code: int) -> None:
    assert pay("form", way, Body(text))[0] == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (SOAP.format("soap", "h", "00"), 0),
        (SOAP.format("env", "ns1", "00"), 0),
        (SOAP.format("h", "soap", "05"), 10),
        ('<?xml version="1.0" encoding="ISO-8859-1"?>' + SOAP.format("S", "r", "00"), 0),
        ('\r\n<?xml version="1.0"?><!DOCTYPE x SYSTEM "x.dtd">' + SOAP.format("S", "r", "00"), 0),
        ("<!DOCTYPE x [<!ENTITY c '00'>]>" + SOAP.format("S", "r", "&c;"), 13),
        (SOAP.replace("urn:harbour", "urn:other").format("soap", "h", "00"), 13),
        (SOAP.replace("2003/05", "2001/12").format("soap", "h", "00"), 13),
    ],
)
@pytest.mark.parametrize("way", ["checkout", "stripe"])
def test_soap(pay: Any, way: str, text: str, code: int) -> None:
    assert pay("soap", way, Body(text))[0] == code
