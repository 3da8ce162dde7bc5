"""Pieces of an emission that every vault has alike: headers, direct steps, answers, losses.

An emitter builds the call to its vault itself and gets the rest of a step from `emitted_step`.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Final, NamedTuple

from forwardc.compile.ir.program import (
    ProgramBody,
    ProgramOutput,
    ProgramPair,
    ProgramRequest,
    ProgramSignature,
    ProgramStep,
)
from forwardc.compile.vaults.emission import (
    EmittedAnswer,
    EmittedCall,
    EmittedLoss,
    EmittedOutput,
    EmittedRule,
    EmittedSignature,
    EmittedStep,
    Losses,
    Presence,
)
from forwardc.core.atoms import ATOMS
from forwardc.core.dataclass import dataclass, replace
from forwardc.core.terms.functions import Type
from forwardc.core.terms.terms import Encoded, Encoding, Lit, Ref, Term

CONTENT_TYPES = {
    Encoding.JSON: "application/json",
    Encoding.FORM: "application/x-www-form-urlencoded",
    Encoding.XML: "application/xml",
    Encoding.PLAIN: "text/plain; charset=utf-8",
}
DIRECT_READ_MS: Final = 60_000
"""Milliseconds: as long as both vaults wait for a destination, which answers us no quicker."""


def content_type(request: ProgramRequest) -> tuple[ProgramPair, ...]:
    """The request's headers, with the body's Content-Type where the author gave none."""
    named = any(pair.name.lower() == "content-type" for pair in request.headers)
    if named or request.body is None:
        return request.headers
    return (
        ProgramPair("Content-Type", Lit(CONTENT_TYPES[request.body.encoding])),
        *request.headers,
    )


def encoded_body(body: ProgramBody, tree: Term, *, templated: bool) -> Encoded:
    """A body as text in its own syntax."""
    return Encoded(body.encoding, tree, templated=templated, doctype=body.doctype)


def header(value: Term, *, templated: bool = False) -> Encoded:
    """A header value, checked and escaped as one."""
    return Encoded(Encoding.HEADER, value, templated=templated)


def direct_step(step: ProgramStep) -> EmittedStep:
    """A step that the runtime sends to the destination itself."""
    request = step.request
    body = request.body
    call = EmittedCall(
        method=request.method,
        url=Encoded(Encoding.URL, request.url),
        query=tuple((pair.name, Encoded(Encoding.QUERY, pair.value)) for pair in request.query),
        headers=tuple((pair.name, header(pair.value)) for pair in content_type(request)),
        body=encoded_body(body, body.tree, templated=False) if body else None,
    )
    emitted = emitted_step(step, call, read_ms=DIRECT_READ_MS)
    if step.client_certificate is not None:
        emitted = replace(emitted, client_certificate=step.client_certificate)
    sign = request.sign
    return emitted if sign is None or sign.is_term else replace(emitted, sign=_signature(sign))


def _signature(sign: ProgramSignature) -> EmittedSignature:
    return EmittedSignature(sign.scheme, sign.secret, sign.remove_path_prefix, sign.into)


def emitted_step(step: ProgramStep, call: EmittedCall, *, read_ms: int) -> EmittedStep:
    """A step with what is said of it under every vault: as it is, that of a direct step.

    `read_ms` are the milliseconds that an answer may take.
    """
    return EmittedStep(
        name=step.name,
        call=call,
        destination=EmittedCall(step.request.method, Encoded(Encoding.URL, step.request.url)),
        read_ms=read_ms,
        answer=_answer(step),
        idempotent=step.idempotent,
        uses_cvc=uses_cvc(step),
        reuse=step.reuse,
        poll=step.poll,
    )


def _answer(step: ProgramStep) -> EmittedAnswer:
    return EmittedAnswer(
        outputs=tuple(_output(output) for output in step.outputs),
        answer=step.answer,
        reason=step.reason,
        mode=step.mode,
        rules=tuple(
            EmittedRule(number, rule.when, str(rule.outcome))
            for number, rule in enumerate(step.outcome, 1)
        ),
        namespaces=step.namespaces,
    )


def _output(output: ProgramOutput) -> EmittedOutput:
    common = (output.name, output.at, output.sensitive, output.optional)
    if output.currency is None:
        return EmittedOutput(*common, None if output.type is Type.TEXT else str(output.type))
    asked = output.asked.name if output.asked else None
    return EmittedOutput(*common, "amount", _currency_name(output.currency), asked)


def _currency_name(currency: Term) -> str:
    """A reference by name, or a code: a code has no dot."""
    if isinstance(currency, Ref):
        return currency.name
    if isinstance(currency, Lit) and isinstance(currency.value, str):
        return currency.value
    raise TypeError("the currency of an output is a param or a code")


def uses_cvc(step: ProgramStep) -> bool:
    """Whether the request holds the CVC, which serves one request only."""
    return any(atom.name == "card.cvc" for atom in step.request.atoms)


@dataclass(frozen=True, slots=True)
class LossSources:
    """What tells of a step's losses beside the presence of its atoms.

    `supplied` are atoms that the caller may supply and need not, `echoed` has the places of an atom
    in the vault's echo, `asked` the atoms that an answer about the instrument tells, by kind of
    source.
    """

    supplied: Iterable[str] = ()
    echoed: Mapping[str, Collection[str]] | None = None
    asked: Mapping[str, Collection[str]] | None = None


def known_losses(
    request: ProgramRequest, kinds: Mapping[str, Mapping[str, Presence]], sources: LossSources
) -> Losses:
    """What a step may miss: by kind of source, each atom with how that is known.

    `kinds` has the presence of atoms, by the kinds of source that fit.
    """
    optional = request.marked_names
    used = list(dict.fromkeys(atom.name for atom in request.atoms))
    supplied = {n: EmittedLoss("inputs", n) for n in sources.supplied if n in optional}
    losses: dict[str, Mapping[str, EmittedLoss]] = {}
    for kind, has in kinds.items():
        atoms = dict(supplied)
        for name in used:
            asked = name in (sources.asked or {}).get(kind, ())
            evidence = _Evidence((sources.echoed or {}).get(name, ()), asked)
            loss = _loss(has.get(name), evidence, optional=name in optional)
            if loss is not None:
                atoms[name] = loss
        if atoms:
            losses[kind] = {name: atoms[name] for name in ATOMS if name in atoms}
    return losses


def losses_by_step(
    steps: Iterable[ProgramStep], of_step: Callable[[ProgramStep], Losses]
) -> dict[str, Losses]:
    """The losses of an operation, by its steps through the vault that have some."""
    return {step.name: losses for step in steps if (losses := of_step(step))}


class _Evidence(NamedTuple):
    """What tells whether the vault had an atom: places in its echo, or an answer before."""

    echo: Collection[str]
    asked: bool


def _loss(presence: Presence | None, evidence: _Evidence, *, optional: bool) -> EmittedLoss | None:
    """How it is known whether an atom was there; None where it always is, or the run is refused."""
    if presence is None:
        return None
    if presence.input is not None:
        return EmittedLoss("inputs", presence.input) if optional else None
    if presence.when == "vault":
        if evidence.echo:
            return EmittedLoss("echo", at=tuple(evidence.echo))
        return EmittedLoss("asked" if evidence.asked else "untold")
    return EmittedLoss("inputs") if presence.when == "never" and optional else None
