"""The checked program of one destination and environment: what every vault compiles from.

Settings are folded and `let` names resolved. Knows no YAML and no vault.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from forwardc.diagnostics.span import Span
from forwardc.plan.terms import Encoding, Lit, Term
from forwardc.plan.types import Type


class Outcome(StrEnum):
    """The normalised result of a run or of a step."""

    APPROVED = "approved"
    DECLINED = "declined"
    PENDING = "pending"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Pair:
    """A header or a query parameter."""

    name: str
    value: Term
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Body:
    """What is sent: a tree and how it is written. `encoding` is JSON, FORM, XML or PLAIN."""

    encoding: Encoding
    tree: Term
    doctype: tuple[str, str] | None = None
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Sign:
    """A signature over the final request, by scheme name."""

    scheme: str
    secret: Term
    remove_path_prefix: str | None = None
    into: str | None = None
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """The destination's request. `url` is text with holes for single path segments."""

    method: str
    url: Term
    query: tuple[Pair, ...]
    headers: tuple[Pair, ...]
    body: Body | None
    sign: Sign | None
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Output:
    """A scalar of the destination's answer that later steps and the caller can use."""

    name: str
    at: str
    sensitive: bool = False
    optional: bool = False
    type: Type = Type.TEXT


@dataclass(frozen=True, slots=True)
class OutcomeRule:
    """`when` holds: the step ends with `outcome`. Without `when` it always holds."""

    when: Term | None
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Step:
    """One call of the destination. `direct`: our runtime makes it, under any vault."""

    name: str
    direct: bool
    request: Request
    outputs: tuple[Output, ...]
    outcome: tuple[OutcomeRule, ...]
    idempotent: bool = False
    stand_in: bool = False
    unconfirmed: tuple[str, ...] = ()
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing the destination can do, with its ordered steps."""

    name: str
    initiator: str
    steps: tuple[Step, ...]
    fallback: str | None = None
    title: str = ""
    span: Span | None = None

    @property
    def cryptogram(self) -> bool:
        """Customer-initiated: a network token comes with a cryptogram."""
        return self.initiator == "customer"


@dataclass(frozen=True, slots=True)
class Secret:
    """A declared secret. `held` is the author's choice, or None for the compiler's."""

    name: str
    as_key: str | None = None
    held: str | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class Program:
    """A destination in one environment. `params` are plan-ready specifications.

    `base_url` is the part of every URL before the path, with its place in the file.
    """

    destination: str
    environment: str
    host: str
    operations: tuple[Operation, ...]
    params: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    title: str = ""
    docs: str = ""
    base_url: Term = field(default=Lit(""))


def terms_of(request: Request) -> tuple[Term, ...]:
    """Every term of a request, in the order it is written."""
    body = (request.body.tree,) if request.body else ()
    sign = (request.sign.secret,) if request.sign else ()
    pairs = (pair.value for pair in (*request.query, *request.headers))
    return (request.url, *pairs, *body, *sign)
