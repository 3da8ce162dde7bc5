"""Puts the fixed test sources into every vault of a new sandbox, and lists them.

Knows no vault's tables: each vault seeds itself, and so does a destination with card tokens.
"""

from collections.abc import Iterable

from forwardc.sandbox.checkout import seed as checkout_seed
from forwardc.sandbox.destinations.rocketpay import tokens
from forwardc.sandbox.stripe import seed as stripe_seed
from forwardc.sandbox.world import World


def seed(world: World) -> None:
    """Seed every holder of cards."""
    checkout_seed.seed(world)
    stripe_seed.seed(world)
    tokens.seed(world)


def sources(world: World) -> list[dict[str, str]]:
    """Every fixed source: its holder, its id and what it makes a destination do."""
    return [
        {"vault": vault, **row}
        for vault, rows in (
            ("checkout", checkout_seed.sources()),
            ("stripe", stripe_seed.sources(world)),
            ("rocketpay", tokens.sources()),
        )
        for row in rows
    ]


def table(rows: Iterable[dict[str, str]]) -> str:
    """The sources as lines of text."""
    return "\n".join(_line(row) for row in rows)


def _line(row: dict[str, str]) -> str:
    card = f"{row.get('brand', '')} {row.get('last4', '')}"
    return f"  {row['vault']:<9} {card:<16} {row['does']:<36} {row['id']}"
