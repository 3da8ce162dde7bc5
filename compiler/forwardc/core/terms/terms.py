"""Terms: the one algebra of values that language, vaults and runtime share.

A term is data: a tree of thirteen kinds that says how a value comes about, and no code. The
language builds terms out of an author's text, `compile/ir/fold.py` computes what is known, a vault
puts its own syntax in the place of atoms, a plan holds what is left as JSON, and a run evaluates
that for each place, escaped.

| kind | known | in a plan | evaluates to |
|---|---|---|---|
| Lit | to the compiler | itself, or `$number` | itself |
| Ref | on each run | `$` | the value of that name; `***` where it is secret and not revealed |
| Atom | inside the vault only | never | nothing: it has no value outside |
| Raw | inside the vault only | `$raw` | a `Fragment`, which is written as it stands |
| Call | with the latest of its parts | `$call` | what the function gives |
| Text | with the latest of its parts | `$text` | the texts one after the other |
| Map | with the latest of its parts | an object, or `$map` | a mapping without absent entries |
| Seq | with the latest of its parts | a list | a list without absent items |
| If | on each run | `$if` | `then` where the value is there, else absent |
| Encoded | with the latest of its parts | `$json` | the tree as text, each value escaped |
| Limit | with the latest of its parts | `$limit` | the same text, or a refusal |
| Source | on each run | `$source` | the block of the source that was given |
| Amount | on each run | `$amount` | the number that the destination counts |

A term knows from the moment it is made what is directly inside it (`inside`), and which kinds of
term and which roots of references are anywhere in it (`holds`, a bit for each). It never changes,
so that a walk looks into what holds something it asks for, and passes the rest.

What stays true, and where it is tested:

- What a term holds is what a walk over all of it finds: `tests/plan/test_terms.py`.
- The table is that of the union and of the codec: `tests/plan/test_terms.py`.
- Whoever matches over terms names every kind: `tests/test_exhaustive.py`, then mypy.
- What is written again and again is what the evaluator gives:
  `tests/plan/test_folded.py::test_any_term`, `test_every_term_of_every_plan`.
- A plan has no atom: `tests/plan/test_codec.py::test_card_data_never_enters_a_plan`.
- Only the evaluator makes fragments:
  `tests/test_invariants.py::test_only_the_evaluator_makes_fragments`.

One value, followed: the header `Authorization: Bearer ${secrets.key}`, called by us. The language
reads `Text(Lit("Bearer "), Ref("secrets.key"))`; nothing of it is known, so that folding leaves it;
the emitter puts `Encoded(HEADER, ...)` around it. The plan holds
`{"$header": {"$text": ["Bearer ", {"$": "secrets.key"}]}}`. A run makes a writer of it once: the
text `Bearer ` and a hole. With `key` as `Secret("k1")` it writes `Bearer k1` for the wire, and
`Bearer ***` for whoever looks at the run.
"""

from collections.abc import Callable
from dataclasses import field
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, Final, TypeAlias, assert_never

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.span import Span

# What `holds` tells: a bit for each kind that somebody looks for, and for each root of a reference.

_KINDS: Final = ("Atom", "Raw", "Ref", "Call", "Text", "If", "Encoded", "Limit", "Source", "Amount")
HAS_ATOM, HAS_RAW, HAS_REF, HAS_CALL, HAS_TEXT = (1 << bit for bit in range(5))
HAS_IF, HAS_ENCODED, HAS_LIMIT, HAS_SOURCE, HAS_AMOUNT = (1 << bit for bit in range(5, 10))
_ROOTS: Final = (
    *("settings", "let", "params", "inputs", "secrets", "steps", "run", "response"),
    *("source", "vault", "environment", "account", "host", "instrument"),
)
_ROOT_BITS: Final = {root: 1 << bit for bit, root in enumerate(_ROOTS, len(_KINDS))}
_OTHER_ROOT: Final = 1 << (len(_KINDS) + len(_ROOTS))
HAS_KINDS: Final = (1 << len(_KINDS)) - 1
"""The bits of all kinds, and of no root."""
ANYTHING: Final = -1
"""Every bit there is."""


def root_bit(root: str) -> int:
    """What a term holds that has a reference below this root: one bit for all unusual roots."""
    return _ROOT_BITS.get(root, _OTHER_ROOT)


