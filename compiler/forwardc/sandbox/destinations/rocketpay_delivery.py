"""Sends the queued callbacks of Rocketpay Gate to an address of this machine, again and again.

Knows no operation. The schedule is ECOMMPAY's: six times every 10 s, then 70 + 10 x 1.12^(n-4) s
up to 4 h, at most 120 attempts. All times are the world's, so that a test can wind it forward.
"""

import asyncio
import ipaddress
import json
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from urllib.parse import urlsplit

import httpx

from forwardc.sandbox.destinations import rocketpay_callbacks as callbacks
from forwardc.sandbox.destinations import rocketpay_tokens as tokens
from forwardc.sandbox.destinations.rocketpay_requests import shared_secrets
from forwardc.sandbox.world import World

MOST_ATTEMPTS = 120
_LONGEST_WAIT = 4 * 3600.0
_PAUSE = 0.1

Post = Callable[[str, bytes], Awaitable[int | None]]
"""Sends a body to a URL; the status of the answer, or None where there is none."""


def wait_after(attempt: int) -> float:
    """Seconds between an attempt, counted from 1, and the next."""
    if attempt <= 6:
        return 10.0
    return float(min(70 + 10 * 1.12 ** (attempt - 4), _LONGEST_WAIT))


def loopback_url(text: str) -> str:
    """The URL, if it is one of this machine by http. Raises `ValueError`, which says why not."""
    parts = urlsplit(text)
    # The name could resolve to anything, the address cannot.
    host = "127.0.0.1" if parts.hostname == "localhost" else parts.hostname or ""
    if parts.scheme != "http" or "@" in parts.netloc or parts.fragment:
        raise ValueError("a callback goes to a URL like http://127.0.0.1:8456/callbacks/rocketpay")
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = False
    if not local:
        raise ValueError("a callback goes to this machine only, to a loopback address")
    written = f"[{host}]" if ":" in host else host
    port = f":{parts.port}" if parts.port else ""
    return parts._replace(netloc=written + port).geturl()


async def deliver_due(world: World, post: Post) -> int:
    """Send every callback whose time has come, once each; how many were sent.

    One that is answered with 200 is never sent again.
    """
    _queue_expired(world)
    if world.callback_url is None:
        return 0
    now = world.now()
    rows = list(world.table(callbacks.TABLE).values())
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
        content = callbacks.of_token(request_id, None, token, row)
        callbacks.queue(world, row["project_id"], request_id, content, secrets[0])
