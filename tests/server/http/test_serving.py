"""`forwardc serve` over the network: what comes in, what is refused, what is written down."""

import json
import socket
import time
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import gate
from forwardc.runtime.secret_providers.made_up import sandbox_secret
from forwardc.server.http.process import _protocol
from forwardc.server.http.protocol import BoundedHttpProtocol
from patience import LONG_S
from serving import EMAIL, NAME, PATH, SOURCE, Server, reference

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("serving")]
NESTED = b'{"partnerPaymentReference":' + b'{"a":' * 2_000 + b"1" + b"}" * 2_000 + b"}"


def problem(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


def post(server: Server, body: bytes, source: str = "127.0.0.1", **headers: str) -> httpx.Response:
    transport = httpx.HTTPTransport(local_address=source)
    with server.client(transport=transport) as client:
        asked = server.shop.request()["headers"]
        known = {**asked, "Content-Type": "application/json"}
        known |= {name.replace("_", "-"): value for name, value in headers.items()}
        return client.post(PATH, content=body, headers=known)


def talk(server: Server, *parts: bytes, pause: float = 0.0, within: float = LONG_S) -> bytes:
    """What comes back over one connection until it is closed."""
    port = urlsplit(server.url).port
    with socket.create_connection(("127.0.0.1", port), timeout=within) as connection:
        for part in parts:
            connection.sendall(part)
            time.sleep(pause)
        told = b""
        try:
            while chunk := connection.recv(65_536):
                told += chunk
        except ConnectionResetError:
            pass
        return told


def head(server: Server, *fields: str) -> bytes:
    token = server.shop.token()
    lines = [
        f"POST {PATH} HTTP/1.1",
        "Host: 127.0.0.1",
        f"Authorization: Bearer {token}",
        "Content-Type: application/json",
        *fields,
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def test_a_merchants_way_from_client_to_replay(server: Server) -> None:
    done = server.shop.run("clients", "issue", "rokt", "--json")
    client = json.loads(done.stdout)
    with server.client() as session:
        granted = session.post(
            "/oauth/token",
            auth=(client["client_id"], client["client_secret"]),
            data={"grant_type": "client_credentials"},
        ).json()
        # Of its own: what another client asked for first is that one's.
        asked = server.shop.request(70, granted["access_token"])
        first, second = (session.post(PATH, **asked) for _ in range(2))
    answer = first.json()
    assert first.status_code == 200
    assert answer["status"] == 200
    assert answer["body"]["destination_response"]["status"] == 200
    assert answer["request-time"] >= 0
    assert second.content == first.content
    assert second.headers["idempotent-replayed"] == "true"
    assert second.headers["forwardc-run"] == first.headers["forwardc-run"]
    assert "server" not in first.headers
    shown = server.shop.run("history", "show", first.headers["forwardc-run"])
    assert "approved" in shown.stdout, shown.stderr


def test_a_decline_is_an_answer(server: Server) -> None:
    answer = server.call(100)
    assert answer.status_code == 200
    assert answer.json()["status"] == 402


def test_callbacks_come_in_beside_the_api(server: Server) -> None:
    played = sandbox_secret("rocketpay", "rocketpay_secret")
    with server.client() as session:
        good, forged = (
            session.post("/callbacks/rocketpay", content=gate.body(gate.signed(told, secret)))
            for told, secret in ((gate.of_token(), played), (gate.of_card(), gate.SECRET))
        )
        assert (good.status_code, good.json()) == (200, {"status": "stored"})
        assert forged.status_code == 403
    kept = ("--env", "sandbox", "--offline", "--sandbox", server.shop.sandbox)
    shown = server.shop.run("tokens", "show", "rocketpay", gate.TOKEN, *kept)
    assert "active" in shown.stdout, shown.stderr


def test_a_token_of_nobody_is_refused(server: Server) -> None:
    with server.client() as client:
        body = server.shop.request()["json"]
        answer = client.post(PATH, json=body)
        assert problem(answer) == (401, "invalid-token")
        assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("source", "headers", "expected"),
    [
        ("127.0.0.2", {}, 403),
        ("127.0.0.2", {"X_Forwarded_For": "127.0.0.1"}, 403),
        ("127.0.0.2", {"Forwarded": "for=127.0.0.1"}, 403),
        ("127.0.0.2", {"X_Real_IP": "127.0.0.1", "CF_Connecting_IP": "127.0.0.1"}, 403),
        ("127.0.0.9", {"X_Forwarded_For": "127.0.0.1"}, 415),
        ("127.0.0.9", {"X_Forwarded_For": "127.0.0.1, 192.0.2.1"}, 403),
        ("127.0.0.9", {"Forwarded": 'for="198.51.100.7:4711"'}, 415),
        ("127.0.0.9", {"Forwarded": "for=127.0.0.1", "X_Forwarded_For": "192.0.2.1"}, 400),
        ("127.0.0.9", {"X_Forwarded_For": "unknown"}, 400),
        ("127.0.0.9", {}, 403),
        ("127.0.0.1", {"X_Forwarded_For": "192.0.2.1"}, 415),
    ],
)
def test_addresses_are_those_of_the_network(
    server: Server, source: str, headers: dict[str, str], expected: int
) -> None:
    """415 is the first thing that somebody who was let in gets, for a body of another type."""
    answer = post(server, b"x", source, Content_Type="text/plain", **headers)
    assert answer.status_code == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"x" * 65_537, (413, "content-too-large")),
        (b" " * 65_536, (400, "invalid-request")),
        (NESTED, (400, "invalid-request")),
        (b'{"destination":"a","destination":"b"}', (400, "invalid-request")),
        (b"{}", (400, "invalid-request")),
        (b"[1e999]", (400, "invalid-request")),
        (b"\xff\xfe", (400, "invalid-request")),
        (b"", (400, "invalid-request")),
    ],
    ids=["large", "blank", "deep", "twice", "empty", "number", "bytes", "nothing"],
)
def test_bodies_that_are_none_are_refused(
    server: Server, body: bytes, expected: tuple[int, str]
) -> None:
    before = server.shop.vault.forwards
    assert problem(post(server, body)) == expected
    assert server.shop.vault.forwards == before


