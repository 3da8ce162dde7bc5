"""One function for each reader: bytes in; nothing out but the exceptions that it lets through.

What is caught here is the reader's contract: its own typed error, which becomes a diagnostic or
an answer. Whatever else is raised is a finding. What callers send.
"""

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from fuzzed.common import folder, loose


class _Wire(asyncio.Transport):
    """A connection whose answers nobody reads."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 5), "sockname": ("127.0.0.1", 80)})
        self.closed = False
        self.data = bytearray()

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.data += data

    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...
    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None: ...
    def get_protocol(self) -> asyncio.BaseProtocol:
        raise NotImplementedError


@dataclass
class _Calls:
    """An application that reads what a call says, as the middleware does."""

    problems: list[BaseException] = field(default_factory=list)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        from forwardc.server.http.admission import Networks, caller_address
        from forwardc.server.http.problems import ProblemError
        from forwardc.server.http.request_body import (
            CallerLeftError,
            check_content_coding,
            read_body,
            read_header_fields,
        )
        from forwardc.server.settings import AdmissionSettings

        try:
            fields = read_header_fields(scope, 16_384)
            caller_address(
                "127.0.0.1",
                fields.forwarding,
                Networks.from_blocks(AdmissionSettings().trusted_proxies),
            )
            if fields.has_body:
                await read_body(fields, receive, 65_536, 0.05)
                check_content_coding(fields)
        except (ProblemError, CallerLeftError):
            pass
        except asyncio.CancelledError:
            raise
        except BaseException as problem:
            self.problems.append(problem)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


def raw_http(data: bytes) -> None:
    problems = asyncio.run(_spoken(data))
    if problems:
        raise problems[0]


async def _spoken(data: bytes) -> list[BaseException]:
    from uvicorn.server import ServerState

    from forwardc.server.http import protocol
    from forwardc.server.http.process import ServerConfig
    from forwardc.server.settings import LimitSettings

    calls = _Calls()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(
        lambda _, told: calls.problems.append(told.get("exception") or RuntimeError(str(told)))
    )
    config = ServerConfig(
        calls, LimitSettings(), http=protocol.BoundedHttpProtocol, lifespan="off", log_config=None
    )
    config.load()
    connection = protocol.BoundedHttpProtocol(config, ServerState(), {})
    wire = _Wire()
    connection.connection_made(wire)
    # As one piece, and cut where a caller may cut it.
    half = len(data) // 2
    for piece in (data[:half], data[half:]):
        if piece and not wire.closed:
            connection.data_received(piece)
        await asyncio.sleep(0)
    for _ in range(10):
        await asyncio.sleep(0)
    connection.connection_lost(None)
    await asyncio.sleep(0)
    assert not wire.data or wire.data.startswith(b"HTTP/1.1 "), "an answer that is no HTTP"
    return calls.problems


def addresses(data: bytes) -> None:
    from ipaddress import ip_network

    from forwardc.server.http.admission import ForwardingHeaders, Networks, caller_address
    from forwardc.server.http.problems import ProblemError

    lines = data.split(b"\n")
    proxies = Networks.from_blocks([ip_network("127.0.0.0/8"), ip_network("10.0.0.0/8")])
    for claims in (
        ForwardingHeaders(lines, ()),
        ForwardingHeaders((), lines),
        ForwardingHeaders(lines, lines),
    ):
        for peer in ("127.0.0.1", "192.0.2.1", loose(lines[0])):
            with suppress(ProblemError):
                caller_address(peer, claims, proxies)


def access_token(data: bytes) -> None:
    from bearer import AUDIENCE, ISSUER
    from bearer import NOW as THEN
    from forwardc.server.oauth.bearer_tokens import (
        InvalidTokenError,
        TokenExpectations,
        check_claims,
        parse_token,
        verify_signature,
    )

    expected = TokenExpectations(ISSUER, AUDIENCE, frozenset({"at+jwt"}), 900, 30)
    with suppress(InvalidTokenError):
        token = parse_token(loose(data))
        with suppress(InvalidTokenError):
            verify_signature(token, _pinned())
        check_claims(token, expected, THEN)


@cache
def _pinned() -> Any:
    from bearer import ec_signer
    from forwardc.server.oauth.verification_keys import read_verification_key

    return read_verification_key(ec_signer().jwk(), ("ES256",))


def token_request(data: bytes) -> None:
    from starlette.requests import Request

    from forwardc.server.oauth.token_endpoint import _asked, _form, _TokenRequestError

    async def receive() -> Any:
        return {"type": "http.request", "body": data, "more_body": False}

    kind = (b"content-type", b"application/x-www-form-urlencoded")
    scope = {"type": "http", "method": "POST", "path": "/", "headers": [kind]}
    form: dict[str, str] = {}
    with suppress(_TokenRequestError):
        form = asyncio.run(_form(Request(scope, receive)))
        _asked([], form)
    for header in (loose(data), f"Basic {loose(data)}"):
        with suppress(_TokenRequestError):
            _asked([header], form)


def sharing_request(data: bytes) -> None:
    from forwardc.server.http.problems import ProblemError
    from forwardc.server.payment_sharing.request import read_key, read_request

    try:
        read_request(data, ("COM.ROKT.CATALOG",))
    except ProblemError as refusal:
        json.dumps(refusal.document())
    with suppress(ProblemError):
        read_key([loose(data)])


def sealed(data: bytes) -> None:
    from forwardc.server.payment_sharing.answer import CannotDecryptError, ReplayCipher

    with suppress(CannotDecryptError):
        ReplayCipher((b"k" * 32,)).open(loose(data), "share")


def callback(data: bytes) -> None:
    from forwardc.core.http.strict_json import StrictJsonError, read_object
    from forwardc.core.terms.values import Secret
    from forwardc.integrations.rocketpay.callback_format import read_callback
    from forwardc.integrations.rocketpay.callbacks import SignatureError, verified_digest

    with suppress(StrictJsonError):
        document = read_object(data)
        with suppress(SignatureError):
            verified_digest(document, Secret("a secret of the tests"))
        # A body that is signed may hold anything, too.
        read_callback(document, "0" * 64, ("rocketpay",))


@cache
def _logins() -> Any:
    from forwardc.dashboard.login import SharedLogins
    from forwardc.runtime.history.store import open_store
    from forwardc.server.oauth.server_keys import load_keys

    keys = load_keys(folder() / "server-keys.json", {}.get, history="h.db")
    store = open_store(f"sqlite:///{folder() / 'logins.db'}").__enter__()
    return SharedLogins(store, keys.sealing, lambda: 1_795_000_000.0)


def cookie(data: bytes) -> None:
    logins = _logins()
    assert logins.session(loose(data)) is None
    assert logins.redeem(loose(data)) is None
    logins.end(loose(data))


def dashboard_form(data: bytes) -> None:
    from starlette.requests import Request

    from forwardc.dashboard.web import PageRefusedError, form_of

    async def receive() -> Any:
        return {"type": "http.request", "body": data, "more_body": False}

    scope = {"type": "http", "method": "POST", "path": "/", "headers": []}
    with suppress(PageRefusedError):
        asyncio.run(form_of(Request(scope, receive)))
