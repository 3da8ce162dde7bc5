"""The table of every value that leaves: its place, what it is, who fills it in, how it is kept.

Each value of a request becomes a row, followed by rows for what is inside it. Its kind is that of
its gravest part; what a vault calls a card value stands in the vault's facts.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import assert_never

from forwardc.compile.ir.analysis import Stage, stage_of, tainted
from forwardc.compile.ir.arrangements import Signature
from forwardc.compile.ir.program import ProgramStep
from forwardc.compile.review.page.places import NestedPart, place_of
from forwardc.compile.review.page.request_values import (
    PlacedPart,
    PlacedValue,
    placed,
    values_of,
)
from forwardc.compile.review.page.schemes import SCHEMES
from forwardc.compile.review.page.wording import VendorNames, expression, form_of
from forwardc.compile.vaults.contract import Context
from forwardc.core.atoms import ATOMS, InstrumentKind, Sensitivity
from forwardc.core.dataclass import dataclass
from forwardc.core.instrument import ROOT as INSTRUMENT_ROOT
from forwardc.core.terms.terms import (
    HAS_IF,
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


class ValueKind(StrEnum):
    """What a value is to a reviewer, the most sensitive first."""

    ACCOUNT = "account data"
    CARDHOLDER = "cardholder data"
    BILLING = "billing address"
    SECRET = "secret"  # noqa: S105 - a kind of value
    SENSITIVE = "sensitive param"
    INSTRUMENT = "from the card's record"
    PARAM = "param"
    RUN = "made by the run"
    CONSTANT = "constant"
    ENCRYPTED = "encrypted part"
    WRITTEN = "JSON written as text"
    SIGNATURE = "signature"


_MERCHANT = "the merchant"
_GRAVEST_FIRST = tuple(ValueKind)


@dataclass(frozen=True, slots=True)
class RequestValue:
    """One value that leaves. `value` says how it is composed; a constant is shown as it is.

    `names` are the names of its parts in the author's words, where `value` has the vault's.
    """

    place: str
    value: str
    names: tuple[str, ...]
    kind: ValueKind
    form: str
    """How it is written: `digits`, `MM`, `YYMM`, `number`; empty for what is no card value."""
    filled: str
    handling: str
    optional: bool
    agreed: bool = False
    """Whether the vault fills it as it agreed to."""

    @property
    def ours(self) -> str:
        """The author's names, where the value is written in the vault's."""
        # A date in an agreed form is one blank, whatever the author composed it of.
        return "" if self.agreed else ", ".join(n for n in self.names if n not in self.value)


def values(
    step: ProgramStep, context: Context, names: VendorNames, vault: str | None
) -> list[RequestValue]:
    """Every value of a step's request, in the order it is written.

    What is inside a JWE or a JSON text follows it. `names` are the vault's for card values, and
    `vault` is its title, None where our runtime
    sends the step itself.
    """
    request = step.request
    masked = tainted(context.program, context.operation)
    reader = _Reader(context, masked, names, vault, agreed_places(step))
    holes = [placed("URL", node) for node in _holes(request.url)]
    read = values_of(request)
    rows = [row for value in (*holes, *read.pairs, *read.body) for row in reader.value(value)]
    if request.sign:
        scheme = SCHEMES[request.sign.scheme]
        place = f"body{request.sign.into}" if request.sign.into else scheme.place
        rows += reader.value(placed(place, request.sign.secret), signs=True)
    return rows


def agreed_places(step: ProgramStep) -> dict[str, str | Signature]:
    """What the vault agreed to at places of a step: the form of a date, or its own signature."""
    body = step.request.body
    by_place: dict[str, str | Signature] = {}
    for consent in step.agreed:
        for fill in consent.arrangement.fills:
            by_place[place_of(body, fill.at)] = fill.format
        if consent.arrangement.signature is not None:
            by_place[place_of(body, consent.arrangement.signature.at)] = (
                consent.arrangement.signature
            )
    return by_place


def _signed(place: str, signature: Signature, vault: str) -> RequestValue:
    handling = "computed by the vault over the request, by arrangement"
    return RequestValue(
        place, signature.replacement, (), ValueKind.SIGNATURE, "", vault, handling, optional=False
    )


def _constant_row(place: str, term: Lit, around: str) -> RequestValue:
    """The row of what is the same on every request: a third of all rows."""
    kept = _handling_of(ValueKind.CONSTANT, (term,), stored=False)
    handling = f"{around}; {kept}" if around else kept
    return RequestValue(
        *(place, expression(term, {}), (), ValueKind.CONSTANT, "", "fixed", handling),
        optional=False,
    )


def _holes(url: Term) -> Iterator[Term]:
    """The URL's holes; its text stands above the table."""
    return (node for node in walk(url) if isinstance(node, Ref))


