"""The sandbox's credentials of vaults, made up by the rule of docs/sandbox.md.

How a vault's keys look is a table; a vault that tells its keys by nothing needs no line in it.
"""

from base64 import b32encode
from collections.abc import Mapping
from typing import Final

from forwardc.core.dataclass import dataclass
from forwardc.plan.environment import EnvironmentClass
from forwardc.runtime.secret_providers.made_up import digest


@dataclass(frozen=True, slots=True)
class KeyShape:
    """How a credential looks: its beginning by class, then `length` characters of a digest.

    `by_class` is whether the digest is another one in production; base32 is in lower case.
    """

    sandbox: str
    production: str
    length: int
    base32: bool = False
    by_class: bool = True


_ANY: Final = KeyShape("sbx_", "sbx_", 40)
_SHAPES: Final[Mapping[tuple[str, str], KeyShape]] = {
    ("checkout", "api_key"): KeyShape("sk_sbox_", "sk_", 27, base32=True, by_class=False),
    ("checkout", "client_id"): KeyShape("ack_", "ack_", 26, base32=True),
    ("checkout", "client_secret"): KeyShape("", "", 40),
    # Test mode in a rehearsal of production, too: live mode has no test cards.
    ("stripe", "api_key"): KeyShape("sk_test_", "sk_test_", 40, by_class=False),
}


def made_up_key(vault: str, name: str, class_: EnvironmentClass) -> str:
    """A vault's credential by its name: the same in every sandbox."""
    shape, live = _SHAPES.get((vault, name), _ANY), class_ == "production"
    parts = ("vault", vault, *(("live",) if live and shape.by_class else ()), name)
    octets = digest(":".join(parts))
    text = b32encode(octets).decode().lower() if shape.base32 else octets.hex()
    return (shape.production if live else shape.sandbox) + text[: shape.length]
