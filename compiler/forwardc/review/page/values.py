"""The table of every value that leaves: its place, what it is, who computes it, how it is kept.

Knows programs, and no vault by name: how a vault carries a value is told by its plan's secrets.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from forwardc.plan.analysis import tainted
from forwardc.plan.atoms import ATOMS, Instrument, Sensitivity
from forwardc.plan.program import Pair, Step
from forwardc.plan.terms import Amount, Atom, Call, If, Lit, Map, Ref, Seq, Term, walk
from forwardc.vaults.model import Context
from forwardc.vaults.steps import content_type


class Kind(StrEnum):
    """What a value is to a reviewer, the most sensitive first."""

    ACCOUNT = "account data"
    CARDHOLDER = "cardholder data"
    BILLING = "billing address"
    SECRET = "secret"  # noqa: S105 - a kind of value
    SENSITIVE = "sensitive param"
    PARAM = "param"
    RUN = "made by the run"
    CONSTANT = "constant"


_GRAVEST_FIRST = tuple(Kind)
_STAGES = {
    Kind.ACCOUNT: "VAULT",
    Kind.CARDHOLDER: "VAULT",
    Kind.BILLING: "VAULT",
    Kind.SENSITIVE: "RUN",
    Kind.PARAM: "RUN",
    Kind.RUN: "RUN",
    Kind.CONSTANT: "BUILD",
}


@dataclass(frozen=True, slots=True)
class Value:
    """One value that leaves. `source` names it; a constant is shown as it is."""

    place: str
    source: str
    kind: Kind
    stage: str
    handling: str
    optional: bool


def values(step: Step, context: Context) -> list[Value]:
    """Every value of a step's request, in the order it is written."""
    request, reader = step.request, _Reader(context, tainted(context.program, context.operation))
    found = list(reader.url(request.url))
    for pair in request.query:
        found += reader.pair("query", pair, step)
    for pair in content_type(request):
        found += reader.pair("header", pair, step)
    if request.body:
        found += reader.leaves("body", request.body.tree, step)
    if request.sign:
        found += reader.value(f"signature {request.sign.scheme}", request.sign.secret, step)
    return found


@dataclass(frozen=True, slots=True)
class _Reader:
    context: Context
    tainted: frozenset[str]

    def url(self, term: Term) -> Iterator[Value]:
        """The URL's holes; its text stands above the table."""
        for node in walk(term):
            if isinstance(node, Ref):
                yield from self.value("URL", node, None)

    def pair(self, kind: str, pair: Pair, step: Step) -> Iterator[Value]:
        yield from self.value(f"{kind} {pair.name}", pair.value, step)

    def leaves(self, place: str, term: Term, step: Step) -> Iterator[Value]:
        match term:
            case Map(entries=entries):
                for key, value in entries:
                    yield from self.leaves(f"{place}/{key}", value, step)
            case Seq(items=items):
                for index, item in enumerate(items):
                    yield from self.leaves(f"{place}/{index}", item, step)
            case If(then=Map() | Seq() as inner):
                yield from self.leaves(place, inner, step)
            case _:
                yield from self.value(place, term, step)

    def value(self, place: str, term: Term, step: Step | None) -> Iterator[Value]:
        nodes = walk(term)
        kind = self._kind(nodes)
        stored = any(isinstance(n, Ref) and n.name in self.context.stored for n in nodes)
        direct = step is not None and step.direct
        stage = _STAGES.get(kind) or ("VAULT" if stored and not direct else "RUN")
        optional = any(isinstance(node, If) for node in nodes)
        handling = _handling(kind, nodes, stored=stored and not direct) + self._schemes(nodes)
        yield Value(place, _source(nodes), kind, stage, handling, optional)

    def _schemes(self, nodes: Sequence[Term]) -> str:
        """What an address may begin with, where the author says so."""
        params = self.context.program.params
        names = (n.name.removeprefix("params.") for n in nodes if isinstance(n, Ref))
        listed = [params[name]["schemes"] for name in names if "schemes" in params.get(name, ())]
        schemes = [str(one) for found in listed if isinstance(found, list) for one in found]
        return f"; begins with {', '.join(schemes)}" if schemes else ""

    def _kind(self, nodes: Sequence[Term]) -> Kind:
        return min((self._node_kind(node) for node in nodes), key=_GRAVEST_FIRST.index)

    def _node_kind(self, node: Term) -> Kind:
        match node:
            case Atom(name=name):
                atom = ATOMS[name]
                if atom.instrument is Instrument.BILLING:
                    return Kind.BILLING
                is_account = atom.sensitivity is Sensitivity.ACCOUNT
                return Kind.ACCOUNT if is_account else Kind.CARDHOLDER
            case Ref(name=name) if node.root == "secrets":
                return Kind.SECRET
            case Ref(name=name) if name in self.tainted:
                return Kind.SENSITIVE
            case Ref() if node.root in ("params", "inputs"):
                return Kind.PARAM
            case Ref():
                return Kind.RUN
            case _:
                return Kind.CONSTANT


def _handling(kind: Kind, nodes: Sequence[Term], *, stored: bool) -> str:
    if any(isinstance(node, Call) and node.function == "jwe" for node in nodes):
        in_vault = stored or any(isinstance(node, Atom) for node in nodes)
        return "encrypted inside the vault" if in_vault else "encrypted"
    match kind:
        case Kind.ACCOUNT | Kind.CARDHOLDER:
            return "put in by the vault, never in our process"
        case Kind.BILLING:
            return "put in by the vault, or given by the caller where it has none"
        case Kind.SECRET:
            return "kept at the vault" if stored else "held by our runtime, masked in every log"
        case Kind.SENSITIVE:
            return "masked wherever we show it"
        case Kind.CONSTANT:
            return "the same on every request"
        case _:
            is_amount = any(isinstance(node, Amount) for node in nodes)
            return "in clear, as the destination counts it" if is_amount else "in clear"


def _source(nodes: Sequence[Term]) -> str:
    """Names of what the value is made of; the text of a constant."""
    names = [node.name for node in nodes if isinstance(node, Atom | Ref)]
    if names:
        return ", ".join(dict.fromkeys(names))
    return _constant(nodes[0])


def _constant(term: Term) -> str:
    if not isinstance(term, Lit):
        return "constant text"
    if term.value is None:
        return "null"
    text = str(term.value).lower() if isinstance(term.value, bool) else str(term.value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def counted(found: list[Value]) -> Mapping[str, int]:
    """How many values of each kind leave."""
    counts = Counter(one.kind for one in found)
    return {str(kind): counts[kind] for kind in Kind}
