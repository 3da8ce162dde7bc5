"""Every vault, in the order that coverage shows them. A new vault is one folder and one line."""

from functools import cache

from forwardc.vaults.checkout.vault import vault as checkout
from forwardc.vaults.direct.vault import vault as direct
from forwardc.vaults.model import Vault
from forwardc.vaults.stripe.vault import vault as stripe


@cache
def vaults() -> tuple[Vault, ...]:
    """All vaults, with their facts loaded once."""
    return (checkout(), stripe(), direct())
