"""What a plan says of answers: how each is read, what it means, and what it tells of the card.

All of it is data, by which one reader serves every vault: the places of an answer and the rules for
its outcome; how a lost answer is asked for; how a run knows that a value did not arrive; and what
whoever looks at a run is shown.
"""

from typing import Annotated, Literal, TypeAlias

from forwardc.core.documents.part import AtLeast, TaggedBy, member
from forwardc.plan.parts import PlanPart, PlanRequest, PlanTerm, Positive, Table

AnswerKind: TypeAlias = Literal["json", "xml", "form", "text", "empty", "any"]
"""What an answer must parse as to be believed. `empty`: nothing; `any`: whatever it is."""

Verdict: TypeAlias = Literal["approved", "declined", "pending", "rejected", "unknown"]


class CodeAt(PlanPart):
    """An error code of the vault: where it stands, and which ones are meant."""

    at: str
    among: tuple[str, ...] = member(key="in")


class Failure(PlanPart):
    """One documented failure of a vault, and whether the destination can have been reached.

    `retry` is what the vendor documents as safe: to ask again under the same key of the vault, or
    to send again under a new one.
    """

    status: tuple[int, ...]
    code: CodeAt | None = None
    sent: Literal["no", "unknown"]
    consumes_cvc: bool = False
    retry: Literal["never", "same_key", "new_key"] = "never"


class HeadersAt(PlanPart):
    """Where the destination's headers stand: `arrays` `{name: [v]}`, `pairs` `[{name, value}]`."""

    at: str
    form: Literal["arrays", "pairs"]


class Mode(PlanPart):
    """Where an answer tells whether it is of a test or of a live account, and how it says each."""

    at: str
    sandbox: bool | str
    production: bool | str


class MethodAt(PlanPart):
    """Where the vault tells the method of its call, and which one was agreed."""

    at: str
    agreed: str = member(key="is")


class ReadVault(PlanPart):
    """Where the destination's answer stands in the vault's answer, as JSON Pointers.

    `mode` is what the vault's answer tells of the vault's own account, and `method` with which
    method it called the destination.
    """

    status: str
    headers: HeadersAt | None = None
    body: str
    request_id: str | None = None
    mode: Mode | None = None
    method: MethodAt | None = None
    failures: tuple[Failure, ...] = ()


class ReadDirect(PlanPart):
    """The answer is the destination's own."""

    direct: Literal[True]


class PlanOutput(PlanPart):
    """A scalar of the destination's answer, by JSON Pointer.

    An amount is read in its `currency` (a reference or a code); `asked` names what it answers.
    """

    at: str
    sensitive: bool = False
    optional: bool = False
    type: Literal["text", "integer", "number", "boolean", "amount"] = "text"
    currency: str | None = None
    asked: str | None = None


class PlanOutcomeRule(PlanPart):
    """The outcome `verdict` where `when` is true; without `when`, always.

    `rule` is its number in the author's list, from 1: the record says which one decided.
    """

    rule: Positive
    when: PlanTerm | None = None
    verdict: Verdict = member(key="is")


class ReasonAt(PlanPart):
    """Where a destination says why, as a JSON Pointer into its answer.

    `words` are what its codes there mean; with them, a code that they lack says nothing.
    """

    at: str
    words: Table[str, str] = member(key="map", default_factory=dict)


class PlanReuse(PlanPart):
    """How long what a direct step gives serves other runs of the process, too.

    `expires_in` is where the answer says it, in seconds, as a JSON Pointer; `at_most_s` are
    seconds. The shorter counts. `renew_on_401`: a later step that is answered 401 had no effect,
    and is sent once more with a new result.
    """

    expires_in: str | None = None
    at_most_s: int | None = None
    renew_on_401: bool = False

    def __post_init__(self) -> None:
        """Raise `ValueError` where nothing says how long."""
        if self.expires_in is None and self.at_most_s is None:
            raise ValueError("a result that is used again must end")


