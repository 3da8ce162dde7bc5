"""Which host and path a request is for, by RFC 9112, section 3.2: over a real connection, too."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from forwardc.core.http.request_target import (
    RequestTarget,
    RequestTargetError,
    host_name,
    own_names,
    parse_target,
)
from forwardc.dashboard.guard import Guard
from forwardc.server.http.admission import Admission, Networks
from forwardc.server.http.middleware import AccessRules, ConcurrencyLimit, with_middleware
from forwardc.server.http.process import ServerConfig
from forwardc.server.http.protocol import BoundedHttpProtocol
from forwardc.server.settings import AdmissionSettings, LimitSettings
from forwardc.server.telemetry.telemetry import Telemetry
from patience import LONG_S

NAMES = own_names("127.0.0.1", ["pay.shop.example"])
GOOD = "pay.shop.example"


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Tell what arrived behind the guards."""
    named = [value for name, value in scope["headers"] if name == b"host"]
    told = b"%s|%s|%s" % (scope["path"].encode(), scope["query_string"], b",".join(named))
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": told})


def door() -> ASGIApp:
    rules = AccessRules(
        NAMES, Admission(AdmissionSettings()), Networks.from_blocks(()), LimitSettings()
    )
    return with_middleware(echo, rules, ConcurrencyLimit(8), Telemetry())


class Kept:
    """A server on a port of its own, in a thread of its own."""

    def __init__(self, app: Any, protocol: Any) -> None:
        self._app, self._protocol = app, protocol
        self._ready, self._loop = threading.Event(), asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        async def go() -> None:
            config = ServerConfig(
                self._app,
                LimitSettings(),
                http=self._protocol,
                lifespan="off",
                log_config=None,
                access_log=False,
            )
            config.load()
            state = ServerState()
            self._stop = asyncio.Event()
            made = await self._loop.create_server(
                lambda: self._protocol(config, state, {}), "127.0.0.1", 0
            )
            self.port = made.sockets[0].getsockname()[1]
            self._ready.set()
            await self._stop.wait()
            made.close()

        self._loop.run_until_complete(go())
        self._loop.close()

    def __enter__(self) -> "Kept":
        self._thread.start()
        assert self._ready.wait(LONG_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(LONG_S)

    def ask(self, target: str, *named: str, method: str = "GET", version: str = "1.1") -> str:
        """The status, and what was told behind it."""
        lines = [f"{method} {target} HTTP/{version}", *(f"Host: {one}" for one in named)]
        sent = "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1")
        with socket.create_connection(("127.0.0.1", self.port), timeout=LONG_S) as connection:
            connection.sendall(sent)
            told = b""
            while chunk := connection.recv(65_536):
                told += chunk
        head, _, body = told.partition(b"\r\n\r\n")
        status = head.split(b" ")[1].decode()
        if b"transfer-encoding: chunked" in head.lower():
            body = body.split(b"\r\n")[1]
        return f"{status} {body.decode()}" if status == "200" else status


@contextmanager
def served(app: Any, protocol: Any) -> Iterator[Kept]:
    with Kept(app, protocol) as kept:
        yield kept


@pytest.fixture(scope="module", params=[BoundedHttpProtocol, H11Protocol], ids=["httptools", "h11"])
def kept(request: pytest.FixtureRequest) -> Iterator[Kept]:
    with served(door(), request.param) as found:
        yield found


@pytest.fixture(scope="module")
def guarded() -> Iterator[Kept]:
    """The dashboard's guard alone, as `forwardc dashboard` serves it."""
    with served(Guard(echo, NAMES), H11Protocol) as found:
        yield found


ACCEPTED = [
    ("/a/b?x=1", (GOOD,), f"/a/b|x=1|{GOOD}"),
    ("/a%20b", (f"{GOOD}:8457",), f"/a b||{GOOD}:8457"),
    ("//evil.example/x", (GOOD,), f"//evil.example/x||{GOOD}"),
    ("/http://evil.example/x", (GOOD,), f"/http://evil.example/x||{GOOD}"),
    (f"http://{GOOD}/a?x=1", (GOOD,), f"/a|x=1|{GOOD}"),
    (f"HTTP://{GOOD.upper()}:80/a", (GOOD,), f"/a||{GOOD.upper()}:80"),
    (f"https://{GOOD}", (GOOD,), f"/||{GOOD}"),
    (f"http://{GOOD}?x", (GOOD,), f"/|x|{GOOD}"),
    (f"http://{GOOD}//a//b", (GOOD,), f"//a//b||{GOOD}"),
    ("http://[::1]:8457/a", (GOOD,), "/a||[::1]:8457"),
    # The host in the target counts, and what the Host field says does not.
    (f"http://{GOOD}/a", ("evil.example",), f"/a||{GOOD}"),
    (f"http://{GOOD}/a%2Fb", (GOOD,), f"/a/b||{GOOD}"),
]


@pytest.mark.parametrize(("target", "named", "told"), ACCEPTED)
def test_what_is_right_comes_through_in_one_form(
    target: str, named: tuple[str, ...], told: str, kept: Kept
) -> None:
    assert kept.ask(target, *named) == f"200 {told}"


