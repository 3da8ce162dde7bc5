"""What a view gets and gives, as plain data; HTTP stays between the two in `web.py`."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import field
from datetime import UTC, datetime
from typing import Any

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.dashboard.login import LocalLogins, LoginStore, Session
from forwardc.dashboard.project import BuiltProject
from forwardc.runtime.history.queries import RecordedNames, count_unresolved, recorded_names
from forwardc.runtime.history.store import Store


@dataclass(frozen=True, slots=True)
class DashboardSettings:
    """How a dashboard is served. `hosts` are the names it answers to, without a port.

    `cookie` differs between two dashboards of one machine: browsers share cookies across ports.
    `enter` gives the cookie of a session for an access token, where tokens may sign in.
    `project` is what is built, where the dashboard stands beside it. `pages` are those that others
    add to its own.
    """

    hosts: frozenset[str]
    cookie: str = "forwardc_session"
    logins: LoginStore = field(default_factory=LocalLogins)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    enter: Callable[[str], Awaitable[str | None]] | None = None
    project: BuiltProject | None = None
    pages: "tuple[PageSet, ...]" = ()


@dataclass(frozen=True, slots=True)
class ViewContext:
    """What every view may use."""

    store: Store
    settings: DashboardSettings

    def places(self) -> RecordedNames:
        """The names of vaults and destinations that were ever used."""
        return self.store.database.read(recorded_names)

    def waiting(self, most: int) -> int:
        """How many runs wait to be resolved, counted up to `most`."""
        now = self.store.timestamp().milliseconds
        return self.store.database.read(lambda tx: count_unresolved(tx, now, most))


@dataclass(frozen=True, slots=True)
class ViewRequest:
    """One request: who asks, the parts of its path, its query, its form."""

    session: Session
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """A template with its values."""

    template: str
    values: Mapping[str, Any]
    status: int = 200


class PageRefusedError(ForwardcError):
    """A request that gets a page saying why not. Texts hold nothing that was sent."""

    def __init__(self, status: int, heading: str, text: str) -> None:
        super().__init__(heading)
        self.status = status
        self.heading = heading
        self.text = text


View = Callable[[ViewContext, ViewRequest], Page]
Action = Callable[[ViewContext, ViewRequest], str]
"""Does what a form asks, and returns the address of the page that shows it."""


@dataclass(frozen=True, slots=True)
class PageSet:
    """Pages that somebody adds to the dashboard's own.

    `package` has their templates in a folder `templates`. `views` are by path, `menu` has the path
    and the name of each entry.
    """

    package: str
    views: Mapping[str, View]
    menu: tuple[tuple[str, str], ...]