class PlanPoll(PlanPart):
    """How a direct step asks for a pending payment: seconds between, seconds in all, questions.

    The request changes nothing at the destination, so that it may be sent any number of times.
    """

    every_s: Positive
    at_most_s: Positive
    times: Positive


# How a vault, and a person, finds out later what became of a request.


class ReconcileGet(PlanPart):
    """Ask the vault for one request that it kept: by the id under `vault.request_id`."""

    http: PlanRequest
    days: Positive


class ReconcileList(PlanPart):
    """Search what the vault kept: pages of `items`, found by the run's id and the address called.

    `vault.created_from`, `vault.created_to` (unix seconds) and, from the second page on,
    `vault.after` (the last `id` of the page before) are what the request is bound with. `more`
    says whether there is another page.
    """

    http: PlanRequest
    items: str
    run_id: str
    url: str
    id: str
    more: str
    days: Positive


class Reconcile(PlanPart):
    """How the vault tells later what became of a request whose answer was lost."""

    get: ReconcileGet | None = None
    list: ReconcileList | None = None


class PlanPaymentReference(PlanPart):
    """A value that names the payment at the destination.

    `sent` and `received`: in which place of which step's request and answer it stands, in the
    destination's own words.
    """

    value: PlanTerm
    sent: Table[str, str] = member(default_factory=dict)
    received: Table[str, str] = member(default_factory=dict, key="given")


# How a run knows that a value of the card did not reach the destination.


class Echo(PlanPart):
    """Where the vault's answer repeats, redacted, the body that it sent, and what that is.

    `filled` are places that the vault fills for every card: blank there, the echo is of a body
    that was not filled, and tells nothing.
    """

    at: str
    syntax: Literal["json", "xml"] = "json"
    filled: tuple[str, ...] = ()


class LossByEcho(PlanPart):
    """The echo tells: the places of the value in the body, as JSON Pointers."""

    by: Literal["echo"]
    at: Annotated[tuple[str, ...], AtLeast(1)]


class LossByInputs(PlanPart):
    """What the run was given tells: it is there with this input; without a name, never."""

    by: Literal["inputs"]
    input: str | None = None


class LossByQuestion(PlanPart):
    """The vault's answer about the instrument tells, where it was asked before the run."""

    by: Literal["asked"]


class LossUntold(PlanPart):
    """The vault does not tell."""

    by: Literal["untold"]


LossEvidence: TypeAlias = Annotated[
    LossByEcho | LossByInputs | LossByQuestion | LossUntold, TaggedBy("by")
]


# What whoever looks at a run is shown. No request of a run depends on it.


class CardMetadata(PlanPart):
    """Where an answer of the vault tells of the card, as JSON Pointers. Nothing is asked for it."""

    scheme: str | None = None
    issuing_country: str | None = None


class LogAt(PlanPart):
    """Where the vault's own answer names its page of a call, as a JSON Pointer, and on which host.

    A URL of any other host is none.
    """

    at: str
    host: str


class DestinationRequestPlaces(PlanPart):
    """Where the request to a vault holds the parts of the destination's, and what stands for what.

    Places are paths of its body field by field: all that begins so belongs to the part. `headers`,
    `query` and `variables` are members of an object, or pairs of `name` and `value`. `fills` are
    the vault's own texts, by the name in the destination's file of what takes their place.
    """

    body: str
    headers: str
    encrypted: str | None = None
    query: str | None = None
    variables: str | None = None
    fills: Table[str, str] = member(default_factory=dict)


class CardLookup(PlanPart):
    """A question to the vault about a card, after a run, where the merchant lets it be asked.

    `kinds` are the sources that it can be asked about. `scopes` are what an access token needs.
    """

    http: PlanRequest
    kinds: tuple[str, ...]
    scopes: tuple[str, ...] = ()
    tells: CardMetadata