@dataclass(frozen=True, slots=True)
class _Spanned:
    span: Span | None = field(default=None, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class _Leaf(_Spanned):
    """A term with nothing inside."""

    inside: ClassVar[tuple["Term", ...]] = ()
    holds: ClassVar[int] = 0


@dataclass(frozen=True, slots=True)
class _Node(_Spanned):
    """A term around others. `inside` are those directly in it, in the order they are written."""

    inside: tuple["Term", ...] = field(init=False, compare=False, repr=False)
    holds: int = field(init=False, compare=False, repr=False)

    def _settle(self, own: int, inside: tuple["Term", ...]) -> None:
        for term in inside:
            own |= term.holds
        object.__setattr__(self, "inside", inside)
        object.__setattr__(self, "holds", own)


@dataclass(frozen=True, slots=True)
class Lit(_Leaf):
    """A value known at build time."""

    value: None | bool | int | Decimal | str


@dataclass(frozen=True, slots=True)
class Ref(_Spanned):
    """A value known to the runtime, or a setting before it is folded: `params.amount`."""

    name: str
    inside: ClassVar[tuple["Term", ...]] = ()
    holds: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Note below which root it is."""
        object.__setattr__(self, "holds", HAS_REF | root_bit(self.root))

    @property
    def root(self) -> str:
        """The part before the first dot."""
        return self.name.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Atom(_Leaf):
    """A value that exists only inside a vault: `card.number`. Never part of a plan."""

    name: str
    holds: ClassVar[int] = HAS_ATOM


@dataclass(frozen=True, slots=True)
class Raw(_Leaf):
    """A vault's own syntax, such as `{{card_number}}`: the only text that is never escaped.

    `number` writes it without quotes where it is a whole JSON value.
    """

    text: str
    number: bool = False
    holds: ClassVar[int] = HAS_RAW


@dataclass(frozen=True, slots=True)
class Call(_Node):
    """A function of the closed table applied to terms."""

    function: str
    args: tuple["Term", ...]
    named: tuple[tuple[str, "Term"], ...] = ()

    def __post_init__(self) -> None:
        """Note what it holds."""
        named = [value for _, value in self.named]
        self._settle(HAS_CALL, (*self.args, *named) if named else self.args)


@dataclass(frozen=True, slots=True)
class Text(_Node):
    """Texts written one after the other."""

    parts: tuple["Term", ...]

    def __post_init__(self) -> None:
        """Note what it holds."""
        self._settle(HAS_TEXT, self.parts)


@dataclass(frozen=True, slots=True)
class Map(_Node):
    """A mapping with fixed keys, in order, and their places. An absent value drops its entry."""

    entries: tuple[tuple[str, "Term"], ...]
    key_spans: tuple[Span, ...] = field(default=(), compare=False, repr=False, kw_only=True)

    def __post_init__(self) -> None:
        """Note what it holds."""
        self._settle(0, tuple([value for _, value in self.entries]))


@dataclass(frozen=True, slots=True)
class Seq(_Node):
    """A list. An absent item is dropped."""

    items: tuple["Term", ...]

    def __post_init__(self) -> None:
        """Note what it holds."""
        self._settle(0, self.items)


@dataclass(frozen=True, slots=True)
class If(_Node):
    """`then` where the value called `present` is there, else absent: the author's `?`."""

    present: str
    then: "Term"

    def __post_init__(self) -> None:
        """Note what it holds."""
        self._settle(HAS_IF, (self.then,))


class Encoding(StrEnum):
    """How a tree or value becomes text, and so what every value inside is escaped for."""

    JSON = "json"
    FORM = "form"
    XML = "xml"
    PLAIN = "plain"
    HEADER = "header"
    QUERY = "query"
    URL = "url"


LINES = frozenset({Encoding.HEADER, Encoding.QUERY, Encoding.URL})
"""The encodings of one line, in which the author's own text stays as it was written."""


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Encoded(_Node):
    """A tree written as text. `templated`: a vault reads the result as a template.

    `doctype` (public id, system id) belongs to XML.
    """

    encoding: Encoding
    tree: "Term"
    templated: bool = False
    doctype: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        """Note what it holds."""
        self._settle(HAS_ENCODED, (self.tree,))


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Limit(_Node):
    """A text of at most `maximum` characters; `name` says whose limit it is."""

    maximum: int
    name: str
    term: "Term"

    def __post_init__(self) -> None:
        """Note what it holds."""
        self._settle(HAS_LIMIT, (self.term,))


@dataclass(frozen=True, slots=True)
class Source(_Leaf):
    """Where the plan's source block, chosen by the source's kind, is put in."""

    holds: ClassVar[int] = HAS_SOURCE


class Measure(StrEnum):
    """What is asked of an amount: the destination's form, a decimal, or the digits alone."""

    WIRE = "wire"
    DECIMAL = "decimal"
    EXPONENT = "exponent"


@dataclass(frozen=True, slots=True)
class Amount(_Node):
    """An amount as the destination counts it, by the digits in the plan.

    `of` is in minor units of ISO 4217, and None where only the currency's digits are asked for.
    With `at` it is data, which holds amounts at these places: JSON Pointers with `*` for any item.
    """

    of: "Term | None"
    currency: "Term"
    measure: Measure = Measure.WIRE
    at: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Note what it holds."""
        inside = (self.currency,) if self.of is None else (self.of, self.currency)
        self._settle(HAS_AMOUNT, inside)


Term: TypeAlias = (
    Lit | Ref | Atom | Raw | Call | Text | Map | Seq | If | Encoded | Limit | Source | Amount
)


def line_parts(tree: Term) -> "tuple[Term, ...]":
    """The parts of a header, query value or URL; a `Lit` among them is the author's own text."""
    return tree.parts if isinstance(tree, Text) else (tree,)


def walk(term: Term, holding: int | None = None) -> "list[Term]":
    """The term and everything inside it, outermost first.

    With `holding`, bits of what is looked for: only the terms that hold some of it.
    """
    if not term.inside:
        # Most terms that are asked about are a name or a literal.
        return [term] if holding is None or term.holds & holding else []
    nodes: list[Term] = []
    todo = [term]
    if holding is None:
        while todo:
            current = todo.pop()
            nodes.append(current)
            if current.inside:
                todo.extend(current.inside[::-1])
        return nodes
    while todo:
        current = todo.pop()
        if current.holds & holding:
            nodes.append(current)
            if current.inside:
                todo.extend(current.inside[::-1])
    return nodes


def height(term: Term) -> int:
    """How many levels a term has, counted without recursion."""
    levels, level = 0, [term]
    while level:
        levels += 1
        level = [inner for outer in level for inner in outer.inside]
    return levels


# Rebuilding a term from its parts. A node that nothing inside has changed stays the same object, so
# that environments share their trees.


def map_children(term: Term, change: Callable[[Term], Term]) -> Term:
    """The node with `change` applied to the terms directly inside it; itself if none changed."""
    return _around(term, [change(inner) for inner in term.inside])


def _around(term: Term, inside: list[Term]) -> Term:
    """The node around other terms; itself where they are the same objects."""
    for new, old in zip(inside, term.inside, strict=True):
        if new is not old:
            return _with_children(term, tuple(inside))
    return term


def _with_children(term: Term, inner: tuple[Term, ...]) -> Term:
    """The same node around other terms, which stand in the order of `inside`."""
    match term:
        case Call(function=function, args=args, named=named):
            named_terms = tuple(zip([name for name, _ in named], inner[len(args) :], strict=True))
            return Call(function, inner[: len(args)], named_terms, span=term.span)
        case Text():
            return Text(inner, span=term.span)
        case Map(entries=entries, key_spans=spans):
            pairs = tuple(zip([key for key, _ in entries], inner, strict=True))
            return Map(pairs, key_spans=spans, span=term.span)
        case Seq():
            return Seq(inner, span=term.span)
        case If(present=present):
            return If(present, inner[0], span=term.span)
        case Encoded(encoding=encoding, templated=templated, doctype=doctype):
            return Encoded(encoding, inner[0], templated, doctype, span=term.span)
        case Limit(maximum=maximum, name=name):
            return Limit(maximum, name, inner[0], span=term.span)
        case Amount(measure=measure, at=at):
            of = inner[0] if len(inner) > 1 else None
            return Amount(of, inner[-1], measure, at, span=term.span)
        case Lit() | Ref() | Atom() | Raw() | Source():
            return term
        case _:
            assert_never(term)


def rewrite(term: Term, change: Callable[[Term], Term], holding: int | None = None) -> Term:
    """Apply `change` to every node, innermost first.

    With `holding`, bits of what `change` is about: what holds none of it stays as it is.
    """
    if holding is not None and not term.holds & holding:
        return term
    if not term.inside:
        return change(term)
    return change(_around(term, [rewrite(inner, change, holding) for inner in term.inside]))


def unwrapped(term: Term) -> Term:
    """A term without what says how it is written, how long it may be, or that it is optional."""
    match term:
        case Encoded(tree=inner) | Limit(term=inner) | If(then=inner):
            return unwrapped(inner)
        case Lit() | Ref() | Atom() | Raw() | Call() | Text() | Map() | Seq() | Source() | Amount():
            return term
        case _:
            assert_never(term)
