"""Every kind of provider, by the word before the colon of a reference.

A kind is one file and one line here. What a kind needs from the network or from an extra is
imported when it is first asked.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from forwardc.runtime.secret_providers.provider import SecretProvider, SecretReference

PROVIDER_KINDS: Final = ("env", "file", "exec", "keyring", "vault", "aws")


def provider_of(kind: str, environ: Mapping[str, str], base: Path) -> SecretProvider:
    """The provider of a kind. Raises: `KeyError` for another than `PROVIDER_KINDS`."""
    match kind:
        case "env":
            from forwardc.runtime.secret_providers.environment import EnvironmentProvider

            return EnvironmentProvider(environ)
        case "file":
            from forwardc.runtime.secret_providers.file import FileProvider

            return FileProvider(base)
        case "exec":
            from forwardc.runtime.secret_providers.command import CommandProvider

            return CommandProvider(environ)
        case "keyring":
            from forwardc.runtime.secret_providers.keyring_store import KeyringProvider

            return KeyringProvider()
        case "vault":
            from forwardc.runtime.secret_providers.hashicorp import HashicorpProvider

            return HashicorpProvider(environ)
        case "aws":
            from forwardc.runtime.secret_providers.aws import AwsProvider

            return AwsProvider()
        case _:
            raise KeyError(kind)


def read_reference(text: str) -> SecretReference | None:
    """`KIND:PLACE` in its two parts; None where the kind is not known."""
    kind, colon, place = text.partition(":")
    return SecretReference(kind, place) if colon and kind in PROVIDER_KINDS else None
