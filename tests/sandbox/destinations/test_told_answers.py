"""The echo gives the answers that it was told, at their host and in their order."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from emulated import Emulated
from forwardc.sandbox.world import DestinationUnreachableError, OutboundRequest, World

HOST = "https://later.gateway.example"
SWITCH = "/_sandbox/echo/answers"
ECHO = {"received": True}


@pytest.fixture
def echo() -> Emulated:
    return Emulated(World())


def tell(echo: Emulated, answers: Any, host: str = HOST) -> httpx.Response:
    return echo.ask("POST", host + SWITCH, json=answers)


def test_answers_come_in_their_order_and_end(echo: Emulated) -> None:
    told = [
        {"status": 202, "json": {"state": "wait"}, "headers": {"Retry-After": "3"}, "times": 2},
        {"text": "<state>paid</state>", "headers": {"content-type": "text/xml"}},
        {"text": "odd"},
    ]
    left = tell(echo, told).json()["data"]
    assert [(one["status"], one["times"]) for one in left] == [(202, 2), (200, 1), (200, 1)]
    first, second = (echo.ask("GET", f"{HOST}/payments/1") for _ in range(2))
    assert (first.status_code, first.json()) == (202, {"state": "wait"})
    assert first.headers["retry-after"] == "3"
    assert second.content == first.content
    paid = echo.ask("POST", f"{HOST}/other", json={"a": 1})
    assert (paid.text, paid.headers["content-type"]) == ("<state>paid</state>", "text/xml")
    assert echo.ask("GET", HOST + SWITCH).json() == {"data": [{"status": 200, "times": 1}]}
    odd = echo.ask("GET", HOST)
    assert (odd.text, odd.headers["content-type"].partition(";")[0]) == ("odd", "text/plain")
    assert echo.ask("GET", HOST).json() == ECHO


def test_they_are_of_one_host_and_are_replaced_and_forgotten(echo: Emulated) -> None:
    tell(echo, [{"json": 1}])
    assert echo.ask("GET", "https://other.gateway.example").json() == ECHO
    tell(echo, [{"json": 2, "times": 5}])
    assert echo.ask("GET", HOST).json() == 2
    assert echo.ask("DELETE", HOST + SWITCH).json() == {"data": []}
    assert echo.ask("GET", HOST).json() == ECHO
    tell(echo, [{"json": None}])
    assert tell(echo, []).json() == {"data": []}
    assert echo.ask("GET", HOST).json() == ECHO


def test_what_is_refused_takes_no_answer_away(echo: Emulated) -> None:
    tell(echo, [{"json": "told"}])
    headers = {"Content-Type": "application/json"}
    assert echo.ask("POST", HOST, content=b"{", headers=headers).status_code == 400
    real = json.dumps({"number": "4539578763621486"})
    assert echo.ask("POST", HOST, content=real, headers=headers).status_code == 422
    assert echo.ask("GET", HOST).json() == "told"


@pytest.mark.parametrize("fault", ["timeout", "broken", "not_connected"])
def test_a_fault_is_one_of_the_connection(echo: Emulated, fault: str) -> None:
    tell(echo, [{"fault": fault}])
    echo.world.hang_seconds = 0
    # Without a server the cut connection is an answer without a body.
    assert echo.ask("GET", HOST).status_code == 502
    assert echo.ask("GET", HOST).json() == ECHO


def test_half_an_answer(echo: Emulated) -> None:
    tell(echo, [{"fault": "malformed"}])
    with pytest.raises(ValueError, match="Unterminated"):
        echo.ask("GET", HOST).json()


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({}, "answers: wrong type"),
        ([1], "0: wrong type"),
        ([{}], "0: one of json, text, fault"),
        ([{"json": 1, "text": "x"}], "0: one of json, text, fault"),
        ([{"json": 1}, {"json": 1, "body": "hidden"}], "1: unknown"),
        ([{"json": 1, "status": 199}], "0.status: value not allowed"),
        ([{"json": 1, "status": "200"}], "0.status: wrong type"),
        ([{"json": 1, "times": 0}], "0.times: value not allowed"),
        ([{"json": 1, "times": 1001}], "0.times: value not allowed"),
        ([{"fault": "hidden"}], "0.fault: value not allowed"),
        ([{"fault": "broken", "status": 200}], "0: a fault has no status and no headers"),
        ([{"json": 1, "headers": {"hid den": "1"}}], "0.headers: no header of HTTP"),
        ([{"json": 1, "headers": {"X-A": "hid\r\nden"}}], "0.headers: no header of HTTP"),
        ([{"json": 1, "headers": {"X-A": 1}}], "0.headers: wrong type"),
        ([{"json": 1, "headers": {"Content-Length": "9"}}], "0.headers: one that the sandbox"),
        ([{"json": 1, "headers": {"content-type": "text/a"}}], "0.headers: JSON has its type"),
        ([{"json": 1, "status": 204}], "0: this status has no body"),
        ([{"json": 1}] * 1001, "more than 1000 answers"),
    ],
    ids=range(18),
)
def test_what_is_no_answer_is_refused_at_its_place(echo: Emulated, answers: Any, said: str) -> None:
    tell(echo, [{"json": "before"}])
    refused = tell(echo, answers)
    assert refused.status_code == 400
    assert said in refused.json()["error"]
    assert "hid" not in refused.text
    # What was told before stays.
    assert echo.ask("GET", HOST).json() == "before"


def test_a_list_that_no_parser_reads_and_a_real_card(echo: Emulated) -> None:
    assert echo.ask("POST", HOST + SWITCH, content=b'[{"json": 1').status_code == 400
    assert echo.ask("POST", HOST + SWITCH, content=b"\xff").status_code == 400
    real = tell(echo, [{"json": {"number": "4539578763621486"}}])
    assert real.status_code == 422
    assert echo.ask("GET", HOST).json() == ECHO
    assert tell(echo, [{"json": {"number": "4242424242424242"}}]).status_code == 200


def test_a_vault_delivers_nothing_to_the_switch(echo: Emulated) -> None:
    """Such a URL is no destination's: nobody but a client on this machine tells answers."""
    order = OutboundRequest("POST", HOST + SWITCH, (), b'[{"json": 1}]')
    with pytest.raises(DestinationUnreachableError):
        asyncio.run(echo.world.deliver(order))
    assert echo.ask("GET", HOST).json() == ECHO
