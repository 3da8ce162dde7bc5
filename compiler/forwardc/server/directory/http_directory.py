"""A payment directory at the merchant's own service: one POST for each reference.

The contract is in `docs/lookup.md`; what is not in it is refused: an answer is never guessed at.
"""

import asyncio
import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

import httpx

from forwardc.core.http.strict_json import StrictJsonError, read_object
from forwardc.core.terms.values import Secret
from forwardc.runtime.http.addresses import is_host
from forwardc.runtime.http.connection_pool import ConnectionPool, network_pool
from forwardc.runtime.http.tls import operators_authorities
from forwardc.server.directory.payment_directory import (
    DirectoryError,
    DirectoryFaultError,
    Instrument,
)
from forwardc.server.directory.row_mapping import read_row_mapping
from forwardc.version import __version__

# Bytes of an answer: an instrument with every member filled takes a tenth.
LARGEST: Final = 64 * 1024
_LATER: Final = frozenset({408, 409, 425, 429})
# Members of the answer that hold texts by name, and the columns that these are in a table.
_GROUPS: Final[Mapping[str, str]] = {
    "inputs": "input",
    "billing": "billing",
    "params": "param",
    "identifiers": "identifier",
}


class HttpDirectory:
    """A lookup by HTTP. `timeout` is seconds for the whole answer."""

    def __init__(
        self,
        url: str,
        token: Secret | None,
        *,
        timeout: float,
        vaults: Collection[str] | None = None,
        not_card: Collection[str] = (),
    ) -> None:
        self._url, self._token, self._timeout = url, token, timeout
        self._vaults, self._not_card = vaults, not_card
        self._client = httpx.AsyncClient(
            transport=_network(),
            timeout=timeout,
            follow_redirects=False,
            # A proxy out of the environment would read references.
            trust_env=False,
            headers={
                "Accept": "application/json",
                # The size of an answer is its size on the wire.
                "Accept-Encoding": "identity",
                "Content-Type": "application/json",
                "User-Agent": f"forwardc/{__version__}",
            },
        )

    async def find(self, reference: str) -> Instrument | None:
        """The instrument that the service answers with; None for 404.

        Raises `DirectoryError`, and `DirectoryFaultError` for an answer outside the contract.
        """
        status, body = await self._asked(reference)
        if status == httpx.codes.NOT_FOUND:
            return None
        if status != httpx.codes.OK:
            raise _refused(status)
        return read_instrument(body, self._vaults, self._not_card)

    async def ready(self) -> None:
        """Ask for null: whatever the service says to it, it must let this server in.

        Raises `DirectoryError` where it does not.
        """
        status, _ = await self._asked(None)
        if status in (401, 403, 407) or status >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise _refused(status)

    async def supplies(self) -> None:
        """Nobody knows: a service says with each payment what it has."""

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def _asked(self, reference: str | None) -> tuple[int, bytes]:
        try:
            async with asyncio.timeout(self._timeout):
                try:
                    return await self._once(reference)
                except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
                    # Services close idle connections when they like. Asking twice changes nothing.
                    return await self._once(reference)
        except (TimeoutError, httpx.TimeoutException):
            raise DirectoryError(f"the service did not answer in {self._timeout:g} s") from None
        except (httpx.HTTPError, httpx.StreamError):
            raise DirectoryError("the service cannot be reached, or broke off its answer") from None

    async def _once(self, reference: str | None) -> tuple[int, bytes]:
        authorization = {"Authorization": f"Bearer {self._token.reveal()}"} if self._token else {}
        body = json.dumps({"reference": reference}).encode()
        async with self._client.stream(
            "POST", self._url, content=body, headers=authorization
        ) as answer:
            return answer.status_code, await _whole(answer)


def _refused(status: int) -> DirectoryError:
    """What another status than 200 and 404 means: a refusal stays one, a failure may end."""
    later = status >= httpx.codes.INTERNAL_SERVER_ERROR or status in _LATER
    return (DirectoryError if later else DirectoryFaultError)(f"the service answered {status}")


def _network() -> ConnectionPool:
    """Connections to the operator's own service, in whichever network it is.

    They trust the usual authorities, and the operator's own of `SSL_CERT_FILE`.
    """
    return network_pool(is_host, operators_authorities())


async def _whole(answer: httpx.Response) -> bytes:
    """The body of an answer that counts; nobody reads another one."""
    if answer.status_code != httpx.codes.OK:
        return b""
    if answer.headers.get("Content-Type", "").partition(";")[0].strip() != "application/json":
        raise DirectoryFaultError(
            "the service answered with another media type than application/json"
        )
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise DirectoryFaultError("the service answered with an encoding that was not asked for")
    body = bytearray()
    async for part in answer.aiter_raw():
        body += part
        if len(body) > LARGEST:
            raise DirectoryFaultError(f"the service answered with more than {LARGEST // 1024} KiB")
    return bytes(body)


def read_instrument(
    body: bytes, vaults: Collection[str] | None, not_card: Collection[str] = ()
) -> Instrument:
    """The instrument in a JSON answer. Raises `DirectoryFaultError`."""
    try:
        cells = dict(_cells(read_object(body)))
    except StrictJsonError as problem:
        raise DirectoryFaultError(f"the service's answer cannot be read: {problem}") from None
    columns = read_row_mapping(tuple(cells), keyed=False, vaults=vaults, not_card=not_card)
    if isinstance(columns, list):
        raise DirectoryFaultError("the service's answer is wrong: " + "; ".join(columns))
    return columns.checked(tuple(cells.values()))


def _cells(document: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    """The members of an answer as cells of a row, by the names of its columns."""
    for name, value in document.items():
        if name in ("vault", "source"):
            yield name, _text(value)
        elif name == "without":
            yield name, _atoms(value)
        elif name not in _GROUPS:
            raise StrictJsonError("it has a member that is not known")
        elif value is not None and not isinstance(value, dict):
            raise StrictJsonError(f"{name} is no object")
        else:
            for inner, text in (value or {}).items():
                yield f"{_GROUPS[name]}.{inner}", _text(text)


def _atoms(value: Any) -> str | None:
    """Names of atoms in a list, as a cell has them. One with a space in it would be two there."""
    if value is None:
        return None
    if not isinstance(value, list) or any(
        not isinstance(name, str) or name != "".join(name.split()) for name in value
    ):
        raise StrictJsonError("without is no list of names")
    return " ".join(value)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise StrictJsonError("it holds a value that is no text")
