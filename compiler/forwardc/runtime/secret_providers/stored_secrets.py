"""Brings a vault's store of secrets in line with what plans name, and tells where it is not.

Knows names and versions. A store does not give values back, so that none can be compared.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from forwardc.core.diagnostics.sink import Sink
from forwardc.core.terms.values import Secret
from forwardc.plan.model import Plan
from forwardc.plan.secret_names import SecretId, secret_id
from forwardc.runtime.secret_providers.secret_store import StoreClient, StoredSecret
from forwardc.runtime.secret_providers.secrets import Lookup, ask_together, secret_values

Action: TypeAlias = Literal["created", "updated", "deleted", "absent"]


@dataclass(frozen=True, slots=True)
class ExpectedSecret:
    """A secret that plans expect in the store. A vendor's is that of several `destinations`.

    `plan` is one of theirs: what they say of the secret is the same.
    """

    name: str
    plan: Plan = field(repr=False)
    destinations: frozenset[str] = frozenset()

    @property
    def id(self) -> SecretId:
        """Which secret it is."""
        return secret_id(self.plan, self.name)


@dataclass(frozen=True, slots=True)
class SecretChange:
    """What was done with one secret. `stored` is what the vault tells of it since."""

    wanted: ExpectedSecret
    action: Action
    stored: StoredSecret | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Expected names that the store lacks, those that it has, and those that no plan names."""

    missing: tuple[ExpectedSecret, ...]
    present: tuple[tuple[ExpectedSecret, StoredSecret], ...]
    extra: tuple[StoredSecret, ...]


def expected_secrets(plans: Sequence[Plan]) -> list[ExpectedSecret]:
    """Every stored secret of the plans, sorted by name."""
    users: dict[str, list[Plan]] = {}
    for plan in plans:
        for name in {one for op in plan.operations.values() for one in op.stored_secrets}:
            users.setdefault(name, []).append(plan)
    return [
        ExpectedSecret(name, users[name][0], frozenset(plan.destination for plan in users[name]))
        for name in sorted(users)
    ]


def values_for(
    wanted: Sequence[ExpectedSecret],
    look_ups: Mapping[str, Lookup],
    sink: Sink,
    *,
    any_shape: bool = False,
) -> dict[str, Secret]:
    """The values to store, by name, from a look-up for each destination.

    FC0806 for each one that is missing, too long, or would break the header that it stands in.
    FC0845 for one of the other class of environment, but for `any_shape`.
    """
    for destination, look_up in look_ups.items():
        mine = [one.id.variable for one in wanted if one.plan.destination == destination]
        ask_together(look_up, mine)
    found: dict[str, Secret] = {}
    for one in wanted:
        look_up = look_ups[one.plan.destination]
        values = secret_values(one.plan, [one.name], look_up, sink, any_shape=any_shape)
        value = values.get(one.name)
        if value is not None and _can_be_stored(one, value, sink):
            found[one.name] = value
    return found


def _can_be_stored(one: ExpectedSecret, value: Secret, sink: Sink) -> bool:
    text: str = value.reveal()
    variable = one.id.variable
    store = one.plan.secret_store
    if text != text.strip() or not text.isprintable():
        problem = "has a line break, a control character, or a space at an end"
    elif store and len(text.encode()) > store.max_value_bytes:
        problem = f"is longer than the {store.max_value_bytes} bytes that the vault stores"
    else:
        return True
    sink.error("FC0806", f"{variable} {problem}")
    return False


async def push(
    client: StoreClient, wanted: Sequence[ExpectedSecret], values: Mapping[str, Secret], sink: Sink
) -> list[SecretChange]:
    """Create what is missing and give everything else its value anew; failures are FC0817."""
    there = await client.list(sink)
    if there is None:
        return []
    changes = []
    for one in wanted:
        known = one.name in there
        call = client.change if known else client.create
        stored = await call(one.name, values[one.name], sink)
        if stored is not None:
            changes.append(SecretChange(one, "updated" if known else "created", stored))
    return changes


async def delete(
    client: StoreClient, wanted: Sequence[ExpectedSecret], sink: Sink
) -> list[SecretChange]:
    """Delete these names and no other; one that is not there is no failure."""
    there = await client.list(sink)
    if there is None:
        return []
    changes = []
    for one in wanted:
        if one.name not in there:
            changes.append(SecretChange(one, "absent"))
        elif await client.delete(one.name, sink):
            changes.append(SecretChange(one, "deleted"))
    return changes


def compare(
    wanted: Sequence[ExpectedSecret], all_names: frozenset[str], there: Mapping[str, StoredSecret]
) -> Comparison:
    """Hold what plans expect against the store. `all_names` are those that any plan names."""
    return Comparison(
        tuple(one for one in wanted if one.name not in there),
        tuple((one, there[one.name]) for one in wanted if one.name in there),
        tuple(stored for name, stored in there.items() if name not in all_names),
    )
