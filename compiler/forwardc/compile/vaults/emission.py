"""What an emitter gives: the parts of a plan as typed data, with holes for an environment's values.

An operation is emitted once for all environments and accounts, by an emitter that sees neither:
what they decide is a reference in a term (`settings.merchant`, `account.api_version`, `host.api`),
and `filling.py` puts it in. `plan_json.py` is the one place that writes these as JSON, in the order
of their fields. A field that is None, or empty where its line says so, is left out there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import TypeAlias

from forwardc.compile.ir.client_certificate import ClientCertificate
from forwardc.compile.ir.poll import Poll
from forwardc.compile.ir.reason_place import ReasonPlace
from forwardc.compile.ir.reuse import Reuse
from forwardc.compile.vaults.findings import Finding
from forwardc.core.dataclass import dataclass
from forwardc.core.terms.terms import Lit, Term

NamedTerms: TypeAlias = tuple[tuple[str, Term], ...]
"""Headers or query parameters, in their order: each an encoded text."""
Fact: TypeAlias = Mapping[str, object]
"""An object of a plan that a vault's facts hold as a whole."""


@dataclass(frozen=True, slots=True)
class EmittedCall:
    """An HTTP request with holes, to the vault or to the destination. Terms are encoded texts."""

    method: str
    url: Term
    query: NamedTerms = ()
    headers: NamedTerms = ()
    body: Term | None = None

    @property
    def terms(self) -> tuple[Term, ...]:
        """All that is written of it."""
        named = (term for _, term in (*self.query, *self.headers))
        return (self.url, *named, *((self.body,) if self.body else ()))


@dataclass(frozen=True, slots=True)
class EmittedSignature:
    """A signature that the runtime computes over the final request."""

    scheme: str
    secret: Term
    remove_path_prefix: str | None = None
    into: str | None = None


@dataclass(frozen=True, slots=True)
class EmittedFailure:
    """An answer of the vault itself: what it says of the sending, and what may be tried again."""

    status: tuple[int, ...]
    sent: str
    consumes_cvc: bool = False
    retry: str | None = None
    codes: tuple[str, ...] = ()
    """Error codes that it is told by; empty where the status tells it."""
    code_at: str = ""


@dataclass(frozen=True, slots=True)
class EmittedReader:
    """Where the destination's answer stands in the vault's, as JSON Pointers.

    `headers_form` is `arrays` or `pairs`. `agreed_method` is where the vault tells the method that
    it used, and which one it must be.
    """

    status: str
    headers: str
    headers_form: str
    body: str
    request_id: str
    mode: Fact | None = None
    agreed_method: tuple[str, str] | None = None
    failures: tuple[EmittedFailure, ...] = ()


@dataclass(frozen=True, slots=True)
class EmittedOutput:
    """A scalar of the destination's answer. `type` is None for text."""

    name: str
    at: str
    sensitive: bool
    optional: bool
    type: str | None = None
    currency: str | None = None
    asked: str | None = None


@dataclass(frozen=True, slots=True)
class EmittedRule:
    """An outcome rule with its number from 1; without `when` it always holds."""

    number: int
    when: Term | None
    outcome: str


@dataclass(frozen=True, slots=True)
class EmittedAnswer:
    """What the author says of the destination's answer; what is empty is left out."""

    outputs: tuple[EmittedOutput, ...]
    answer: str
    reason: tuple[ReasonPlace, ...]
    mode: Mapping[str, object]
    rules: tuple[EmittedRule, ...]
    namespaces: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class EmittedField:
    """A place that the vault fills: where, of which atom, by which replacement, and in which form.

    `at` is a JSON Pointer, an XPath or `header NAME`, as a literal that knows its place.
    """

    at: Lit
    atom: str
    replacement: str
    json_type: str
    format: str
    required: bool


@dataclass(frozen=True, slots=True)
class EmittedArrangement:
    """What the vault agreed to: under a ticket, or without one played as if."""

    id: Lit
    ticket: Lit | None = None
    date: str | None = None
    expires: str | None = None
    wallets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EmittedReview:
    """What the vault's reviewers accept of a step; `surface` names the parts, in their order."""

    surface: tuple[str, ...]
    url: Term
    method: str
    fields: tuple[EmittedField, ...]
    headers: tuple[Lit, ...]
    keys: tuple[str, ...] = ()
    arrangements: tuple[EmittedArrangement, ...] = ()


@dataclass(frozen=True, slots=True)
class EmittedEcho:
    """Where the vault's answer repeats the body that it sent, and places filled for every card."""

    at: Fact
    syntax: str | None
    filled: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EmittedRetention:
    """How a request that the vault keeps is asked for: by its id, or in pages of a list."""

    call: EmittedCall
    days: int
    pages: Fact | None = None


