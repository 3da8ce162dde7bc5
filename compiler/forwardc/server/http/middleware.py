"""What stands before every handler, as a list of small ASGI applications, the outermost first.

| middleware | its one duty | refuses with |
|---|---|---|
| `HttpOnlyMiddleware` | the lifespan goes to the application itself | |
| `RequestHeadMiddleware` | target, header fields, the caller's address | 400, 403, 431 |
| `TelemetryMiddleware` | the call is observed, and told once | |
| `ResponseHeadersMiddleware` | headers of every answer | |
| `ProblemMiddleware` | whatever is raised is answered | 499, 500, 503 |
| `AdmissionMiddleware` | this address, this name, this path | 400, 403, 421 |
| `ConcurrencyLimitMiddleware` | how many calls at once, and none while stopping | 503 |
| `RequestBodyMiddleware` | the body is here, whole, in bytes and seconds | 408, 413, 415 |
| `DirectRouteMiddleware` | a path that needs no routing | |

A wrong head is observed and answered like every other: its problem is kept for `ProblemMiddleware`.
One file, since the order of the list is what each of them rests on.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from forwardc.core.dataclass import dataclass
from forwardc.core.http.request_target import (
    RequestTargetError,
    host_name,
    normalize_target,
    own_names,
)
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
from forwardc.server.http.problems import ProblemError, ProblemKind, problem_response, retry_after
from forwardc.server.http.request_body import (
    BODY,
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

CALL: Final = "forwardc.call"
"""The member of a scope with the `CallInProgress`."""
HEAD: Final = "forwardc.head"
"""The member of a scope with its `RequestHead`, or with the `ProblemError` of a wrong head."""

_LOG: Final = logging.getLogger("forwardc.server")
# Bytes of path and query: more than twice what any path of ours takes with every filter set.
_LONGEST_TARGET: Final = 4_096
# Seconds: long enough for another process to take the place of one that stops.
_STOPPING_S: Final = 5.0
# Seconds: calls take less, so that there is room again by then.
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
# What nginx logs for a caller that went away before the answer; nobody receives it.
_CALLER_LEFT: Final = 499
# Read also while the server stops, or has all the calls that it takes.
_UNCOUNTED: Final = (PathGroup.HEALTH, PathGroup.STAFF, PathGroup.DOCUMENTS)


@dataclass(frozen=True, slots=True)
class AccessRules:
    """What requests are judged by. `names` are host names without a port, lower case."""

    names: frozenset[str]
    admission: Admission
    proxies: Networks
    limits: LimitSettings

    @classmethod
    def from_settings(cls, settings: ServerSettings) -> "AccessRules":
        """The rules of a server's settings."""
        return cls(
            own_names(settings.server.host, settings.server.names),
            Admission(settings.admit),
            Networks.from_blocks(settings.admit.trusted_proxies),
            settings.limits,
        )


@dataclass(frozen=True, slots=True)
class RequestHead:
    """The head of a request for one host and path. `traceparent` is a trusted proxy's only."""

    fields: HeaderFields
    group: PathGroup
    address: Address = field(repr=False)
    traceparent: str | None = field(repr=False)


class ConcurrencyLimit:
    """Counts calls. One process counts its own: `in_flight` bounds each worker.

    `under_way` calls have begun and not ended. All methods are for the event loop, but `stop`,
    which a signal may call.
    """

    __slots__ = ("_changed", "_limit", "stopping", "under_way")

    def __init__(self, limit: int, changed: Callable[[int], None] = lambda _: None) -> None:
        self._limit = limit
        self._changed = changed
        self.under_way = 0
        self.stopping = False

    def enter(self) -> bool:
        """Begin a call; False where there are too many."""
        if self.under_way >= self._limit:
            return False
        self.under_way += 1
        self._changed(self.under_way)
        return True

    def leave(self) -> None:
        """End a call that began."""
        self.under_way -= 1
        self._changed(self.under_way)

    def stop(self) -> None:
        """Take no more calls."""
        self.stopping = True


