"""What a vault agreed to, or must still be asked, as data for a reviewer's files and letters.

Knows assessments; words of letters stand in their templates.
"""

from collections.abc import Iterable, Iterator

from forwardc.plan.analysis import refs_in
from forwardc.plan.arrangements import Arrangement
from forwardc.plan.body_places import places
from forwardc.plan.program import Step
from forwardc.plan.terms import Lit, Term
from forwardc.vaults.arranged import Standing
from forwardc.vaults.arranged_words import to_record
from forwardc.vaults.assess import Assessment
from forwardc.vaults.model import Json


def agreed(assessment: Assessment, step: Step) -> Json:
    """`arrangements` of a production config; nothing where the vault had to agree to nothing."""
    found = [_agreed(assessment, one) for one in assessment.standings if one.step == step.name]
    return {"arrangements": found} if found else {}


def _agreed(assessment: Assessment, one: Standing) -> Json:
    grant, arrangement = one.grant, one.arrangement
    return {
        "id": Lit(one.id, span=arrangement.span),
        "ticket": Lit(grant.ticket, span=grant.span) if grant else None,
        "date": grant.date if grant else None,
        "by": grant.by if grant else None,
        "needs": arrangement.words,
        "asked": arrangement.asks or None,
        "signature": _signature(assessment, one),
        "says": grant.says if grant else None,
    }


def _signature(assessment: Assessment, one: Standing) -> Json | None:
    signature = one.arrangement.signature
    if signature is None:
        return None
    return {"covers": signature.covers or None, "secrets": signing_secrets(assessment, one)}


def signing_secrets(assessment: Assessment, one: Standing) -> list[str]:
    """Names of the secrets that the author computes the signature with: the vault needs them."""
    steps = assessment.context.authored.steps
    step = next(found for found in steps if found.name == one.step)
    terms = list(_signed_terms(step, one.arrangement))
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
    signatures = (one.arrangement.signature for one in step.agreed)
    return frozenset(one.header.lower() for one in signatures if one and one.header)


def to_ask(assessments: Iterable[Assessment]) -> list[Json]:
    """What a vault must still be asked in these operations, each with the lines that record it.

    `needs` is what it is about, `asks` the author's sentence, `url` the exact address and `listed`
    whether the vault's list has it; `record` is one flow mapping of `forwardc.yaml`.
    """
    found: dict[tuple[str, str], Json] = {}
    for one in assessments:
        for standing in one.standings:
            if standing.grant is None:
                row = {
                    "id": standing.id,
                    "operation": one.context.operation.name,
                    "step": standing.step,
                    "needs": standing.arrangement.words,
                    "asks": standing.arrangement.asks,
                    "url": standing.url,
                    "listed": standing.listed,
                    "record": to_record(one.vault.name, one.context.program, standing),
                }
                found.setdefault((standing.id, standing.step), row)
    return list(found.values())
