"""Every vault, in the order that coverage shows them: a vault is its folder and one line here."""

from functools import cache
from importlib import import_module
from typing import Final

from forwardc.compile.vaults.contract import Vault

_FOLDERS: Final = (
    "checkout",
    "stripe",
    "direct",
)


@cache
def vaults() -> tuple[Vault, ...]:
    """All vaults, with their facts loaded once."""
    return tuple(_vault(folder) for folder in _FOLDERS)


def _vault(folder: str) -> Vault:
    vault: Vault = import_module(f"{__package__}.{folder}.vault").vault()
    return vault
