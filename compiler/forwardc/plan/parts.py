"""What the parts of a plan file are made of: strict objects, decoded terms, requests with holes.

Knows no vault, and not what a plan holds.
"""

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator

from forwardc.core.terms.codec import from_json
from forwardc.core.terms.json_schema import from_plan
from forwardc.core.terms.terms import Term

if TYPE_CHECKING:
    # A loaded plan never changes: its digest is computed once.
    from collections.abc import Mapping

    Table = Mapping
    PlanTerm: TypeAlias = Term
else:
    Table = dict
    PlanTerm = Annotated[Any, PlainValidator(from_json)]


def _exact(schema: Any) -> Any:
    """A schema as the plan has it; the digests are over that. Raises `ValueError`."""
    from_plan(schema)
    return schema


PlanSchema: TypeAlias = Annotated[Any, AfterValidator(_exact)]
PlanText: TypeAlias = tuple[tuple[str, PlanTerm], ...]


class Part(BaseModel):
    """An object of a plan file: nothing unknown in it, nothing converted, nothing shown."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class Http(Part):
    """A request with holes. Every term evaluates to complete, encoded text."""

    method: str
    url: PlanTerm
    query: PlanText = ()
    headers: PlanText = ()
    body: PlanTerm | None = None


class Money(Part):
    """How the destination counts money: the digits of every currency that a run may give.

    A row of `digits` is what `money.Digits` says. `table` names the shipped table and `as_of` its
    day, for people; `assumed` says that the destination's file says nothing, so that the digits
    are those of ISO 4217. What leaves depends on none of the three.
    """

    digits: Table[str, tuple[int, int, int]]
    unit: Literal["minor", "major"] = "minor"
    form: Literal["integer", "text", "number"] = "integer"
    max_digits: int | None = None
    least: str | None = Field(default=None, alias="min")
    table: str | None = None
    as_of: str | None = None
    assumed: bool = False
