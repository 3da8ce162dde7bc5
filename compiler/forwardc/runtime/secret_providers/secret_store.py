"""Speaks the API of a vault's store of secrets: list, create, change, delete.

Knows no plan's operations and decides nothing; a value goes in and never comes out. Source of the
API: Checkout.com's SDKs (paths and members), which agree but for a list member of the .NET one.
"""

import json
import re
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from forwardc.core.diagnostics.sink import Sink
from forwardc.core.terms.values import Secret
from forwardc.plan.model import SecretStore
from forwardc.runtime.http.send import HttpAnswer, Sender, SendLimits
from forwardc.runtime.run.result import BoundRequest, ShownRequest

_LIMITS: Final = SendLimits(connect_s=10, read_s=30, max_bytes=1024 * 1024)
STORE_CREDENTIAL: Final = "api_key"
_Model = TypeVar("_Model", bound=BaseModel)
_CODE: Final = re.compile(r"[a-z][a-z_]{2,60}")


class StoredSecret(BaseModel):
    """What the vault tells about a secret: everything but its value. Times as the vault wrote."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    # Shown on a terminal, so that nothing but these characters may come from outside.
    name: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    version: int = Field(ge=0)
    created_at: str | None = Field(None, pattern=r"^[0-9TZ:.+-]{8,40}$")
    updated_at: str | None = Field(None, pattern=r"^[0-9TZ:.+-]{8,40}$")


class _List(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    data: list[StoredSecret]


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
        found = None if data is None else _read(_List, data, "the list of secrets", sink)
        return None if found is None else {one.name: one for one in found.data}

    async def create(self, name: str, value: Secret, sink: Sink) -> StoredSecret | None:
        """Store a new secret."""
        body = {"name": name, "value": value.reveal()}
        data = await self._call("POST", self.store.url, body, name, (200, 201), sink)
        return None if data is None else _read(StoredSecret, data, name, sink)

    async def change(self, name: str, value: Secret, sink: Sink) -> StoredSecret | None:
        """Give a secret this value; its version rises even where it had the same."""
        body = {"value": value.reveal()}
        data = await self._call("PATCH", self._address(name), body, name, (200,), sink)
        return None if data is None else _read(StoredSecret, data, name, sink)

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
        what: str,
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
            sink.error("FC0817", f"{what}: {problem}", hint=_HINTS.get(answer.status))
        else:
            sink.error("FC0817", f"{what}: {answer.reason}", hint="the command can be repeated")
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
    known = [c for c in codes if isinstance(c, str)] if isinstance(codes, list) else []
    value = (sent or {}).get("value")
    fit = [code for code in known if _CODE.fullmatch(code) and not (value and value in code)]
    return f" ({', '.join(fit[:5])})" if fit else ""


def _read(model: type[_Model], data: bytes, what: str, sink: Sink) -> _Model | None:
    try:
        return model.model_validate_json(data)
    except ValidationError:
        sink.error("FC0817", f"{what}: the vault's answer does not have the documented form")
        return None
