"""What the review page says of a scheme: which text is signed, how, and where it lands."""

from collections.abc import Callable
from typing import Final

from forwardc.compile.ir.program import ProgramRequest
from forwardc.compile.review.page.wording import VendorNames
from forwardc.core.dataclass import dataclass
from forwardc.core.terms.terms import Encoding

Parts = list[tuple[str, str]]
"""What is signed, in this order: what it is, and what it holds in this request."""

_BODIES: Final = {
    Encoding.JSON: "JSON",
    Encoding.FORM: "form",
    Encoding.XML: "XML",
    Encoding.PLAIN: "text",
}


@dataclass(frozen=True, slots=True)
class Scheme:
    """One scheme. `place` is where the signature lands, where the author does not say it."""

    title: str
    place: str
    algorithm: str | Callable[[ProgramRequest, VendorNames], str]
    joined: str
    written: str
    """How the place is filled; `<signature>` is the result."""
    source: str
    parts: Callable[[ProgramRequest, VendorNames], Parts]
    headers: tuple[tuple[str, str], ...] = ()
    """The headers that the scheme adds, with what stands in them."""


def body_kind(request: ProgramRequest) -> str:
    """The body in words: `the whole JSON body`, or `empty`."""
    return f"the whole {_BODIES[request.body.encoding]} body" if request.body else "empty"
