"""The application of `forwardc serve`: every route, behind the middleware.

Knows the routes of each room and the order in which the server begins and ends; no route's work.
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

_MOST_WAITING = 1_000


def create(parts: ServerComponents) -> ASGIApp:
    """The application over open parts, which it closes at the end of its lifespan."""
    readiness = Readiness(_checks(parts), parts.traffic, _tell_ready(parts))
    desk = endpoint.EndpointDependencies(
        parts.auth.gate,
        parts.rates,
        parts.sharing,
        parts.settings.limits,
        parts.settings.issuer,
        parts.watch,
        parts.auth.terms,
    )
    routes: list[BaseRoute] = [
        *endpoint.routes(desk),
        *parts.auth.routes,
        *health_routes(readiness, parts.watch.metrics, _figures(parts)),
        *chain.from_iterable(mount(parts) for mount in MOUNTS),
    ]
    app = Starlette(routes=routes, exception_handlers=handlers(), lifespan=_lifespan(parts))
    app.router.redirect_slashes = False
    # Nothing that routing does is of use to the one call that a server is there for.
    direct = {("POST", SHARING_PATH): endpoint.SharingEndpoint(desk)}
    rules = AccessRules.of(parts.settings)
    return with_middleware(app, rules, parts.traffic, parts.watch, direct)


def _lifespan(parts: ServerComponents) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await parts.begin()
        beside = [
            asyncio.create_task(parts.sharing.claims.forget()),
            asyncio.create_task(parts.sharing.claims.mend()),
            asyncio.create_task(parts.in_force.watch()),
        ]
        try:
            yield
        finally:
            for task in beside:
                task.cancel()
            await asyncio.wait(beside)
            await parts.close()

    return lifespan


def _checks(parts: ServerComponents) -> dict[str, ReadinessCheck]:
    """What a call needs, by the name that `/ready` tells."""

    async def history() -> None:
        await parts.store.commits.write(_touch)

    async def keys() -> None:
        await parts.auth.ready()

    async def approvals() -> None:
        await parts.in_force.look()
        refused = parts.in_force.refused
        if refused:
            why = next(iter(refused.values()))[0]
            raise (
                NothingApprovedError(why)
                if refused.keys() == parts.known.ways.keys()
                else PartlyReadyError(why)
            )

    async def lookup() -> None:
        await parts.lookup.ready()
        told = blocked_plans(parts.known.ways, await parts.lookup.supplies())
        if told:
            why = next(iter(told.values()))
            raise (
                NothingSuppliedError(why)
                if told.keys() == parts.known.ways.keys()
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


def _tell_ready(parts: ServerComponents) -> Callable[[Mapping[str, bool]], None]:
    metrics = parts.watch.metrics
    return metrics.tell_ready if metrics is not None else lambda _: None


def _figures(parts: ServerComponents) -> ReadinessCheck:
    """Bring the figures up to date that stand in the history."""

    async def ask() -> None:
        metrics = parts.watch.metrics
        if metrics is None:
            return
        now = parts.store.timestamp().milliseconds
        with suppress(HistoryError):
            found = await parts.store.commits.read(
                lambda tx: count_unresolved(tx, now, _MOST_WAITING)
            )
            metrics.unsettled.set(found)

    return ask
