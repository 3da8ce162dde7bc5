"""What a check said of some inputs, so that it need not be asked again while they are the same.

Kept where there was no error. What is kept holds on one day, since some rules compare a date with
it; of findings neither the lines of a file nor any value is kept, as a message holds none.
"""

from forwardc.compile.store.fields import lines, names_of, packed, unpacked
from forwardc.compile.store.inputs import Inputs


class CheckVerdict:
    """One check: by what tool, on which day (`2026-11-30`), of which inputs.

    `destinations` are names; `findings` is JSON of warnings, notes and what was suppressed, empty
    where there is none of them.
    """

    __slots__ = ("day", "destinations", "findings", "inputs", "tool")

    def __init__(
        self, tool: bytes, day: str, inputs: Inputs, destinations: list[str], findings: bytes
    ) -> None:
        self.tool = tool
        self.day = day
        self.inputs = inputs
        self.destinations = destinations
        self.findings = findings

    def to_bytes(self) -> bytes:
        """As a file of the store."""
        told = (self.day.encode(), self.inputs.to_bytes(), lines(self.destinations))
        return packed((self.tool, *told, self.findings))

    @classmethod
    def from_bytes(cls, data: bytes) -> "CheckVerdict":
        """Out of such a file. Raises `ValueError`."""
        tool, day, inputs, destinations, findings = unpacked(data, 5)
        return cls(tool, day.decode(), Inputs.from_bytes(inputs), names_of(destinations), findings)

    def holds(self, root: str, tool: bytes, day: str) -> bool:
        """Whether the same check of a project would say the same."""
        return (self.tool, self.day) == (tool, day) and self.inputs.are_those_of(root)
