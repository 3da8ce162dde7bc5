"""The callbacks of Rocketpay Gate: signed, queued, and sent to an address of this machine.

A 200 is acceptance only: the result stands in a callback. The schedule is ECOMMPAY's: six times
every 10 s, then 70 + 10 x 1.12^(n-4) s up to 4 h, at most 120 attempts. All times are the world's,
so that a test can wind it forward. Sources: developers.rocketpay.kz, callbacks on tokens and card
information; ECOMMPAY's payment callback.
"""

import asyncio
import json
import secrets
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import httpx

from forwardc.sandbox.cards import Behaviour, lookup
from forwardc.sandbox.crypto import rocketpay
from forwardc.sandbox.destinations.rocketpay import tokens
from forwardc.sandbox.destinations.rocketpay.requests import MESSAGES, behaviour_of, shared_secrets
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
    behaviour = behaviour_of(card) if card else Behaviour.DECLINE
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


# --- Delivery

# Attempts (ECOMMPAY's schedule of callbacks).
MOST_ATTEMPTS = 120
# Seconds: 4 hours (ECOMMPAY's schedule of callbacks).
_LONGEST_WAIT = 4 * 3600.0
# Seconds between two looks at the queue: short beside the 10 s of the schedule.
_PAUSE = 0.1

Post = Callable[[str, bytes], Awaitable[int | None]]
"""Sends a body to a URL; the status of the answer, or None where there is none."""


def wait_after(attempt: int) -> float:
    """Seconds between an attempt, counted from 1, and the next."""
    if attempt <= 6:
        return 10.0
    return float(min(70 + 10 * 1.12 ** (attempt - 4), _LONGEST_WAIT))


async def deliver_due(world: World, post: Post) -> int:
    """Send every callback whose time has come, once each; how many were sent.

    One that is answered with 200 is never sent again.
    """
    _queue_expired(world)
    if world.callback_url is None:
        return 0
    now = world.now()
    rows = list(world.table(TABLE).values())
    due = [row for row in rows if row.get("next_at") is not None and row["next_at"] <= now]
    for row in due:
        row["attempts"] += 1
        status = await post(world.callback_url, json.dumps(row["body"]).encode())
        row["answered"] = status
        done = status == httpx.codes.OK or row["attempts"] >= MOST_ATTEMPTS
        row["next_at"] = None if done else world.now() + wait_after(row["attempts"])
    return len(due)


async def deliver_forever(world: World, changed: Callable[[], None]) -> None:
    """Deliver what is due until cancelled; `changed` is called after each delivery."""
    # No redirect, no proxy, no TLS: a callback never leaves this machine. A context of httpx's own
    # would open the file of SSLKEYLOGFILE.
    no_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    async with httpx.AsyncClient(
        verify=no_tls, trust_env=False, follow_redirects=False, timeout=10
    ) as client:

        async def post(url: str, body: bytes) -> int | None:
            with suppress(httpx.HTTPError):
                headers = {"Content-Type": "application/json"}
                answer = await client.post(url, content=body, headers=headers)
                return answer.status_code
            return None

        while True:
            if await deliver_due(world, post):
                changed()
            await asyncio.sleep(_PAUSE)


def _queue_expired(world: World) -> None:
    secrets = shared_secrets(world)
    for token in tokens.expire(world) if secrets else ():
        row = world.table(tokens.TABLE)[token]
        # Nobody asked, so that the callback has a request of the Gate's own and no action.
        request_id = token[:40]
        content = of_token(request_id, None, token, row)
        queue(world, row["project_id"], request_id, content, secrets[0])
