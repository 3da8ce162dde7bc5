"""The operations of the program, as names that a vault's support table answers.

A feature is one thing that a request asks of whoever sends it. `FEATURES` is the closed list: a
table that misses one is a fault of ours, found by a test.
"""

from collections.abc import Iterator
from typing import Final, assert_never

from forwardc.compile.ir.analysis import Stage, all_refs, atoms_in, stage_of
from forwardc.compile.ir.program import (
    ProgramOperation,
    ProgramPair,
    ProgramRequest,
    ProgramStep,
    reads_instrument,
    rules_of,
    terms_of,
)
from forwardc.core.atoms import ATOMS, EXPIRIES, Charset, InstrumentKind
from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.span import Span
from forwardc.core.identity_cache import IdentityCache
from forwardc.core.instrument import INSTRUMENT, NAMES, ROOT
from forwardc.core.signatures.names import SIGNATURE_NAMES
from forwardc.core.terms.functions import FUNCTIONS
from forwardc.core.terms.terms import (
    HAS_ATOM,
    HAS_CALL,
    HAS_IF,
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
    root_bit,
    walk,
)

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE")
SCHEMES = ("visa-x-pay-token", "dlocal", "rocketpay-gate", *SIGNATURE_NAMES)
BODIES = (Encoding.JSON, Encoding.FORM, Encoding.XML, Encoding.PLAIN)

_COMPUTED = tuple(
    function
    for function in FUNCTIONS.values()
    if not (function.rules_only or function.alternatives or function.internal)
)
"""`pick` is decided before anybody is asked; what the compiler makes has a feature of its own."""

FEATURES: tuple[str, ...] = (
    *(f"method.{method}" for method in METHODS),
    "body.none",
    *(f"body.{body}" for body in BODIES),
    *(f"atom.{atom}" for atom in ATOMS),
    *(f"optional.{atom}" for atom in ATOMS),
    *(f"free-text.{body}" for body in BODIES),
    "free-text.header",
    "base64-text.form",
    "free-text.jwe",
    "composed.atom",
    *(f"integer.{atom}" for atom in EXPIRIES),
    "number.xml",
    *(f"function.{function.name}" for function in _COMPUTED),
    "header.literal",
    "header.run",
    "header.atom",
    "query.literal",
    "query.run",
    "query.atom",
    "url.run",
    *(f"sign.{scheme}" for scheme in SCHEMES),
    *(f"instrument.{name}" for name in INSTRUMENT),
    "network-token",
    "client-certificate",
    "step.direct",
)
"""Every feature. `function.*` counts only where a VAULT value goes through the function."""


@dataclass(frozen=True, slots=True)
class FeatureUse:
    """One use of a feature, at the place in the author's file."""

    feature: str
    span: Span | None


_USES: Final = IdentityCache[tuple[FeatureUse, ...]]()


def uses(
    step: ProgramStep,
    operation: ProgramOperation,
    stored: frozenset[str],
    supplied: frozenset[str] = frozenset(),
) -> Iterator[FeatureUse]:
    """What a step asks of the vault. `stored` holds names like `secrets.x` kept at the vault.

    `supplied` are the atoms that the caller gives: our runtime writes them, and computes over them.
    """
    if step.direct:
        yield FeatureUse("step.direct", step.span)
        yield from _instrument_uses(step)
        return
    request = step.request
    # What is stored decides only what functions are computed over.
    key = (stored if request.holds & HAS_CALL else None, supplied)
    yield from _USES.get(request, key, lambda: tuple(_request_uses(request, stored, supplied)))
    yield from _instrument_uses(step)
    if step.client_certificate is not None:
        yield FeatureUse("client-certificate", step.client_certificate.span)
    if _uses_network_token(request):
        yield FeatureUse("network-token", operation.span)


def _request_uses(
    request: ProgramRequest, stored: frozenset[str], supplied: frozenset[str]
) -> Iterator[FeatureUse]:
    yield FeatureUse(f"method.{request.method}", request.span)
    yield from _url_uses(request)
    yield from _body_uses(request, supplied)
    for pair in request.headers:
        yield from _pair_uses("header", pair, supplied)
    for pair in request.query:
        yield from _pair_uses("query", pair, supplied)
    if request.sign:
        yield FeatureUse(f"sign.{request.sign.scheme}", request.sign.span)
    yield from _value_uses(request, stored, supplied)


def _instrument_uses(step: ProgramStep) -> Iterator[FeatureUse]:
    """What is asked of the vault before anything is sent, by whomever it is sent then."""
    if not reads_instrument(step):
        return
    terms = (*terms_of(step.request), *rules_of(step))
    for node in (node for term in terms for node in walk(term, root_bit(ROOT) | HAS_IF)):
        # `present(instrument.brand, '1')` has no reference in it.
        name = node.present if isinstance(node, If) else node.name if isinstance(node, Ref) else ""
        if name in NAMES:
            yield FeatureUse(name, node.span)