@dataclass(frozen=True, slots=True)
class _Reader:
    context: Context
    tainted: frozenset[str]
    names: VendorNames
    vault: str | None
    agreed: Mapping[str, str | Signature]

    def value(
        self, value: PlacedValue, around: str = "", *, signs: bool = False
    ) -> list[RequestValue]:
        """The row of a value, then those of what is inside it."""
        place, term, nodes, parts = value.place, value.term, value.nodes, value.parts
        agreed = self.agreed.get(place)
        if isinstance(agreed, Signature):
            return [_signed(place, agreed, self.vault or _MERCHANT)]
        if isinstance(term, Lit) and agreed is None and not signs:
            return [_constant_row(place, term, around)]
        kind = self._kind(nodes, parts)
        stored = self._is_stored(nodes)
        shown = _parts_shown(parts) if parts else expression(term, self.names)
        handling = self._handling(kind, nodes, around, stored=stored, signs=signs)
        row = RequestValue(
            *(place, shown, _names(nodes), kind, agreed or form_of(term)),
            *(self._filled(kind, nodes, stored=stored), handling + self._schemes(nodes)),
            optional=bool(term.holds & HAS_IF) and any(isinstance(node, If) for node in nodes),
            agreed=agreed is not None,
        )
        return [row, *(inner for part in parts for inner in self._inside(part))]

    def _inside(self, part: PlacedPart) -> Iterator[RequestValue]:
        around = "in the JSON" if part.part is NestedPart.JSON else "encrypted"
        if part.part is NestedPart.HEADER:
            around = "in clear in the JWE's protected header"
        for value in part.values:
            yield from self.value(value, around)

    def _in_the_vault(self, nodes: Sequence[Term]) -> bool:
        """Whether the vault has every card value among the nodes: it has a name for each."""
        return all(node.name in self.names for node in nodes if isinstance(node, Atom))

    def _is_stored(self, nodes: Sequence[Term]) -> bool:
        refs = {node.name for node in nodes if isinstance(node, Ref)}
        return bool(self.vault and refs & self.context.stored)

    def _schemes(self, nodes: Sequence[Term]) -> str:
        """What an address may begin with, where the author says so."""
        params = self.context.program.params
        names = (n.name.removeprefix("params.") for n in nodes if isinstance(n, Ref))
        listed = [params[name]["schemes"] for name in names if "schemes" in params.get(name, ())]
        schemes = [
            str(scheme) for listing in listed if isinstance(listing, list) for scheme in listing
        ]
        return f"; begins with {', '.join(schemes)}" if schemes else ""

    def _kind(self, nodes: Sequence[Term], parts: Sequence[PlacedPart]) -> ValueKind:
        if any(inside.part is NestedPart.DATA for inside in parts):
            return ValueKind.ENCRYPTED
        if parts:
            return ValueKind.WRITTEN
        if len(nodes) == 1:
            return self._node_kind(nodes[0])
        return min((self._node_kind(node) for node in nodes), key=_GRAVEST_FIRST.index)

    def _node_kind(self, node: Term) -> ValueKind:
        match node:
            case Atom(name=name):
                atom = ATOMS[name]
                if atom.instrument is InstrumentKind.BILLING:
                    return ValueKind.BILLING
                is_account = atom.sensitivity is Sensitivity.ACCOUNT
                return ValueKind.ACCOUNT if is_account else ValueKind.CARDHOLDER
            case Ref(name=name) if node.root == "secrets":
                return ValueKind.SECRET
            case Ref() if node.root == INSTRUMENT_ROOT:
                return ValueKind.INSTRUMENT
            case Ref(name=name) if name in self.tainted:
                return ValueKind.SENSITIVE
            case Ref() if node.root in ("params", "inputs"):
                return ValueKind.PARAM
            case Ref():
                return ValueKind.RUN
            case (
                Lit()
                | Raw()
                | Call()
                | Text()
                | Map()
                | Seq()
                | If()
                | Encoded()
                | Limit()
                | Source()
                | Amount()
            ):
                return ValueKind.CONSTANT
            case _:
                assert_never(node)

    def _filled(self, kind: ValueKind, nodes: Sequence[Term], *, stored: bool) -> str:
        """Who puts it in, and when."""
        is_jwe = any(isinstance(node, Call) and node.function == "jwe" for node in nodes)
        if is_jwe:
            return self.vault if self.vault and self.in_vault(nodes) else _MERCHANT
        match kind:
            case ValueKind.ACCOUNT | ValueKind.CARDHOLDER | ValueKind.BILLING:
                return self.vault if self.vault and self._in_the_vault(nodes) else _MERCHANT
            case ValueKind.CONSTANT:
                return "fixed"
            case (
                ValueKind.SECRET
                | ValueKind.SENSITIVE
                | ValueKind.INSTRUMENT
                | ValueKind.PARAM
                | ValueKind.RUN
            ):
                return self.vault if self.vault and stored else _MERCHANT
            case ValueKind.ENCRYPTED | ValueKind.WRITTEN | ValueKind.SIGNATURE:
                return self.vault if self.vault and stored else _MERCHANT
            case _:
                assert_never(kind)

    def in_vault(self, nodes: Sequence[Term]) -> bool:
        """Whether the JWE among the nodes is made inside the vault."""
        if self.vault is None:
            return False
        stored = self.context.stored
        jwes = (node for node in nodes if isinstance(node, Call) and node.function == "jwe")
        return any(stage_of(jwe, stored) is Stage.VAULT for jwe in jwes)

    def _handling(
        self,
        kind: ValueKind,
        nodes: Sequence[Term],
        around: str,
        *,
        stored: bool,
        signs: bool,
    ) -> str:
        if kind is ValueKind.ENCRYPTED:
            return (
                "encrypted inside the vault" if self.in_vault(nodes) else "encrypted by our runtime"
            )
        handling = _handling_of(kind, nodes, stored=stored)
        if kind is ValueKind.BILLING and not self._in_the_vault(nodes):
            handling = "the vault has none: given by the merchant, masked wherever we show it"
        if signs:
            return f"signs the request and does not leave; {handling}"
        return f"{around}; {handling}" if around else handling


