"""Traces as a collector gets them: spans of a call and its parts, and no values."""

import asyncio
import sys
from ipaddress import ip_network
from time import perf_counter

import httpx
import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from collector import collecting
from forwardc.core.http.request_target import own_names
from forwardc.server.http.admission import Admission, Networks
from forwardc.server.http.middleware import AccessRules, ConcurrencyLimit, with_middleware
from forwardc.server.settings import AdmissionSettings, LimitSettings
from forwardc.server.telemetry.calls import CallInProgress, CallRecord
from forwardc.server.telemetry.telemetry import Telemetry
from forwardc.server.telemetry.traces import OpenTelemetryMissingError, open_traces
from ports import free_port

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
CANARY = "canary-77"


def a_call(watch: Telemetry, parent: str | None = None, status: int = 200) -> CallInProgress:
    call = CallInProgress("/v1/initiate-payment-sharing", "POST")
    with watch.observed(call, parent):
        with watch.span("lookup"), pytest.raises(ValueError, match=CANARY):
            fails(watch)
        with watch.span("forward", {"vault": "stripe", "destination": "rokt"}):
            call.status = status
        watch.call(CallRecord("", "", 0, 0, client_id="c-1", run_id="r-1", outcome="approved"))
    return call


def fails(watch: Telemetry) -> None:
    with watch.span("claim"):
        raise ValueError(CANARY)


def test_a_collector_gets_the_spans_of_a_call() -> None:
    with collecting() as collector:
        watch = Telemetry(traces=open_traces(collector.url))
        call = a_call(watch, PARENT)
        a_call(watch, None, 503)
        watch.close()
    spans = {span.name: span for span in collector.spans[:4]}
    assert set(spans) == {"call", "lookup", "claim", "forward"}
    whole = spans["call"]
    assert whole.trace_id.hex() == "0af7651916cd43dd8448eb211c80319c" == call.trace_id
    assert whole.parent_span_id.hex() == "b7ad6b7169203331"
    assert spans["forward"].parent_span_id == whole.span_id
    assert spans["claim"].parent_span_id == spans["lookup"].span_id
    told = {one.key: one.value for one in whole.attributes}
    assert told["http.response.status_code"].int_value == 200
    assert told["forwardc.run"].string_value == "r-1"
    assert {one.key: one.value.string_value for one in spans["forward"].attributes} == {
        "forwardc.vault": "stripe",
        "forwardc.destination": "rokt",
    }
    # Of what went wrong there is the type, and not the text.
    assert spans["claim"].status.message == "ValueError"
    assert not any(CANARY.encode() in body for body in collector.bodies)
    second = [span for span in collector.spans if span.name == "call"][1]
    assert second.parent_span_id == b""
    assert second.trace_id != whole.trace_id
    assert second.status.code == 2


@pytest.mark.parametrize("parent", ["", "nonsense", "00-0-0-01", CANARY])
def test_a_parent_that_is_none_begins_a_trace(parent: str) -> None:
    with collecting() as collector:
        watch = Telemetry(traces=open_traces(collector.url))
        a_call(watch, parent)
        watch.close()
    assert next(one for one in collector.spans if one.name == "call").parent_span_id == b""


def test_a_collector_that_is_away_is_no_matter_of_a_call() -> None:
    watch = Telemetry(traces=open_traces(f"http://127.0.0.1:{free_port()}"))
    began = perf_counter()
    for _ in range(50):
        a_call(watch)
    # A call that waited for three seconds, as an export does, would be 50 times as late.
    assert perf_counter() - began < 30
    # Nor does it keep a server from ending.
    watch.close()
    assert perf_counter() - began < 45


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(OpenTelemetryMissingError, match=r"pip install forwardc\[otel\]"):
        open_traces("http://127.0.0.1:4318")


@pytest.mark.parametrize(("peer", "believed"), [("10.0.0.5", True), ("192.0.2.9", False)])
def test_only_a_proxy_that_is_trusted_goes_on_with_a_trace(peer: str, believed: bool) -> None:
    """Over the network a caller could otherwise write into the traces of others."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await Response()(scope, receive, send)

    async def go(watch: Telemetry) -> None:
        everybody = (ip_network("10.0.0.0/8"), ip_network("192.0.2.0/24"))
        admit = AdmissionSettings(staff=everybody, trusted_proxies=(everybody[0],))
        rules = AccessRules(
            own_names("127.0.0.1", ()),
            Admission(admit),
            Networks.from_blocks(admit.trusted_proxies),
            LimitSettings(),
        )
        transport = httpx.ASGITransport(
            with_middleware(app, rules, ConcurrencyLimit(1), watch), client=(peer, 1)
        )
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            said = {"traceparent": PARENT, "X-Forwarded-For": "192.0.2.7"}
            assert (await client.get("/history", headers=said)).status_code == 200

    with collecting() as collector:
        watch = Telemetry(traces=open_traces(collector.url))
        asyncio.run(go(watch))
        watch.close()
    (span,) = collector.spans
    assert (span.parent_span_id.hex() == "b7ad6b7169203331") is believed
    assert (span.trace_id.hex() in PARENT) is believed
