"""A vault's store of secrets: its API, and what brings it in line with what plans name.

A value goes in and never comes out, so that names and versions are all that can be compared. Source
of the API: Checkout.com's SDKs (paths and members), which agree but for a list member of the .NET
one.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, fields
from typing import Annotated, Any, Final, Literal, TypeAlias, TypeVar
from urllib.parse import quote

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.documents.part import Checked, DocumentPart, ReadBy, least, matching
from forwardc.core.documents.reading import parsed_json, read_part
from forwardc.core.terms.values import Secret
from forwardc.plan.model import Plan, SecretStore
from forwardc.plan.secret_names import SecretId, secret_id
from forwardc.runtime.http.request import BoundRequest, ShownRequest
from forwardc.runtime.http.send import HttpAnswer, Sender, SendLimits
from forwardc.runtime.secret_providers.plan_secrets import SecretResolver, prefetch, resolve_secrets

_LIMITS: Final = SendLimits(connect_s=10, read_s=30, max_bytes=1024 * 1024)
STORE_CREDENTIAL: Final = "api_key"
Answered = TypeVar("Answered")
StoreAction: TypeAlias = Literal["created", "updated", "deleted", "absent"]
_CODE: Final = re.compile(r"[a-z][a-z_]{2,60}")


def _whole(data: Any) -> int:
    """A whole number, as an answer may write it: `3`, `3.0` or `"3"`. Raises `ValueError`."""
    if isinstance(data, float) and data.is_integer():
        return int(data)
    if isinstance(data, str) and data.isascii() and data.isdigit():
        return int(data)
    if not isinstance(data, int) or isinstance(data, bool):
        raise ValueError("must be a whole number")
    return data


_Time: TypeAlias = Annotated[str, Checked(matching(r"[0-9TZ:.+-]{8,40}"))]


class StoredSecret(DocumentPart):
    """What the vault tells about a secret: everything but its value. Times as the vault wrote."""

    # Shown on a terminal, so that nothing but these characters may come from outside.
    name: Annotated[str, Checked(matching(r"[A-Za-z0-9_-]{1,64}"))]
    version: Annotated[int, ReadBy(_whole), Checked(least(0))]
    created_at: _Time | None = None
    updated_at: _Time | None = None


@dataclass(frozen=True, slots=True)
class StoreClient:
    """A store, the way to it, and the key that opens it. Every failure is FC0817."""

    sender: Sender
    store: SecretStore
    hosts: tuple[str, ...]
    key: Secret

    async def list(self, sink: Sink) -> dict[str, StoredSecret] | None:
        """All secrets by name, in the vault's order; None where the vault does not tell."""
        data = await self._call("GET", self.store.url, None, "the list of secrets", (200,), sink)
        secrets = None if data is None else _read(_listed, data, "the list of secrets", sink)
        return None if secrets is None else {secret.name: secret for secret in secrets}

    async def create(self, name: str, value: Secret, sink: Sink) -> StoredSecret | None:
        """Store a new secret."""
        body = {"name": name, "value": value.reveal()}
        data = await self._call("POST", self.store.url, body, name, (200, 201), sink)
        return None if data is None else _read(_secret, data, name, sink)

    async def change(self, name: str, value: Secret, sink: Sink) -> StoredSecret | None:
        """Give a secret this value; its version rises even where it had the same."""
        body = {"value": value.reveal()}
        data = await self._call("PATCH", self._address(name), body, name, (200,), sink)
        return None if data is None else _read(_secret, data, name, sink)

    async def delete(self, name: str, sink: Sink) -> bool:
        """Delete a secret. True where it is gone, also when it was gone before."""
        data = await self._call("DELETE", self._address(name), None, name, (200, 204, 404), sink)
        return data is not None

    def _address(self, name: str) -> str:
        return f"{self.store.url}/{quote(name, safe='')}"

    async def _call(
        self,
        method: str,
        url: str,
        body: dict[str, str] | None,
        subject: str,
        good: tuple[int, ...],
        sink: Sink,
    ) -> bytes | None:
        headers = [("Authorization", f"Bearer {self.key.reveal()}"), ("Accept", "application/json")]
        if body is not None:
            headers.append(("Content-Type", "application/json"))
        content = None if body is None else json.dumps(body).encode()
        shown = ShownRequest(method, url, (), None)
        request = BoundRequest(method, url, tuple(headers), content, shown)
        answer = await self.sender.send(request, self.hosts, _LIMITS)
        if isinstance(answer, HttpAnswer) and answer.status in good:
            return answer.body
        if isinstance(answer, HttpAnswer):
            problem = f"the vault answered {answer.status}{_codes(answer.body, body)}"
            sink.error("FC0817", f"{subject}: {problem}", hint=_HINTS.get(answer.status))
        else:
            sink.error("FC0817", f"{subject}: {answer.reason}", hint="the command can be repeated")
        return None


_HINTS: Final = {
    401: "the vault does not know this API key",
    403: "the API key needs the permission that setup.json names",
    429: "the vault asks for fewer calls; repeat the command later",
}


