"""Places of a request by name, as reviewers and a destination's support name them.

In a body a place is a JSON Pointer, an XPath in XML, a field's name in a form. `places` and
`changed` walk a body's scalars for vaults; `payment_references` finds where a destination gets a
value, and where its answer gives one.
"""

from collections.abc import Callable, Iterator
from typing import assert_never

from forwardc.compile.ir.program import ProgramBody, ProgramOperation, ProgramRequest, ProgramStep
from forwardc.core.dataclass import dataclass
from forwardc.core.json_pointer import pointer_token
from forwardc.core.terms.terms import (
    Amount,
    Atom,
    Call,
    Encoded,
    Encoding,
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
)


def places(body: ProgramBody) -> Iterator[tuple[str, Term]]:
    """Every scalar of a body with its place, in the order of the body.

    What an author marked with `?` stands there without its mark.
    """
    yield from _scalars(body.tree, "", xml=body.encoding is Encoding.XML)


def _scalars(term: Term, at: str, *, xml: bool) -> Iterator[tuple[str, Term]]:
    match term:
        case If(then=then):
            yield from _scalars(then, at, xml=xml)
        case Map(entries=entries):
            for key, value in entries:
                yield from _scalars(value, below(at, key, xml=xml), xml=xml)
        case Seq(items=items):
            for index, item in enumerate(items):
                yield from _scalars(item, item_of(at, index, xml=xml), xml=xml)
        case (
            Lit()
            | Ref()
            | Atom()
            | Raw()
            | Call()
            | Text()
            | Encoded()
            | Limit()
            | Source()
            | Amount()
        ):
            yield at, term
        case _:
            assert_never(term)


def changed(body: ProgramBody, change: Callable[[str, Term], Term]) -> Term:
    """The tree with `change` applied to every scalar, which is told its place."""
    xml = body.encoding is Encoding.XML

    def inside(term: Term, at: str) -> Term:
        match term:
            case If(present=present, then=then):
                return If(present, inside(then, at), span=term.span)
            case Map(entries=entries):
                return Map(
                    tuple((key, inside(value, below(at, key, xml=xml))) for key, value in entries),
                    span=term.span,
                )
            case Seq(items=items):
                return Seq(
                    tuple(
                        inside(item, item_of(at, index, xml=xml))
                        for index, item in enumerate(items)
                    ),
                    span=term.span,
                )
            case (
                Lit()
                | Ref()
                | Atom()
                | Raw()
                | Call()
                | Text()
                | Encoded()
                | Limit()
                | Source()
                | Amount()
            ):
                return change(at, term)
            case _:
                assert_never(term)

    return inside(body.tree, "")


def below(at: str, key: str, *, xml: bool) -> str:
    """The place of a member."""
    if not xml:
        return f"{at}/{pointer_token(key)}"
    if key == ".":
        return at
    return f"{at}/@{key[1:]}" if key.startswith(".") else f"{at}/{key}"


def item_of(at: str, index: int, *, xml: bool) -> str:
    """The place of an item of a list: repeated elements count from 1."""
    return f"{at}[{index + 1}]" if xml else f"{at}/{index}"


# What names the payment at the destination. A value counts as sent where it stands alone: a text
# that holds it among others is another value to whoever searches for it.

_HOLDERS = frozenset({"json", "jwe"})
"""Functions whose result the destination opens again."""


@dataclass(frozen=True, slots=True)
class ProgramPaymentReference:
    """A value that names the payment at the destination.

    `sent` and `received` say in which place of which step's request and answer it stands, in the
    destination's own words: `/reference`, `metadata[order]`, `header X-Request-Id`, `path`.
    """

    value: Term
    sent: dict[str, str]
    received: dict[str, str]


def payment_references(operation: ProgramOperation) -> tuple[ProgramPaymentReference, ...]:
    """The values under `payment_reference:`, each with its places."""
    return tuple(
        ProgramPaymentReference(
            bare(value),
            {step.name: place for step in operation.steps for place in _sent(step.request, value)},
            dict(_received(operation.steps, value)),
        )
        for value in operation.payment_reference
    )


