"""`vault:MOUNT/data/PATH#FIELD`: HashiCorp Vault, secrets engine KV version 2, over HTTP.

Source: HashiCorp's API documents, "KV secrets engine - version 2", read secret version; headers
and variables from the documents of its command line. The path is that of the API, so that no
second call has to find out where the mount ends.
"""

import logging
import re
import ssl
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

import httpx

from forwardc.core.dataclass import dataclass
from forwardc.core.files.kinds import TLS
from forwardc.core.files.operator_file import check_plain
from forwardc.runtime.http.connection_pool import NotLoopbackError, loopback_url
from forwardc.runtime.http.tls import named_authorities
from forwardc.runtime.secret_providers.provider import (
    MAX_SECRET_BYTES,
    PROVIDER_TIMEOUT_S,
    SecretProviderError,
    split_key,
    text_member,
)

_PLACE: Final = re.compile(r"[^/#]+(?:/[^/#]+)*/data(?:/[^/#]+)+")
_REASONS: Final = {
    400: "refused the request: is this KV version 2, and VAULT_NAMESPACE right?",
    403: "refused VAULT_TOKEN, or its policy does not allow to read this path",
    404: "holds nothing at this path",
    429: "asks for fewer calls",
    503: "is sealed",
}


@dataclass(frozen=True, slots=True)
class HashicorpProvider:
    """Reads with VAULT_ADDR, VAULT_TOKEN and, if set, VAULT_NAMESPACE and VAULT_CACERT."""

    environ: Mapping[str, str] = field(repr=False)
    seconds: float = PROVIDER_TIMEOUT_S
    kind: str = "vault"

    def problem(self, place: str) -> str | None:
        """The path of the API and a field."""
        path, name = split_key(place)
        dots = {".", ".."} & set(path.split("/"))
        fits = _PLACE.fullmatch(path) and name and not dots
        return None if fits else "is not vault:MOUNT/data/PATH#FIELD"

    def fetch(self, place: str) -> str:
        """The field of the newest version. Raises: `SecretProviderError`."""
        path, name = split_key(place)
        url = f"{self._address()}/v1/{quote(path)}"
        answer = self._get(url)
        if answer.status_code != 200:
            raise SecretProviderError(
                _REASONS.get(answer.status_code, f"answered {answer.status_code}")
            )
        held = _secret(answer)
        if held is None:
            raise SecretProviderError("answered in another form than KV version 2")
        return text_member(held, name or "")

    def _address(self) -> str:
        address = self._variable("VAULT_ADDR").rstrip("/")
        try:
            parts = urlsplit(address)
            is_url = bool(parts.hostname) and parts.scheme in ("http", "https")
        except ValueError:
            is_url = False
        if not is_url or "@" in parts.netloc or parts.query or parts.fragment:
            raise SecretProviderError(
                "has a damaged address: VAULT_ADDR must be like https://HOST:8200"
            )
        if parts.scheme == "http":
            try:
                loopback_url(address)
            except NotLoopbackError:
                raise SecretProviderError(
                    "must be reached by https, but for this machine"
                ) from None
        return address

    def _variable(self, name: str) -> str:
        value = self.environ.get(name)
        if not value:
            raise SecretProviderError(f"needs {name} in the environment")
        return value

    def _get(self, url: str) -> httpx.Response:
        headers = {"X-Vault-Token": self._token(), "X-Vault-Request": "true"}
        if namespace := self.environ.get("VAULT_NAMESPACE"):
            headers["X-Vault-Namespace"] = namespace
        # Both write URLs and headers; a path tells what a merchant keeps there.
        for logger in ("httpx", "httpcore", "httpcore.http11", "httpcore.connection"):
            logging.getLogger(logger).disabled = True
        try:
            with (
                httpx.Client(verify=self._trust(), trust_env=False, timeout=self.seconds) as client,
                client.stream("GET", url, headers=headers) as answer,
            ):
                return _whole(answer)
        except (httpx.HTTPError, httpx.InvalidURL) as problem:
            reason = type(problem).__name__
        raise SecretProviderError(f"cannot be reached ({reason})")

    def _token(self) -> str:
        token = self._variable("VAULT_TOKEN").strip()
        if not token.isascii() or not token.isprintable():
            raise SecretProviderError(
                "cannot take VAULT_TOKEN: it has characters that no token has"
            )
        return token

    def _trust(self) -> ssl.SSLContext:
        file = self.environ.get("VAULT_CACERT") or None
        try:
            if file is not None:
                check_plain(Path(file), TLS)
            return named_authorities(file)
        except OSError:
            raise SecretProviderError("cannot read the certificates of VAULT_CACERT") from None


def _whole(answer: httpx.Response) -> httpx.Response:
    data = bytearray()
    for chunk in answer.iter_bytes():
        data += chunk
        if len(data) > MAX_SECRET_BYTES:
            raise SecretProviderError(f"gives more than {MAX_SECRET_BYTES} bytes")
    return httpx.Response(answer.status_code, content=bytes(data))


def _secret(answer: httpx.Response) -> dict[str, object] | None:
    try:
        held = answer.json()["data"]["data"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return held if isinstance(held, dict) else None