@pytest.mark.parametrize(
    "text",
    ["' OR 1=1 --", "{{ secret_rokt_token }}", "${params.reference}", "../../etc/passwd"],
)
def test_a_reference_of_another_language_is_not_found(server: Server, text: str) -> None:
    asked: dict[str, Any] = server.shop.request()
    asked["json"]["partnerPaymentReference"] = text
    with server.client() as client:
        assert problem(client.post(PATH, **asked)) == (404, "payment-not-found")


def test_a_body_that_comes_too_slowly_is_given_up(server: Server) -> None:
    began = time.monotonic()
    told = talk(server, head(server, "Content-Length: 10"), b"{")
    assert told.startswith(b"HTTP/1.1 408 ")
    assert b"/problems/request-timeout" in told
    assert 0.5 < time.monotonic() - began < 30


@pytest.mark.parametrize(
    "parts",
    [(), (b"GET / HT",), (b"\r\n",), (b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"\r\n")],
    ids=["nothing", "half", "blank", "after"],
)
def test_a_head_that_does_not_come_is_not_waited_for(
    server: Server, parts: tuple[bytes, ...]
) -> None:
    began = time.monotonic()
    talk(server, *parts, pause=0.1)
    # A server keeps an idle connection for 30 seconds, and one with half a head for ever.
    assert 0.5 < time.monotonic() - began < 20


def test_a_head_that_comes_byte_by_byte_is_not_waited_for(server: Server) -> None:
    port = urlsplit(server.url).port
    sent = 0
    with (
        socket.create_connection(("127.0.0.1", port), timeout=LONG_S) as connection,
        suppress(OSError),
    ):
        for one in b"GET /health HTTP/1.1\r\nX-Slow: " + b"x" * 1_000:
            connection.sendall(bytes([one]))
            sent += 1
            time.sleep(0.05)
    # All of it would take 50 seconds.
    assert sent < 500


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /health HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 70_000, b"431"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"400"),
        (b"GET /health HTTP/9.9\r\n\r\n", b"400"),
        (b"GET /health HTTP/1.1\r\nHost: a\r\n X: folded\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"400"),
    ],
    ids=["long", "tls", "version", "folded", "negative", "both", "chunk"],
)
def test_what_is_not_http_is_refused(server: Server, sent: bytes, status: bytes) -> None:
    told = talk(server, sent)
    assert told.startswith(b"HTTP/1.1 " + status)
    assert b"application/problem+json" in told


def test_chunks_that_never_end_are_cut_off(server: Server) -> None:
    chunk = b"1000\r\n" + b"x" * 4_096 + b"\r\n"
    told = talk(server, head(server, "Transfer-Encoding: chunked"), *[chunk] * 17)
    assert told.startswith(b"HTTP/1.1 413 ")


def test_garbage_behind_a_call_harms_nobody(server: Server) -> None:
    good = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    told = talk(server, good + b"\x00\xffnonsense\r\n\r\n")
    assert told.startswith(b"HTTP/1.1 200 ")
    assert told.endswith(b'{"status":"ok"}')


def test_a_connection_has_one_call_at_a_time(server: Server) -> None:
    """Each of thousands behind one another would take memory before its caller is looked at."""
    good = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    assert talk(server, good, good[:-2] + b"Connection: close\r\n\r\n", pause=0.1).count(b"ok") == 2
    told = talk(server, good * 20)
    assert told.count(b"HTTP/1.1 ") == 1
    assert told.endswith(b'{"status":"ok"}')


