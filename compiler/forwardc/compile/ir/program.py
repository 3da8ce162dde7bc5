"""The checked program of one destination and environment: what every vault compiles from.

Settings are folded and `let` names resolved; each vault lowers what is here into its own requests.
"""

from collections.abc import Mapping
from dataclasses import field
from functools import cached_property, reduce
from operator import or_
from typing import Final

from forwardc.compile.ir.arrangements import AgreedArrangement, Arrangement
from forwardc.compile.ir.client_certificate import ClientCertificate
from forwardc.compile.ir.poll import Poll
from forwardc.compile.ir.reason_place import ReasonPlace
from forwardc.compile.ir.reuse import Reuse
from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.span import Span
from forwardc.core.instrument import NAMES as INSTRUMENT_NAMES
from forwardc.core.instrument import ROOT as INSTRUMENT_ROOT
from forwardc.core.outcome import Outcome
from forwardc.core.signatures.names import SIGNATURE_NAMES
from forwardc.core.terms.functions import Type
from forwardc.core.terms.terms import (
    HAS_ATOM,
    HAS_IF,
    HAS_REF,
    Atom,
    Encoding,
    If,
    Lit,
    Map,
    Ref,
    Seq,
    Term,
    root_bit,
    walk,
)
from forwardc.plan.environment import Environment, EnvironmentClass

_INSTRUMENT: Final = frozenset(INSTRUMENT_NAMES)
_OF_INSTRUMENT: Final = root_bit(INSTRUMENT_ROOT)


@dataclass(frozen=True, slots=True)
class ProgramPair:
    """A header or a query parameter."""

    name: str
    value: Term
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class ProgramBody:
    """What is sent: a tree and how it is written. `encoding` is JSON, FORM, XML or PLAIN."""

    encoding: Encoding
    tree: Term
    doctype: tuple[str, str] | None = None
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class ProgramSignature:
    """A signature over the final request, by scheme name."""

    scheme: str
    secret: Term
    remove_path_prefix: str | None = None
    into: str | None = None
    span: Span | None = None
    options: Map = field(default_factory=lambda: Map(()))
    """What else the author says of the scheme, by name."""
    card: Atom | None = None
    """The first card value inside what is signed, where the scheme is computed outside."""

    @property
    def is_term(self) -> bool:
        """Whether the signature is computed outside of a vault, as a value of the request."""
        return self.scheme in SIGNATURE_NAMES

    @property
    def said(self) -> dict[str, object]:
        """The options that are fixed; a value of a run or environment is its term."""
        return {name: _plain(term) for name, term in self.options.entries}


def _plain(term: Term) -> object:
    if isinstance(term, Seq):
        return tuple(item.value for item in term.items if isinstance(item, Lit))
    return term.value if isinstance(term, Lit) else term


@dataclass(frozen=True)
class ProgramRequest:
    """The destination's request. `url` is text with holes for single path segments.

    Every rule, vault and page asks what is in it, so that it keeps the answers, which slots forbid.
    """

    method: str
    url: Term
    query: tuple[ProgramPair, ...]
    headers: tuple[ProgramPair, ...]
    body: ProgramBody | None
    sign: ProgramSignature | None
    span: Span | None = None

    @cached_property
    def holds(self) -> int:
        """What is anywhere in it, a bit for each kind: as a term's own `holds`."""
        return reduce(or_, (term.holds for term in terms_of(self)))

    def holding(self, bits: int) -> list[Term]:
        """What holds some of it, in the order it is written: `bits` as of `walk`."""
        if not self.holds & bits:
            return []
        return [node for term in terms_of(self) for node in walk(term, bits)]

    @cached_property
    def nodes(self) -> tuple[Term, ...]:
        """Every term of the request and everything inside, in the order it is written."""
        return tuple([node for term in terms_of(self) for node in walk(term)])

    @cached_property
    def marked_names(self) -> frozenset[str]:
        """The names that the author marked with `?`."""
        return frozenset(node.present for node in self.holding(HAS_IF) if isinstance(node, If))

    @cached_property
    def atoms(self) -> tuple[Atom, ...]:
        """The atoms, with their spans."""
        return tuple([node for node in self.holding(HAS_ATOM) if isinstance(node, Atom)])

    @cached_property
    def refs(self) -> tuple[Ref, ...]:
        """The references, with their spans."""
        return tuple([node for node in self.holding(HAS_REF) if isinstance(node, Ref)])

    def refs_below(self, root: str) -> list[Ref]:
        """The references below one root: `secrets`, `params`."""
        if not self.holds & root_bit(root):
            return []
        return [ref for ref in self.refs if ref.root == root]


@dataclass(frozen=True, slots=True)
class ProgramOutput:
    """A scalar of the destination's answer that later steps and the caller can use."""

    name: str
    at: str
    sensitive: bool = False
    optional: bool = False
    type: Type = Type.TEXT
    currency: Term | None = None
    """Where it is an amount: what the destination's number is counted in."""
    asked: Ref | None = None
    """The param that it answers."""


