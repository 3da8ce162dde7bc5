"""How a vault, and a person, finds out later what became of a request, as data of a plan.

Knows no vault: where it is asked, and where the answer holds what, is data in here.
"""

from pydantic import Field

from forwardc.plan.parts import Http, Part, PlanTerm, Table


class ReconcileGet(Part):
    """Ask the vault for one request that it kept: by the id under `vault.request_id`."""

    http: Http
    days: int = Field(gt=0)


class ReconcileList(Part):
    """Search what the vault kept: pages of `items`, found by the run's id and the address called.

    `vault.created_from`, `vault.created_to` (unix seconds) and, from the second page on,
    `vault.after` (the last `id` of the page before) are what the request is bound with. `more`
    says whether there is another page.
    """

    http: Http
    items: str
    run_id: str
    url: str
    id: str
    more: str
    days: int = Field(gt=0)


class Reconcile(Part):
    """How the vault tells later what became of a request whose answer was lost."""

    get: ReconcileGet | None = None
    list: ReconcileList | None = None


class NamedThere(Part):
    """A value that names the payment at the destination.

    `sent` and `given`: in which place of which step's request and answer it stands, in the
    destination's own words.
    """

    value: PlanTerm
    sent: Table[str, str] = Field(default_factory=dict)
    given: Table[str, str] = Field(default_factory=dict)