def _url_uses(request: ProgramRequest) -> Iterator[FeatureUse]:
    yield from (FeatureUse("url.run", ref.span) for ref in all_refs(request.url))


def _body_uses(request: ProgramRequest, supplied: frozenset[str]) -> Iterator[FeatureUse]:
    body = request.body
    if body is None:
        yield FeatureUse("body.none", request.span)
        return
    yield FeatureUse(f"body.{body.encoding}", body.span)
    for atom, place in _written_atoms(body.tree, body.encoding):
        charset = ATOMS[atom.name].charset
        if atom.name in supplied:
            continue
        if charset is Charset.TEXT:
            yield FeatureUse(f"free-text.{place}", atom.span)
        elif charset is Charset.BASE64 and place == Encoding.FORM:
            yield FeatureUse("base64-text.form", atom.span)
    if body.encoding is Encoding.XML:
        yield from (FeatureUse("number.xml", number.span) for number in _integers(body.tree))


def _integers(term: Term) -> Iterator[Call]:
    """Atoms written as numbers."""
    for node in walk(term, HAS_CALL):
        if isinstance(node, Call) and node.function == "int" and isinstance(node.args[0], Atom):
            yield node


def _written_atoms(term: Term, place: str) -> Iterator[tuple[Atom, str]]:
    """Atoms with the syntax that a vault writes them into as they are.

    Encrypted text alone has no syntax; an encrypted map is JSON of its own, wherever it goes.
    """
    if not term.holds & HAS_ATOM:
        return
    match term:
        case Atom():
            yield term, place
        case Call(function="jwe", args=(data,)):
            if isinstance(data, Map | Seq):
                yield from _written_atoms(data, "jwe")
        case (
            Lit()
            | Ref()
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
            for child in term.inside:
                yield from _written_atoms(child, place)
        case _:
            assert_never(term)


def _pair_uses(place: str, pair: ProgramPair, supplied: frozenset[str]) -> Iterator[FeatureUse]:
    atoms = atoms_in(pair.value)
    if atoms:
        yield FeatureUse(f"{place}.atom", atoms[0].span)
        written = [atom for atom in atoms if atom.name not in supplied]
        text = next((atom for atom in written if ATOMS[atom.name].charset is Charset.TEXT), None)
        if text and place == "header":
            yield FeatureUse("free-text.header", text.span)
        return
    is_run = any(ref.root != "secrets" for ref in all_refs(pair.value))
    yield FeatureUse(f"{place}.{'run' if is_run else 'literal'}", pair.value.span or pair.span)


def _value_uses(
    request: ProgramRequest, stored: frozenset[str], supplied: frozenset[str]
) -> Iterator[FeatureUse]:
    pairs = (pair.value for pair in (*request.headers, *request.query))
    roots = (*pairs, request.body.tree) if request.body else tuple(pairs)
    for root in roots:
        for node in walk(root, HAS_ATOM | HAS_IF | HAS_CALL):
            yield from _node_uses(node, stored, supplied)


def _node_uses(
    node: Term, stored: frozenset[str], supplied: frozenset[str]
) -> Iterator[FeatureUse]:
    match node:
        case Atom(name=name):
            yield FeatureUse(f"atom.{name}", node.span)
        case If(present=present):
            if present in ATOMS:
                yield FeatureUse(f"optional.{present}", node.span)
        case Text(parts=parts):
            if node.holds & HAS_ATOM and len(parts) > 1 and not _is_callers(node, stored, supplied):
                yield FeatureUse("composed.atom", node.span)
        case Call(function="int", args=(Atom(name=name),)):
            yield FeatureUse(f"integer.{name}", node.span)
        case Call(function=function):
            # The setting of `pick` has no value here: each alternative is a use of its own.
            at_vault = stage_of(node, stored) is Stage.VAULT
            is_asked = at_vault and not _is_decided(function)
            if is_asked and not _is_callers(node, stored, supplied):
                yield FeatureUse(f"function.{function}", node.span)
        case Lit() | Ref() | Raw() | Map() | Seq() | Encoded() | Limit() | Source() | Amount():
            return
        case _:
            assert_never(node)


def _is_decided(function: str) -> bool:
    return FUNCTIONS[function].internal or function == "pick"


def _is_callers(term: Term, stored: frozenset[str], supplied: frozenset[str]) -> bool:
    """Whether what makes a term the vault's are atoms that the caller gives, and nothing else."""
    if not supplied or any(ref.name in stored for ref in all_refs(term)):
        return False
    atoms = atoms_in(term)
    return bool(atoms) and all(atom.name in supplied for atom in atoms)


def _uses_network_token(request: ProgramRequest) -> bool:
    if request.body is None:
        return False
    atoms = atoms_in(request.body.tree)
    return any(ATOMS[atom.name].instrument is InstrumentKind.NETWORK_TOKEN for atom in atoms)