@dataclass(frozen=True, slots=True)
class EmittedStep:
    """One request of a plan. A step without a `reader` is sent to the destination directly."""

    name: str
    call: EmittedCall
    destination: EmittedCall
    """What the destination is asked, for display and history."""
    read_ms: int
    answer: EmittedAnswer
    idempotent: bool
    uses_cvc: bool
    private: bool = False
    """Whether the host may be one of the operator's own network; of a direct step only."""
    sign: EmittedSignature | None = None
    review: EmittedReview | None = None
    reader: EmittedReader | None = None
    echo: EmittedEcho | None = None
    vault_key_hours: int | None = None
    retention: EmittedRetention | None = None
    vault_reference: Mapping[str, str] = field(default_factory=dict)
    reuse: Reuse | None = None
    poll: Poll | None = None
    client_certificate: ClientCertificate | None = None
    """What the runtime presents; of a direct step only."""

    @property
    def is_direct(self) -> bool:
        """Whether the runtime sends it itself."""
        return self.reader is None


@dataclass(frozen=True, slots=True)
class EmittedQuestion:
    """A question about an instrument: `when` over the answer, and what else the answer tells."""

    call: EmittedCall
    when: Term
    scopes: tuple[str, ...]
    tells: Mapping[str, str]
    holds: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EmittedFallback:
    """The operation that runs instead where the question is answered with no."""

    operation: str
    question: EmittedQuestion


@dataclass(frozen=True, slots=True)
class EmittedInstrumentValue:
    """Where an answer tells one value of the instrument, as a JSON Pointer.

    `words` has our word for each spelling of the vault, which is folded: see `core/instrument.py`.
    Without any, the text is the value.
    """

    at: str
    words: Mapping[str, str]
    required: bool


@dataclass(frozen=True, slots=True)
class EmittedInstrument:
    """What is asked of the instrument before anything is sent, and read of the answer.

    `kinds` are the sources that can be asked about, `tells` what else the answer tells.
    """

    call: EmittedCall
    kinds: tuple[str, ...]
    scopes: tuple[str, ...]
    tells: Mapping[str, str]
    values: Mapping[str, EmittedInstrumentValue]
    """By short name: `brand`."""


@dataclass(frozen=True, slots=True)
class EmittedInput:
    """An atom that the vault lacks, as a text that the caller gives."""

    optional: bool


@dataclass(frozen=True, slots=True)
class EmittedLoss:
    """How it is known whether an atom was there: `by` is echo, inputs, asked or untold."""

    by: str
    input: str | None = None
    at: tuple[str, ...] = ()


Losses: TypeAlias = Mapping[str, Mapping[str, EmittedLoss]]
"""What a step may miss: by kind of source, each atom with how that is known."""


@dataclass(frozen=True, slots=True)
class Emission:
    """One operation at one vault. `findings` are of its steps, and depend on no environment."""

    steps: tuple[EmittedStep, ...]
    findings: tuple[Finding, ...] = ()
    losses: Mapping[str, Losses] = field(default_factory=dict)
    """By step, where something may be missing."""
    source_kinds: tuple[str, ...] | None = None
    """The kinds of source that fit; None where all do."""
    fallback: EmittedFallback | None = None
    instrument: EmittedInstrument | None = None
    inputs: Mapping[str, EmittedInput] = field(default_factory=dict)

    @property
    def reaches_vault(self) -> bool:
        """Whether a step goes through the vault."""
        return not all(step.is_direct for step in self.steps)

    @property
    def calls(self) -> Iterator[EmittedCall]:
        """Every request that may be sent, of whatever use."""
        for step in self.steps:
            yield step.call
            yield step.destination
            if step.retention:
                yield step.retention.call
        if self.fallback:
            yield self.fallback.question.call
        if self.instrument:
            yield self.instrument.call


@dataclass(frozen=True, slots=True)
class EmittedOAuth:
    """A client whose access token stands in for the key: the facts have the credentials' names."""

    token_url: str
    client: Fact
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EmittedCredential:
    """A credential of the vault's API: its form, and what it can be made of instead."""

    form: Fact
    oauth: EmittedOAuth | None = None


@dataclass(frozen=True, slots=True)
class EmittedSecretStore:
    """Where the vault keeps secrets, and what an access token needs there."""

    url: str
    max_value_bytes: int
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Presence:
    """Whether a source has an atom: `always`, `vault` (only it knows), `never`, or by an input."""

    when: str
    input: str | None = None


@dataclass(frozen=True, slots=True)
class EmittedSource:
    """A kind of source: its id, the inputs that go with it, the atoms that it has, its block."""

    pattern: str
    single_use: bool
    inputs: Mapping[str, Fact]
    has: Mapping[str, Presence]
    bind: Term


@dataclass(frozen=True, slots=True)
class EmittedParts:
    """Where a request to the vault holds the parts of the destination's, as pointers.

    `fills` are the vault's own texts, by the name of what takes their place.
    """

    body: str
    headers: str
    encrypted: str | None = None
    query: str | None = None
    variables: str | None = None
    fills: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class EmittedCardLookup:
    """How to ask about the card of a source, after a run."""

    call: EmittedCall
    kinds: tuple[str, ...]
    tells: Mapping[str, str]
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EmittedHead:
    """The parts of a plan that all operations share, in one environment and account."""

    vault_hosts: tuple[str, ...]
    destination_host: str
    credentials: Mapping[str, EmittedCredential] = field(default_factory=dict)
    key_set: str | None = None
    """The URL of the vault's public keys."""
    secret_store: EmittedSecretStore | None = None
    sources: Mapping[str, EmittedSource] = field(default_factory=dict)
    parts: EmittedParts | None = None
    log: Fact | None = None
    card: EmittedCardLookup | None = None
