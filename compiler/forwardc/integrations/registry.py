"""Every integration. A new one is one folder and one line, besides its name in the schema.

Each integration is light: what it needs to serve, to show or to store it imports when it is asked.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from forwardc.integrations.integration import Integration
from forwardc.integrations.rocketpay.integration import ROCKETPAY

if TYPE_CHECKING:
    from starlette.routing import Route

    from forwardc.core.files.checkout import CheckoutPath
    from forwardc.dashboard.views import PageSet
    from forwardc.plan.model import Plan
    from forwardc.plan.secret_names import SecretId
    from forwardc.runtime.history.store import Store
    from forwardc.runtime.run.store_journal import OpenRunHook
    from forwardc.runtime.secret_providers.plan_secrets import SecretResolver

INTEGRATIONS: Final[tuple[Integration, ...]] = (ROCKETPAY,)


def integration_of(plan: "Plan") -> Integration | None:
    """The integration that a plan names; None for none."""
    return next((each for each in INTEGRATIONS if each.name == plan.integration), None)


def open_run_hooks(
    plans: Iterable["Plan"], build: "Path | CheckoutPath"
) -> "tuple[OpenRunHook, ...]":
    """The hooks of the integrations that some of the plans name, over all that is built.

    Reads nothing where no plan names one: most runs pay nothing for it.
    """
    named = {plan.integration for plan in plans}
    chosen = [each for each in INTEGRATIONS if each.name in named]
    return tuple(_hooks(chosen, build)) if chosen else ()


def every_open_run_hook(build: "Path | CheckoutPath") -> "tuple[OpenRunHook, ...]":
    """The hook of every integration, over all that is built."""
    return tuple(_hooks(INTEGRATIONS, build))


def _hooks(
    integrations: Iterable[Integration], build: "Path | CheckoutPath"
) -> "Iterator[OpenRunHook]":
    from forwardc.core.diagnostics.sink import Sink
    from forwardc.plan.build_folder import read_plans

    # What is wrong with a plan is told by whoever runs it.
    plans = tuple(read_plans(build, Sink()))
    for each in integrations:
        yield each.open_run_hook(plans)


def callback_secrets(plans: Iterable["Plan"], place: str) -> "list[SecretId]":
    """The secrets by which the callbacks of a place are verified."""
    plans = tuple(plans)
    return [secret for each in INTEGRATIONS for secret in each.callback_secrets(plans, place)]


def callback_routes(
    history: "Store",
    plans: Iterable["Plan"],
    place: str,
    look_up: "SecretResolver",
    *,
    emulated: bool,
) -> "list[Route]":
    """The routes that take the callbacks of a place, as `Integration.callback_routes` says."""
    plans = tuple(plans)
    return [
        route
        for each in INTEGRATIONS
        for route in each.callback_routes(history, plans, place, look_up, emulated=emulated)
    ]


def page_sets() -> "tuple[PageSet, ...]":
    """What the dashboard shows of every integration."""
    return tuple(each.pages() for each in INTEGRATIONS)
