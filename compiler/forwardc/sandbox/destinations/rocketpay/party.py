"""Rocketpay Gate as a destination: card tokens and card payments.

A card that is used with success for the first time gets a token, which a callback of its own tells
(developers.rocketpay.kz, tokens: first successful purchase, payout or hold). Sources:
developers.rocketpay.kz and ECOMMPAY's Gate documents, of which Gate is a white label; `requests`
says of each path what it rests on. What the Gate answers on a path that it does not have, or to
another method, is not public: 404 and 405 without a code stand here.
"""

from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from forwardc.sandbox.cards import Behaviour, lookup
from forwardc.sandbox.destinations.endpoint import answer, app_of, is_json, transport_fault
from forwardc.sandbox.destinations.rocketpay import callbacks, switches, tokens
from forwardc.sandbox.destinations.rocketpay.callbacks import deliver_forever
from forwardc.sandbox.destinations.rocketpay.hosts import HOSTS
from forwardc.sandbox.destinations.rocketpay.requests import (
    BY_CARD,
    BY_TOKEN,
    CARD,
    REVOKE,
    TOKENIZE,
    GateError,
    GateForm,
    GateRequest,
    behaviour_of,
    error_body,
    read,
)
from forwardc.sandbox.memory import RowKinds
from forwardc.sandbox.parties import EmulatedParty, Emulation
from forwardc.sandbox.world import World

TABLE = "rocketpay.payments"


def by_card(world: World, asked: GateRequest) -> dict[str, Any] | Response:
    """A payment by card number. Raises `GateError`."""
    card, owner = asked.document["card"], asked.owner
    expires = expiry(world, card)
    require_test_card(card["pan"])
    _take_payment_id(world, asked)
    row = tokens.new_row(world, owner, card["pan"], expires, card["card_holder"])
    if not _succeeds(card["pan"]):
        return _pay(world, asked, row, tokens.valid(world, owner, card["pan"]))
    token, new = tokens.issue(world, owner, card["pan"], expires, card["card_holder"])
    if new:
        request_id = callbacks.request_id()
        content = callbacks.of_token(request_id, "tokenize", token, row)
        callbacks.queue(world, owner.project, request_id, content, asked.secret)
    return _pay(world, asked, row, token)


def by_token(world: World, asked: GateRequest) -> dict[str, Any] | Response:
    """A payment by token. Raises `GateError`."""
    token = asked.document["token"]
    row = tokens.find(world, token, asked.owner, mismatch="3101")
    tokens.usable(world, row)
    _take_payment_id(world, asked)
    return _pay(world, asked, row, token)


def expiry(world: World, card: dict[str, Any]) -> tuple[int, int]:
    """(year, month) of a card whose shape was checked. Raises `GateError` where it is over."""
    expires = int(card["year"]), int(card["month"])
    if expires < world.month():
        raise GateError("3021", "card")
    return expires


def require_test_card(number: str) -> None:
    """Raise `GateError` for a number that is no test card's."""
    if lookup(number) is None:
        raise GateError("502", "card.pan")


def fault(number: str) -> Response | None:
    """What the card does to the answer; the request counts as accepted before.

    Raises `GateError` where it is a refusal.
    """
    card = lookup(number)
    if card is None:
        return None
    behaviour = behaviour_of(card)
    if behaviour is Behaviour.SERVER_ERROR:
        raise GateError("501")
    return transport_fault(behaviour)


def accepted(request_id: str, project: int) -> dict[str, Any]:
    """The body of a 200: the Gate will do it."""
    return {"status": "success", "request_id": request_id, "project_id": project}


def _pay(
    world: World, asked: GateRequest, row: dict[str, Any], token: str | None
) -> dict[str, Any] | Response:
    request_id = callbacks.request_id()
    kind = asked.form.kind
    content = callbacks.of_payment(world, asked.document, kind, request_id, row, token)
    callbacks.queue(world, asked.project, request_id, content, asked.secret)
    answer = accepted(request_id, asked.project)
    payment_id = asked.document["general"]["payment_id"]
    return fault(row["number"]) or answer | {"payment_id": payment_id}


def _succeeds(number: str) -> bool:
    card = lookup(number)
    return card is not None and behaviour_of(card) is Behaviour.APPROVE


def _take_payment_id(world: World, asked: GateRequest) -> None:
    """A payment id is good once for each project."""
    key = f"{asked.project}:{asked.document['general']['payment_id']}"
    if world.guard(TABLE, key) is not None:
        raise GateError("3024", "general.payment_id")
    world.table(TABLE)[key] = {"at": world.now()}


# --- Operations

Operation = Callable[[World, GateRequest], "dict[str, Any] | Response"]


def create(world: World) -> Starlette:
    """The app of the host, on one world, with its fixed tokens."""
    tokens.seed(world)

    def route(form: GateForm, operation: Operation) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                if not is_json(request):
                    raise GateError("702")
                content = operation(world, read(world, await request.body(), form))
            except GateError as refusal:
                return answer(refusal.status, refusal.body)
            return content if isinstance(content, Response) else answer(200, content)

        return Route(form.path, endpoint, methods=["POST"])

    routes = [
        *(route(*operation_row) for operation_row in OPERATIONS),
        *switches.routes(world, _as_a_holder),
    ]
    return app_of(routes, lambda status, words: answer(status, error_body(words)))


def _as_a_holder(world: World, asked: GateRequest) -> dict[str, Any]:
    """What a form does for whoever holds a card: the switches play that holder."""
    operation = next(effect for form, effect in OPERATIONS if form is asked.form)
    content = operation(world, asked)
    return {} if isinstance(content, Response) else content


def _tokenize(world: World, asked: GateRequest) -> dict[str, Any] | Response:
    card, owner = asked.document["card"], asked.owner
    expires = expiry(world, card)
    require_test_card(card["pan"])
    token, _new = tokens.issue(world, owner, card["pan"], expires, card.get("card_holder", ""))
    request_id = callbacks.request_id()
    content = callbacks.of_token(request_id, "tokenize", token, world.table(tokens.TABLE)[token])
    callbacks.queue(world, owner.project, request_id, content, asked.secret)
    return fault(card["pan"]) or accepted(request_id, owner.project)


def _card_information(world: World, asked: GateRequest) -> dict[str, Any] | Response:
    """The documents promise a callback, a public client reads the answer: both are given."""
    token = asked.document["token"]
    row = tokens.find(world, token, asked.owner, mismatch="3241")
    request_id = callbacks.request_id()
    content = {"account": callbacks.account(token, row), "token": token}
    callbacks.queue(world, asked.project, request_id, content, asked.secret)
    return fault(row["number"]) or accepted(request_id, asked.project) | content


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
    return fault(row["number"]) or accepted(request_id, asked.project)


OPERATIONS: tuple[tuple[GateForm, Operation], ...] = (
    (TOKENIZE, _tokenize),
    (CARD, _card_information),
    (REVOKE, _revoke),
    *((form, by_card) for form in BY_CARD),
    *((form, by_token) for form in BY_TOKEN),
)
"""Each form with what it does."""


def _start(world: World) -> EmulatedParty:
    return EmulatedParty("rocketpay", HOSTS, create(world), background=deliver_forever)


EMULATION = Emulation(
    _start,
    tokens.seed,
    lambda _: tokens.sources(),
    rows=RowKinds(guards=frozenset({TABLE})),
)
