"""Answers about one request that a vault sends: address, headers, fields, keys.

Each function answers one question, by its name in a vault's facts: with lines of text, or with
the line that somebody must write.
"""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from forwardc.compile.ir.program import ProgramPair, ProgramStep
from forwardc.compile.review.arrangements import signed_headers
from forwardc.compile.review.packet import ReviewPacket
from forwardc.compile.review.page.protection import Carrier, encrypted_parts, request_signatures
from forwardc.compile.review.page.summary import vendor_names
from forwardc.compile.review.page.wording import atom_words
from forwardc.compile.review.sample import sample_url
from forwardc.compile.vaults.assess import Assessment
from forwardc.compile.vaults.emission import EmittedField, EmittedReview
from forwardc.compile.vaults.steps import content_type
from forwardc.core.atoms import ATOMS
from forwardc.core.dataclass import dataclass
from forwardc.core.terms.terms import Encoding, If, Lit, Ref, walk

# An answer comes back as the vault redacts it: without this, nobody could tell what is wanted.
REDACTED: Final = "where the answer is kept or shown; our call reads it, and must get it as it is"


@dataclass(frozen=True, slots=True)
class ChecklistAnswer:
    """What is answered. `missing` are the lines to write; an answer has one of the two, or both."""

    lines: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SentRequest:
    """A step that the vault sends: as it leaves, as its author wrote it, and what is reviewed."""

    assessment: Assessment
    step: ProgramStep
    written: ProgramStep
    review: EmittedReview | None

    @property
    def place(self) -> str:
        """Operation and step."""
        return f"{self.assessment.context.operation.name}.{self.step.name}"


def answered_in(*lines: str) -> ChecklistAnswer:
    """An answer in these lines."""
    return ChecklistAnswer(lines)


def missing(line: str, where: str) -> ChecklistAnswer:
    """No answer yet: the line to write, and into which file."""
    return ChecklistAnswer(missing=(f"write `{line}` into {where}",))


# Questions

OfStep: TypeAlias = Callable[[ReviewPacket, SentRequest], ChecklistAnswer]

_BODIES: Final[Mapping[Encoding, str]] = {
    Encoding.JSON: "JSON",
    Encoding.FORM: "form, application/x-www-form-urlencoded",
    Encoding.XML: "XML",
    Encoding.PLAIN: "text",
}
_FORMATS: Final = {
    "digits": "digits",
    "text": "text",
    "M": "month without a leading zero",
    "MM": "month of two digits",
    "YY": "year of two digits",
    "YYYY": "year of four digits",
}

_ARRANGED: Final = {"card.expiry": "expiry date"}


def url(pack: ReviewPacket, request: SentRequest) -> ChecklistAnswer:
    """The exact address."""
    return answered_in(address(pack, request))


def address(pack: ReviewPacket, request: SentRequest) -> str:
    """What the vault calls, with the author's examples where a run gives a part.

    A query is a part of what a reviewer accepts; where the vault takes it apart, it is left out.
    """
    url = sample_url(request.step, pack.program, pack.destination)
    return url if request.review is not None else url.partition("?")[0]


def method(_pack: ReviewPacket, request: SentRequest) -> ChecklistAnswer:
    """The method, as the author wrote it: a vault may have to be asked for it."""
    return answered_in(request.written.request.method)


def documentation(pack: ReviewPacket, _request: SentRequest) -> ChecklistAnswer:
    """The destination's public documents."""
    docs = pack.destination.docs
    return answered_in(docs) if docs else missing("docs: https://...", file_of(pack))


def fields(pack: ReviewPacket, request: SentRequest) -> ChecklistAnswer:
    """What the vault fills: each field in its own words, or each placeholder."""
    if request.review is not None:
        lines = [_field(field) for field in request.review.fields]
        return answered_in(*lines) if lines else answered_in("none: it holds no card data")
    names = vendor_names(pack)
    atoms = dict.fromkeys(atom.name for atom in request.step.request.atoms)
    maybe = {node.present for node in request.step.request.nodes if isinstance(node, If)}
    lines = [
        f"{names.get(name, name)}: {atom_words(name)}{', may be absent' if name in maybe else ''}"
        for name in atoms
    ]
    return answered_in(*lines) if lines else answered_in("none: it holds no card data")


def _field(field: EmittedField) -> str:
    form = _FORMATS.get(field.format, field.format)
    kind = "a number" if field.json_type == "number" else "a string"
    maybe = "" if field.required else ", may be absent"
    # By arrangement a place holds a whole date in one form, or a signature: no atom of ours.
    words = atom_words(field.atom) if field.atom in ATOMS else _ARRANGED.get(field.atom, field.atom)
    return f"{words} at {field.at.value}: {kind}, {form}{maybe} ({field.replacement})"


