"""The plan file as typed data: the border between compiler and runtime.

What differs between vaults is data in here. Terms are decoded once, when a plan is loaded.

One file, since a plan is read whole, and its parts name each other.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias, cast

from forwardc.core.documents.part import AtLeast, TaggedBy, member
from forwardc.core.documents.reading import (
    DamagedDocumentError,
    parsed_json,
    pointer_of,
    read_part,
)
from forwardc.core.terms.codec import InvalidPlanError
from forwardc.plan.answers import (
    AnswerKind,
    CardLookup,
    CardMetadata,
    DestinationRequestPlaces,
    Echo,
    LogAt,
    LossEvidence,
    Mode,
    PlanOutcomeRule,
    PlanOutput,
    PlanPaymentReference,
    PlanPoll,
    PlanReuse,
    ReadDirect,
    ReadVault,
    ReasonAt,
    Reconcile,
)
from forwardc.plan.environment import EnvironmentClass, is_class, place_of
from forwardc.plan.formats import FORMAT_VERSION
from forwardc.plan.parts import (
    CredentialShape,
    Name,
    PlanClientCertificate,
    PlanMoney,
    PlanPart,
    PlanRequest,
    PlanSchema,
    PlanTerm,
    Positive,
    ReviewSurface,
    SecretForm,
    Table,
)
from forwardc.plan.questions import InstrumentReading

ValueType: TypeAlias = (
    Literal["string", "text", "integer", "number", "boolean", "enum"]
    | Literal["amount", "currency", "country", "uri", "json"]
)


class UnknownVersionError(InvalidPlanError):
    """The file says that it has a version which this forwardc does not read."""


class Hosts(PlanPart):
    """Every host that the runtime may connect to, as `host` or `host:port`, in lower case."""

    vault: tuple[str, ...] = ()
    destination: tuple[str, ...] = ()


class OAuth(PlanPart):
    """OAuth 2.0 client credentials (RFC 6749, section 4.4), of which an access token is made.

    `client_id` and `client_secret` are the names of the two credentials.
    """

    token_url: str
    client_id: str
    client_secret: str
    scopes: tuple[str, ...] = ()


class Alternative(PlanPart):
    """What a credential can be made of where it is not given."""

    oauth: OAuth


class Credential(PlanPart):
    """A credential of the vault's API, the form that it has, and what may stand in for it.

    `shape` tells test from live.
    """

    pattern: str | None = None
    shape: CredentialShape | None = None
    instead: Alternative | None = member(default=None, key="or")


class KeySetLocation(PlanPart):
    """Where the vault publishes its public keys (RFC 7517)."""

    jwks: str


class SecretStore(PlanPart):
    """Where the vault keeps secrets: names below the URL, values of at most so many bytes.

    `scopes` are what an access token needs there.
    """

    url: str
    max_value_bytes: Positive
    scopes: tuple[str, ...] = ()


class PresentByInput(PlanPart):
    """An atom that is there when the caller gives this input."""

    input: str


Presence: TypeAlias = Literal["always", "vault", "never"] | PresentByInput


class ValueSpec(PlanPart):
    """What a value of a run must be: type, limits, and how it is handled.

    Lengths count code points; `minimum` and `maximum` are numbers, of an amount in minor units.
    A `default` or `values` item with a fraction is written as text. `withdrawn`: a currency may
    be one that has ended; `extra` are codes of the destination's own. `schemes` are those of a
    `uri`; without any, https and http.
    """

    type: ValueType
    pattern: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    minimum: int | str | None = None
    maximum: int | str | None = None
    values: tuple[str | int | bool, ...] | None = None
    json_schema: PlanSchema = member(default=None, key="schema")
    default: Any = None
    optional: bool = False
    sensitive: bool = False
    not_card: bool = False
    withdrawn: bool = False
    extra: tuple[str, ...] = ()
    schemes: tuple[str, ...] = ()


class SourceKind(PlanPart):
    """One kind of source: what its id looks like, what goes with it, and which atoms it has."""

    pattern: str
    single_use: bool = False
    bind: PlanTerm
    inputs: Table[str, ValueSpec] = member(default_factory=dict)
    has: Table[str, Presence] = member(default_factory=dict)


class PlanSecret(PlanPart):
    """A secret that the destination uses, and how its value derives from what the operator gives.

    `owner` is the vendor whose it is, or None for the destination. `shape` is of what the operator
    gives, and tells test from live. `high_entropy`: a hash of it may stand where others read it.
    """

    as_key: Literal["sha256_base64url", "base64url", "jwk"] | None = None
    owner: Name | None = None
    shape: CredentialShape | None = None
    form: SecretForm | None = None
    high_entropy: bool = False


class DisplayedRequest(PlanPart):
    """What the destination is asked, for display: with `direct` the request itself."""

    method: str
    url: PlanTerm


class SignRocketpay(PlanPart):
    """The Gate signature over the JSON body, put into it at the pointer `into`."""

    scheme: Literal["rocketpay-gate"]
    secret: PlanTerm
    into: str


class SignVisa(PlanPart):
    """Visa's X-PAY-TOKEN. `remove_path_prefix` is the context path that is not signed."""

    scheme: Literal["visa-x-pay-token"]
    secret: PlanTerm
    remove_path_prefix: str | None = None


