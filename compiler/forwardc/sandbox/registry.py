"""The emulated parties: a line for each vault, and a line for each destination.

A vault `NAME` is the folder `sandbox/NAME/`, a destination `sandbox/destinations/NAME/`. Its module
`party.py` has the `EMULATION`, which says all that the rest of the sandbox needs of it, and its
`hosts.py` the `HOSTS` at which it answers: they are known before the party is loaded.
"""

VAULTS = (
    "stripe",
    "checkout",
)
DESTINATIONS = (
    "adyen",
    "visa",
    "rocketpay",
    "rokt",
)
ECHO = "echo"
"""The party of every host that no other one names."""
NAMES = (*VAULTS, *DESTINATIONS, ECHO)


def packages() -> dict[str, str]:
    """The package of every party but the echo: vaults by name, then destinations as listed."""
    vaults = {name: f"forwardc.sandbox.{name}" for name in sorted(VAULTS)}
    return vaults | {name: f"forwardc.sandbox.destinations.{name}" for name in DESTINATIONS}