def test_nothing_behind_a_body_counts_as_its_head(server: Server) -> None:
    """A proxy checks and sets the fields of the head, and lets those behind the body through."""
    body = json.dumps(server.shop.request()["json"]).encode()
    chunks = b"%x\r\n%s\r\n0\r\n" % (len(body), body)
    more = ("Transfer-Encoding: chunked", "Connection: close")
    whole = head(server, *more)
    assert talk(server, whole + chunks + b"X: y\r\n\r\n").startswith(b"HTTP/1.1 200 ")
    (token,) = [line for line in whole.split(b"\r\n") if line.startswith(b"Authorization")]
    bare = whole.replace(token + b"\r\n", b"")
    told = talk(server, bare + chunks + token + b"\r\n\r\n")
    assert told.startswith(b"HTTP/1.1 401 ")


def test_what_follows_an_upgrade_is_no_second_call(server: Server) -> None:
    hidden = b"GET /openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    length = f"Content-Length: {len(hidden)}"
    first = head(server, "Upgrade: h2c", "Connection: Upgrade", length)
    told = talk(server, first, hidden, pause=0.1)
    assert told.count(b"HTTP/1.1 ") == 1
    assert told.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    ("version", "coding", "status"),
    [("1.1", "chunked", 200), ("1.1", "gzip, chunked", 400), ("1.0", "chunked", 400)],
)
def test_a_body_has_one_end_for_everybody(
    server: Server, version: str, coding: str, status: int
) -> None:
    body = json.dumps(server.shop.request()["json"]).encode()
    first = head(server, f"Transfer-Encoding: {coding}", "Connection: close")
    first = first.replace(b"HTTP/1.1", b"HTTP/" + version.encode(), 1)
    told = talk(server, first + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
    assert told.startswith(b"HTTP/1.1 %d " % status)


@pytest.mark.parametrize("endless", [b"1;x=", b"0\r\nX: "], ids=["extension", "trailer"])
def test_what_is_no_part_of_a_body_is_bounded_too(server: Server, endless: bytes) -> None:
    port = urlsplit(server.url).port
    sent = 0
    with socket.create_connection(("127.0.0.1", port), timeout=LONG_S) as connection:
        connection.sendall(head(server, "Transfer-Encoding: chunked") + endless)
        try:
            while sent < 64 << 20:
                connection.sendall(b"x" * 65_536)
                sent += 65_536
        except OSError:
            pass
    assert sent < 32 << 20


def test_a_name_that_is_not_ours_is_refused(server: Server) -> None:
    answer = post(server, b"{}", Host="evil.example")
    assert problem(answer) == (421, "misdirected")


def test_no_value_of_a_call_is_written_down(server: Server) -> None:
    token = server.shop.token()
    key = "order-77-key"
    with server.client() as client:
        asked = server.shop.request(2, token)
        asked["headers"] |= {"Idempotency-Key": key}
        assert client.post(f"{PATH}?note={key}", **asked).status_code == 200
        figures = client.get("/metrics").text
    told = server.told("rokt-test", "approved")
    written = "".join(server.lines) + figures
    for value in (reference(2), EMAIL, SOURCE, token, token.split(".")[2], key, "127.0.0.1"):
        assert value not in written
    assert (told["route"], told["status"]) == (PATH, 200)
    outcome = f'destination="{NAME}",outcome="approved",vault="checkout"'
    assert f"forwardc_forwards_total{{{outcome}}}" in figures


def test_the_server_describes_itself(server: Server) -> None:
    with server.client() as client:
        assert client.get("/openapi.json").json()["openapi"].startswith("3.1")
        assert "HTTP 404" in client.get("/problems/payment-not-found").text
        assert client.get("/ready").json()["status"] == "ok"
        assert problem(client.get("/history")) == (404, "not-found")
        assert problem(client.put(PATH)) == (405, "method-not-allowed")


def test_without_its_parser_the_server_still_bounds_heads(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _protocol() is BoundedHttpProtocol
    monkeypatch.setattr("forwardc.server.http.process.has_parser", lambda: False)
    assert _protocol() == "h11"


_PIECES = st.sampled_from(
    [
        b"GET /health HTTP/1.1\r\n",
        b"POST /v1/initiate-payment-sharing HTTP/1.1\r\n",
        b"Host: 127.0.0.1\r\n",
        b"Content-Length: 5\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Expect: 100-continue\r\n",
        b"Upgrade: websocket\r\nConnection: Upgrade\r\n",
        b"\r\n",
        b"5\r\nhello\r\n0\r\n\r\n",
    ]
)


@pytest.mark.fuzz
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_PIECES | st.binary(max_size=40), max_size=12))
def test_nothing_that_is_sent_brings_the_server_down(server: Server, parts: list[bytes]) -> None:
    port = urlsplit(server.url).port
    with socket.create_connection(("127.0.0.1", port), timeout=LONG_S) as connection:
        connection.sendall(b"".join(parts))
    with server.client() as client:
        assert client.get("/health").status_code == 200
    mistakes = [line for line in server.lines if '"level":"error"' in line]
    # A call without a token, or of no known path, is no mistake of ours.
    assert not mistakes