def bare(term: Term) -> Term:
    """A value without its mark of absence, and without `text()` around it."""
    match term:
        case If(then=then):
            return bare(then)
        case Call(function="text", args=(inner,)) | Text(parts=(inner,)):
            return bare(inner)
        case (
            Lit()
            | Ref()
            | Atom()
            | Raw()
            | Call()
            | Text()
            | Map()
            | Seq()
            | Encoded()
            | Limit()
            | Source()
            | Amount()
        ):
            return term
        case _:
            assert_never(term)


def _received(steps: tuple[ProgramStep, ...], value: Term) -> Iterator[tuple[str, str]]:
    reference = bare(value)
    for step in steps:
        for output in step.outputs:
            if reference == Ref(f"steps.{step.name}.{output.name}"):
                yield step.name, output.at


def _sent(request: ProgramRequest, value: Term) -> Iterator[str]:
    """The first place of a request where the value stands alone."""
    reference = bare(value)
    for place, term in _places(request):
        if bare(term) == reference:
            yield place
            return


def _places(request: ProgramRequest) -> Iterator[tuple[str, Term]]:
    """Every place of a request with what stands there, the body first."""
    body = request.body
    if body is not None:
        match body.encoding:
            case Encoding.FORM:
                yield from _fields(body.tree, "")
            case Encoding.JSON | Encoding.XML:
                yield from _members(body.tree, "")
            case Encoding.PLAIN | Encoding.HEADER | Encoding.QUERY | Encoding.URL:
                yield "body", body.tree
            case _:
                assert_never(body.encoding)
    yield from ((f"header {pair.name}", pair.value) for pair in request.headers)
    yield from ((f"query {pair.name}", pair.value) for pair in request.query)
    yield from (("path", segment) for segment in _segments(request.url))


def _members(term: Term, pointer: str) -> Iterator[tuple[str, Term]]:
    """The places of a tree as JSON Pointers, and those inside text that the destination opens."""
    match term:
        case If(then=then):
            yield from _members(then, pointer)
        case Map(entries=entries):
            for key, inner in entries:
                yield from _members(inner, f"{pointer}/{pointer_token(key)}")
        case Seq(items=items):
            for index, inner in enumerate(items):
                yield from _members(inner, f"{pointer}/{index}")
        case Call(function=function, args=(inner, *_)) if function in _HOLDERS:
            yield from _members(inner, pointer)
        case (
            Lit()
            | Ref()
            | Atom()
            | Raw()
            | Call()
            | Text()
            | Encoded()
            | Limit()
            | Source()
            | Amount()
        ):
            yield pointer, term
        case _:
            assert_never(term)


def _fields(term: Term, name: str) -> Iterator[tuple[str, Term]]:
    """The places of a form: `metadata[order]`, `items[0]`."""
    match term:
        case If(then=then):
            yield from _fields(then, name)
        case Map(entries=entries):
            for key, inner in entries:
                yield from _fields(inner, f"{name}[{key}]" if name else key)
        case Seq(items=items):
            for index, inner in enumerate(items):
                yield from _fields(inner, f"{name}[{index}]")
        case Call(function=function, args=(inner, *_)) if function in _HOLDERS:
            yield from _members(inner, name)
        case (
            Lit()
            | Ref()
            | Atom()
            | Raw()
            | Call()
            | Text()
            | Encoded()
            | Limit()
            | Source()
            | Amount()
        ):
            yield name, term
        case _:
            assert_never(term)


def _segments(url: Term) -> Iterator[Term]:
    """The segments of a path, each as one value."""
    segment: list[Term] = []
    for part in url.parts if isinstance(url, Text) else (url,):
        if not isinstance(part, Lit):
            segment.append(part)
            continue
        first, *others = str(part.value).split("/")
        segment += [Lit(first)] if first else []
        for text in others:
            yield from _whole(segment)
            segment = [Lit(text)] if text else []
    yield from _whole(segment)


def _whole(segment: list[Term]) -> Iterator[Term]:
    if segment:
        yield segment[0] if len(segment) == 1 else Text(tuple(segment))
