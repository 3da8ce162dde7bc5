"""Connects a run to a sandbox, and puts the run's stored secrets into it.

Runtime and sandbox meet here: one gives a connection, the other the application behind it.
"""

from typing import TYPE_CHECKING

from forwardc.cli.options import IN_PROCESS
from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.model import Plan
from forwardc.runtime.http.connection_pool import LoopbackTransport, NotLoopbackError
from forwardc.runtime.http.send import Sender
from forwardc.runtime.run.request import ClockAndIds
from forwardc.runtime.secret_providers.plan_secrets import (
    resolve_credentials,
    resolve_secrets,
    sandbox_resolver,
)
from forwardc.runtime.secret_providers.vault_store import STORE_CREDENTIAL, StoreClient

if TYPE_CHECKING:
    from collections.abc import Iterable

    import httpx


class SandboxUnreachableError(ForwardcError, ValueError):
    """There is no sandbox at the address."""


def transport_to(
    sandbox: str, plans: "Iterable[Plan]" = (), ambient: ClockAndIds | None = None
) -> "httpx.AsyncBaseTransport":
    """A transport to a sandbox: `in-process` starts one. Raises `SandboxUnreachableError`.

    One that is started knows these plans only: what they name is onboarded, in live mode where the
    lock of `ambient` has it.
    """
    if sandbox != IN_PROCESS:
        try:
            return LoopbackTransport(sandbox)
        except NotLoopbackError as problem:
            raise SandboxUnreachableError(str(problem)) from None
    import httpx

    from forwardc.cli.sandbox.project import project_data
    from forwardc.sandbox.app import create_app
    from forwardc.sandbox.project import read
    from forwardc.sandbox.world import World

    ambient = ambient or ClockAndIds()
    data = project_data(plans, ambient.lock, ambient.now().date())
    # One run meets a vault and a destination: the others are not loaded.
    return httpx.ASGITransport(create_app(World(project=read(data)), at_once=False))


async def store_secrets(plan: Plan, operation: str, sender: Sender) -> None:
    """Store what the operation expects at the vault, by the sandbox's rule; again is no error.

    Raises `SandboxUnreachableError`.
    """
    names = plan.operations[operation].stored_secrets
    if plan.secret_store is None or not names:
        return
    sink, look_up = Sink(), sandbox_resolver(plan)
    key = resolve_credentials(plan, [STORE_CREDENTIAL], look_up, sink, any_shape=True)[
        STORE_CREDENTIAL
    ]
    client = StoreClient(sender, plan.secret_store, plan.hosts.vault, key)
    values = resolve_secrets(plan, names, look_up, sink, any_shape=True)
    there = await client.list(sink) or {}
    for name in names:
        if name not in there and not sink.has_errors:
            await client.create(name, values[name], sink)
    for problem in sink.sorted():
        raise SandboxUnreachableError(
            f"the sandbox does not answer as a store of secrets: {problem.message}"
        )
