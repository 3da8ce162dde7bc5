"""What a vault must agree to beyond its documents, and the record that it did.

The destination says what is needed (`Arrangement`), the project who agreed (`Grant`), and a vault's
facts which kinds it agrees to and what each lifts. One kind is the form of an expiry date: its
closed grammar stands here, too.
"""

import datetime
import re
from collections.abc import Iterator
from dataclasses import field
from enum import StrEnum
from typing import Final, assert_never

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.span import Span
from forwardc.core.terms.terms import (
    Amount,
    Atom,
    Call,
    Encoded,
    If,
    Limit,
    Lit,
    Map,
    Raw,
    Ref,
    Seq,
    Source,
    Term,
    Text,
    walk,
)


class ArrangementKind(StrEnum):
    """The closed list of what can be agreed."""

    FILLS = "fills"
    """A form of the expiry date that the vault's documents do not have."""
    METHOD = "method"
    """Another HTTP method at the destination."""
    SIGNATURE = "signature"
    """The vault signs the request, by an algorithm that it sets up."""
    NETWORK_TOKEN = "network_token"  # noqa: S105 - a kind of payment instrument
    """Tokens of wallets instead of the card."""


@dataclass(frozen=True, slots=True)
class Fill:
    """A place of the body, and how the vault writes the expiry date there, such as `YYMM`."""

    at: str
    format: str
    span: Span | None = None
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class Signature:
    """Where the vault puts its signature, by which of its replacements, and what it covers."""

    at: str
    replacement: str
    covers: str = ""
    span: Span | None = None
    pointer: str = ""

    @property
    def header(self) -> str | None:
        """The header's name where it stands in one: `header Message-Signature`."""
        return self.at.removeprefix("header ") if self.at.startswith("header ") else None


@dataclass(frozen=True, slots=True)
class Arrangement:
    """What one destination needs of one vault: for some steps, each named by its operation.

    `asks` is the author's sentence for the vault's support.
    """

    name: str
    vault: str
    steps: tuple[tuple[str, str], ...]
    fills: tuple[Fill, ...] = ()
    method: str | None = None
    signature: Signature | None = None
    wallets: tuple[str, ...] = ()
    asks: str = ""
    span: Span | None = field(default=None, compare=False)
    pointer: str = field(default="", compare=False)

    def is_for(self, operation: str, step: str) -> bool:
        """Whether it is for a step."""
        return (operation, step) in self.steps

    def parts(self) -> "Iterator[Arrangement]":
        """The same, one thing at a time: each fill, the method, the signature, the wallets."""
        bare = (self.name, self.vault, self.steps)
        for fill in self.fills:
            yield Arrangement(*bare, fills=(fill,), span=fill.span, pointer=fill.pointer)
        if self.method is not None:
            yield Arrangement(
                *bare, method=self.method, span=self.span, pointer=f"{self.pointer}/method"
            )
        if self.signature is not None:
            signature = self.signature
            yield Arrangement(
                *bare, signature=signature, span=signature.span, pointer=signature.pointer
            )
        if self.wallets:
            yield Arrangement(
                *bare,
                wallets=self.wallets,
                span=self.span,
                pointer=f"{self.pointer}/network_token",
            )

    @property
    def kinds(self) -> tuple[ArrangementKind, ...]:
        """What it is about, in the order of the list."""
        said = {
            ArrangementKind.FILLS: self.fills,
            ArrangementKind.METHOD: self.method,
            ArrangementKind.SIGNATURE: self.signature,
            ArrangementKind.NETWORK_TOKEN: self.wallets,
        }
        return tuple(kind for kind in ArrangementKind if said[kind])

    @property
    def words(self) -> str:
        """What is needed, in a few words: `YYMM at /expire, the method PUT`."""
        words = [f"{fill.format} at {fill.at}" for fill in self.fills]
        words += [f"the method {self.method}"] if self.method else []
        if self.signature is not None:
            where = self.signature.header
            words.append(f"a signature {f'in {where}' if where else f'at {self.signature.at}'}")
        words += [f"tokens of {' and '.join(self.wallets)}"] if self.wallets else []
        return ", ".join(words)


@dataclass(frozen=True, slots=True)
class Grant:
    """The record that a vault agreed, for one account and environment.

    `url` is the address of which the vault spoke, and `says` what it said, where that is recorded.
    `day` and `last_day` are None where the text is no date.
    """

    vault: str
    name: str
    ticket: str
    date: str
    by: str = ""
    expires: str | None = None
    url: str | None = None
    says: str | None = None
    span: Span | None = field(default=None, compare=False)
    pointer: str = field(default="", compare=False)

    @property
    def day(self) -> datetime.date | None:
        """The day on which it was agreed."""
        return _day(self.date)

    @property
    def last_day(self) -> datetime.date | None:
        """The last day on which it holds."""
        return None if self.expires is None else _day(self.expires)


@dataclass(frozen=True, slots=True)
class AgreedArrangement:
    """An arrangement that counts for a step. Without a grant it is played as if it were agreed."""

    id: str
    arrangement: Arrangement
    grant: Grant | None = None


def _day(text: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


# Expiry dates in one text: `MMYY`, `YYYY-MM`, `MM/YYYY` and their like.

SEPARATORS: Final = "-/."
"""What may stand between month and year; nothing may, too."""

_PART: Final = "MM|M|YYYY|YY"
_FORMAT: Final = re.compile(rf"({_PART})(?:([{SEPARATORS}]?)({_PART}))?")


def parts_of(text: str) -> tuple[str, ...] | None:
    """The parts of a format in order, separators included; None where it is outside the grammar.

    One part, or a month and a year in either order.
    """
    match = _FORMAT.fullmatch(text)
    if match is None:
        return None
    first, between, second = match[1], match[2], match[3]
    if second is None:
        return (first,)
    if first[0] == second[0]:
        return None
    return tuple(part for part in (first, between, second) if part)


def composed(term: Term) -> str | None:
    """The format that an author composed: `${card.expiry.YY}${card.expiry.MM}` is `YYMM`.

    None where something else than expiry dates of one instrument and separators stands there. A
    number has no leading zero, so that `int(card.expiry.MM)` is `M`.
    """
    pieces = list(_pieces(term))
    nodes = (node for piece in pieces for node in walk(piece))
    instruments = {node.name.partition(".")[0] for node in nodes if isinstance(node, Atom)}
    texts = [_written(piece) for piece in pieces]
    if len(instruments) != 1 or None in texts:
        return None
    return "".join(text for text in texts if text is not None)


def number_of(term: Term) -> Atom | None:
    """The expiry that is written as a number, or None."""
    inner = term.then if isinstance(term, If) else term
    atom = inner.args[0] if isinstance(inner, Call) and inner.function == "int" else None
    return atom if isinstance(atom, Atom) else None


def _pieces(term: Term) -> Iterator[Term]:
    match term:
        case Text(parts=parts):
            for part in parts:
                yield from _pieces(part)
        case If(then=then):
            yield from _pieces(then)
        case (
            Lit()
            | Ref()
            | Atom()
            | Raw()
            | Call()
            | Map()
            | Seq()
            | Encoded()
            | Limit()
            | Source()
            | Amount()
        ):
            yield term
        case _:
            assert_never(term)


def _written(piece: Term) -> str | None:
    if isinstance(piece, Lit):
        return piece.value if isinstance(piece.value, str) else None
    number = number_of(piece)
    atom = number or piece
    if not isinstance(atom, Atom) or ".expiry." not in atom.name:
        return None
    part = atom.name.rpartition(".")[2]
    return "M" if number and part == "MM" else part
