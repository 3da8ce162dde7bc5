"""Which secrets the plans ask for and this process lacks: by name, never a value."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from forwardc.core.diagnostics.sink import Sink
from forwardc.dashboard.desk import Asked, Desk, Page
from forwardc.dashboard.filters import PLACE, Choice, wrong
from forwardc.dashboard.project import Project, problems
from forwardc.plan.model import Plan
from forwardc.plan.secret_names import SecretId, credential_id, secret_id

_AT_VAULT: Final = "for `forwardc secrets push`: the vault keeps it"


@dataclass(frozen=True, slots=True)
class Need:
    """One secret, where it is set, and whose plans ask for it. `instead` would do as well."""

    variable: str
    place: str
    owner: str
    where: str | None
    plans: tuple[str, ...]
    instead: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What one plan asks for. `stored`: only a command that stores it at the vault needs it."""

    id: SecretId
    plan: str
    place: str
    instead: tuple[str, ...] = ()
    stored: bool = False


def secrets(desk: Desk, asked: Asked) -> Page:
    """Each secret that is not set, then those that are. Raises `Refused` with status 400."""
    if set(asked.query) - {"place"}:
        raise wrong("A filter stands in it that this page does not have.")
    place = asked.query.get("place", "").strip()
    if place and not PLACE.match(place):
        raise wrong("The place is not a name.")
    sink, project = Sink(), desk.settings.project
    plans = project.plans(sink) if project else ()
    needs = list(_needs(project, plans)) if project else []
    shown = [one for one in needs if place in ("", one.place)]
    return Page(
        "secrets.html.j2",
        {
            "here": "/secrets",
            "project": project,
            "problems": problems(sink),
            "given": {"place": place},
            "choices": {"place": _places(needs, place)},
            "missing": [one for one in shown if one.where is None],
            "set": [one for one in shown if one.where is not None],
        },
    )


def _places(needs: list[Need], chosen: str) -> list[Choice]:
    names = sorted({*(one.place for one in needs), *([chosen] if chosen else [])})
    return [("", "all"), *((name, name) for name in names)]


def _needs(project: Project, plans: tuple[Plan, ...]) -> Iterator[Need]:
    """One for each variable, whichever plans ask for it; in the order of places and names."""
    found: dict[str, list[_Asked]] = {}
    for plan in plans:
        for one in _asked(plan):
            found.setdefault(one.id.variable, []).append(one)
    for variable, asked in sorted(found.items(), key=lambda one: (one[1][0].place, one[0])):
        first = asked[0]
        yield Need(
            variable,
            first.place,
            first.id.owner,
            _where(project, variable, first.instead),
            tuple(sorted({one.plan for one in asked})),
            first.instead,
            _AT_VAULT if all(one.stored for one in asked) else "",
        )


def _where(project: Project, variable: str, instead: tuple[str, ...]) -> str | None:
    """Where it is set; an OAuth client that is there whole stands in for a credential."""
    where = project.where(variable)
    others = [project.where(one) for one in instead]
    if where is None and others and all(others):
        return f"{', '.join(instead)} stand in for it"
    return where


def _asked(plan: Plan) -> Iterator[_Asked]:
    name = f"{plan.destination} via {plan.vault}"
    used = {one for operation in plan.operations.values() for one in operation.credentials}
    at_run = {one for operation in plan.operations.values() for one in operation.runtime_secrets}
    for credential in sorted(used):
        spec = plan.credentials.get(credential)
        client = spec.instead.oauth if spec and spec.instead else None
        names = (client.client_id, client.client_secret) if client else ()
        instead = tuple(credential_id(plan, one).variable for one in names)
        yield _Asked(credential_id(plan, credential), name, plan.place, instead)
    for secret in sorted({*plan.secrets, *at_run}):
        yield _Asked(secret_id(plan, secret), name, plan.place, stored=secret not in at_run)
