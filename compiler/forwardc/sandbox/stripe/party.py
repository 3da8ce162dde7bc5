"""The Stripe party: routes, the way of a request through them, and what a repeat is answered.

Order: key, content type, parameters, idempotency, endpoint. Rules of the API reference for repeats:
the first result is kept for 24 hours once the endpoint has begun its work, 500s included; not kept
are refused parameters, conflicts, 401 and 429. The guide of the forwarding API says otherwise of
its requests: that mode is a setting.
"""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from forwardc.sandbox.memory import RowKinds
from forwardc.sandbox.parties import EmulatedParty, Emulation
from forwardc.sandbox.stripe import (
    charges,
    customers,
    forwarding,
    intents,
    method_endpoints,
    seed,
    setups,
    switches,
)
from forwardc.sandbox.stripe import (
    charges as refunds,
)
from forwardc.sandbox.stripe.account import (
    StripeCaller,
    acting_for,
    authenticate,
    limit_rate,
    setting,
    version_of,
)
from forwardc.sandbox.stripe.amounts import sum_in_words
from forwardc.sandbox.stripe.call import StripeCall, StripeEndpoint, new_id
from forwardc.sandbox.stripe.errors import StripeError, invalid
from forwardc.sandbox.stripe.hosts import HOSTS
from forwardc.sandbox.stripe.laxness import LAXNESSES
from forwardc.sandbox.stripe.outcomes import MalformedAnswerError
from forwardc.sandbox.stripe.params import FormError, parse_form
from forwardc.sandbox.world import World

# Seconds: 24 hours (API reference, idempotent requests).
KEPT_SECONDS = 24 * 60 * 60
# Characters (API reference, idempotent requests).
MAX_KEY = 255
_TABLE = "stripe.idempotency"
_GUIDED = "/v1/forwarding/"
# Never kept, in any mode: a wrong key, a conflict, too many requests.
_NEVER_KEPT = (401, 403, 409, 429)


@dataclass(frozen=True, slots=True)
class SavedAnswer:
    """A kept answer."""

    status: int
    body: dict[str, Any]
    request_id: str


@dataclass(slots=True)
class Idempotency:
    """The kept answers of one world, and the keys whose first request is still in flight."""

    world: World
    in_flight: set[str] = field(default_factory=set)

    def begin(
        self, caller: StripeCaller, key: str, path: str, params: dict[str, Any]
    ) -> SavedAnswer | None:
        """The kept answer of this key, or None: then the caller must run it, and `end` it.

        Raises 400 for a key that belongs to other parameters or another endpoint, 409 for one
        whose first request is still in flight.
        """
        if len(key) > MAX_KEY:
            raise invalid(f"Idempotency keys may have at most {MAX_KEY} characters.")
        slot = _slot(caller, key)
        if slot in self.in_flight:
            raise _in_use(key)
        row = self.world.guard(_TABLE, slot)
        if row is None or row["at"] + KEPT_SECONDS <= self.world.now():
            self.in_flight.add(slot)
            return None
        if row["digest"] != _digest(path, params) and not self._replays(row, path):
            raise _mismatch(key)
        return SavedAnswer(row["status"], row["body"], row["request_id"])

    def keeps(self, path: str, status: int, *, executed: bool) -> bool:
        """Whether an answer is kept: also a refusal of the parameters, where the guide says so."""
        refused = 400 <= status < 500 and status not in _NEVER_KEPT
        return executed or (refused and self._guided(path))

    def _replays(self, row: dict[str, Any], path: str) -> bool:
        """Whether other parameters under a key are answered with the older response."""
        return self._guided(path) and row["path"] == path

    def _guided(self, path: str) -> bool:
        return path.startswith(_GUIDED) and setting(self.world, "idempotency") == "guide"

    def end(self, caller: StripeCaller, key: str) -> None:
        """The request is over, with or without an answer to keep."""
        self.in_flight.discard(_slot(caller, key))

    def keep(
        self, caller: StripeCaller, key: str, path: str, params: dict[str, Any], saved: SavedAnswer
    ) -> None:
        """Keep an answer for the next 24 hours."""
        now = self.world.now()
        table = self.world.table(_TABLE)
        for slot in [old for old, row in table.items() if row["at"] + KEPT_SECONDS <= now]:
            del table[slot]
        table[_slot(caller, key)] = {
            "at": now,
            "path": path,
            "digest": _digest(path, params),
            "status": saved.status,
            "body": saved.body,
            "request_id": saved.request_id,
        }


