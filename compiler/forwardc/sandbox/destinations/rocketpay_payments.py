"""Payments at Rocketpay Gate, by card and by token: purchase, hold, payout, verification.

Knows no HTTP. A card that is used with success for the first time gets a token, which a callback
of its own tells (developers.rocketpay.kz, tokens: first successful purchase, payout or hold).
"""

from typing import Any

from starlette.responses import Response

from forwardc.sandbox.cards import Behaviour, lookup
from forwardc.sandbox.destinations import rocketpay_callbacks as callbacks
from forwardc.sandbox.destinations import rocketpay_tokens as tokens
from forwardc.sandbox.destinations.faults import transport_fault
from forwardc.sandbox.destinations.rocketpay_errors import GateError
from forwardc.sandbox.destinations.rocketpay_requests import GateRequest
from forwardc.sandbox.world import World

TABLE = "rocketpay.payments"


def by_card(world: World, asked: GateRequest) -> dict[str, Any] | Response:
    """A payment by card number. Raises `GateError`."""
    card, owner = asked.document["card"], asked.owner
    expires = expiry(world, card)
    known(card["pan"])
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


def known(number: str) -> None:
    """Raise `GateError` for a number that is no test card's."""
    if lookup(number) is None:
        raise GateError("502", "card.pan")


def fault(number: str) -> Response | None:
    """What the card does to the answer; the request counts as accepted before."""
    card = lookup(number)
    if card is None:
        return None
    behaviour = card.at("rocketpay")
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
    return card is not None and card.at("rocketpay") is Behaviour.APPROVE


def _take_payment_id(world: World, asked: GateRequest) -> None:
    """A payment id is good once for each project."""
    key = f"{asked.project}:{asked.document['general']['payment_id']}"
    if key in world.table(TABLE):
        raise GateError("3024", "general.payment_id")
    world.table(TABLE)[key] = {"at": world.now()}
