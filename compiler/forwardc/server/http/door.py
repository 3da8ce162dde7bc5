"""What stands before every handler: who asks, by which name, how much, and how fast.

Plain ASGI around an application. Each call ends here, whatever becomes of it, and is told once.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from forwardc.core.http.request_target import RequestTargetError, aim, name_in, own_names
from forwardc.server.http.admission import (
    Address,
    Admission,
    Networks,
    PathGroup,
    caller_address,
    parse_peer,
    path_group,
    route_label,
    shorten_address,
)
from forwardc.server.http.concurrency_limit import ConcurrencyLimit
from forwardc.server.http.problems import ProblemError, ProblemKind, problem_response, retry_after
from forwardc.server.http.request_body import (
    CallerLeftError,
    HeaderFields,
    check_content_coding,
    read_body,
    read_header_fields,
    replay_body,
)
from forwardc.server.settings import LimitSettings, ServerSettings
from forwardc.server.telemetry.calls import CallInProgress
from forwardc.server.telemetry.telemetry import Telemetry

_LOG: Final = logging.getLogger("forwardc.server")
_LONGEST_TARGET: Final = 4_096
_STOPPING_S: Final = 5.0
_CROWDED_S: Final = 1.0
_HEADERS: Final = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)
_SECURE: Final = (b"strict-transport-security", b"max-age=31536000")
# A closed connection answers no second call, such as one that was smuggled in behind the first.
_CLOSE: Final = {"Connection": "close"}
_NONE: Final[Mapping[tuple[str, str], ASGIApp]] = {}


@dataclass(frozen=True, slots=True)
class Rules:
    """What the door goes by. `names` are host names without a port, lower case."""

    names: frozenset[str]
    admission: Admission
    proxies: Networks
    limits: LimitSettings

    @classmethod
    def of(cls, settings: ServerSettings) -> "Rules":
        """The rules of a server's settings."""
        return cls(
            own_names(settings.server.host, settings.server.names),
            Admission(settings.admit),
            Networks.of(settings.admit.trusted_proxies),
            settings.limits,
        )