REFUSED = [
    # Another host: 421, wherever it stands.
    ("/a", ("evil.example",), "421"),
    ("http://evil.example/a", (GOOD,), "421"),
    ("https://evil.example", (GOOD,), "421"),
    (f"http://{GOOD}.evil.example/a", (GOOD,), "421"),
    ("http://evil.example:80/metrics?x=1", (GOOD,), "421"),
    # No host that is one: 400.
    ("/a", (), "400"),
    ("/a", ("",), "400"),
    ("/a", (" ",), "400"),
    ("/a", (GOOD, GOOD), "400"),
    ("/a", (GOOD, "evil.example"), "400"),
    ("/a", (f"me@{GOOD}",), "400"),
    ("/a", (f"{GOOD}:pw@evil.example",), "400"),
    ("/a", (f"{GOOD}:99999",), "400"),
    ("/a", (f"{GOOD}:8x",), "400"),
    ("/a", (f"{GOOD}:80:80",), "400"),
    ("/a", (f"{GOOD}, evil.example",), "400"),
    ("/a", (f"{GOOD} evil.example",), "400"),
    ("/a", (f"{GOOD}/x",), "400"),
    ("/a", (f"http://{GOOD}",), "400"),
    ("/a", (f"{GOOD}%zz",), "400"),
    ("/a", ("[::1",), "400"),
    ("/a", ("[::g]",), "400"),
    ("/a", ("[1.2.3.4]",), "400"),
    ("/a", ("p\xe4y.example",), "400"),
    (f"http://{GOOD}/a", (), "400"),
    (f"http://{GOOD}/a", (GOOD, GOOD), "400"),
    (f"http://{GOOD}/a", ("me@x",), "400"),
    (f"http://me@{GOOD}/a", (GOOD,), "400"),
    (f"http://me:pw@{GOOD}/a", (GOOD,), "400"),
    (f"http://{GOOD}@evil.example/a", (GOOD,), "400"),
    ("http:///a", (GOOD,), "400"),
    ("http:/a", (GOOD,), "400"),
    ("http:a", (GOOD,), "400"),
    (f"http://{GOOD}:99999/a", (GOOD,), "400"),
    (f"ftp://{GOOD}/a", (GOOD,), "400"),
    ("file:///etc/passwd", (GOOD,), "400"),
    ("/a#b", (GOOD,), "400"),
    (f"http://{GOOD}/a#b", (GOOD,), "400"),
    # Forms of other methods.
    ("*", (GOOD,), "400"),
    (f"{GOOD}:443", (GOOD,), "400"),
    (GOOD, (GOOD,), "400"),
    ("a/b", (GOOD,), "400"),
    ("?x=1", (GOOD,), "400"),
]


@pytest.mark.parametrize(("target", "named", "status"), REFUSED)
def test_what_is_not_is_refused(
    target: str, named: tuple[str, ...], status: str, kept: Kept
) -> None:
    assert kept.ask(target, *named) == status


@pytest.mark.parametrize(("target", "named", "status"), REFUSED)
def test_the_dashboard_alone_refuses_the_same(
    target: str, named: tuple[str, ...], status: str, guarded: Kept
) -> None:
    assert guarded.ask(target, *named) == status


def test_all_of_a_server_is_asked_for_by_options_only(kept: Kept) -> None:
    assert kept.ask("*", GOOD, method="OPTIONS") == f"200 *||{GOOD}"
    assert kept.ask(f"http://{GOOD}", "x", method="OPTIONS") == f"200 *||{GOOD}"
    assert kept.ask("*", "evil.example", method="OPTIONS") == "421"
    assert kept.ask("*", GOOD, method="POST") == "400"
    assert kept.ask(f"{GOOD}:443", GOOD, method="CONNECT") == "400"


def test_http_1_0_may_name_no_host_and_gets_nothing_for_it(kept: Kept) -> None:
    assert kept.ask("/a", version="1.0") == "421"
    # A probe of an old balancer.
    assert kept.ask("/health", version="1.0").startswith("200 /health")
    assert kept.ask(f"http://{GOOD}/a", version="1.0") == f"200 /a||{GOOD}"
    assert kept.ask("http://evil.example/a", version="1.0") == "421"
    assert kept.ask("/a", "me@x", version="1.0") == "400"


@given(st.binary(max_size=40), st.lists(st.binary(max_size=20), max_size=2), st.booleans())
@example(b"http://[::1]/", [b"a"], True)
@example(b"http://a%00b/", [b"a"], True)
def test_whatever_comes_there_is_an_aim_or_a_rule(
    target: bytes, named: list[bytes], must: bool
) -> None:
    try:
        found = parse_target("GET", target, named, must_name=must)
    except RequestTargetError:
        return
    assert isinstance(found, RequestTarget)
    assert found.path.startswith(b"/")
    assert found.authority is None or host_name(found.authority)
    if not target.startswith(b"/"):
        # As the standard library reads it.
        split = urlsplit(target.decode())
        assert split.scheme in ("http", "https")
        assert (split.username, split.password) == (None, None)
        assert found.authority is not None
        assert split.netloc.encode() == found.authority