class SignDlocal(PlanPart):
    """dLocal's V2-HMAC-SHA256 over X-Login, X-Date and body."""

    scheme: Literal["dlocal"]
    secret: PlanTerm


PlanSignature: TypeAlias = Annotated[
    SignRocketpay | SignVisa | SignDlocal,
    TaggedBy("scheme"),
]


class Timeouts(PlanPart):
    """Milliseconds to wait for a connection and for the whole answer."""

    connect_ms: Positive
    read_ms: Positive


class PlanStep(PlanPart):
    """One request of an operation, and how its answer is read.

    `private` allows a direct step's host to have an address of the operator's own network.
    `uses_cvc` says that the body holds the CVC, which serves one request only. For
    `vault_key_hours` the vault answers a second request under its key as it answered the first.
    `namespaces` are what the prefixes in rules and pointers mean in an XML answer.
    `vault_reference` says in which places the vault gets values that name the run there.
    A 2xx that does not parse as `answer` is unknown before any rule is asked, and so is an answer
    of another `mode` than the plan's class; `reason` names where the destination says why, the
    first that is there.
    """

    name: str
    deliver: Literal["vault", "direct"] = "vault"
    private: bool = False
    http: PlanRequest
    destination: DisplayedRequest
    sign: PlanSignature | None = None
    review: ReviewSurface | None = None
    read: ReadDirect | ReadVault
    timeouts: Timeouts
    max_answer_bytes: Positive
    idempotent: bool = False
    uses_cvc: bool = False
    vault_key_hours: int | None = None
    reconcile: Reconcile | None = None
    vault_reference: Table[str, Literal["run.id", "run.reference"]] = member(default_factory=dict)
    outputs: Table[str, PlanOutput] = member(default_factory=dict)
    answer: AnswerKind = "json"
    reason: tuple[ReasonAt, ...] = ()
    mode: Mode | None = None
    outcome: tuple[PlanOutcomeRule, ...] = ()
    namespaces: Table[str, str] = member(default_factory=dict)
    echo: Echo | None = None
    reuse: PlanReuse | None = None
    poll: PlanPoll | None = None
    client_certificate: PlanClientCertificate | None = None


class InstrumentQuestion(PlanPart):
    """A question to the vault before anything is sent: `when` over its answer.

    `scopes` are what an access token needs for it, beside those of every run. `holds` tells which
    atoms the vault has of this card: where each stands, as JSON Pointers. The first decides; where
    only another one has something, nobody knows.
    """

    http: PlanRequest
    when: PlanTerm
    scopes: tuple[str, ...] = ()
    tells: CardMetadata = CardMetadata()
    holds: Table[str, tuple[str, ...]] = member(default_factory=dict)


class Fallback(PlanPart):
    """The operation that runs instead when the question is answered with no."""

    operation: str
    ask: InstrumentQuestion


class Note(PlanPart):
    """A loss or doubt of an operation, by diagnostic code."""

    code: str
    message: str


class Production(PlanPart):
    """What stands between this operation and production."""

    needs_onboarding: bool = False


