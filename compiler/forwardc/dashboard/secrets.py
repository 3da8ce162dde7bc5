"""Which secrets the plans ask for and this process lacks: by name, never a value."""

from collections.abc import Iterator
from typing import Final

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.sink import Sink
from forwardc.dashboard.filters import PLACE, Choice, address_error
from forwardc.dashboard.project import BuiltProject, problems
from forwardc.dashboard.views import Page, ViewContext, ViewRequest
from forwardc.plan.model import Plan
from forwardc.plan.secret_names import SecretId, credential_id, secret_id

_AT_VAULT: Final = "for `forwardc secrets push`: the vault keeps it"


@dataclass(frozen=True, slots=True)
class SecretNeed:
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


def secrets(context: ViewContext, request: ViewRequest) -> Page:
    """Each secret that is not set, then those that are. Raises `Refused` with status 400."""
    if set(request.query) - {"place"}:
        raise address_error("A filter stands in it that this page does not have.")
    place = request.query.get("place", "").strip()
    if place and not PLACE.match(place):
        raise address_error("The place is not a name.")
    sink, project = Sink(), context.settings.project
    plans = project.plans(sink) if project else ()
    needs = list(_needs(project, plans)) if project else []
    shown = [need for need in needs if place in ("", need.place)]
    return Page(
        "secrets.html.j2",
        {
            "here": "/secrets",
            "project": project,
            "problems": problems(sink),
            "given": {"place": place},
            "choices": {"place": _places(needs, place)},
            "missing": [need for need in shown if need.where is None],
            "set": [need for need in shown if need.where is not None],
        },
    )


def _places(needs: list[SecretNeed], chosen: str) -> list[Choice]:
    names = sorted({*(need.place for need in needs), *([chosen] if chosen else [])})
    return [("", "all"), *((name, name) for name in names)]


def _needs(project: BuiltProject, plans: tuple[Plan, ...]) -> Iterator[SecretNeed]:
    """One for each variable, whichever plans ask for it; in the order of places and names."""
    requests: dict[str, list[_Asked]] = {}
    for plan in plans:
        for secret_request in _asked(plan):
            requests.setdefault(secret_request.id.variable, []).append(secret_request)
    for variable, requests_of_one in sorted(
        requests.items(), key=lambda secret_request: (secret_request[1][0].place, secret_request[0])
    ):
        first = requests_of_one[0]
        yield SecretNeed(
            variable,
            first.place,
            first.id.owner,
            _where(project, variable, first.instead),
            tuple(sorted({secret_request.plan for secret_request in requests_of_one})),
            first.instead,
            _AT_VAULT if all(secret_request.stored for secret_request in requests_of_one) else "",
        )


def _where(project: BuiltProject, variable: str, instead: tuple[str, ...]) -> str | None:
    """Where it is set; an OAuth client that is there whole stands in for a credential."""
    where = project.where(variable)
    others = [project.where(variable_of_other) for variable_of_other in instead]
    if where is None and others and all(others):
        return f"{', '.join(instead)} stand in for it"
    return where


def _asked(plan: Plan) -> Iterator[_Asked]:
    name = f"{plan.destination} via {plan.vault}"
    used = {
        name_of_client
        for operation in plan.operations.values()
        for name_of_client in operation.credentials
    }
    at_run = {
        name_of_client
        for operation in plan.operations.values()
        for name_of_client in operation.runtime_secrets
    }
    for credential in sorted(used):
        spec = plan.credentials.get(credential)
        client = spec.instead.oauth if spec and spec.instead else None
        names = (client.client_id, client.client_secret) if client else ()
        instead = tuple(credential_id(plan, name_of_client).variable for name_of_client in names)
        yield _Asked(credential_id(plan, credential), name, plan.place, instead)
    for secret in sorted({*plan.secrets, *at_run}):
        yield _Asked(secret_id(plan, secret), name, plan.place, stored=secret not in at_run)
