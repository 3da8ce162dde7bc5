"""The application of `forwardc serve`: every route, behind the middleware.

Its lifespan begins and ends with the components; what `/ready` asks of them stands here, too.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from itertools import chain

from starlette.applications import Starlette
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.runtime.history.database import Transaction
from forwardc.runtime.history.errors import HistoryError
from forwardc.runtime.history.queries import count_unresolved
from forwardc.server.http.health import PartlyReadyError, Readiness, ReadinessCheck
from forwardc.server.http.health import routes as health_routes
from forwardc.server.http.middleware import AccessRules, with_middleware
from forwardc.server.http.problems import handlers
from forwardc.server.payment_sharing import endpoint
from forwardc.server.payment_sharing.openapi import SHARING_PATH
from forwardc.server.wiring.components import ServerComponents
from forwardc.server.wiring.directory_supply import blocked_plans
from forwardc.server.wiring.mounts import MOUNTS

# Runs that the gauge counts to: the alert is about the first one.
_MOST_WAITING = 1_000


def create(components: ServerComponents) -> ASGIApp:
    """The application over open parts, which it closes at the end of its lifespan."""
    readiness = Readiness(_checks(components), components.calls, _tell_ready(components))
    read_store = endpoint.EndpointDependencies(
        components.auth.gate,
        components.rates,
        components.forwarding,
        components.settings.limits,
        components.settings.issuer,
        components.telemetry,
        components.auth.policy,
    )
    routes: list[BaseRoute] = [
        *endpoint.routes(read_store),
        *components.auth.routes,
        *health_routes(readiness, components.telemetry.metrics, _figures(components)),
        *chain.from_iterable(mount(components) for mount in MOUNTS),
    ]
    app = Starlette(routes=routes, exception_handlers=handlers(), lifespan=_lifespan(components))
    app.router.redirect_slashes = False
    # Nothing that routing does is of use to the one call that a server is there for.
    direct = {("POST", SHARING_PATH): endpoint.SharingEndpoint(read_store)}
    rules = AccessRules.from_settings(components.settings)
    return with_middleware(app, rules, components.calls, components.telemetry, direct)


def _lifespan(
    components: ServerComponents,
) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await components.begin()
        beside = [
            asyncio.create_task(components.forwarding.claims.forget()),
            asyncio.create_task(components.forwarding.claims.run_heartbeat()),
            asyncio.create_task(components.approvals.watch()),
        ]
        try:
            yield
        finally:
            for task in beside:
                task.cancel()
            await asyncio.wait(beside)
            await components.close()

    return lifespan


def _checks(components: ServerComponents) -> dict[str, ReadinessCheck]:
    """What a call needs, by the name that `/ready` tells."""

    async def history() -> None:
        await components.store.commits.write(_touch)

    async def keys() -> None:
        await components.auth.ready()

    async def approvals() -> None:
        await components.approvals.look()
        refused = components.approvals.refused
        if refused:
            why = next(iter(refused.values()))[0]
            raise (
                NothingApprovedError(why)
                if refused.keys() == components.inputs.plans.keys()
                else PartlyReadyError(why)
            )

    async def lookup() -> None:
        await components.lookup.ready()
        blocked = blocked_plans(components.inputs.plans, await components.lookup.supplies())
        if blocked:
            why = next(iter(blocked.values()))
            raise (
                NothingSuppliedError(why)
                if blocked.keys() == components.inputs.plans.keys()
                else PartlyReadyError(why)
            )

    return {
        "history": history,
        "keys": keys,
        "lookup": lookup,
        "approvals": approvals,
    }


class NothingSuppliedError(ForwardcError):
    """Nothing of what is served can be forwarded with what the lookup has."""


class NothingApprovedError(ForwardcError):
    """Nothing of what is served may leave any more."""


def _touch(tx: Transaction) -> None:
    """A write that changes nothing: a history that can only be read takes no payment."""
    tx.run("DELETE FROM rates WHERE name = ?", "ready")


def _tell_ready(components: ServerComponents) -> Callable[[Mapping[str, bool]], None]:
    metrics = components.telemetry.metrics
    return metrics.set_ready if metrics is not None else lambda _: None


def _figures(components: ServerComponents) -> ReadinessCheck:
    """Bring the figures up to date that stand in the history."""

    async def ask() -> None:
        metrics = components.telemetry.metrics
        if metrics is None:
            return
        now = components.store.timestamp().milliseconds
        with suppress(HistoryError):
            unresolved = await components.store.commits.read(
                lambda tx: count_unresolved(tx, now, _MOST_WAITING)
            )
            metrics.unsettled.set(unresolved)

    return ask