class Door:
    """An ASGI application around another one.

    `direct` are those behind a method and a path that need no routing. They raise `ProblemError`.
    """

    def __init__(
        self,
        app: ASGIApp,
        rules: Rules,
        traffic: ConcurrencyLimit,
        watch: Telemetry,
        direct: Mapping[tuple[str, str], ASGIApp] = _NONE,
    ) -> None:
        self.app = app
        self.direct = direct
        self.rules = rules
        self.traffic = traffic
        self.watch = watch

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the call on. Never raises but where the server itself is stopped."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await self._call(scope, receive, send)

    async def _call(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = CallInProgress("other", scope["method"])
        try:
            fields = _aimed(scope, self.rules.limits.headers)
            call.route = route_label(scope["path"])
            address = self._caller(scope, fields, call)
        except ProblemError as refusal:
            with self.watch.over(call):
                await self._refuse(refusal, call, scope, receive, send)
            return
        believed = self._is_proxy(scope)
        if believed and fields.text(b"x-forwarded-proto") in ("http", "https"):
            scope["scheme"] = fields.text(b"x-forwarded-proto")
        scope["client"] = (str(address), 0)
        parent = fields.text(b"traceparent") if believed else None
        with self.watch.over(call, parent):
            try:
                await self._answer(scope, fields, address, receive, _noting(send, call, scope))
            except CallerLeftError:
                call.status = 499
            except ProblemError as refusal:
                await self._refuse(refusal, call, scope, receive, send)
            except asyncio.CancelledError:
                if not call.status:
                    await self._refuse(_stopped(), call, scope, receive, send)
            except Exception as problem:
                # The application answers its own mistakes, and then raises them again.
                if not call.status:
                    _LOG.error("FC9901 a call failed by a mistake of forwardc", exc_info=problem)
                    await self._refuse(
                        ProblemError(ProblemKind.INTERNAL_ERROR), call, scope, receive, send
                    )

    def _caller(self, scope: Scope, fields: HeaderFields, call: CallInProgress) -> Address:
        """Who calls. Raises `ProblemError`."""
        peer = scope["client"][0] if scope["client"] else None
        address = caller_address(peer, fields.claims, self.rules.proxies)
        call.address = shorten_address(address)
        return address

    def _is_proxy(self, scope: Scope) -> bool:
        """Whether the peer itself is a proxy of ours, before `client` is the caller."""
        if not self.rules.proxies.blocks:
            return False
        peer = parse_peer(scope["client"][0])
        return peer is not None and peer in self.rules.proxies

    async def _answer(
        self, scope: Scope, fields: HeaderFields, address: Address, receive: Receive, send: Send
    ) -> None:
        group = path_group(scope["path"])
        self._admit(scope, fields, group, address)
        if group in (PathGroup.HEALTH, PathGroup.STAFF, PathGroup.DOCUMENTS):
            await self._pass_on(scope, fields, receive, send)
            return
        if self.traffic.stopping:
            raise ProblemError(
                ProblemKind.UNAVAILABLE, headers={**_CLOSE, **retry_after(_STOPPING_S)}
            )
        if not self.traffic.enter():
            raise ProblemError(
                ProblemKind.UNAVAILABLE, headers={**_CLOSE, **retry_after(_CROWDED_S)}
            )
        try:
            await self._pass_on(scope, fields, receive, send)
        finally:
            self.traffic.leave()

    def _admit(
        self, scope: Scope, fields: HeaderFields, group: PathGroup, address: Address
    ) -> None:
        if not self.rules.admission.admits(group, address):
            raise ProblemError(ProblemKind.ADDRESS_REFUSED, headers=_CLOSE)
        # Probes ask by the number of a machine, and learn nothing here.
        if (
            group is not PathGroup.HEALTH
            and _name_in(fields.found.get(b"host")) not in self.rules.names
        ):
            raise ProblemError(ProblemKind.MISDIRECTED, headers=_CLOSE)
        if len(scope["path"]) + len(scope["query_string"]) > _LONGEST_TARGET:
            raise ProblemError(
                ProblemKind.INVALID_REQUEST, "The address is too long.", headers=_CLOSE
            )

    async def _pass_on(
        self, scope: Scope, fields: HeaderFields, receive: Receive, send: Send
    ) -> None:
        if fields.has_body:
            limits = self.rules.limits
            body = await read_body(fields, receive, limits.body, limits.receive_within)
            check_content_coding(fields)
            receive = replay_body(body, receive)
        app = self.direct.get((scope["method"], scope["path"]), self.app)
        await app(scope, receive, send)

    async def _refuse(
        self,
        refusal: ProblemError,
        call: CallInProgress,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        call.problem = refusal.kind.slug
        answer = problem_response(refusal, f"urn:uuid:{call.id}")
        await answer(scope, receive, _noting(send, call, scope))


def _stopped() -> ProblemError:
    detail = "The server stops. Send it again after `Retry-After` seconds: it is not sent twice."
    return ProblemError(
        ProblemKind.UNAVAILABLE, detail, headers={**_CLOSE, **retry_after(_STOPPING_S)}
    )


def _aimed(scope: Scope, most_bytes: int) -> HeaderFields:
    """The header fields of a request that is for one host and path. Raises `ProblemError`."""
    # What stands there twice, and what is too large, is found first.
    fields = read_header_fields(scope, most_bytes)
    try:
        changed = aim(scope)
    except RequestTargetError as problem:
        raise ProblemError(ProblemKind.INVALID_REQUEST, str(problem), headers=_CLOSE) from None
    return read_header_fields(scope, most_bytes) if changed else fields


def _name_in(host: bytes | None) -> str:
    """The name in a Host field, which is one; empty where HTTP/1.0 has none."""
    return name_in(host.strip(b" \t")) if host is not None else ""


def _noting(send: Send, call: CallInProgress, scope: Scope) -> Send:
    """Keep the status, and add the headers that an answer does not have of its own."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            call.status = message["status"]
            headers = message["headers"] = list(message.get("headers", ()))
            there = {name.lower() for name, _ in headers}
            headers += [pair for pair in _HEADERS if pair[0] not in there]
            if scope["scheme"] == "https" and _SECURE[0] not in there:
                headers.append(_SECURE)
        await send(message)

    return sending
