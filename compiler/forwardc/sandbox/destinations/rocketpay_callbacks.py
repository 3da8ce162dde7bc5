"""The callbacks that Rocketpay Gate would send, signed, in a queue.

Knows no operation and sends nothing. Sources: developers.rocketpay.kz, callbacks on tokens and
card information; ECOMMPAY's payment callback. A 200 is acceptance only: the result stands here.
"""

import secrets
from datetime import UTC, datetime
from typing import Any

from forwardc.sandbox.cards import Behaviour, lookup
from forwardc.sandbox.crypto import rocketpay
from forwardc.sandbox.destinations.rocketpay_errors import MESSAGES
from forwardc.sandbox.world import World

TABLE = "rocketpay.callbacks"
_STATUSES = {Behaviour.APPROVE: "success", Behaviour.REQUIRES_ACTION: "awaiting 3ds result"}
# What success is called where it is not the end of the payment.
_GOOD = {"auth": "awaiting capture"}


def request_id() -> str:
    """A fresh id of a request: 40 hexadecimal digits."""
    return secrets.token_hex(20)


def queue(
    world: World, project: int, request_id: str, content: dict[str, Any], secret: str
) -> None:
    """Sign a callback (signature and project at the root) and put it into the queue."""
    body = {"project_id": project, **content}
    body["signature"] = rocketpay.sign(body, secret)
    now = world.now()
    row = {"queued_at": now, "body": body, "attempts": 0, "next_at": now, "answered": None}
    world.table(TABLE)[request_id] = row


def of_token(
    request_id: str,
    action: str | None,
    token: str,
    row: dict[str, Any],
    refused: str | None = None,
) -> dict[str, Any]:
    """That a token was created or revoked, or, without an action, that it has expired.

    `refused` is the code of the reason why it was not.
    """
    created = datetime.fromtimestamp(row["created_at"], UTC)
    request = {"id": request_id, "action": action, "status": "error" if refused else "success"}
    if refused:
        errors = [{"code": refused, "message": MESSAGES[refused], "field": "token"}]
    return {
        "customer": {"id": row["customer_id"]},
        "request": {name: value for name, value in request.items() if value is not None}
        | ({"errors": errors} if refused else {}),
        "token": token,
        "token_created_at": created.strftime("%Y-%m-%d %H:%M:%S"),
        "token_status": row["status"],
        # The fourth callback format of ECOMMPAY's SDKs has the card in it, masked.
        "card": {
            "exp_month": f"{row['month']:02}",
            "exp_year": str(row["year"]),
            "holder": row["holder"],
            "number": _masked(row["number"]),
        },
    }


def account(token: str, row: dict[str, Any]) -> dict[str, Any]:
    """What card information shows: the masked number and the card's public data."""
    card = lookup(row["number"])
    return {
        "id": int(token[:6], 16),
        "number": _masked(row["number"]),
        "type": "card",
        "additional": {
            "card": {
                "expiry": f"{row['month']:02}/{row['year'] % 100:02}",
                "holder": row["holder"],
                "type": card.brand if card else "",
            }
        },
        "recurring_enable": False,
    }


def of_payment(
    world: World,
    document: dict[str, Any],
    kind: str,
    request_id: str,
    row: dict[str, Any],
    token: str | None,
) -> dict[str, Any]:
    """The result of a payment, by test card; with the card's token, where it has one."""
    card = lookup(row["number"])
    behaviour = card.at("rocketpay") if card else Behaviour.DECLINE
    outcome = _STATUSES.get(behaviour, "decline")
    good = outcome != "decline"
    status = _GOOD.get(kind, outcome) if outcome == "success" else outcome
    payment = {
        "id": document["general"]["payment_id"],
        "type": kind,
        "status": status,
        "date": datetime.fromtimestamp(world.now(), UTC).strftime("%Y-%m-%dT%H:%M:%S+0000"),
        "method": "card",
    }
    if "payment" in document:
        payment["sum"] = {name: document["payment"][name] for name in ("amount", "currency")}
    return {
        "payment": payment,
        "account": {"number": _masked(row["number"])} | ({"token": token} if token else {}),
        "customer": {"id": document["customer"]["id"]},
        "operation": {
            "type": kind,
            "status": outcome,
            "request_id": request_id,
            "code": "0" if good else "100",
            "message": "Success" if good else "General decline",
        },
    }


def _masked(number: str) -> str:
    return f"{number[:6]}******{number[-4:]}"