def _handling_of(kind: ValueKind, nodes: Sequence[Term], *, stored: bool) -> str:
    match kind:
        case ValueKind.ACCOUNT | ValueKind.CARDHOLDER | ValueKind.BILLING:
            return "never in our process"
        case ValueKind.SECRET:
            return "kept at the vault" if stored else "held by our runtime, masked in every log"
        case ValueKind.SENSITIVE:
            return "masked wherever we show it"
        case ValueKind.INSTRUMENT:
            return "asked of the vault before sending, kept nowhere, masked wherever we show it"
        case ValueKind.CONSTANT:
            return "the same on every request"
        case (
            ValueKind.PARAM
            | ValueKind.RUN
            | ValueKind.WRITTEN
            | ValueKind.ENCRYPTED
            | ValueKind.SIGNATURE
        ):
            is_amount = any(isinstance(node, Amount) for node in nodes)
            return "in clear, as the destination counts it" if is_amount else "in clear"
        case _:
            assert_never(kind)


def _parts_shown(parts: Sequence[PlacedPart]) -> str:
    """What stands in place of a value whose parts have rows of their own."""
    kinds = {inside.part for inside in parts}
    return (
        "a JWE of the next rows" if NestedPart.DATA in kinds else "JSON of the next rows, as text"
    )


def _names(nodes: Sequence[Term]) -> tuple[str, ...]:
    """Names of what the value is made of, each once."""
    names = [node.name for node in nodes if isinstance(node, Atom | Ref)]
    return tuple(dict.fromkeys(names)) if len(names) > 1 else tuple(names)
