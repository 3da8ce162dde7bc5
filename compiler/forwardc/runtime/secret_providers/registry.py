"""Every kind of source, by the word before the colon of a reference.

A kind is one file and one line here. What a kind needs from the network or from an extra is
imported when it is first asked.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from forwardc.runtime.secret_providers.protocol import Reference, SecretSource

KINDS: Final = ("env", "file", "exec", "keyring", "vault", "aws")


def source_of(kind: str, environ: Mapping[str, str], base: Path) -> SecretSource:
    """The source of a kind. Raises `KeyError` for another than `KINDS`."""
    match kind:
        case "env":
            from forwardc.runtime.secret_providers.environment import EnvironmentSource

            return EnvironmentSource(environ)
        case "file":
            from forwardc.runtime.secret_providers.files import FileSource

            return FileSource(base)
        case "exec":
            from forwardc.runtime.secret_providers.command import CommandSource

            return CommandSource(environ)
        case "keyring":
            from forwardc.runtime.secret_providers.keyring_store import KeyringSource

            return KeyringSource()
        case "vault":
            from forwardc.runtime.secret_providers.hashicorp import HashicorpSource

            return HashicorpSource(environ)
        case "aws":
            from forwardc.runtime.secret_providers.aws import AwsSource

            return AwsSource()
        case _:
            raise KeyError(kind)


def read_reference(text: str) -> Reference | None:
    """`KIND:PLACE` in its two parts; None where the kind is not known."""
    kind, colon, place = text.partition(":")
    return Reference(kind, place) if colon and kind in KINDS else None
