"""The emulated parties: a line for each vault, and a line for each destination.

A vault `NAME` is the folder `sandbox/NAME/`, a destination `sandbox/destinations/NAME/`. Its module
`party.py` has the `EMULATION`, which says all that the rest of the sandbox needs of it.
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


def modules() -> tuple[str, ...]:
    """The modules with an `EMULATION`: vaults by name, then destinations as listed."""
    vaults = (f"forwardc.sandbox.{name}.party" for name in sorted(VAULTS))
    return *vaults, *(f"forwardc.sandbox.destinations.{name}.party" for name in DESTINATIONS)
