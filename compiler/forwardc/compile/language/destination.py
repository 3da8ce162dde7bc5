"""A destination as typed values: what one YAML file in `destinations/` says, and where.

Values are terms, each with its place; what one declaration refers to in another is still a name.
"""

from collections.abc import Iterator, Mapping
from dataclasses import field
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal, assert_never

from forwardc.compile.ir.arrangements import Arrangement
from forwardc.compile.ir.client_certificate import ClientCertificate
from forwardc.compile.ir.poll import Poll
from forwardc.compile.ir.reason_place import ReasonPlace
from forwardc.compile.ir.reuse import Reuse
from forwardc.compile.language.money.tables import DeclaredMoney, assumed
from forwardc.compile.language.nodes import Node, YamlMap
from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.levels import AllowComment
from forwardc.core.diagnostics.span import Span
from forwardc.core.terms.functions import Type
from forwardc.core.terms.terms import Lit, Map, Ref, Term, root_bit, walk
from forwardc.plan.environment import Environment


class SettingType(StrEnum):
    """What kind of value a setting takes in `forwardc.yaml`."""

    STRING = "string"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    ENUM = "enum"
    HOST = "host"
    PATH = "path"
    URL = "url"


class ParamType(StrEnum):
    """What kind of value a param takes on a run."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    ENUM = "enum"
    AMOUNT = "amount"
    CURRENCY = "currency"
    COUNTRY = "country"
    URI = "uri"
    JSON = "json"


class BodyKind(StrEnum):
    """The syntax of a request body."""

    JSON = "json"
    FORM = "form"
    XML = "xml"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits of a value: lengths in characters, a regular expression, the values allowed."""

    minimum: int | Decimal | None = None
    maximum: int | Decimal | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    values: tuple[str | int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Declared:
    name: str
    span: Span
    """Where the name stands."""
    pointer: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Setting(_Declared):
    """A value fixed at build time for each environment."""

    type: SettingType = SettingType.STRING
    bounds: Bounds = Bounds()
    default: Lit | None = None
    example: Lit | None = None
    stand_in: bool = False
    unconfirmed: str | None = None


@dataclass(frozen=True, slots=True)
class Param(_Declared):
    """A value given on every run."""

    type: ParamType = ParamType.STRING
    bounds: Bounds = Bounds()
    default: Lit | None = None
    example: Lit | None = None
    optional: bool = False
    """Whether it may be absent: declared so, and without a default."""
    sensitive: bool = False
    not_card: bool = False
    schema: Mapping[str, Any] | None = None
    """JSON Schema of a `json` param, its numbers exact."""
    node: Node | None = field(default=None, repr=False, compare=False)
    """The whole declaration."""
    currency: Term | None = None
    """What an amount is counted in: a reference to a param, or a code. None where nothing says."""
    schemes: tuple[Term, ...] = ()
    """What a `uri` may begin with: literals, and references to settings."""
    withdrawn: bool = False
    """Whether a currency may be one that has ended."""
    amounts: Mapping[Term, tuple[str, ...]] = field(default_factory=dict)
    """Where a `json` param holds amounts, by currency."""
    open_amounts: bool = False
    """Whether it holds numbers of which the file does not say whether they are amounts."""


@dataclass(frozen=True, slots=True)
class DeclaredSecret(_Declared):
    """A credential: `as_key` says how it is derived, `held` forces who holds it.

    `owner` is the vendor whose it is; None where it is the destination's own.
    `shape` says how it begins, by class of environment. `high_entropy`: it is too long to be
    guessed from a hash of it.
    """

    as_key: str | None = None
    held: str | None = None
    owner: str | None = None
    owner_span: Span | None = None
    shape: Mapping[str, str] = field(default_factory=dict)
    high_entropy: bool = False


@dataclass(frozen=True, slots=True)
class DeclaredField:
    """One entry of a query or of the headers."""

    name: str
    term: Term
    span: Span
    """Where the value stands."""
    name_span: Span
    pointer: str


@dataclass(frozen=True, slots=True)
class DeclaredBody:
    """A request body. `doctype` (public id, system id) belongs to XML."""

    kind: BodyKind
    tree: Term
    span: Span
    pointer: str
    doctype: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class DeclaredSignature:
    """A request signature: `secret` is a reference to one of the secrets."""

    scheme: str
    secret: Ref
    span: Span
    pointer: str
    remove_path_prefix: str | None = None
    into: str | None = None
    options: Map = field(default_factory=lambda: Map(()))
    """What else is said of the scheme, by name."""


@dataclass(frozen=True, slots=True)
class DeclaredRequest:
    """What the destination receives."""

    method: str
    path: Term
    query: tuple[DeclaredField, ...]
    headers: tuple[DeclaredField, ...]
    body: DeclaredBody | None
    sign: DeclaredSignature | None
    span: Span
    pointer: str


@dataclass(frozen=True, slots=True)
class DeclaredOutput:
    """A scalar taken from the answer's body at a JSON Pointer."""

    name: str
    at: str
    type: Type
    """Text unless declared otherwise."""
    sensitive: bool
    optional: bool
    span: Span
    pointer: str
    currency: Term | None = None
    """Where the output is an amount: what it is counted in."""
    asked: Ref | None = None
    """The param that it answers."""


@dataclass(frozen=True, slots=True)
class DeclaredRule:
    """What an answer means where `when` holds; without `when` it always does."""

    when: Term | None
    is_: str
    span: Span
    pointer: str


@dataclass(frozen=True, slots=True)
class DeclaredStep:
    """One request of an operation and how its answer is read."""

    name: str
    deliver: str
    """`vault` or `direct`."""
    let: Mapping[str, Term]
    """Values in order; each uses earlier ones only, as `Ref("let.<name>")`."""
    request: DeclaredRequest
    outputs: Mapping[str, DeclaredOutput]
    outcome: tuple[DeclaredRule, ...]
    span: Span
    pointer: str
    idempotent_header: str | None = None
    idempotent_span: Span | None = None
    """Where the header's name stands."""
    stand_in: bool = False
    unconfirmed: str | None = None
    answer: str | None = None
    """What an answer must parse as to be believed, where the author says so."""
    reason: tuple[ReasonPlace, ...] = ()
    """JSON Pointers to where the destination says why, the first that is there."""
    mode: Mapping[str, object] = field(default_factory=dict)
    """Where an answer tells test from live, and what it says of each."""
    namespaces: Mapping[str, str] = field(default_factory=dict)
    """Namespaces of XML answers by the prefix that rules and pointers use."""
    sample: Node | None = None
    """An answer of the destination as its documents show it, for the reviewer."""
    reuse: Reuse | None = None
    """How long what it gives serves other runs, too."""
    reuse_node: Node | None = None
    poll: Poll | None = None
    """How it asks for a pending payment."""
    poll_node: Node | None = None


@dataclass(frozen=True, slots=True)
class DeclaredOperation:
    """One thing the destination can do."""

    name: str
    initiator: str
    """`customer` or `merchant`."""
    steps: tuple[DeclaredStep, ...]
    span: Span
    pointer: str
    title: str = ""
    description: str = ""
    fallback: str | None = None
    unconfirmed: str | None = None
    payment_reference: tuple[Term, ...] = ()
    """What names the payment at the destination, most telling first."""


@dataclass(frozen=True, slots=True)
class Pci:
    """The destination's PCI DSS standing, for the reviewer.

    `attestation` is a file of the project, `expires` its last day, YYYY-MM-DD. Of a company that is
    not the merchant's own: whether it is confirmed, by whom and when.
    """

    level: int | None = None
    attestation: str = ""
    expires: str = ""
    status: Literal["confirmed", "asked"] | None = None
    confirmed_by: str = ""
    date: str = ""
    span: Span | None = None
    """Where the value of `expires` stands, else of `attestation`, else the key `pci`."""
    status_span: Span | None = None
    """Where the value of `date` stands, else of `status`, else of `confirmed_by`."""


@dataclass(frozen=True, slots=True)
class Destination:
    """One destination file."""

    name: str
    title: str
    docs: str
    environments: Mapping[str, Term]
    """The base URL of each environment: of a class, or of one name, which wins."""
    settings: Mapping[str, Setting]
    params: Mapping[str, Param]
    secrets: Mapping[str, DeclaredSecret]
    operations: Mapping[str, DeclaredOperation]
    span: Span
    """Where the name stands."""
    root: YamlMap = field(repr=False)
    pci: Pci | None = None
    own_vault: bool = False
    """Whether the merchant's own token vault receives the card: PSPs ask for its attestation."""
    integration: str | None = None
    """What it needs beyond its requests, such as tokens and callbacks, by the name of the room."""
    money: DeclaredMoney = field(default_factory=assumed, repr=False)
    """How it counts amounts; ISO 4217, assumed, where the file does not say."""
    private: frozenset[str] = frozenset()
    """The environments whose host may be one of the operator's own network."""
    separated_by: Mapping[str, str] = field(default_factory=dict)
    """What tells test from live, by environment; `host` where the file does not say."""
    arrangements: tuple[Arrangement, ...] = ()
    """What vaults must agree to beyond their documents."""
    client_certificate: ClientCertificate | None = None
    """By what it knows its callers beside their secrets."""
    countries: tuple[str, ...] = ()
    """Where the destination is, ISO 3166-1; none means the country of the account."""
    allows: tuple[AllowComment, ...] = ()
    """What comments of the file allow."""

    def entry_of(self, where: Environment) -> str | None:
        """The key of `environments` that counts in an environment; None where there is none."""
        return next((key for key in (where.name, where.class_) if key in self.environments), None)


_VALUE_TYPES = {
    "integer": Type.INTEGER,
    "amount": Type.INTEGER,
    "number": Type.NUMBER,
    "boolean": Type.BOOLEAN,
    "json": Type.JSON,
}


def type_of_declared(declared: Setting | Param) -> Type:
    """The type of a setting's or param's values. An enum of integers only is an integer."""
    values = declared.bounds.values
    if declared.type == "enum" and values and all(isinstance(value, int) for value in values):
        return Type.INTEGER
    return _VALUE_TYPES.get(declared.type, Type.TEXT)


def closed_values(setting: Setting) -> tuple[str, ...]:
    """Every value that a setting can have, as text; none where there is no such list."""
    match setting.type:
        case SettingType.BOOLEAN:
            return ("true", "false")
        case SettingType.ENUM:
            return tuple(map(str, setting.bounds.values))
        case SettingType.STRING | SettingType.INTEGER:
            return ()
        case SettingType.HOST | SettingType.PATH | SettingType.URL:
            return ()
        case _:
            assert_never(setting.type)


def terms_of(step: DeclaredStep) -> Iterator[Term]:
    """Every term of a step, in the order it is written."""
    yield from step.let.values()
    request = step.request
    yield request.path
    for entry in (*request.query, *request.headers):
        yield entry.term
    if request.body:
        yield request.body.tree
    if request.sign:
        yield request.sign.secret
        yield request.sign.options
    yield from (rule.when for rule in step.outcome if rule.when is not None)


def settings_used(destination: Destination, where: Environment) -> frozenset[str]:
    """Names of the settings that the requests of one environment need."""
    steps = (step for operation in destination.operations.values() for step in operation.steps)
    terms = [term for step in steps for term in terms_of(step)]
    terms += [scheme for param in destination.params.values() for scheme in param.schemes]
    entry = destination.entry_of(where)
    if entry is not None:
        terms.append(destination.environments[entry])
    nodes = (node for term in terms for node in walk(term, root_bit("settings")))
    return frozenset(
        node.name.removeprefix("settings.")
        for node in nodes
        if isinstance(node, Ref) and node.root == "settings"
    )
