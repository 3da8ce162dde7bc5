"""The closed table of what the sandbox takes only where it is asked to: `--lax NAME`.

Without one of these the sandbox refuses as the vendor does, and what no document shows is refused
too. `--lenient` is all of them. docs/sandbox.md shows this table, and a test compares the two.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

UNKNOWN_DESTINATIONS = "unknown_destinations"

Lets = Callable[[str, str], bool]
"""`World.lets`: from a laxness and a place to whether it lets the mistake there through."""


@dataclass(frozen=True, slots=True)
class Laxness:
    """One thing that is let through: who takes it, what, what the vendor does, and who says so.

    One `without_project` is switched on in a sandbox that nobody told what is onboarded.
    """

    name: str
    party: str
    takes: str
    vendor: str
    source: str
    without_project: bool = False


@dataclass(frozen=True, slots=True)
class Slip:
    """What a laxness let through: its name and the place in the request, never a value.

    `request` counts the sandbox's requests, so that the slips of one stand together.
    """

    request: int
    name: str
    party: str
    place: str


OF_EVERY_VAULT: tuple[Laxness, ...] = (
    Laxness(
        UNKNOWN_DESTINATIONS,
        "every vault",
        "a URL that no plan of the project names",
        "Stripe: 400 `forwarding_api_invalid_parameter`; Checkout.com: 422",
        "Vault and Forward's guide, May 2026; Checkout.com's refusal is this sandbox's choice",
        without_project=True,
    ),
)
"""What no party has for itself alone."""


@cache
def laxnesses() -> Mapping[str, Laxness]:
    """The whole table by name: what every vault takes, then what each party takes."""
    # Parties need a world, and a world asks here.
    from forwardc.sandbox.parties import emulations

    of_parties = (row for emulated in emulations().values() for row in emulated.laxnesses)
    return {laxness.name: laxness for laxness in (*OF_EVERY_VAULT, *of_parties)}


def strict(_name: str, _place: str) -> bool:
    """Let nothing through, for who has no world."""
    return False


def check_names(names: frozenset[str]) -> frozenset[str]:
    """The names as they are. Raises `ValueError` for one that is not in the table."""
    # The table loads every party: a strict sandbox needs none of it.
    strange = sorted(names - laxnesses().keys()) if names else []
    if strange:
        raise ValueError(f"no such laxness: {', '.join(strange)}")
    return names


def table() -> str:
    """The laxnesses as the rows of a table in Markdown."""
    rows = (
        f"| `{row.name}` | {row.party} | {row.takes} | {row.vendor} |"
        for row in laxnesses().values()
    )
    return "\n".join(rows)


def slip_lines(slips: list[Slip]) -> list[str]:
    """One line for each slip, equal ones of one request once."""
    lines = (f"slip: {slip.name} at {slip.place} ({slip.party})" for slip in slips)
    return list(dict.fromkeys(lines))
