"""Every vault, in the order that coverage shows them. A new vault is one folder and one line."""

from functools import cache

from forwardc.compile.vaults.checkout.vault import vault as checkout
from forwardc.compile.vaults.contract import Vault
from forwardc.compile.vaults.direct.vault import vault as direct
from forwardc.compile.vaults.stripe.vault import vault as stripe


@cache
def vaults() -> tuple[Vault, ...]:
    """All vaults, with their facts loaded once."""
    return (checkout(), stripe(), direct())
