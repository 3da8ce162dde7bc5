"""One row of the table: a call, what is given, and what the vendor's document says comes of it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from forwardc.sandbox.stripe import switches
from forwardc.sandbox.world import World


class RaisedError(Exception):
    """A vendor's client raised. `kind` is its class, without the name of the vendor."""

    def __init__(self, kind: str, status: int | None, **about: Any) -> None:
        self.kind = kind
        self.status = status
        self.about = {name: value for name, value in about.items() if value}
        super().__init__(f"{kind} {status} {self.about}")


class MissingCallError(Exception):
    """A vendor's client has no such call."""


class Client(Protocol):
    """One vendor's client, in one language."""

    name: str
    version: str

    def call(self, name: str, *args: Any, **options: Any) -> Any:
        """What the client returned, as plain data.

        Raises `RaisedError` where it raised, `MissingCallError` where it has no such call.
        """

    @staticmethod
    def named(name: str) -> str:
        """The call as this client names it."""


@dataclass(frozen=True)
class Returns:
    """The call returns; values by their path (`card.last4`), a type for a value of that type."""

    values: Mapping[str, Any] = field(default_factory=dict)
    # In words, where the values say it to a machine only.
    says: str = ""

    def shown(self, client: str) -> str:
        """What the table says."""
        said = [f"`{path}` {value}" for path, value in self.values.items() if _is_plain(value)]
        return " ".join(("returns", self.says or ", ".join(said))).strip()


@dataclass(frozen=True)
class Raises:
    """The call raises a class of the client, or of each client, with these attributes."""

    kind: str | Mapping[str, str]
    status: int | None
    about: Mapping[str, Any] = field(default_factory=dict)

    def kind_of(self, client: str) -> str:
        """The class of one client."""
        return self.kind if isinstance(self.kind, str) else self.kind[client]

    def shown(self, client: str) -> str:
        """What the table says."""
        said = [_listed(value) for name, value in self.about.items() if name != "type"]
        words = [self.kind_of(client), str(self.status or ""), ", ".join(said)]
        return "raises " + " ".join(word for word in words if word)


@dataclass(frozen=True)
class Cannot:
    """The client cannot make this call, or not as the document has it: why."""

    why: str

    def shown(self, client: str) -> str:
        """What the table says."""
        return f"cannot: {self.why}"


Expected = Returns | Raises | Cannot
Act = Callable[[Any], Any]


@dataclass(frozen=True)
class Case:
    """A row. `act` makes the call as its last one; `unlike` is for clients that do otherwise."""

    call: str
    given: str
    expected: Expected
    act: Act = field(repr=False)
    unlike: Mapping[str, Expected] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The id of its test."""
        return f"{self.call}: {self.given}"

    def of(self, client: str) -> Expected:
        """What is expected of one client."""
        return self.unlike.get(client, self.expected)


class Table(list[Case]):
    """The rows of one vendor, each a decorated function."""

    def row(
        self,
        call: str,
        given: str,
        expected: Expected,
        *,
        unlike: Mapping[str, Expected] | None = None,
    ) -> Callable[[Act], Act]:
        """Add a row."""

        def add(act: Act) -> Act:
            self.append(Case(call, given, expected, act, unlike or {}))
            return act

        return add


def judge(case: Case, client: Client, world: World) -> None:
    """Make the calls of a row, and compare. Raises `AssertionError`.

    `world` is that of the sandbox which the client calls.
    """
    calls: list[str] = []
    try:
        seen = case.act(Watched(client, world, calls))
    except (RaisedError, MissingCallError) as raised:
        seen = raised
    assert calls[-1] == case.call, f"the last call was {calls[-1]}: {seen}"
    _compare(case.of(client.name), seen, client.name)


@dataclass
class Watched:
    """A client, and the names of the calls that went through it."""

    client: Client
    world: World
    calls: list[str]

    @property
    def name(self) -> str:
        """The client's name."""
        return self.client.name

    def call(self, name: str, *args: Any, **options: Any) -> Any:
        """As `Client.call`."""
        self.calls.append(name)
        return self.client.call(name, *args, **options)

    def arrived(self) -> str:
        """The body of the last request that a destination got."""
        return self.world.received[-1].body.decode()

    def customer_authenticates(self, intent: str, *, passed: bool) -> None:
        """The customer answers the 3-D Secure of an intent, as a switch of the sandbox has it."""
        assert switches.answer_challenge(self.world, intent, passed=passed)

    @contextmanager
    def account(self, **settings: Any) -> Iterator[None]:
        """Stripe's account with these settings, as its switch of the sandbox makes it."""
        table = self.world.table("stripe.settings")
        before = dict(table)
        table.update(settings)
        try:
            yield
        finally:
            table.clear()
            table.update(before)


def _compare(expected: Expected, seen: Any, client: str) -> None:
    match expected:
        case Returns(values):
            assert not isinstance(seen, Exception), f"it raised {seen!r}"
            for path, value in values.items():
                found = _at(seen, path)
                fits = isinstance(found, value) if isinstance(value, type) else found == value
                assert fits, f"{path} is {found!r}, not {value!r}"
        case Raises(_, status, about):
            assert isinstance(seen, RaisedError), f"it returned {seen!r}"
            kind = expected.kind_of(client)
            assert (seen.kind, seen.status) == (kind, status), f"it raised {seen}"
            found = {name: seen.about.get(name) for name in about}
            assert found == dict(about), f"it raised {seen}"
        case Cannot():
            # It is tried, so that a client that can is noticed.
            assert isinstance(seen, Exception), "it can now: say what it returns"


def _at(value: Any, path: str) -> Any:
    for part in path.split("."):
        try:
            value = value[int(part)] if isinstance(value, list) else value[part]
        except (LookupError, TypeError):
            return None
    return value


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | bool) and not isinstance(value, type)


def _listed(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
