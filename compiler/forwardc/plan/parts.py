"""What the parts of a plan file are made of: strict objects, decoded terms, requests with holes.

Knows no vault, and not what a plan holds.
"""

from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import BaseModel, ConfigDict, PlainValidator

from forwardc.plan.codec import from_json
from forwardc.plan.terms import Term

if TYPE_CHECKING:
    PlanTerm: TypeAlias = Term
else:
    PlanTerm = Annotated[Any, PlainValidator(from_json)]

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
