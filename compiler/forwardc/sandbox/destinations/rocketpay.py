"""Rocketpay Gate as a destination: card tokens and card payments.

Knows no vault. Sources: developers.rocketpay.kz and ECOMMPAY's Gate documents, of which Gate is a
white label. Confirmed are tokenize, sale and payout by token; card information and revoke rest on
one public client; purchase and verification by token exist, but their paths are not public: the
two that end in `/sale/token` and `/verify/token` are this sandbox's stand-ins.
"""

import secrets
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from forwardc.sandbox.cards import Behaviour, lookup
from forwardc.sandbox.destinations import rocketpay_callbacks as callbacks
from forwardc.sandbox.destinations import rocketpay_requests as requests
from forwardc.sandbox.destinations import rocketpay_switches as switches
from forwardc.sandbox.destinations import rocketpay_tokens as tokens
from forwardc.sandbox.destinations.bodies import answer
from forwardc.sandbox.destinations.faults import transport_fault
from forwardc.sandbox.destinations.rocketpay_delivery import deliver_forever
from forwardc.sandbox.destinations.rocketpay_errors import Refused
from forwardc.sandbox.world import World

HOSTS = ("api.rocketpay.kz",)
PAYMENTS = "rocketpay.payments"

# What a server runs beside the app: callbacks come without a request.
background = deliver_forever

Operation = Callable[[World, dict[str, Any]], "dict[str, Any] | Response"]


def create(world: World) -> Starlette:
    """The app of the host, on one world, with its fixed tokens."""
    tokens.seed(world)

    def route(path: str, form: requests.Form, operation: Operation) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                content = operation(world, requests.read(await request.body(), form))
            except Refused as refusal:
                return answer(refusal.status, refusal.body)
            return content if isinstance(content, Response) else answer(200, content)

        return Route(path, endpoint, methods=["POST"])

    return Starlette(
        routes=[
            route("/v2/customer/card/tokenize", requests.TOKENIZE, _tokenize),
            route("/v2/customer/card/bytoken", requests.OF_TOKEN, _card_information),
            route("/v2/customer/card/token/revoke", requests.OF_TOKEN, _revoke),
            route("/v2/payment/card/sale", requests.SALE, _sale),
            route("/v2/payment/card/payout/token", requests.BY_TOKEN, _by_token("payout")),
            route("/v2/payment/card/sale/token", requests.BY_TOKEN, _by_token("purchase")),
            route("/v2/payment/card/verify/token", requests.VERIFY, _by_token("verification")),
            *switches.routes(world, _tokenize),
        ]
    )


def _tokenize(world: World, document: dict[str, Any]) -> dict[str, Any] | Response:
    customer, card = document["customer"], document["card"]
    project = customer["project_id"]
    expires = _expiry(world, card)
    _known(card["pan"])
    token = tokens.issue(
        world, project, customer["id"], card["pan"], expires, card.get("card_holder", "")
    )
    row = world.table(tokens.TABLE)[token]
    request_id = _request_id()
    content = callbacks.of_token(request_id, "tokenize", token, row)
    callbacks.queue(world, project, request_id, content)
    return _fault(card["pan"]) or _accepted(request_id, project)


def _card_information(world: World, document: dict[str, Any]) -> dict[str, Any] | Response:
    """The documents promise a callback, a public client reads the answer: both are given."""
    customer, token = document["customer"], document["token"]
    project = customer["project_id"]
    row = tokens.find(world, token, project, customer["id"], mismatch="3241")
    request_id = _request_id()
    content = {"account": callbacks.account(token, row), "token": token}
    callbacks.queue(world, project, request_id, content)
    return _fault(row["number"]) or _accepted(request_id, project) | content


def _revoke(world: World, document: dict[str, Any]) -> dict[str, Any] | Response:
    customer, token = document["customer"], document["token"]
    project = customer["project_id"]
    row = tokens.find(world, token, project, customer["id"], mismatch="3241")
    if row["status"] != tokens.ACTIVE:
        raise Refused("3027", "token")
    row["status"] = tokens.REVOKED
    request_id = _request_id()
    content = callbacks.of_token(request_id, "token_revoke", token, row)
    callbacks.queue(world, project, request_id, content)
    return _fault(row["number"]) or _accepted(request_id, project)


def _sale(world: World, document: dict[str, Any]) -> dict[str, Any] | Response:
    card, project = document["card"], document["general"]["project_id"]
    expires = _expiry(world, card)
    if not card.get("card_holder"):
        raise Refused("3162", "card.card_holder")
    if not card.get("cvv"):
        raise Refused("3141", "card.cvv")
    _known(card["pan"])
    _take_payment_id(world, document)
    # A first payment gives the card a token, also where nobody asked for one.
    customer = document["customer"]["id"]
    token = tokens.issue(world, project, customer, card["pan"], expires, card["card_holder"])
    return _pay(world, document, "purchase", token)


def _by_token(kind: str) -> Operation:
    def operation(world: World, document: dict[str, Any]) -> dict[str, Any] | Response:
        project, customer = document["general"]["project_id"], document["customer"]["id"]
        row = tokens.find(world, document["token"], project, customer, mismatch="3101")
        tokens.usable(world, row)
        _take_payment_id(world, document)
        return _pay(world, document, kind, document["token"])

    return operation


def _pay(
    world: World, document: dict[str, Any], kind: str, token: str
) -> dict[str, Any] | Response:
    general, row = document["general"], world.table(tokens.TABLE)[token]
    request_id = _request_id()
    content = callbacks.of_payment(world, document, kind, request_id, token)
    callbacks.queue(world, general["project_id"], request_id, content)
    accepted = _accepted(request_id, general["project_id"])
    return _fault(row["number"]) or accepted | {"payment_id": general["payment_id"]}


def _take_payment_id(world: World, document: dict[str, Any]) -> None:
    """A payment id is good once for each project."""
    general = document["general"]
    key = f"{general['project_id']}:{general['payment_id']}"
    if key in world.table(PAYMENTS):
        raise Refused("3024", "general.payment_id")
    world.table(PAYMENTS)[key] = {"at": world.now()}


def _known(number: str) -> None:
    if lookup(number) is None:
        raise Refused("502", "card.pan")


def _expiry(world: World, card: dict[str, Any]) -> tuple[int, int]:
    """(year, month), from integers or from text. Raises `Refused`."""
    if "year" not in card or "month" not in card:
        raise Refused("3020", "card")
    numbers = [card[name] for name in ("year", "month")]
    if any(isinstance(n, bool) or not isinstance(n, int | str) for n in numbers):
        raise Refused("502", "card")
    if not all(str(n).isascii() and str(n).isdigit() and len(str(n)) <= 4 for n in numbers):
        raise Refused("502", "card")
    year, month = (int(n) for n in numbers)
    if not (2000 <= year <= 2099 and 1 <= month <= 12):
        raise Refused("502", "card")
    if (year, month) < world.month():
        raise Refused("3021", "card")
    return year, month


def _fault(number: str) -> Response | None:
    """What the card does to the answer; the request counts as accepted before."""
    card = lookup(number)
    if card is None:
        return None
    behaviour = card.at("rocketpay")
    if behaviour is Behaviour.SERVER_ERROR:
        raise Refused("501")
    return transport_fault(behaviour)


def _request_id() -> str:
    return secrets.token_hex(20)


def _accepted(request_id: str, project: int) -> dict[str, Any]:
    return {"status": "success", "request_id": request_id, "project_id": project}
