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

What stays true, and where it is tested:

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
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias, assert_never

from forwardc.core.diagnostics.span import Span


@dataclass(frozen=True, slots=True)
class _Spanned:
    span: Span | None = field(default=None, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Lit(_Spanned):
    """A value known at build time."""

    value: None | bool | int | Decimal | str


@dataclass(frozen=True, slots=True)
class Ref(_Spanned):
    """A value known to the runtime, or a setting before it is folded: `params.amount`."""

    name: str

    @property
    def root(self) -> str:
        """The part before the first dot."""
        return self.name.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Atom(_Spanned):
    """A value that exists only inside a vault: `card.number`. Never part of a plan."""

    name: str


@dataclass(frozen=True, slots=True)
class Raw(_Spanned):
    """A vault's own syntax, such as `{{card_number}}`: the only text that is never escaped.

    `number` writes it without quotes where it is a whole JSON value.
    """

    text: str
    number: bool = False


@dataclass(frozen=True, slots=True)
class Call(_Spanned):
    """A function of the closed table applied to terms."""

    function: str
    args: tuple["Term", ...]
    named: tuple[tuple[str, "Term"], ...] = ()


@dataclass(frozen=True, slots=True)
class Text(_Spanned):
    """Texts written one after the other."""

    parts: tuple["Term", ...]


@dataclass(frozen=True, slots=True)
class Map(_Spanned):
    """A mapping with fixed keys, in order. An absent value drops its entry."""

    entries: tuple[tuple[str, "Term"], ...]


@dataclass(frozen=True, slots=True)
class Seq(_Spanned):
    """A list. An absent item is dropped."""

    items: tuple["Term", ...]


@dataclass(frozen=True, slots=True)
class If(_Spanned):
    """`then` where the value called `present` is there, else absent: the author's `?`."""

    present: str
    then: "Term"


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


@dataclass(frozen=True, slots=True)
class Encoded(_Spanned):
    """A tree written as text. `templated`: a vault reads the result as a template.

    `doctype` (public id, system id) belongs to XML.
    """

    encoding: Encoding
    tree: "Term"
    templated: bool = False
    doctype: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Limit(_Spanned):
    """A text of at most `maximum` characters; `name` says whose limit it is."""

    maximum: int
    name: str
    term: "Term"


@dataclass(frozen=True, slots=True)
class Source(_Spanned):
    """Where the plan's source block, chosen by the source's kind, is put in."""


class Measure(StrEnum):
    """What is asked of an amount: the destination's form, a decimal, or the digits alone."""

    WIRE = "wire"
    DECIMAL = "decimal"
    EXPONENT = "exponent"


@dataclass(frozen=True, slots=True)
class Amount(_Spanned):
    """An amount as the destination counts it, by the digits in the plan.

    `of` is in minor units of ISO 4217, and None where only the currency's digits are asked for.
    With `at` it is data, which holds amounts at these places: JSON Pointers with `*` for any item.
    """

    of: "Term | None"
    currency: "Term"
    measure: Measure = Measure.WIRE
    at: tuple[str, ...] = ()


Term: TypeAlias = (
    Lit | Ref | Atom | Raw | Call | Text | Map | Seq | If | Encoded | Limit | Source | Amount
)

LEAVES = frozenset({Lit, Ref, Atom, Raw, Source})
"""The nodes with nothing inside: most of a body, and every rule walks the body."""


def children(term: Term) -> tuple[Term, ...]:
    """The terms directly inside a term, in the order they are written."""
    match term:
        # Most nodes are leaves, and every rule walks the body.
        case Lit() | Ref() | Atom() | Raw() | Source():
            return ()
        case Map(entries=entries):
            return tuple([value for _, value in entries])
        case Call(args=args, named=named):
            return (*args, *(value for _, value in named))
        case Text(parts=parts):
            return parts
        case Seq(items=items):
            return items
        case If(then=then):
            return (then,)
        case Encoded(tree=tree):
            return (tree,)
        case Limit(term=inner):
            return (inner,)
        case Amount(of=of, currency=currency):
            return (currency,) if of is None else (of, currency)
        case _:
            assert_never(term)


def line_parts(tree: Term) -> "tuple[Term, ...]":
    """The parts of a header, query value or URL; a `Lit` among them is the author's own text."""
    return tree.parts if isinstance(tree, Text) else (tree,)


def walk(term: Term) -> "list[Term]":
    """The term and everything inside it, outermost first."""
    if type(term) in LEAVES:
        return [term]
    nodes: list[Term] = []
    todo = [term]
    while todo:
        current = todo.pop()
        nodes.append(current)
        if type(current) not in LEAVES:
            todo.extend(reversed(children(current)))
    return nodes


def height(term: Term) -> int:
    """How many levels a term has, counted without recursion."""
    levels, level = 0, [term]
    while level:
        levels += 1
        level = [inner for outer in level for inner in children(outer)]
    return levels


# Rebuilding a term from its parts. A node that nothing inside has changed stays the same object, so
# that environments share their trees.


def map_children(term: Term, change: Callable[[Term], Term]) -> Term:
    """The node with `change` applied to the terms directly inside it; itself if none changed."""
    if type(term) in LEAVES:
        return term
    before = children(term)
    after = tuple([change(inner) for inner in before])
    if all(new is old for new, old in zip(after, before, strict=True)):
        return term
    return _with_children(term, after)


def _with_children(term: Term, inner: tuple[Term, ...]) -> Term:
    """The same node around other terms, which stand in the order of `children`."""
    match term:
        case Call(function=function, args=args, named=named):
            names = [name for name, _ in named]
            named_terms = tuple(zip(names, inner[len(args) :], strict=True))
            return Call(function, inner[: len(args)], named_terms, span=term.span)
        case Text():
            return Text(inner, span=term.span)
        case Map(entries=entries):
            keys = [key for key, _ in entries]
            return Map(tuple(zip(keys, inner, strict=True)), span=term.span)
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


def rewrite(term: Term, change: Callable[[Term], Term]) -> Term:
    """Apply `change` to every node, innermost first."""
    return change(map_children(term, lambda inner: rewrite(inner, change)))


def unwrapped(term: Term) -> Term:
    """A term without what says how it is written, how long it may be, or that it is optional."""
    match term:
        case Encoded(tree=inner) | Limit(term=inner) | If(then=inner):
            return unwrapped(inner)
        case Lit() | Ref() | Atom() | Raw() | Call() | Text() | Map() | Seq() | Source() | Amount():
            return term
        case _:
            assert_never(term)
