"""How an answer is read, as data of a plan: where it stands, what it must be, what it means.

Knows no vault and no destination: what differs between them is data in here.
"""

from typing import Literal, TypeAlias

from pydantic import Field

from forwardc.plan.parts import Part, PlanTerm

AnswerKind: TypeAlias = Literal["json", "xml", "form", "text", "empty", "any"]
"""What an answer must parse as to be believed. `empty`: nothing; `any`: whatever it is."""

Verdict: TypeAlias = Literal["approved", "declined", "pending", "rejected", "unknown"]


class CodeAt(Part):
    """An error code of the vault: where it stands, and which ones are meant."""

    at: str
    among: tuple[str, ...] = Field(alias="in")


class Failure(Part):
    """One documented failure of a vault, and whether the destination can have been reached.

    `retry` is what the vendor documents as safe: to ask again under the same key of the vault, or
    to send again under a new one.
    """

    status: tuple[int, ...]
    code: CodeAt | None = None
    sent: Literal["no", "unknown"]
    consumes_cvc: bool = False
    retry: Literal["never", "same_key", "new_key"] = "never"


class HeadersAt(Part):
    """Where the destination's headers stand: `arrays` `{name: [v]}`, `pairs` `[{name, value}]`."""

    at: str
    form: Literal["arrays", "pairs"]


class Mode(Part):
    """Where an answer tells whether it is of a test or of a live account, and how it says each."""

    at: str
    sandbox: bool | str
    production: bool | str


class MethodAt(Part):
    """Where the vault tells the method of its call, and which one was agreed."""

    at: str
    agreed: str = Field(alias="is")


class ReadVault(Part):
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


class ReadDirect(Part):
    """The answer is the destination's own."""

    direct: Literal[True]


class Output(Part):
    """A scalar of the destination's answer, by JSON Pointer.

    An amount is read in its `currency` (a reference or a code); `asked` names what it answers.
    """

    at: str
    sensitive: bool = False
    optional: bool = False
    type: Literal["text", "integer", "number", "boolean", "amount"] = "text"
    currency: str | None = None
    asked: str | None = None


class Rule(Part):
    """The outcome `verdict` where `when` is true; without `when`, always.

    `rule` is its number in the author's list, from 1: the record says which one decided.
    """

    rule: int = Field(gt=0)
    when: PlanTerm | None = None
    verdict: Verdict = Field(alias="is")


class ReasonAt(Part):
    """Where a destination says why, as a JSON Pointer into its answer."""

    at: str
