"""The payment-sharing API over HTTP: who may call, what is read, and how it is answered.

A call is refused before its body is read, where that is enough; whatever it comes to is told to the
observer, once.
"""

import logging
from time import perf_counter
from typing import Final

from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from forwardc.core.dataclass import dataclass
from forwardc.runtime.history.errors import HistoryError
from forwardc.server.http.problems import NEVER_STORED, ProblemError, ProblemKind, retry_after
from forwardc.server.http.rate_limits import RateLimits
from forwardc.server.http.request_body import BODY
from forwardc.server.oauth.bearer_tokens import Caller, CallerGate
from forwardc.server.oauth.client_permissions import ClientPermissions, ClientPolicy
from forwardc.server.oauth.verification_keys import KeysUnavailableError
from forwardc.server.payment_sharing.answer import unavailable
from forwardc.server.payment_sharing.openapi import SHARING_PATH, document_routes
from forwardc.server.payment_sharing.payment_forward import (
    RUN_HEADER,
    ForwardAnswer,
    ForwardCall,
    PaymentForwarding,
    RunProblemError,
)
from forwardc.server.payment_sharing.request import (
    IDENTIFIERS_MEMBER,
    SharingRequest,
    read_key,
    read_request,
)
from forwardc.server.settings import IssuerSettings, LimitSettings
from forwardc.server.telemetry.calls import CallRecord, Observer

REPLAYED_HEADER: Final = "Idempotent-Replayed"
# Seconds: the window of `limits.calls_per_minute`.
_MINUTE_S: Final = 60
_JSON: Final = "application/json"
_CHARSETS: Final = frozenset({"", "charset=utf-8", 'charset="utf-8"'})
_ALWAYS: Final = tuple(
    (name.lower().encode(), value.encode()) for name, value in NEVER_STORED.items()
)
_RUN: Final = RUN_HEADER.lower().encode()
_REPLAYED: Final = (REPLAYED_HEADER.lower().encode(), b"true")
_log = logging.getLogger("forwardc.server")


@dataclass(frozen=True, slots=True)
class EndpointDependencies:
    """All that the endpoint needs from the rest of the server.

    The gate lets through whoever has this API's scope, and the middleware before it takes in no
    body that is too large.
    """

    gate: CallerGate
    rates: RateLimits
    forwarding: PaymentForwarding
    limits: LimitSettings
    issuer: IssuerSettings
    observer: Observer
    policy: ClientPolicy


def routes(dependencies: EndpointDependencies) -> list[Route]:
    """The payment-sharing API and its documents. Its handlers raise `ProblemError`."""
    return [
        Route(SHARING_PATH, SharingEndpoint(dependencies), methods=["POST"]),
        *document_routes(dependencies.forwarding.destinations, dependencies.issuer),
    ]


@dataclass(slots=True)
class _CallFacts:
    """What is known of a call when it ends, for whoever watches."""

    client_id: str | None = None
    destination: str | None = None


