"""What the parts of a plan file are made of: strict objects, decoded terms, requests with holes.

Every object of a plan derives from `PlanPart`, so that a key that nobody knows refuses the file.
Below it stand the parts that several objects of a plan share: requests, money, the shape and form
of a credential, and what reviewers accept.
"""

import datetime
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from forwardc.core.documents.part import Checked, DocumentPart, ReadBy, least, member
from forwardc.core.terms.codec import constant_of, term_of
from forwardc.core.terms.json_schema import from_plan
from forwardc.core.terms.patterns import begins
from forwardc.core.terms.terms import Term
from forwardc.plan.environment import EnvironmentClass, check_name


def _constant(data: Any) -> str:
    """A text, or the text that stands as a term. Raises `ValueError`."""
    text = constant_of(data)
    if not isinstance(text, str):
        raise ValueError("must be a text")
    return text


if TYPE_CHECKING:
    # A loaded plan never changes: its digest is computed once.
    from collections.abc import Mapping

    Table = Mapping
    PlanTerm: TypeAlias = Term
    Constant: TypeAlias = str
else:
    Table = dict
    # The compiler makes a plan of what it is about to write, where terms stand as they are.
    PlanTerm = Annotated[Any, ReadBy(term_of)]
    Constant = Annotated[str, ReadBy(_constant)]

Name: TypeAlias = Annotated[str, Checked(check_name)]
Positive: TypeAlias = Annotated[int, Checked(least(1))]
# A schema as the plan has it; the digests are over that.
PlanSchema: TypeAlias = Annotated[Any, Checked(from_plan)]
PlanText: TypeAlias = tuple[tuple[str, PlanTerm], ...]


class PlanPart(DocumentPart):
    """An object of a plan file: nothing unknown in it, nothing converted, nothing shown."""


class PlanRequest(PlanPart):
    """A request with holes. Every term evaluates to complete, encoded text."""

    method: str
    url: PlanTerm
    query: PlanText = ()
    headers: PlanText = ()
    body: PlanTerm | None = None

    def terms(self) -> Iterator[Term]:
        """Every term of the request, in the order it is written."""
        yield self.url
        yield from (term for _, term in (*self.query, *self.headers))
        if self.body is not None:
            yield self.body


class PlanMoney(PlanPart):
    """How the destination counts money: the digits of every currency that a run may give.

    A row of `digits` is what `money.Digits` says. `table` names the shipped table and `as_of` its
    day, for people; `assumed` says that the destination's file says nothing, so that the digits
    are those of ISO 4217. What leaves depends on none of the three.
    """

    digits: Table[str, tuple[int, int, int]]
    unit: Literal["minor", "major"] = "minor"
    form: Literal["integer", "text", "number"] = "integer"
    max_digits: int | None = None
    least: str | None = member(default=None, key="min")
    table: str | None = None
    as_of: str | None = None
    assumed: bool = False


# How a credential of a test is told from a live one: by how its value begins.


class CredentialShape(PlanPart):
    """How a credential begins in each class of environment; `production` may be left out."""

    sandbox: str
    production: str | None = None


def misfit(shape: CredentialShape | None, class_: EnvironmentClass, value: str) -> str | None:
    """Why a value is none of this class, in words that do not hold it; None where it fits.

    It must begin as its own class says, and must not begin as the other one says.
    """
    if shape is None:
        return None
    shapes = {"sandbox": shape.sandbox, "production": shape.production}
    own, other = shapes.pop(class_), *shapes.values()
    if other is not None and begins(other, value):
        of = "sandbox" if class_ == "production" else "production"
        return f"begins as a credential of {of} does"
    if own is not None and not begins(own, value):
        return f"does not begin as a credential of {class_} does"
    return None


class SecretForm(PlanPart):
    """What a secret's raw value must be for its use, so that one can be made up.

    A JWK, octets in base64url or base64, a text of so many bytes, `user:password` or its base64, a
    private key as JWK, or a certificate and its private key as PEM: both are made from the name of
    the `key`'s secret.
    """

    kind: (
        Literal["rsa_jwk", "oct_jwk", "base64url", "text", "basic", "login", "base64"]
        | Literal["rsa_private", "ec_private", "ed25519_private"]
        | Literal["certificate", "certificate_key"]
    )
    octets: Annotated[int, Checked(least(1, 64))] | None = member(default=None, key="bytes")
    key: str | None = None


class PlanClientCertificate(PlanPart):
    """The secrets that hold the certificate which the runtime presents, and its private key."""

    certificate: str
    key: str


# What reviewers accept of a step.


class ReviewField(PlanPart):
    """A place that the vault fills: a JSON Pointer, an XPath where it is XML, or `header NAME`."""

    at: Constant
    atom: str
    replacement: str
    json_type: Literal["string", "number"]
    format: str
    required: bool


class AgreedWith(PlanPart):
    """What a vault agreed to beyond its documents, under its ticket, as YYYY-MM-DD.

    `wallets` are those whose tokens may be forwarded.
    `as_if_agreed`: nobody asked it, and only a sandbox on this machine plays it.
    """

    id: Constant
    ticket: Constant | None = None
    date: str | None = None
    expires: datetime.date | None = None
    wallets: tuple[str, ...] = ()
    as_if_agreed: bool = False

    def __post_init__(self) -> None:
        """Raise `ValueError` for what is neither recorded nor played."""
        if (self.ticket is None or self.date is None) != self.as_if_agreed:
            raise ValueError("an arrangement has a ticket and a date, or nobody agreed")


class ReviewSurface(PlanPart):
    """What the vault's reviewers accept of a step, and must see again when it changes."""

    url: Constant
    method: str
    fields: tuple[ReviewField, ...] = ()
    headers: tuple[Constant, ...] = ()
    keys: tuple[str, ...] = ()
    arrangements: tuple[AgreedWith, ...] = ()
