"""Which names there are at a place of a destination, and what a `let` name brings along.

A table of symbols is made for each place, with what stands before it. A `let` carries what its
value holds, so that nobody has to look into it where it is used.
"""

from collections.abc import Mapping, Set
from dataclasses import field
from enum import Enum
from typing import Any, assert_never

from forwardc.compile.language.json_members import (
    MEMBER,
    NoMember,
    member_of,
    name_of_member,
)
from forwardc.compile.language.money.tables import DeclaredMoney, assumed
from forwardc.core.atoms import ATOMS
from forwardc.core.dataclass import dataclass
from forwardc.core.instrument import INSTRUMENT
from forwardc.core.json_pointer import pointer_parts
from forwardc.core.terms.functions import Type
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
    height,
    walk,
)

# Lets are written once and put in where they are used: these bound what that makes.
MAX_LET_NODES = 10_000
"""Nodes of a term: the largest body of a shipped destination has some hundreds."""

MAX_LET_HEIGHT = 64
"""Levels of a term, as many as one expression may have (`MAX_LEVELS`): walks recurse."""


class ExpressionUse(Enum):
    """What an expression is for, which decides what it may name."""

    BASE_URL = "base_url"
    REQUEST = "request"
    RULE = "when"


@dataclass(frozen=True, slots=True)
class Symbol:
    """A name that exists: its type, and whether it may be absent."""

    type: Type
    optional: bool = False
    amount: bool = False
    """Whether it is an amount: `type` is that of the destination's form of it."""
    currency: Term | None = None
    values: tuple[str, ...] = ()
    """Of what has a closed list of values: the list, each as text."""
    code: str = ""
    """`currency` or `country` where it is a code of ISO."""
    admits: frozenset[str] = frozenset()
    """Every code that such a value can be."""
    schema: Mapping[str, Any] | None = None
    """Of a `json` param: its schema, which says what it has inside."""


@dataclass(frozen=True, slots=True)
class Let:
    """A `let` value and what it brings to the place where it is used."""

    term: Term | None
    type: Type
    may_be_absent: bool = False
    holds_json: bool = False
    """Whether a `json` param stands anywhere in it."""
    vault_only: bool = False
    """Whether an atom or secret stands anywhere in it."""
    size: int = 1
    height: int = 1


@dataclass(frozen=True, slots=True)
class SymbolTable:
    """Everything that can be named, and where we are."""

    use: ExpressionUse = ExpressionUse.REQUEST
    settings: Mapping[str, Symbol] = field(default_factory=dict)
    params: Mapping[str, Symbol] = field(default_factory=dict)
    secrets: frozenset[str] = frozenset()
    lets: Mapping[str, Let] = field(default_factory=dict)
    later_lets: Set[str] = frozenset()
    """Names of the step's `let` that stand at or after this place."""
    steps: Mapping[str, Mapping[str, Symbol]] = field(default_factory=dict)
    """The outputs of every earlier step of the operation."""
    later_steps: Set[str] = frozenset()
    """This step and those behind it."""
    money: DeclaredMoney = field(default_factory=assumed, repr=False)
    currencies: frozenset[str] = frozenset()
    """The params of type currency."""

    def _param(self, name: str) -> Symbol | None:
        """A param, or a member of one: `order/id`."""
        base, slash, pointer = name.partition("/")
        param = self.params.get(base)
        if not slash or param is None:
            return param
        member = member_symbol(param, pointer, self.money)
        return None if isinstance(member, NoMember) else member

    def find(self, name: str) -> Symbol | None:
        """What is known of a full name such as `params.amount`, or None."""
        root, _, rest = name.partition(".")
        match root:
            case "settings":
                return self.settings.get(rest)
            case "params":
                return self._param(rest)
            case "secrets":
                return Symbol(Type.TEXT) if rest in self.secrets else None
            case "let":
                let = self.lets.get(rest)
                return Symbol(let.type) if let else None
            case "steps":
                step, _, output = rest.partition(".")
                return self.steps.get(step, {}).get(output)
            case "inputs":
                return Symbol(Type.TEXT, optional=False) if rest else None
            case "run":
                return RUN.get(rest)
            case "instrument":
                return INSTRUMENTS.get(rest)
            case "response" if self.use is ExpressionUse.RULE:
                return RESPONSE.get(rest)
            case _:
                return Symbol(Type.TEXT) if name in ATOMS else None


