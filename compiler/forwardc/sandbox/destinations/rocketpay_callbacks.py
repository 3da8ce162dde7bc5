"""The callbacks that Rocketpay Gate would send, signed, in a queue.

Knows no operation and sends nothing. Sources: developers.rocketpay.kz, callbacks on tokens and
card information; ECOMMPAY's payment callback. A 200 is acceptance only: the result stands here.
"""

from datetime import UTC, datetime
from typing import Any

from forwardc.sandbox.cards import Behaviour, lookup
from forwardc.sandbox.crypto import rocketpay
from forwardc.sandbox.destinations.rocketpay_requests import shared_secret
from forwardc.sandbox.world import World

TABLE = "rocketpay.callbacks"
_STATUSES = {Behaviour.APPROVE: "success", Behaviour.REQUIRES_ACTION: "awaiting 3ds result"}


def queue(world: World, project: int, request_id: str, content: dict[str, Any]) -> None:
    """Sign a callback (signature and project at the root) and put it into the queue."""
    body = {"project_id": project, **content}
    body["signature"] = rocketpay.sign(body, shared_secret())
    world.table(TABLE)[request_id] = {"queued_at": world.now(), "body": body}


def of_token(request_id: str, action: str, token: str, row: dict[str, Any]) -> dict[str, Any]:
    """That a token was created or revoked."""
    created = datetime.fromtimestamp(row["created_at"], UTC)
    return {
        "customer": {"id": row["customer_id"]},
        "request": {"id": request_id, "action": action, "status": "success"},
        "token": token,
        "token_created_at": created.strftime("%Y-%m-%d %H:%M:%S"),
        "token_status": row["status"],
    }


def account(token: str, row: dict[str, Any]) -> dict[str, Any]:
    """What card information shows: the masked number and the card's public data."""
    card = lookup(row["number"])
    return {
        "id": int(token[:6], 16),
        "number": f"{row['number'][:6]}******{row['number'][-4:]}",
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
    world: World, document: dict[str, Any], kind: str, token: str, row: dict[str, Any]
) -> dict[str, Any]:
    """The result of a payment, by test card."""
    card = lookup(row["number"])
    behaviour = card.at("rocketpay") if card else Behaviour.DECLINE
    status = _STATUSES.get(behaviour, "decline")
    good = status != "decline"
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
        "account": {"number": account(token, row)["number"], "token": token},
        "customer": {"id": document["customer"]["id"]},
        "operation": {
            "type": kind,
            "status": status,
            "code": "0" if good else "100",
            "message": "Success" if good else "General decline",
        },
    }
