"""How a run knows that a value of the card did not reach the destination, as data of a plan.

Knows no vault: where it echoes what it sent, and which input brings what, is data in here. Values
are never in a plan or in a record, only their names.
"""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from forwardc.plan.parts import Part


class Echo(Part):
    """Where the vault's answer repeats, redacted, the body that it sent, and what that is.

    `filled` are places that the vault fills for every card: blank there, the echo is of a body
    that was not filled, and tells nothing.
    """

    at: str
    syntax: Literal["json", "xml"] = "json"
    filled: tuple[str, ...] = ()


class ByEcho(Part):
    """The echo tells: the places of the value in the body, as JSON Pointers."""

    by: Literal["echo"]
    at: tuple[str, ...] = Field(min_length=1)


class ByGiven(Part):
    """What the run was given tells: it is there with this input; without a name, never."""

    by: Literal["inputs"]
    input: str | None = None


class ByAsking(Part):
    """The vault's answer about the instrument tells, where it was asked before the run."""

    by: Literal["asked"]


class Untold(Part):
    """The vault does not tell."""

    by: Literal["untold"]


Known: TypeAlias = Annotated[ByEcho | ByGiven | ByAsking | Untold, Field(discriminator="by")]
