"""The payment-sharing API over HTTP: who may call, what is read, and how it is answered.

Knows no table and no plan. A call is refused before its body is read, where that is enough.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Final, Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from forwardc.core.http.request_body import BodyIncompleteError, BodyTooLargeError, read_body
from forwardc.runtime.history.errors import HistoryError
from forwardc.server.http.problems import NEVER_STORED, ProblemError, ProblemKind, retry_after
from forwardc.server.http.rate_limits import RateLimits
from forwardc.server.oauth.bearer_tokens import Caller, CallerGate
from forwardc.server.oauth.client_terms import ClientPermissions
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
_MINUTE_S: Final = 60
_JSON: Final = "application/json"
_CHARSETS: Final = frozenset({"", "charset=utf-8", 'charset="utf-8"'})
_log = logging.getLogger("forwardc.server")


class PermissionSource(Protocol):
    """What each client may ask for."""

    async def of(self, client_id: str) -> ClientPermissions:
        """The terms of a client. Raises `KeysUnavailableError`."""
        ...


@dataclass(frozen=True, slots=True)
class EndpointDependencies:
    """All that the endpoint needs from the rest of the server."""

    gate: CallerGate
    rates: RateLimits
    service: PaymentForwarding
    limits: LimitSettings
    issuer: IssuerSettings
    observer: Observer
    terms: PermissionSource


def routes(desk: EndpointDependencies) -> list[Route]:
    """The payment-sharing API and its documents. Its handlers raise `ProblemError`."""
    return [
        Route(SHARING_PATH, SharingEndpoint(desk), methods=["POST"]),
        *document_routes(desk.service.destinations, desk.issuer),
    ]


@dataclass(slots=True)
class _CallFacts:
    """What is known of a call when it ends, for whoever watches."""

    client_id: str | None = None
    destination: str | None = None


@dataclass(frozen=True, slots=True)
class SharingEndpoint:
    """The payment-sharing API as an ASGI application for its one path and method."""

    desk: EndpointDependencies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a call. Raises `ProblemError`."""
        began, known = perf_counter(), _CallFacts()
        try:
            shared = await _shared(self.desk, Request(scope, receive), known)
        except ProblemError as refusal:
            _tell_refused(self.desk, known, refusal, began)
            raise
        _tell(self.desk, known, shared, began)
        await _answer(shared)(scope, receive, send)


async def _shared(desk: EndpointDependencies, request: Request, known: _CallFacts) -> ForwardAnswer:
    """Everything between the request and the answer. Raises `ProblemError`, and nothing else."""
    try:
        _check_type(request.headers.getlist("content-type"))
        caller = await desk.gate.caller(request.headers.get("authorization"))
        known.client_id = caller.client_id
        _check_scope(desk.issuer, caller)
        await _check_rate(desk, caller)
        body = await _body(request, desk.limits.body)
        not_card = desk.service.not_card
        key = read_key(request.headers.getlist("idempotency-key"), not_card)
        what = read_request(body, desk.service.destinations, not_card)
        known.destination = what.destination
        _check_terms(await desk.terms.of(caller.client_id), what)
        return await desk.service.share(ForwardCall(what, caller.client_id, key))
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


def _check_type(values: list[str]) -> None:
    """JSON, in UTF-8 (RFC 8259 knows no other between systems)."""
    media_type, _, charset = (values[0] if len(values) == 1 else "").partition(";")
    if media_type.strip().lower() != _JSON or charset.strip().lower() not in _CHARSETS:
        raise ProblemError(ProblemKind.UNSUPPORTED_MEDIA_TYPE, headers={"Accept-Post": _JSON})


def _check_scope(issuer: IssuerSettings, caller: Caller) -> None:
    if issuer.scope not in caller.scope:
        asks = f'Bearer error="insufficient_scope", scope="{issuer.scope}"'
        raise ProblemError(ProblemKind.INSUFFICIENT_SCOPE, headers={"WWW-Authenticate": asks})


def _check_terms(terms: ClientPermissions, what: SharingRequest) -> None:
    """Refuse before anything is looked up: what is refused tells nothing of a payment.

    Raises: `ProblemError`.
    """
    if what.destination not in terms.destinations:
        raise ProblemError(ProblemKind.DESTINATION_REFUSED)
    lacking = sorted(terms.require_identifiers - what.identifiers.keys())
    if lacking:
        rule = f"must hold {', '.join(lacking)}"
        errors = [{"pointer": f"/{IDENTIFIERS_MEMBER}", "detail": rule}]
        raise ProblemError(ProblemKind.INVALID_REQUEST, more={"errors": errors})


async def _check_rate(desk: EndpointDependencies, caller: Caller) -> None:
    name, limit = f"calls/{caller.client_id}", desk.limits.calls_per_minute
    wait = await desk.rates.take(name, limit, _MINUTE_S)
    if wait is not None:
        raise ProblemError(ProblemKind.TOO_MANY_REQUESTS, headers=retry_after(wait))


async def _body(request: Request, most: int) -> bytes:
    """The whole body. Raises `ProblemError` where it is too large, or its caller has left."""
    try:
        return await read_body(request.receive, most)
    except BodyTooLargeError:
        raise ProblemError(ProblemKind.CONTENT_TOO_LARGE, headers={"Connection": "close"}) from None
    except BodyIncompleteError:
        raise ProblemError(ProblemKind.REQUEST_TIMEOUT) from None


def _answer(shared: ForwardAnswer) -> Response:
    replayed: Mapping[str, str] = {REPLAYED_HEADER: "true"} if shared.replayed else {}
    headers = {**NEVER_STORED, RUN_HEADER: shared.run_id, **replayed}
    return Response(shared.body, 200, headers, _JSON)


def _tell(
    desk: EndpointDependencies, known: _CallFacts, shared: ForwardAnswer, began: float
) -> None:
    desk.observer.call(
        CallRecord(
            *(SHARING_PATH, "POST", 200, _since(began), known.client_id),
            run_id=shared.run_id,
            vault=shared.vault,
            destination=known.destination,
            outcome=shared.outcome,
            replayed=shared.replayed,
        )
    )


def _tell_refused(
    desk: EndpointDependencies, known: _CallFacts, refusal: ProblemError, began: float
) -> None:
    run = refusal if isinstance(refusal, RunProblemError) else None
    desk.observer.call(
        CallRecord(
            *(SHARING_PATH, "POST", refusal.kind.value.status, _since(began), known.client_id),
            problem=refusal.kind.slug,
            run_id=run.run_id if run else None,
            vault=run.vault if run else None,
            destination=known.destination,
            outcome=run.outcome if run else None,
        )
    )


def _since(began: float) -> float:
    return round((perf_counter() - began) * 1000, 3)