def member_symbol(param: Symbol, pointer: str, money: DeclaredMoney) -> Symbol | NoMember:
    """What is known of a member of a `json` param, or what its schema has instead."""
    member = member_of(param.schema or {}, pointer_parts(f"/{pointer}"))
    if isinstance(member, NoMember):
        return member
    type_ = money.wire_type if "amount" in member.schema else member.type
    optional = param.optional or member.optional
    return Symbol(type_, optional, values=member.values, schema=member.schema)


RUN = {
    "id": Symbol(Type.TEXT),
    "now": Symbol(Type.TIME),
    "idempotency_key": Symbol(Type.TEXT),
}
INSTRUMENTS = {name: Symbol(Type.TEXT, values=value.listed) for name, value in INSTRUMENT.items()}
"""What a vault may tell of the card: whether it does is known on each run only."""
RESPONSE = {
    "status": Symbol(Type.INTEGER),
    "headers": Symbol(Type.MAP),
    "json": Symbol(Type.JSON),
    "form": Symbol(Type.JSON),
    "xml": Symbol(Type.JSON),
    "text": Symbol(Type.TEXT),
}
ROOTS = frozenset(
    (
        *("settings", "params", "inputs", "secrets", "steps", "run", "response", "instrument"),
        *("card", "billing", "network_token"),
    )
)


def let_of(term: Term | None, type_: Type, names: SymbolTable) -> Let:
    """The `let` value of a term, with what it brings along from earlier ones."""
    if term is None:
        return Let(None, type_)
    nodes = walk(term)
    refs = [node for node in nodes if isinstance(node, Ref)]
    used = [names.lets[rest_of(ref.name)] for ref in refs if _is_known_let(ref, names)]
    return Let(
        term,
        type_,
        may_be_absent=may_be_absent(term, names),
        holds_json=_holds_json(nodes, names) or any(let.holds_json for let in used),
        vault_only=any(isinstance(node, Atom) for node in nodes)
        or any(ref.root == "secrets" for ref in refs)
        or any(let.vault_only for let in used),
        size=len(nodes) + sum(let.size for let in used),
        height=height(term) + max((let.height for let in used), default=0),
    )


def _holds_json(nodes: list[Term], names: SymbolTable) -> bool:
    """Whether a `json` param stands there as a whole, or a member of one that has no one type."""
    members = [node for node in nodes if isinstance(node, Call) and node.function == MEMBER]
    of_members = {id(member.args[0]) for member in members}
    named = [name_of_member(member) for member in members]
    named += [
        node.name
        for node in nodes
        if isinstance(node, Ref) and node.root == "params" and id(node) not in of_members
    ]
    symbols = map(names.find, named)
    return any(symbol is not None and symbol.type is Type.JSON for symbol in symbols)


def may_be_absent(term: Term, names: SymbolTable) -> bool:
    """Whether a whole value can be absent. Absence ends at the nearest map entry or list item."""
    match term:
        case If():
            return True
        case Ref(name=name):
            return _is_known_let(term, names) and names.lets[rest_of(name)].may_be_absent
        case Call(function="pick", named=named):
            return any(may_be_absent(alternative, names) for _, alternative in named)
        case Call(args=args):
            return any(may_be_absent(arg, names) for arg in args)
        case Text(parts=parts):
            return any(may_be_absent(part, names) for part in parts)
        case Lit() | Atom() | Raw() | Map() | Seq() | Encoded() | Limit() | Source() | Amount():
            return False
        case _:
            assert_never(term)


def _is_known_let(ref: Ref, names: SymbolTable) -> bool:
    return ref.root == "let" and rest_of(ref.name) in names.lets


def rest_of(name: str) -> str:
    """What follows the root of a full name."""
    return name.partition(".")[2]
