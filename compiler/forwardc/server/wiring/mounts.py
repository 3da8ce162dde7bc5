"""What other rooms add to the server, behind its middleware: callbacks, and the dashboard.

`MOUNTS` lists them in the order of their routes; nothing else of the server names those rooms.
"""

import os
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from starlette.routing import BaseRoute, Mount

from forwardc.core.diagnostics.sink import Sink
from forwardc.core.http.request_target import own_names
from forwardc.dashboard.app import create
from forwardc.dashboard.login import Role, SharedLogins
from forwardc.dashboard.project import BuiltProject, where_set
from forwardc.dashboard.views import DashboardSettings
from forwardc.integrations import registry
from forwardc.plan.build_folder import read_plans
from forwardc.runtime.secret_providers.resolver import ProviderResolver
from forwardc.server.http.problems import ProblemError
from forwardc.server.wiring.components import ServerComponents

# The one that may do more comes first.
_ROLES: Final = {"dashboard-admin": Role.ADMIN, "dashboard-viewer": Role.VIEWER}


def callback_routes(components: ServerComponents) -> Sequence[BaseRoute]:
    """The callbacks of integrations; a sandbox signs with the secret that its document derives."""
    settings, place = components.settings, components.settings.run.place
    plans = read_plans(settings.plans_at, Sink(), place)
    emulated = settings.run.sandbox is not None
    return registry.callback_routes(
        components.store, plans, place, components.inputs.resolver, emulated=emulated
    )


def dashboard_routes(components: ServerComponents) -> Sequence[BaseRoute]:
    """The dashboard at every address that is nobody else's, where the settings ask for it.

    Its sessions are known to every worker.
    """
    store, serving = components.read_store, components.settings.server
    if store is None:
        return ()
    logins = SharedLogins(store, components.keys.sealing)
    settings = DashboardSettings(
        own_names(serving.host, serving.names),
        f"forwardc_session_{serving.port}",
        logins,
        enter=_enter(components, logins),
        project=_project(components),
        pages=registry.page_sets(),
    )
    return (Mount("/", create(store, settings)),)


MOUNTS: Final[tuple[Callable[[ServerComponents], Sequence[BaseRoute]], ...]] = (
    callback_routes,
    # Last: it answers whatever no route before it does.
    dashboard_routes,
)


def _project(components: ServerComponents) -> BuiltProject:
    """What the pages tell of the project; of secrets by name, as this server looks them up."""
    resolver, run = components.inputs.resolver, components.settings.run
    secret_names = (
        resolver if isinstance(resolver, ProviderResolver) else ProviderResolver(os.environ)
    )
    return BuiltProject(
        components.settings.plans_at, where_set(secret_names), made_up=run.sandbox is not None
    )


def _enter(
    components: ServerComponents, logins: SharedLogins
) -> Callable[[str], Awaitable[str | None]]:
    """What opens a session for an access token of the dashboard's scopes."""

    async def enter(token: str) -> str | None:
        try:
            caller = await components.auth.gate.believe(f"Bearer {token}")
        except ProblemError:
            return None
        roles = (role for scope, role in _ROLES.items() if scope in caller.scope)
        role = next(roles, None)
        return logins.open(role, caller.client_id) if role else None

    return enter