@dataclass(frozen=True, slots=True)
class SharingEndpoint:
    """The payment-sharing API as an ASGI application for its one path and method."""

    dependencies: EndpointDependencies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a call. Raises: `ProblemError`."""
        began, facts = perf_counter(), _CallFacts()
        observer = self.dependencies.observer
        try:
            answer = await _answer(self.dependencies, scope, receive, facts)
        except ProblemError as problem:
            observer.call(_record_of_problem(facts, problem, began))
            raise
        observer.call(_record_of_answer(facts, answer, began))
        await _send(answer, send)


async def _answer(
    dependencies: EndpointDependencies, scope: Scope, receive: Receive, facts: _CallFacts
) -> ForwardAnswer:
    """Everything between the request and the answer. Raises: `ProblemError`, and nothing else."""
    forwarding = dependencies.forwarding
    try:
        head = _head(scope)
        _check_type(head[b"content-type"])
        caller = await dependencies.gate.caller(next(iter(head[b"authorization"]), None))
        facts.client_id = caller.client_id
        await _check_rate(dependencies, caller)
        body = await _body(scope, receive)
        key = read_key(head[b"idempotency-key"], forwarding.not_card)
        sharing = read_request(body, forwarding.destinations, forwarding.not_card)
        facts.destination = sharing.destination
        _check_permissions(await dependencies.policy.permissions_of(caller.client_id), sharing)
        return await forwarding.forward(ForwardCall(sharing, caller.client_id, key))
    except ProblemError:
        raise
    except KeysUnavailableError:
        raise unavailable() from None
    except HistoryError as problem:
        _log.error("%s the history cannot be used: %s", problem.code, problem.message)
        raise unavailable() from None
    except Exception as problem:
        # Its text and its place may hold what was asked.
        _log.error("FC9901 a call failed by a mistake of forwardc: %s", type(problem).__name__)
        raise ProblemError(ProblemKind.INTERNAL_ERROR) from None


def _head(scope: Scope) -> dict[bytes, list[str]]:
    """The values of the header fields that this path reads, in one look."""
    values: dict[bytes, list[str]] = {
        b"content-type": [],
        b"authorization": [],
        b"idempotency-key": [],
    }
    for name, value in scope["headers"]:
        if name in values:
            values[name].append(value.decode("latin-1"))
    return values


async def _body(scope: Scope, receive: Receive) -> bytes:
    """The body, which the middleware has taken in already where it stands before this."""
    body: bytes | None = scope.get(BODY)
    return await Request(scope, receive).body() if body is None else body


def _check_type(values: list[str]) -> None:
    """JSON, in UTF-8 (RFC 8259 knows no other between systems)."""
    media_type, _, charset = (values[0] if len(values) == 1 else "").partition(";")
    if media_type.strip().lower() != _JSON or charset.strip().lower() not in _CHARSETS:
        raise ProblemError(ProblemKind.UNSUPPORTED_MEDIA_TYPE, headers={"Accept-Post": _JSON})


def _check_permissions(permissions: ClientPermissions, sharing: SharingRequest) -> None:
    """Refuse before anything is looked up: what is refused tells nothing of a payment.

    Raises: `ProblemError`.
    """
    if sharing.destination not in permissions.destinations:
        raise ProblemError(ProblemKind.DESTINATION_REFUSED)
    lacking = sorted(permissions.require_identifiers - sharing.identifiers.keys())
    if lacking:
        rule = f"must hold {', '.join(lacking)}"
        errors = [{"pointer": f"/{IDENTIFIERS_MEMBER}", "detail": rule}]
        raise ProblemError(ProblemKind.INVALID_REQUEST, more={"errors": errors})


async def _check_rate(dependencies: EndpointDependencies, caller: Caller) -> None:
    name, limit = f"calls/{caller.client_id}", dependencies.limits.calls_per_minute
    wait = await dependencies.rates.take(name, limit, _MINUTE_S)
    if wait is not None:
        raise ProblemError(ProblemKind.TOO_MANY_REQUESTS, headers=retry_after(wait))


async def _send(answer: ForwardAnswer, send: Send) -> None:
    """The answer as two messages of ASGI: nothing that a response of Starlette adds is wanted."""
    headers = [
        *_ALWAYS,
        (_RUN, answer.run_id.encode()),
        *((_REPLAYED,) if answer.replayed else ()),
        (b"content-length", str(len(answer.body)).encode()),
        (b"content-type", _JSON.encode()),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


def _record_of_answer(facts: _CallFacts, answer: ForwardAnswer, began: float) -> CallRecord:
    return CallRecord(
        *(SHARING_PATH, "POST", 200, _since(began), facts.client_id),
        run_id=answer.run_id,
        vault=answer.vault,
        destination=facts.destination,
        outcome=answer.outcome,
        replayed=answer.replayed,
    )


def _record_of_problem(facts: _CallFacts, problem: ProblemError, began: float) -> CallRecord:
    run = problem if isinstance(problem, RunProblemError) else None
    return CallRecord(
        *(SHARING_PATH, "POST", problem.kind.value.status, _since(began), facts.client_id),
        problem=problem.kind.slug,
        run_id=run.run_id if run else None,
        vault=run.vault if run else None,
        destination=facts.destination,
        outcome=run.outcome if run else None,
    )


def _since(began: float) -> float:
    return round((perf_counter() - began) * 1000, 3)