def _slot(caller: StripeCaller, key: str) -> str:
    return f"{caller.account or ''}:{'live' if caller.livemode else 'test'}:{key}"


def _digest(path: str, params: dict[str, Any]) -> str:
    """A digest, so that no parameter (a card number, say) is kept."""
    text = json.dumps([path, params], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _mismatch(key: str) -> StripeError:
    return StripeError(
        400,
        "idempotency_error",
        "Keys for idempotent requests can only be used with the same parameters they were first "
        f"used with. Try using a key other than '{key}' if you meant to execute a different "
        "request.",
    )


def _in_use(key: str) -> StripeError:
    return StripeError(
        409,
        "idempotency_error",
        "There is currently another in-progress request using this Idempotent Key (that probably "
        "means you submitted twice, and the other request is still going through): "
        f"{key}. Please try again later.",
        "idempotency_key_in_use",
        retry=True,
    )


# --- The way of a request

ENDPOINTS = (
    *method_endpoints.ENDPOINTS,
    *customers.ENDPOINTS,
    *setups.ENDPOINTS,
    *intents.ENDPOINTS,
    *charges.CHARGE_ENDPOINTS,
    *refunds.REFUND_ENDPOINTS,
    *forwarding.ENDPOINTS,
)
# Not emulated, and no ids of objects.
_SEARCHES = ("/v1/charges/search", "/v1/customers/search", "/v1/payment_intents/search")
_FORM = "application/x-www-form-urlencoded"
_NOT_A_FORM = (
    "Invalid request (check that your POST content type is application/x-www-form-urlencoded). "
    "If you have any questions, we can help at https://support.stripe.com/."
)


def create(world: World) -> Starlette:
    """The app on one world. Its switches are at `/_sandbox/stripe`."""
    idempotency = Idempotency(world)
    routes = [
        Route(endpoint.path, _Entry(world, endpoint, idempotency).answer, methods=[endpoint.method])
        for endpoint in ENDPOINTS
    ]
    searches = [Route(path, _search) for path in _SEARCHES]
    app = Starlette(
        routes=[*searches, *routes, *switches.routes(world)],
        exception_handlers={404: _unrecognized, 405: _unrecognized},
    )
    # A redirect of the framework's is no answer of Stripe's.
    app.router.redirect_slashes = False
    return app


@dataclass(slots=True)
class _Reply:
    """What one request is answered with, and under which ids."""

    request_id: str
    version: str | None = None
    livemode: bool = False
    key: str | None = None
    original: str | None = None
    replayed: bool = False

    def build(self, status: int, body: dict[str, Any], *, retry: bool = False) -> Response:
        headers = {
            "Request-Id": self.request_id,
            "Stripe-Should-Retry": "true" if retry else "false",
            "Stripe-Version": self.version,
            "Idempotency-Key": self.key,
            "Original-Request": self.original,
            "Idempotent-Replayed": "true" if self.replayed else None,
        }
        return Response(
            json.dumps(body, indent=2, ensure_ascii=False),
            status,
            {name: value for name, value in headers.items() if value is not None},
            "application/json",
        )


@dataclass(slots=True)
class _Entry:
    """The way of one endpoint's requests."""

    world: World
    endpoint: StripeEndpoint
    idempotency: Idempotency

    async def answer(self, request: Request) -> Response:
        reply = _Reply(new_id("req", 14))
        try:
            caller = authenticate(self.world, request.headers.get("authorization"))
            reply.livemode = caller.livemode
            reply.version = version_of(self.world, request.headers.get("stripe-version"))
            caller = acting_for(self.world, caller, request.headers.get("stripe-account"))
            caller.need(self.endpoint.permission)
            limit_rate(self.world)
            call = await self._call(request, caller, reply.version)
            reply.key = request.headers.get("idempotency-key") or None
            if request.method == "POST" and reply.key is not None:
                return await self._once(request, call, reply, reply.key)
            status, body, _, retry = await self._run(call, reply)
        except StripeError as error:
            return _refused(error, reply)
        except MalformedAnswerError:
            return Response(b'{"id": "', 200, media_type="application/json")
        return reply.build(status, body, retry=retry)

    async def _call(self, request: Request, caller: StripeCaller, version: str) -> StripeCall:
        params = parse_or_refuse(request.url.query)
        if request.method == "POST":
            params |= await _body(request)
        # No client of a network has the port 0: such a request comes from a vault in here.
        forwarded = request.client is not None and request.client.port == 0
        return StripeCall(self.world, caller, version, params, dict(request.path_params), forwarded)

    async def _once(self, request: Request, call: StripeCall, reply: _Reply, key: str) -> Response:
        """Run, or replay, under an idempotency key."""
        path = request.url.path
        saved = self.idempotency.begin(call.caller, key, path, call.params)
        if saved is not None:
            reply.original, reply.replayed = saved.request_id, True
            return reply.build(saved.status, saved.body)
        reply.original = reply.request_id
        try:
            status, body, executed, retry = await self._run(call, reply)
            if self.idempotency.keeps(path, status, executed=executed):
                answer = SavedAnswer(status, body, reply.request_id)
                self.idempotency.keep(call.caller, key, path, call.params, answer)
        finally:
            self.idempotency.end(call.caller, key)
        return reply.build(status, body, retry=retry)

    async def _run(self, call: StripeCall, reply: _Reply) -> tuple[int, dict[str, Any], bool, bool]:
        """Status, body, whether the endpoint had begun its work, and whether to retry."""
        try:
            return 200, await self.endpoint.handler(call), True, False
        except StripeError as error:
            body = error.envelope(reply.request_id, livemode=reply.livemode)
            return error.status, body, error.executed, error.retry


def parse_or_refuse(text: str) -> dict[str, Any]:
    """A query or a form as nested parameters. Raises 400."""
    try:
        return parse_form(text)
    except FormError as error:
        raise invalid(str(error)) from None


async def _body(request: Request) -> dict[str, Any]:
    data = await request.body()
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if data and media_type != _FORM:
        raise invalid(_NOT_A_FORM)
    try:
        return parse_or_refuse(data.decode())
    except UnicodeDecodeError:
        raise invalid("The form is not valid UTF-8.") from None


def _refused(error: StripeError, reply: _Reply) -> Response:
    body = error.envelope(reply.request_id, livemode=reply.livemode)
    return reply.build(error.status, body, retry=error.retry)


async def _search(request: Request) -> Response:
    return await _unrecognized(request, LookupError())


async def _unrecognized(request: Request, _: Exception) -> Response:
    text = f"Unrecognized request URL ({request.method}: {request.url.path})."
    return _refused(invalid(text, status=404), _Reply(new_id("req", 14)))


def _start(world: World) -> EmulatedParty:
    return EmulatedParty(
        "stripe", HOSTS, create(world), control=("/v1/forwarding/",), in_words=sum_in_words
    )


_ROWS = RowKinds(
    guards=frozenset({_TABLE}),
    settings=frozenset(
        f"stripe.{name}"
        for name in ("settings", "accounts", "restricted_keys", "destinations", "destination_keys")
    ),
)

EMULATION = Emulation(_start, seed.seed, seed.sources, LAXNESSES, _ROWS)