def with_middleware(
    app: ASGIApp,
    rules: AccessRules,
    calls: ConcurrencyLimit,
    telemetry: Telemetry,
    direct: Mapping[tuple[str, str], ASGIApp] | None = None,
) -> ASGIApp:
    """An application behind all of the list.

    `direct` are applications by method and path that need no routing; they raise `ProblemError`.
    What comes out never raises but where the server itself is stopped.
    """
    limits = rules.limits
    guarded: ASGIApp = DirectRouteMiddleware(app, direct or {})
    guarded = RequestBodyMiddleware(guarded, limits)
    guarded = ConcurrencyLimitMiddleware(guarded, calls)
    guarded = AdmissionMiddleware(guarded, rules.admission, rules.names)
    guarded = ProblemMiddleware(guarded)
    guarded = ResponseHeadersMiddleware(guarded)
    guarded = TelemetryMiddleware(guarded, telemetry)
    guarded = RequestHeadMiddleware(guarded, rules.proxies, limits.headers)
    return HttpOnlyMiddleware(guarded, lifespan=app)


@dataclass(frozen=True, slots=True)
class HttpOnlyMiddleware:
    """Lets HTTP through; the lifespan goes past the others, and nothing else is answered."""

    app: ASGIApp
    lifespan: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass HTTP on."""
        if scope["type"] == "http":
            await self.app(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self.lifespan(scope, receive, send)


@dataclass(frozen=True, slots=True)
class RequestHeadMiddleware:
    """Brings a request to one form, and finds out who calls: the peer, or whom a proxy names.

    From here on `client` is the caller and `scheme` what a trusted proxy says.
    """

    app: ASGIApp
    proxies: Networks
    most_bytes: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Put the head, or what is wrong with it, into the scope."""
        call = scope[CALL] = CallInProgress("other", scope["method"])
        try:
            scope[HEAD] = self._head(scope, call)
        except ProblemError as problem:
            scope[HEAD] = problem
        await self.app(scope, receive, send)

    def _head(self, scope: Scope, call: CallInProgress) -> RequestHead:
        """The head in the form that all read. Raises: `ProblemError`."""
        fields = _in_origin_form(scope, self.most_bytes)
        call.route = route_label(scope["path"])
        peer = scope["client"][0] if scope["client"] else None
        address = caller_address(peer, fields.forwarding, self.proxies)
        call.address = shorten_address(address)
        is_proxy = self._is_proxy(peer)
        if is_proxy and fields.text(b"x-forwarded-proto") in ("http", "https"):
            scope["scheme"] = fields.text(b"x-forwarded-proto")
        scope["client"] = (str(address), 0)
        traceparent = fields.text(b"traceparent") if is_proxy else None
        return RequestHead(fields, path_group(scope["path"]), address, traceparent)

    def _is_proxy(self, peer: str | None) -> bool:
        """Whether the peer itself is a proxy of ours."""
        if not self.proxies.blocks:
            return False
        address = parse_peer(peer or "")
        return address is not None and address in self.proxies


def _in_origin_form(scope: Scope, most_bytes: int) -> HeaderFields:
    """The header fields of a request that is for one host and path. Raises: `ProblemError`."""
    # What stands there twice, and what is too large, is found first.
    fields = read_header_fields(scope, most_bytes)
    try:
        changed = normalize_target(scope)
    except RequestTargetError as problem:
        raise ProblemError(ProblemKind.INVALID_REQUEST, str(problem), headers=_CLOSE) from None
    return read_header_fields(scope, most_bytes) if changed else fields


