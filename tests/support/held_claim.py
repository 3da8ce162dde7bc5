"""A claim that its run holds already."""

from dataclasses import dataclass


@dataclass
class HeldClaim:
    """A `RunClaim` that was won before its run; nobody asks for it."""

    lease_until: int = 0
    run_id: str = "00000000-0000-4000-9000-000000000001"

    async def win(self, begin: object) -> bool:
        raise AssertionError("it is won already")