@dataclass(frozen=True, slots=True)
class ProgramOutcomeRule:
    """`when` holds: the step ends with `outcome`. Without `when` it always holds."""

    when: Term | None
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class ProgramStep:
    """One call of the destination. `direct`: our runtime makes it, under any vault.

    `answer` is what an answer must parse as to be believed; `reason` are the places where the
    destination says why.
    """

    name: str
    direct: bool
    request: ProgramRequest
    outputs: tuple[ProgramOutput, ...]
    outcome: tuple[ProgramOutcomeRule, ...]
    answer: str = "json"
    reason: tuple[ReasonPlace, ...] = ()
    mode: Mapping[str, object] = field(default_factory=dict)
    """Where an answer tells its mode, and how it says each class; empty where it does not."""
    idempotent: bool = False
    stand_in: bool = False
    unconfirmed: tuple[str, ...] = ()
    span: Span | None = None
    namespaces: Mapping[str, str] = field(default_factory=dict)
    """What prefixes mean in an XML answer."""
    private: bool = False
    """Whether the host may be one of the operator's own network, where we call it ourselves."""
    agreed: tuple[AgreedArrangement, ...] = ()
    """What the vault agreed to of this step; a destination's own step has none."""
    reuse: Reuse | None = None
    """How long what it gives serves other runs, too; None where it serves its own alone."""
    reuse_span: Span | None = None
    poll: Poll | None = None
    """How it asks for a pending payment; None where it is sent once."""
    poll_span: Span | None = None
    client_certificate: ClientCertificate | None = None
    """What whoever sends it has to present to the destination."""


@dataclass(frozen=True, slots=True)
class ProgramOperation:
    """One thing the destination can do, with its ordered steps."""

    name: str
    initiator: str
    steps: tuple[ProgramStep, ...]
    fallback: str | None = None
    title: str = ""
    span: Span | None = None
    payment_reference: tuple[Term, ...] = ()
    """What names the payment at the destination, most telling first."""

    @property
    def cryptogram(self) -> bool:
        """Customer-initiated: a network token comes with a cryptogram."""
        return self.initiator == "customer"


@dataclass(frozen=True, slots=True)
class ProgramSecret:
    """A declared secret. `held` is the author's choice, or None for the compiler's.

    `owner` is the vendor whose it is, or None for the destination.
    """

    name: str
    as_key: str | None = None
    held: str | None = None
    description: str = ""
    owner: str | None = None
    shape: Mapping[str, str] = field(default_factory=dict)
    """How it begins, by class of environment; empty where nothing of it tells test from live."""
    form: Mapping[str, object] = field(default_factory=dict)
    """What its value must be for its use; empty where any text would serve."""
    high_entropy: bool = False
    """Whether the author says that nobody guesses it from a hash of it."""


@dataclass(frozen=True)
class Program:
    """A destination in one environment or account. `params` are plan-ready specifications.

    `integration` names what the destination needs beyond its requests.
    `base_url` is the part of every URL before the path, with its place in the file.
    What every operation asks of all of it, it keeps, which slots forbid.
    """

    destination: str
    where: Environment
    host: str
    operations: tuple[ProgramOperation, ...]
    params: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    secrets: Mapping[str, ProgramSecret] = field(default_factory=dict)
    money: Mapping[str, object] | None = None
    """How the amounts of all operations are counted, as a plan says it; None where none is."""
    counting_doubt: str | None = None
    """What the vendor's documents do not confirm of how the destination counts."""
    title: str = ""
    docs: str = ""
    integration: str | None = None
    separated_by: str = "host"
    """What tells this environment from the other class: `host`, `credential` or `none`."""
    base_url: Term = field(default=Lit(""))
    arrangements: tuple[Arrangement, ...] = ()
    """What vaults must agree to beyond their documents."""
    private: bool = False
    """Whether our runtime may find the host in the operator's own network."""
    own_vault: bool = False
    """Whether the merchant's own token vault receives the card."""
    templates: tuple[ProgramOperation, ...] = ()
    """The operations with a hole for each value of the environment: vaults emit these, once."""
    values: Mapping[str, Term] = field(default_factory=dict)
    """What stands in the holes in this environment, by name."""

    @property
    def environment(self) -> str:
        """The environment's name."""
        return self.where.name

    @property
    def environment_class(self) -> EnvironmentClass:
        """Whether the rules of production count, or those of a sandbox."""
        return self.where.class_

    @property
    def place(self) -> str:
        """Environment and account, as the key in paths and approvals."""
        return self.where.place

    @cached_property
    def templates_by_name(self) -> Mapping[str, ProgramOperation]:
        """The operations with holes, or as they are where there are no templates."""
        return {operation.name: operation for operation in self.templates or self.operations}

    @cached_property
    def masked(self) -> frozenset[str]:
        """References that are masked in every operation: secrets, sensitive params, a card's."""
        secrets = (*(f"secrets.{name}" for name in self.secrets), *INSTRUMENT_NAMES)
        sensitive = (name for name, spec in self.params.items() if spec.get("sensitive"))
        return frozenset((*secrets, *(f"params.{name}" for name in sensitive)))


def terms_of(request: ProgramRequest) -> tuple[Term, ...]:
    """Every term of a request, in the order it is written."""
    body = (request.body.tree,) if request.body else ()
    sign = (request.sign.secret, request.sign.options) if request.sign else ()
    pairs = (pair.value for pair in (*request.query, *request.headers))
    return (request.url, *pairs, *body, *sign)


def rules_of(step: ProgramStep) -> tuple[Term, ...]:
    """The conditions of a step's outcome rules, in their order."""
    return tuple([rule.when for rule in step.outcome if rule.when is not None])


def reads_instrument(step: ProgramStep) -> bool:
    """Whether a step may read a value of the instrument: most do not, and are not walked for it."""
    request = step.request
    if request.holds & _OF_INSTRUMENT or not _INSTRUMENT.isdisjoint(request.marked_names):
        return True
    rules = (rule.when for rule in step.outcome)
    return any(when is not None and when.holds & (_OF_INSTRUMENT | HAS_IF) for when in rules)