@dataclass(frozen=True, slots=True)
class TelemetryMiddleware:
    """Observes a call from here to its end: metrics, one line of the log, a trace."""

    app: ASGIApp
    telemetry: Telemetry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Observe the rest of the list."""
        call, head = scope[CALL], scope[HEAD]

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                call.status = message["status"]
            await send(message)

        traceparent = head.traceparent if isinstance(head, RequestHead) else None
        with self.telemetry.observed(call, traceparent):
            await self.app(scope, receive, noting)


@dataclass(frozen=True, slots=True)
class ResponseHeadersMiddleware:
    """Adds the headers that an answer does not have of its own."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the head of the answer with our headers."""

        async def adding(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message["headers"] = list(message.get("headers", ()))
                there = {name.lower() for name, _ in headers}
                headers += [pair for pair in _HEADERS if pair[0] not in there]
                if scope["scheme"] == "https" and _SECURE[0] not in there:
                    headers.append(_SECURE)
            await send(message)

        await self.app(scope, receive, adding)


@dataclass(frozen=True, slots=True)
class ProblemMiddleware:
    """Answers whatever is raised. Nothing passes it: a call ends here, whatever becomes of it."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, whatever happens. Never raises but where the server itself is stopped."""
        call: CallInProgress = scope[CALL]
        if isinstance(scope[HEAD], ProblemError):
            # Taken out, since its traceback holds the scope: a cycle would wait for the collector.
            await _answer(scope.pop(HEAD), scope, receive, send)
            return
        try:
            await self.app(scope, receive, send)
        except CallerLeftError:
            call.status = _CALLER_LEFT
        except ProblemError as problem:
            await _answer(problem, scope, receive, send)
        except asyncio.CancelledError:
            if not call.status:
                await _answer(_stopped(), scope, receive, send)
        except Exception as mistake:
            # The application answers its own mistakes, and then raises them again.
            if not call.status:
                _LOG.error("FC9901 a call failed by a mistake of forwardc", exc_info=mistake)
                await _answer(ProblemError(ProblemKind.INTERNAL_ERROR), scope, receive, send)


async def _answer(problem: ProblemError, scope: Scope, receive: Receive, send: Send) -> None:
    call: CallInProgress = scope[CALL]
    call.problem = problem.kind.slug
    await problem_response(problem, f"urn:uuid:{call.id}")(scope, receive, send)


def _stopped() -> ProblemError:
    detail = "The server stops. Send it again after `Retry-After` seconds: it is not sent twice."
    headers = {**_CLOSE, **retry_after(_STOPPING_S)}
    return ProblemError(ProblemKind.UNAVAILABLE, detail, headers=headers)


@dataclass(frozen=True, slots=True)
class AdmissionMiddleware:
    """Lets an address in where its list has it, by a name that the server answers to."""

    app: ASGIApp
    admission: Admission
    names: frozenset[str]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on who may come in. Raises: `ProblemError`."""
        head: RequestHead = scope[HEAD]
        if not self.admission.admits(head.group, head.address):
            raise ProblemError(ProblemKind.ADDRESS_REFUSED, headers=_CLOSE)
        # Probes ask by the number of a machine, and learn nothing here.
        if head.group is not PathGroup.HEALTH and _host_name(head.fields) not in self.names:
            raise ProblemError(ProblemKind.MISDIRECTED, headers=_CLOSE)
        if len(scope["path"]) + len(scope["query_string"]) > _LONGEST_TARGET:
            rule = "The address is too long."
            raise ProblemError(ProblemKind.INVALID_REQUEST, rule, headers=_CLOSE)
        await self.app(scope, receive, send)


def _host_name(fields: HeaderFields) -> str:
    """The name in the Host field, which is one; empty where HTTP/1.0 has none."""
    host = fields.values.get(b"host")
    return host_name(host.strip(b" \t")) if host is not None else ""


@dataclass(frozen=True, slots=True)
class ConcurrencyLimitMiddleware:
    """Counts the calls of partners and destinations; whoever looks after the server is let by."""

    app: ASGIApp
    calls: ConcurrencyLimit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on while there is room. Raises: `ProblemError`."""
        if scope[HEAD].group in _UNCOUNTED:
            await self.app(scope, receive, send)
            return
        if self.calls.stopping:
            headers = {**_CLOSE, **retry_after(_STOPPING_S)}
            raise ProblemError(ProblemKind.UNAVAILABLE, headers=headers)
        if not self.calls.enter():
            headers = {**_CLOSE, **retry_after(_CROWDED_S)}
            raise ProblemError(ProblemKind.UNAVAILABLE, headers=headers)
        try:
            await self.app(scope, receive, send)
        finally:
            self.calls.leave()


@dataclass(frozen=True, slots=True)
class RequestBodyMiddleware:
    """Takes the whole body in before anybody reads it; it is small by its limit."""

    app: ASGIApp
    limits: LimitSettings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on with the body at hand. Raises: `ProblemError`, `CallerLeftError`."""
        fields = scope[HEAD].fields
        if fields.has_body:
            body = await read_body(fields, receive, self.limits.body, self.limits.receive_within)
            check_content_coding(fields)
            scope[BODY] = body
            receive = replay_body(body, receive)
        await self.app(scope, receive, send)


@dataclass(frozen=True, slots=True)
class DirectRouteMiddleware:
    """Calls what needs no routing by its method and path, and the application for all else."""

    app: ASGIApp
    direct: Mapping[tuple[str, str], ASGIApp] = field(default_factory=dict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application of this path."""
        app = self.direct.get((scope["method"], scope["path"]), self.app)
        await app(scope, receive, send)
