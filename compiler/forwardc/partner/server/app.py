"""The application of `forwardc serve`: every route, behind one door.

Knows the routes of each room and the order in which the server begins and ends; no route's work.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route

from forwardc.diagnostics.sink import Sink
from forwardc.partner.callbacks import rocketpay
from forwardc.partner.dashboard.app import create as create_dashboard
from forwardc.partner.dashboard.desk import Settings as Desk
from forwardc.partner.dashboard.guard import hosts
from forwardc.partner.dashboard.login import Role
from forwardc.partner.dashboard.project import Project, where_set
from forwardc.partner.problem import Refusal
from forwardc.partner.server.door import Door, Rules
from forwardc.partner.server.failures import handlers
from forwardc.partner.server.health import Check, Partly, Readiness
from forwardc.partner.server.health import routes as health_routes
from forwardc.partner.server.logins import SharedLogins
from forwardc.partner.server.parts import Parts
from forwardc.partner.server.supply import blocked
from forwardc.partner.sharing import endpoint
from forwardc.partner.sharing.openapi import SHARING_PATH
from forwardc.plan.build_dir import read_plans
from forwardc.runtime.history.database import Transaction
from forwardc.runtime.history.errors import HistoryError
from forwardc.runtime.history.glance import waiting
from forwardc.runtime.history.store import Store
from forwardc.runtime.secrets import made_up
from forwardc.runtime.sources.lookup import SourceLookup
from forwardc.runtime.tokens.tables import TokenTables

_MOST_WAITING = 1_000
# The one that may do more comes first.
_ROLES = {"dashboard-admin": Role.ADMIN, "dashboard-viewer": Role.VIEWER}


def create(parts: Parts) -> Door:
    """The application over open parts, which it closes at the end of its lifespan."""
    readiness = Readiness(_checks(parts), parts.traffic, _tell_ready(parts))
    desk = endpoint.Desk(
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
        *_callbacks(parts),
        *health_routes(readiness, parts.watch.metrics, _figures(parts)),
    ]
    if parts.desk is not None:
        # Last: every address that is nobody else's is a page, or none.
        routes.append(Mount("/", dashboard(parts, parts.desk)))
    app = Starlette(routes=routes, exception_handlers=handlers(), lifespan=_lifespan(parts))
    app.router.redirect_slashes = False
    # Nothing that routing does is of use to the one call that a server is there for.
    direct = {("POST", SHARING_PATH): endpoint.Endpoint(desk)}
    return Door(app, Rules.of(parts.settings), parts.traffic, parts.watch, direct)


def dashboard(parts: Parts, store: Store) -> Starlette:
    """The dashboard, whose sessions every worker knows."""
    serving = parts.settings.server
    names = hosts(serving.host, serving.names)
    logins = SharedLogins(store, parts.keys)
    cookie = f"forwardc_session_{serving.port}"
    desk = Desk(names, cookie, logins, enter=_enter(parts, logins), project=_project(parts))
    return create_dashboard(store, desk)


def _project(parts: Parts) -> Project:
    """What the pages tell of the project; of secrets by name, as this server looks them up."""
    look_up, run = parts.known.look_up, parts.settings.run
    known = look_up if isinstance(look_up, SourceLookup) else SourceLookup(os.environ)
    return Project(parts.settings.plans_at, where_set(known), made_up=run.sandbox is not None)


def _enter(parts: Parts, logins: SharedLogins) -> Callable[[str], Awaitable[str | None]]:
    """What opens a session for an access token of the dashboard's scopes."""

    async def enter(token: str) -> str | None:
        try:
            caller = await parts.auth.gate.believe(f"Bearer {token}")
        except Refusal:
            return None
        roles = (role for scope, role in _ROLES.items() if scope in caller.scope)
        role = next(roles, None)
        return logins.open(role, caller.client_id) if role else None

    return enter


def _lifespan(parts: Parts) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
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


def _checks(parts: Parts) -> dict[str, Check]:
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
            raise NotApproved(why) if refused.keys() == parts.known.ways.keys() else Partly(why)

    async def lookup() -> None:
        await parts.lookup.ready()
        told = blocked(parts.known.ways, await parts.lookup.supplies())
        if told:
            why = next(iter(told.values()))
            raise NeverTold(why) if told.keys() == parts.known.ways.keys() else Partly(why)

    return {
        "history": history,
        "keys": keys,
        "lookup": lookup,
        "approvals": approvals,
    }


class NeverTold(Exception):  # noqa: N818 - what the lookup is
    """Nothing of what is served can be forwarded with what the lookup has."""


class NotApproved(Exception):  # noqa: N818 - what has ended
    """Nothing of what is served may leave any more."""


def _touch(tx: Transaction) -> None:
    """A write that changes nothing: a history that can only be read takes no payment."""
    tx.run("DELETE FROM rates WHERE name = ?", "ready")


def _tell_ready(parts: Parts) -> Callable[[Mapping[str, bool]], None]:
    metrics = parts.watch.metrics
    return metrics.tell_ready if metrics is not None else lambda _: None


def _figures(parts: Parts) -> Check:
    """Bring the figures up to date that stand in the history."""

    async def ask() -> None:
        metrics = parts.watch.metrics
        if metrics is None:
            return
        now = parts.store.moment().milliseconds
        with suppress(HistoryError):
            found = await parts.store.commits.read(lambda tx: waiting(tx, now, _MOST_WAITING))
            metrics.unsettled.set(found)

    return ask


def _callbacks(parts: Parts) -> list[Route]:
    """The callbacks of destinations; a sandbox signs with the secret that its document derives."""
    settings, place = parts.settings, parts.settings.run.place
    plans = tuple(read_plans(settings.plans_at, Sink(), place))
    known = rocketpay.let_through_in(plans)
    secret = rocketpay.secret_in(plans, place)
    if settings.run.sandbox is not None:
        tables = TokenTables(parts.store, emulated=True)
        return rocketpay.routes(tables, made_up(secret, plans), secret, known)
    return rocketpay.routes(TokenTables(parts.store), parts.known.look_up, secret, known)