def _codes(answer: bytes, sent: dict[str, str] | None) -> str:
    """The vault's own words for what is wrong, where they cannot hold anything of ours."""
    try:
        data: Any = json.loads(answer)
    except (ValueError, RecursionError):
        return ""
    codes = data.get("error_codes") if isinstance(data, dict) else None
    texts = [c for c in codes if isinstance(c, str)] if isinstance(codes, list) else []
    value = (sent or {}).get("value")
    fit = [code for code in texts if _CODE.fullmatch(code) and not (value and value in code)]
    return f" ({', '.join(fit[:5])})" if fit else ""


def _read(
    read: Callable[[Any], Answered], data: bytes, subject: str, sink: Sink
) -> Answered | None:
    try:
        return read(parsed_json(data))
    except ValueError:
        sink.error("FC0817", f"{subject}: the vault's answer does not have the documented form")
        return None


def _listed(data: Any) -> list[StoredSecret]:
    items = data.get("data") if isinstance(data, dict) else None
    if not isinstance(items, list):
        raise ValueError("must be an object with a list")
    return [_secret(item) for item in items]


def _secret(data: Any) -> StoredSecret:
    """A secret as the vault tells of it, which may tell more than is read here."""
    if not isinstance(data, dict):
        raise ValueError("must be an object")
    known = {field.name for field in fields(StoredSecret)}
    return read_part(StoredSecret, {name: data[name] for name in data if name in known})


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

    secret: ExpectedSecret
    action: StoreAction
    stored: StoredSecret | None = None


@dataclass(frozen=True, slots=True)
class StoreComparison:
    """Expected names that the store lacks, those that it has, and those that no plan names."""

    missing: tuple[ExpectedSecret, ...]
    present: tuple[tuple[ExpectedSecret, StoredSecret], ...]
    extra: tuple[StoredSecret, ...]


def expected_secrets(plans: Sequence[Plan]) -> list[ExpectedSecret]:
    """Every stored secret of the plans, sorted by name."""
    users: dict[str, list[Plan]] = {}
    for plan in plans:
        for name in {secret for op in plan.operations.values() for secret in op.stored_secrets}:
            users.setdefault(name, []).append(plan)
    return [
        ExpectedSecret(name, users[name][0], frozenset(plan.destination for plan in users[name]))
        for name in sorted(users)
    ]


def values_to_store(
    expected: Sequence[ExpectedSecret],
    look_ups: Mapping[str, SecretResolver],
    sink: Sink,
    *,
    any_shape: bool = False,
) -> dict[str, Secret]:
    """The values to store, by name, from a resolver for each destination.

    FC0806 for each one that is missing, too long, or would break the header that it stands in.
    FC0845 for one of the other class of environment, but for `any_shape`.
    """
    for destination, look_up in look_ups.items():
        variables = [
            secret.id.variable for secret in expected if secret.plan.destination == destination
        ]
        prefetch(look_up, variables)
    storable: dict[str, Secret] = {}
    for secret in expected:
        look_up = look_ups[secret.plan.destination]
        values = resolve_secrets(secret.plan, [secret.name], look_up, sink, any_shape=any_shape)
        value = values.get(secret.name)
        if value is not None and _can_be_stored(secret, value, sink):
            storable[secret.name] = value
    return storable


def _can_be_stored(secret: ExpectedSecret, value: Secret, sink: Sink) -> bool:
    text: str = value.reveal()
    variable = secret.id.variable
    store = secret.plan.secret_store
    if text != text.strip() or not text.isprintable():
        problem = "has a line break, a control character, or a space at an end"
    elif store and len(text.encode()) > store.max_value_bytes:
        problem = f"is longer than the {store.max_value_bytes} bytes that the vault stores"
    else:
        return True
    sink.error("FC0806", f"{variable} {problem}")
    return False


async def push(
    client: StoreClient,
    expected: Sequence[ExpectedSecret],
    values: Mapping[str, Secret],
    sink: Sink,
) -> list[SecretChange]:
    """Create what is missing and give everything else its value anew; failures are FC0817."""
    there = await client.list(sink)
    if there is None:
        return []
    changes = []
    for secret in expected:
        is_stored = secret.name in there
        call = client.change if is_stored else client.create
        stored = await call(secret.name, values[secret.name], sink)
        if stored is not None:
            changes.append(SecretChange(secret, "updated" if is_stored else "created", stored))
    return changes


async def delete(
    client: StoreClient, expected: Sequence[ExpectedSecret], sink: Sink
) -> list[SecretChange]:
    """Delete these names and no other; one that is not there is no failure."""
    there = await client.list(sink)
    if there is None:
        return []
    changes = []
    for secret in expected:
        if secret.name not in there:
            changes.append(SecretChange(secret, "absent"))
        elif await client.delete(secret.name, sink):
            changes.append(SecretChange(secret, "deleted"))
    return changes


def compare(
    expected: Sequence[ExpectedSecret], all_names: frozenset[str], there: Mapping[str, StoredSecret]
) -> StoreComparison:
    """Hold what plans expect against the store. `all_names` are those that any plan names."""
    return StoreComparison(
        tuple(secret for secret in expected if secret.name not in there),
        tuple((secret, there[secret.name]) for secret in expected if secret.name in there),
        tuple(stored for name, stored in there.items() if name not in all_names),
    )
