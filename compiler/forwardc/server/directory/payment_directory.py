"""What a lookup finds for a payment reference, and what every kind of lookup can do.

Knows no database. A source is a vault's name for a card, and no card data.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from forwardc.core.diagnostics.errors import ForwardcError


@dataclass(frozen=True, slots=True)
class Instrument:
    """A payment method at its vault.

    `inputs` go with the source (`cvv_token`, `billing.line1` ...), `params` are further params of
    the destination, `identifiers` what the merchant knows of the customer, by Rokt's names.
    `without` are atoms that the vault is not to be asked for, such as a CVC that is used up.
    """

    vault: str
    source: str = field(repr=False)
    inputs: Mapping[str, str] = field(default_factory=dict, repr=False)
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    identifiers: Mapping[str, str] = field(default_factory=dict, repr=False)
    without: frozenset[str] = frozenset()


class DirectoryError(ForwardcError):
    """The merchant's data cannot be asked, or answers what cannot be understood.

    The text is for the operator's log: it names the kind of failure and no value.
    """


class DirectoryFaultError(DirectoryError):
    """The same, where asking again changes nothing: somebody has to mend the data or the set-up."""


@dataclass(frozen=True, slots=True)
class DirectoryColumns:
    """What a lookup can tell beside vault and source, as titles: `param.email`, `billing.line1`.

    `vaults` are those that its data names; None where nobody has read it whole.
    """

    titles: frozenset[str]
    vaults: frozenset[str] | None = None


class PaymentDirectory(Protocol):
    """Finds instruments. Every method may raise `DirectoryError`."""

    async def find(self, reference: str) -> Instrument | None:
        """The instrument of a reference; None where the merchant has none."""
        ...

    async def ready(self) -> None:
        """Ask without a reference, to see that the data is there."""
        ...

    async def supplies(self) -> DirectoryColumns | None:
        """What it can tell; None where nobody knows before a payment is asked for.

        No payment is read for it.
        """
        ...

    async def close(self) -> None:
        """Give connections back."""
        ...
