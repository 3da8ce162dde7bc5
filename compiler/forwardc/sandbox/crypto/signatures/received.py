"""A signed request as it arrived, and what is said of a signature that does not fit.

The most useful word on a wrong signature is which other reading of the secret would have fitted, so
that each scheme recomputes with those, too.
"""

import base64
import binascii
import hmac
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from forwardc.sandbox.errors import SandboxError

# Seconds to either side: this sandbox's choice for all schemes. AWS says five minutes; the others'
# documents say nothing that is public.
CLOCK_SECONDS: Final = 300


class SignatureRefusedError(SandboxError):
    """A signature is not accepted. The message names parts of the request, and holds no value."""


@dataclass(frozen=True, slots=True)
class ArrivedRequest:
    """A request byte for byte: `url` is absolute, with its query; names of headers as they came.

    `now` is in seconds since 1970. `options` are what the project says of the scheme.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes = field(repr=False)
    now: float
    options: Mapping[str, Any] = field(default_factory=dict)
    secret: str = field(default="", repr=False)

    @property
    def host(self) -> str:
        """Host and port; the usual ones have none."""
        parts = urlsplit(self.url)
        return parts.netloc.lower().removesuffix(":443" if parts.scheme == "https" else ":80")

    @property
    def path(self) -> str:
        """The path alone."""
        return urlsplit(self.url).path or "/"

    @property
    def query(self) -> str:
        """The query without `?`."""
        return urlsplit(self.url).query

    @property
    def target(self) -> str:
        """Path and query, as in the first line of a request."""
        return f"{self.path}?{self.query}" if self.query else self.path

    def header(self, name: str) -> str:
        """The one header of a name. Raises `SignatureRefusedError` for none, or several."""
        values = [value.strip() for at, value in self.headers if at.lower() == name.lower()]
        if len(values) != 1:
            word = "is missing" if not values else "stands there more than once"
            raise SignatureRefusedError(f"the header {name} {word}")
        return values[0]

    def check_time(self, seconds: float, name: str) -> None:
        """Raises `SignatureRefusedError` for a time that is not about now."""
        if abs(self.now - seconds) > CLOCK_SECONDS:
            late = f"more than {CLOCK_SECONDS} seconds from now"
            raise SignatureRefusedError(f"stale time: {name} is {late}")

    def check_date(self, text: str, form: str, name: str) -> None:
        """The same of a time as text. `form` is that of `strptime`, in UTC."""
        try:
            moment = datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            raise SignatureRefusedError(f"{name} has another form") from None
        self.check_time(moment.timestamp(), name)


def readings(secret: str) -> dict[str, bytes]:
    """The octets of a secret by how it is read: as text, base64 or hexadecimal."""
    read: dict[str, bytes] = {"text": secret.encode()}
    with suppress(binascii.Error, ValueError):
        read["base64"] = base64.b64decode(secret, validate=True)
    with suppress(ValueError):
        read["hexadecimal"] = bytes.fromhex(secret)
    return read


def same(signature: str | bytes, expected: str | bytes) -> bool:
    """Whether two values are equal, in constant time."""
    left, right = (
        text.encode() if isinstance(text, str) else text for text in (signature, expected)
    )
    return hmac.compare_digest(left, right)


def check_keyed(
    arrived: ArrivedRequest, signature: str, right: str, compute: Callable[[bytes], str]
) -> None:
    """Whether a keyed hash fits, whose secret is read in the `right` way.

    Raises `SignatureRefusedError`, which names the reading that would have fitted.
    """
    keys = readings(arrived.secret)
    if right in keys and same(signature, compute(keys[right])):
        return
    for reading, key in keys.items():
        if reading != right and same(signature, compute(key)):
            message = f"the secret was read as {reading}, and it is {right}"
            raise SignatureRefusedError(message)
    raise SignatureRefusedError("the signature is of another text, or by another secret")
