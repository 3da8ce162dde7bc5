"""What a vault agreed to, or must still be asked, as data for a reviewer's files and letters.

Knows assessments; words of letters stand in their templates.
"""

from collections.abc import Iterable, Iterator

from forwardc.compile.ir.analysis import refs_in
from forwardc.compile.ir.arrangements import Arrangement
from forwardc.compile.ir.places import places
from forwardc.compile.ir.program import Step
from forwardc.compile.vaults.arranged import Standing
from forwardc.compile.vaults.arranged_words import to_record
from forwardc.compile.vaults.assess import Assessment
from forwardc.compile.vaults.model import Json
from forwardc.core.terms.terms import Lit, Term


def agreed(assessment: Assessment, step: Step) -> Json:
    """`arrangements` of a production config; nothing where the vault had to agree to nothing."""
    entries = [
        _agreed(assessment, standing)
        for standing in assessment.standings
        if standing.step == step.name
    ]
    return {"arrangements": entries} if entries else {}


def _agreed(assessment: Assessment, standing: Standing) -> Json:
    grant, arrangement = standing.grant, standing.arrangement
    return {
        "id": Lit(standing.id, span=arrangement.span),
        "ticket": Lit(grant.ticket, span=grant.span) if grant else None,
        "date": grant.date if grant else None,
        "by": grant.by if grant else None,
        "needs": arrangement.words,
        "asked": arrangement.asks or None,
        "signature": _signature(assessment, standing),
        "says": grant.says if grant else None,
    }


def _signature(assessment: Assessment, standing: Standing) -> Json | None:
    signature = standing.arrangement.signature
    if signature is None:
        return None
    return {"covers": signature.covers or None, "secrets": signing_secrets(assessment, standing)}


def signing_secrets(assessment: Assessment, standing: Standing) -> list[str]:
    """Names of the secrets that the author computes the signature with: the vault needs them."""
    steps = assessment.context.authored.steps
    step = next(step for step in steps if step.name == standing.step)
    terms = list(_signed_terms(step, standing.arrangement))
    refs = [ref for term in terms for ref in refs_in(term, "secrets")]
    return list(dict.fromkeys(ref.name.removeprefix("secrets.") for ref in refs))


def _signed_terms(step: Step, arrangement: Arrangement) -> Iterator[Term]:
    signature, request = arrangement.signature, step.request
    if signature is None:
        return
    header = (signature.header or "").lower()
    yield from (pair.value for pair in request.headers if pair.name.lower() == header)
    if request.body:
        yield from (term for at, term in places(request.body) if at == signature.at)
    if request.sign:
        yield request.sign.secret


def signed_headers(step: Step) -> frozenset[str]:
    """Names, in lower case, of the headers that the vault signs in."""
    signatures = (consent.arrangement.signature for consent in step.agreed)
    return frozenset(
        signature.header.lower() for signature in signatures if signature and signature.header
    )


def to_ask(assessments: Iterable[Assessment]) -> list[Json]:
    """What a vault must still be asked in these operations, each with the lines that record it.

    `needs` is what it is about, `asks` the author's sentence, `url` the exact address and `listed`
    whether the vault's list has it; `record` is one flow mapping of `forwardc.yaml`.
    """
    rows: dict[tuple[str, str], Json] = {}
    for assessment in assessments:
        for standing in assessment.standings:
            if standing.grant is None:
                row = {
                    "id": standing.id,
                    "operation": assessment.context.operation.name,
                    "step": standing.step,
                    "needs": standing.arrangement.words,
                    "asks": standing.arrangement.asks,
                    "url": standing.url,
                    "listed": standing.listed,
                    "record": to_record(
                        assessment.vault.name, assessment.context.program, standing
                    ),
                }
                rows.setdefault((standing.id, standing.step), row)
    return list(rows.values())