class PlanOperation(PlanPart):
    """One thing that the destination can do, with its ordered steps.

    `source_kinds` names the kinds that fit; without it, all of the plan do. `losses` are the atoms
    that a run may miss, by step and kind of source, each with how that is known: nothing is decided
    by them, so that no approval covers them.
    `payment_reference` is for whoever asks the destination: no run depends on it.
    """

    initiator: Literal["customer", "merchant"] | None = None
    level: Literal["full", "degraded"] = "full"
    status: Literal["documented", "unconfirmed", "stand_in"] = "documented"
    notes: tuple[Note, ...] = ()
    params: tuple[str, ...] = ()
    inputs: Table[str, ValueSpec] = member(default_factory=dict)
    requires: tuple[str, ...] = ()
    may_lack: tuple[str, ...] = ()
    stored_secrets: tuple[str, ...] = ()
    runtime_secrets: tuple[str, ...] = ()
    credentials: tuple[str, ...] = ()
    production: Production | None = None
    fallback: Fallback | None = None
    instrument: InstrumentReading | None = None
    source_kinds: tuple[str, ...] | None = None
    losses: Table[str, Table[str, Table[str, LossEvidence]]] = member(default_factory=dict)
    payment_reference: tuple[PlanPaymentReference, ...] = ()
    steps: Annotated[tuple[PlanStep, ...], AtLeast(1)]


class Plan(PlanPart):
    """One destination compiled for one vault, environment and account.

    `environment` is a name; `declared_class` stands where the name does not imply its class.
    `integration` names what the destination needs beyond its requests, such as callbacks.
    `needs_approval` and `separated_by` are as the compiler found them, and computed again by
    whoever reads the plan: see `separation`. `demo_ids` names ids for trying out, by place.
    """

    forwardc: Literal[2]
    vault: Name
    destination: Name
    environment: Name
    declared_class: EnvironmentClass | None = member(default=None, key="class")
    account: Name | None = None
    needs_approval: bool = False
    separated_by: Literal["credential"] | None = None
    integration: str | None = None
    hosts: Hosts
    credentials: Table[Name, Credential] = member(default_factory=dict)
    keys: KeySetLocation | None = None
    secret_store: SecretStore | None = None
    sources: Table[str, SourceKind] = member(default_factory=dict)
    params: Table[str, ValueSpec] = member(default_factory=dict)
    money: PlanMoney | None = None
    secrets: Table[Name, PlanSecret] = member(default_factory=dict)
    gets: DestinationRequestPlaces | None = None
    log: LogAt | None = None
    card: CardLookup | None = None
    operations: Table[str, PlanOperation]
    demo_ids: Table[str, tuple[str, ...]] = member(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise `ValueError` where the parts of a plan do not fit each other."""
        if is_class(self.environment) == (self.declared_class is not None):
            raise ValueError("an environment has a name that implies its class, or says its class")
        # Whoever looks for what an operation names finds it.
        for operation in self.operations.values():
            others = {operation.fallback.operation} if operation.fallback else set()
            if set(operation.params) - self.params.keys() or others - self.operations.keys():
                raise ValueError("an operation names what is not declared")

    @property
    def environment_class(self) -> EnvironmentClass:
        """Whether the rules of production count, or those of a sandbox."""
        return self.declared_class or cast("EnvironmentClass", self.environment)

    @property
    def place(self) -> str:
        """Environment and account, as the key in paths, approvals and records."""
        return place_of(self.environment, self.account or "")


def load_plan(data: bytes) -> Plan:
    """Read a plan file.

    Raises `UnknownVersionError`, or `InvalidPlanError` naming the places that are wrong, never what
    they hold.
    """
    try:
        document = parsed_json(data)
    except ValueError:
        raise InvalidPlanError("the file is not a plan") from None
    version = document.get("forwardc") if isinstance(document, dict) else None
    if type(version) is not int:
        raise InvalidPlanError("the file is not a plan")
    if version != FORMAT_VERSION:
        raise UnknownVersionError(
            f"the plan has version {version}, this forwardc reads {FORMAT_VERSION}"
        )
    return plan_from(document)


def plan_from(document: Mapping[str, Any]) -> Plan:
    """The plan that the data of a file say. Raises `InvalidPlanError` as `load_plan` does."""
    try:
        return read_part(Plan, document)
    except DamagedDocumentError as problem:
        places = sorted({pointer_of(place) for place in problem.places})
        raise InvalidPlanError("the plan is damaged at " + ", ".join(places[:5])) from None
