"""Connects a run to a sandbox, and puts the run's stored secrets into it.

The only place that knows both the runtime and the sandbox; neither knows the other.
"""

import json
from typing import TYPE_CHECKING, Final

from forwardc.plan.model import Plan, SecretSpec
from forwardc.runtime.sandbox import LoopbackTransport, NotLoopback
from forwardc.runtime.secrets import (
    credential_variable,
    derived,
    sandbox_lookup,
    secret_variable,
)
from forwardc.runtime.send import Answer, Limits, Sender
from forwardc.runtime.shapes import BoundRequest, ShownRequest

if TYPE_CHECKING:
    import httpx

IN_PROCESS: Final = "in-process"
_LIMITS = Limits(connect_s=5, read_s=10, max_bytes=65_536)
# Vaults that keep secrets, and where: the path below their first host.
_STORES = {"checkout": "/secrets"}


class Unreachable(ValueError):  # noqa: N818 - the sandbox's state
    """There is no sandbox at the address."""


def transport_to(sandbox: str) -> "httpx.AsyncBaseTransport":
    """A transport to a sandbox: `in-process` starts one. Raises `Unreachable`."""
    if sandbox != IN_PROCESS:
        try:
            return LoopbackTransport(sandbox)
        except NotLoopback as problem:
            raise Unreachable(str(problem)) from None
    import httpx

    from forwardc.sandbox.app import create_app
    from forwardc.sandbox.world import World

    return httpx.ASGITransport(create_app(World()))


async def store_secrets(plan: Plan, operation: str, sender: Sender) -> None:
    """Store what the operation expects at the vault, by the sandbox's rule; again is no error.

    Raises `Unreachable`.
    """
    path = _STORES.get(plan.vault)
    if path is None:
        return
    look_up = sandbox_lookup(plan)
    for name in plan.operations[operation].stored_secrets:
        raw = look_up(secret_variable(plan.destination, name)) or ""
        value = derived(plan.secrets.get(name, SecretSpec()), raw)
        key = look_up(credential_variable(plan.vault, "api_key")) or ""
        url = f"https://{plan.hosts.vault[0]}{path}"
        answer = await sender.send(_request(url, key, name, value), plan.hosts.vault, _LIMITS)
        if not isinstance(answer, Answer):
            raise Unreachable(f"the sandbox does not answer: {answer.reason}")


def _request(url: str, key: str, name: str, value: str) -> BoundRequest:
    headers = (("Authorization", f"Bearer {key}"), ("Content-Type", "application/json"))
    body = json.dumps({"name": name, "value": value}).encode()
    return BoundRequest("POST", url, headers, body, ShownRequest("POST", url, (), None))