def headers(pack: ReviewPacket, request: SentRequest) -> ChecklistAnswer:
    """Every header by name, and what stands in it; never a secret's value."""
    in_signature = signed_headers(request.step)
    lines = [
        _header(pack, request, pair, in_signature) for pair in content_type(request.step.request)
    ]
    protected = request_signatures(request.step, _carrier(pack, request))
    by_vault = [f"{name}: added by the signature" for each in protected for name, _ in each.headers]
    return answered_in(*lines, *by_vault) if lines or by_vault else answered_in("none")


def _header(
    pack: ReviewPacket, request: SentRequest, pair: ProgramPair, in_signature: frozenset[str]
) -> str:
    names = [node.name for node in walk(pair.value) if isinstance(node, Ref)]
    secrets = [name for name in names if name.startswith("secrets.")]
    if pair.name.lower() in in_signature:
        return f"{pair.name}: a signature, computed by {pack.vault.facts.title}"
    if secrets:
        described = [pack.program.secrets[name.partition(".")[2]].description for name in secrets]
        words = "; ".join(dict.fromkeys(filter(None, described)))
        words = words or ", ".join(name.partition(".")[2] for name in dict.fromkeys(secrets))
        return (
            f"{pair.name}: a credential of the endpoint ({words}){_hidden(pack, request, secrets)}"
        )
    if isinstance(pair.value, Lit):
        return f"{pair.name}: {pair.value.value}, the same on every request"
    if isinstance(pair.value, Ref) and pair.value.name == "run.idempotency_key":
        return f"{pair.name}: the endpoint's own idempotency key, another one for each request"
    return f"{pair.name}: another value on each request"


def _hidden(pack: ReviewPacket, request: SentRequest, secrets: list[str]) -> str:
    """Where a header stands at a vault that takes them in two ways and keeps those in clear."""
    if "encrypted_headers" not in pack.vault.facts.data:
        return ""
    held = [name for name in secrets if name not in request.assessment.context.stored]
    stored = "in `headers.raw`, where you put the stored secret in"
    return ", in `headers.encrypted`" if held else f", {stored}"


def query(_pack: ReviewPacket, request: SentRequest) -> ChecklistAnswer:
    """Names of the query's parameters."""
    names = [pair.name for pair in request.step.request.query]
    return answered_in(", ".join(names)) if names else answered_in("none")


def body(_pack: ReviewPacket, request: SentRequest) -> ChecklistAnswer:
    """What kind of body is sent."""
    sent = request.step.request.body
    return answered_in(_BODIES[sent.encoding] if sent else "none")


def encryption_keys(pack: ReviewPacket, request: SentRequest) -> ChecklistAnswer:
    """The keys under which something of the request is encrypted: the destination's, or none."""
    encrypted = encrypted_parts(request.step, _carrier(pack, request))
    lines = [f"{each.place}: {each.alg} and {each.enc}, under {each.key}" for each in encrypted]
    return (
        answered_in(*lines) if lines else answered_in("none: nothing in the request is encrypted")
    )


def signature(pack: ReviewPacket, request: SentRequest) -> ChecklistAnswer:
    """Which signature the vault computes, and with which secret."""
    signatures = request_signatures(request.step, _carrier(pack, request))
    lines = [f"{each.title} with {each.secret}, by {each.by}" for each in signatures]
    return answered_in(*lines) if lines else answered_in("none")


def _carrier(pack: ReviewPacket, request: SentRequest) -> Carrier:
    return Carrier(pack.vault.facts.title, request.assessment.context, vendor_names(pack))


def redacted(_pack: ReviewPacket, request: SentRequest) -> ChecklistAnswer:
    """Where the answer has what must not be shown: what the author calls sensitive.

    Each of them is an output, which a run reads: redacted before it comes back, it would be lost.
    """
    places = [f"{out.at} ({out.name}): {REDACTED}" for out in request.step.outputs if out.sensitive]
    return answered_in(*places) if places else answered_in("none")


def file_of(pack: ReviewPacket) -> str:
    """The destination's file, as a person names it."""
    return pack.destination.span.path


OF_STEP: Final[Mapping[str, OfStep]] = {
    "url": url,
    "method": method,
    "documentation": documentation,
    "fields": fields,
    "headers": headers,
    "query": query,
    "body": body,
    "encryption_keys": encryption_keys,
    "signature": signature,
    "redacted": redacted,
}
