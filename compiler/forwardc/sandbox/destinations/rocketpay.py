"""Rocketpay Gate as a destination: card tokens and card payments.

Knows no vault. Sources: developers.rocketpay.kz and ECOMMPAY's Gate documents, of which Gate is a
white label; `rocketpay_forms` says of each path what it rests on. What the Gate answers on a path
that it does not have, or to another method, is not public: 404 and 405 without a code stand here.
"""

from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from forwardc.sandbox.destinations import rocketpay_callbacks as callbacks
from forwardc.sandbox.destinations import rocketpay_forms as forms
from forwardc.sandbox.destinations import rocketpay_payments as payments
from forwardc.sandbox.destinations import rocketpay_switches as switches
from forwardc.sandbox.destinations import rocketpay_tokens as tokens
from forwardc.sandbox.destinations.bodies import answer, is_json
from forwardc.sandbox.destinations.rocketpay_delivery import deliver_forever
from forwardc.sandbox.destinations.rocketpay_errors import GateError, error_body
from forwardc.sandbox.destinations.rocketpay_requests import HOST, GateRequest, read
from forwardc.sandbox.destinations.routed import app_of
from forwardc.sandbox.world import World

HOSTS = (HOST,)

# What a server runs beside the app: callbacks come without a request.
background = deliver_forever

Operation = Callable[[World, GateRequest], "dict[str, Any] | Response"]


def create(world: World) -> Starlette:
    """The app of the host, on one world, with its fixed tokens."""
    tokens.seed(world)

    def route(form: forms.GateForm, operation: Operation) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                if not is_json(request):
                    raise GateError("702")
                content = operation(world, read(world, await request.body(), form))
            except GateError as refusal:
                return answer(refusal.status, refusal.body)
            return content if isinstance(content, Response) else answer(200, content)

        return Route(form.path, endpoint, methods=["POST"])

    routes = [*(route(*one) for one in OPERATIONS), *switches.routes(world, _as_a_holder)]
    return app_of(routes, lambda status, words: answer(status, error_body(words)))


def _as_a_holder(world: World, asked: GateRequest) -> dict[str, Any]:
    """What a form does for whoever holds a card: the switches play that holder."""
    operation = next(effect for known, effect in OPERATIONS if known is asked.form)
    content = operation(world, asked)
    return {} if isinstance(content, Response) else content


def _tokenize(world: World, asked: GateRequest) -> dict[str, Any] | Response:
    card, owner = asked.document["card"], asked.owner
    expires = payments.expiry(world, card)
    payments.known(card["pan"])
    token, _new = tokens.issue(world, owner, card["pan"], expires, card.get("card_holder", ""))
    request_id = callbacks.request_id()
    content = callbacks.of_token(request_id, "tokenize", token, world.table(tokens.TABLE)[token])
    callbacks.queue(world, owner.project, request_id, content, asked.secret)
    return payments.fault(card["pan"]) or payments.accepted(request_id, owner.project)


def _card_information(world: World, asked: GateRequest) -> dict[str, Any] | Response:
    """The documents promise a callback, a public client reads the answer: both are given."""
    token = asked.document["token"]
    row = tokens.find(world, token, asked.owner, mismatch="3241")
    request_id = callbacks.request_id()
    content = {"account": callbacks.account(token, row), "token": token}
    callbacks.queue(world, asked.project, request_id, content, asked.secret)
    return payments.fault(row["number"]) or payments.accepted(request_id, asked.project) | content


def _revoke(world: World, asked: GateRequest) -> dict[str, Any] | Response:
    """A fixed token stays: the request is accepted, and the callback says that it failed."""
    token = asked.document["token"]
    row = tokens.find(world, token, asked.owner, mismatch="3241")
    if row["status"] != tokens.ACTIVE:
        raise GateError("3027", "token")
    refused = "303" if tokens.is_fixed(row) else None
    if refused is None:
        row["status"] = tokens.REVOKED
    request_id = callbacks.request_id()
    content = callbacks.of_token(request_id, "token_revoke", token, row, refused)
    callbacks.queue(world, asked.project, request_id, content, asked.secret)
    return payments.fault(row["number"]) or payments.accepted(request_id, asked.project)


OPERATIONS: tuple[tuple[forms.GateForm, Operation], ...] = (
    (forms.TOKENIZE, _tokenize),
    (forms.CARD, _card_information),
    (forms.REVOKE, _revoke),
    *((form, payments.by_card) for form in forms.BY_CARD),
    *((form, payments.by_token) for form in forms.BY_TOKEN),
)
"""Each form with what it does."""
