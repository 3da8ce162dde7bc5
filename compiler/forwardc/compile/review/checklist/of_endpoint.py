"""Answers about the endpoint as a whole: its addresses, what must be agreed, who is behind it.

Knows packs; each function answers one question, by its name in a vault's facts.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from forwardc.compile.ir.program import Step
from forwardc.compile.review.agreed import signing_secrets, to_ask
from forwardc.compile.review.checklist.answer import ChecklistAnswer, SentRequest, missing, said
from forwardc.compile.review.checklist.of_merchant import PROJECT, OfLetter, account
from forwardc.compile.review.checklist.of_step import address, file_of
from forwardc.compile.review.pack import Pack
from forwardc.compile.review.sample import sample_url
from forwardc.compile.vaults.arranged import Standing
from forwardc.compile.vaults.assess import Assessment
from forwardc.plan.sealed_headers import scheme_of, secrets_in


def endpoint(pack: Pack, sent: list[SentRequest]) -> ChecklistAnswer:
    """Which live addresses are called, and whether they stand on the vault's own list."""
    if pack.program.environment_class != "production":
        return _live_addresses(pack)
    if "destinations" not in pack.vault.facts.data:
        return said(*dict.fromkeys(address(pack, request) for request in sent))
    return said(
        *dict.fromkeys(f"{address(pack, request)}: {_listed(pack, request)}" for request in sent)
    )


def _listed(pack: Pack, request: SentRequest) -> str:
    if pack.destination.own_vault:
        return "our own token vault"
    findings = request.assessment.findings
    is_new = any(
        finding.code == "FC0610" and finding.step == request.step.name for finding in findings
    )
    return "not on the list, so that it needs onboarding" if is_new else "on the list"


def _live_addresses(pack: Pack) -> ChecklistAnswer:
    """The addresses that a vault must first agree to; nobody is told those of tests for them."""
    lines = [
        f"{url}: {_standing_there(assessment, step)}"
        for assessment in pack.live
        for step in assessment.context.vault_steps
        for url in [sample_url(step, assessment.context.program, pack.destination)]
    ]
    return said(*dict.fromkeys(lines)) if lines else not_built(pack)


def live_url(pack: Pack, sent: SentRequest) -> ChecklistAnswer:
    """The live address of a request that is not built for production, and what is owed for it."""
    owed = not_built(pack)
    urls = [
        sample_url(step, assessment.context.program, pack.destination)
        for assessment in pack.live
        for step in assessment.context.vault_steps
        if f"{assessment.context.operation.name}.{step.name}" == sent.place
    ]
    return ChecklistAnswer(tuple(dict.fromkeys(urls)), owed.missing)


def _standing_there(assessment: Assessment, step: Step) -> str:
    standings = [standing for standing in assessment.standings if standing.step == step.name]
    if standings and standings[0].listed:
        return "on the list, and needs what is said below"
    return "please say whether it is supported, or what onboarding needs"


def not_built(pack: Pack) -> ChecklistAnswer:
    """What to write where a destination is not built for production."""
    if pack.live:
        return ChecklistAnswer(missing=tuple(_to_record(pack)) or (_refused(pack),))
    if "production" not in pack.destination.environments:
        return missing("environments: {production: {base_url: https://...}}", file_of(pack))
    if not pack.accounts.get("live"):
        return account(pack, "live", "production")
    settings = f"{{settings: {{{pack.destination.name}: {{...}}}}}}"
    return missing(f"environments: {{production: {settings}}}", PROJECT)


def _to_record(pack: Pack) -> Iterator[str]:
    for row in to_ask(pack.live):
        yield f"write `{row['record']}` into {PROJECT} when it is agreed"


def _refused(pack: Pack) -> str:
    return f"{pack.vault.facts.title} refuses it: `forwardc coverage` tells why"


def formats(_pack: Pack, sent: list[SentRequest]) -> ChecklistAnswer:
    """Transport and kinds of body, of request and answer."""
    return said(*dict.fromkeys(_format(request) for request in sent))


def _format(request: SentRequest) -> str:
    body = request.step.request.body
    kind = body.encoding.upper() if body else "no body"
    return f"yes: HTTPS, {kind} in the request, {request.step.answer.upper()} in the answer"


def arranged(pack: Pack, _sent: list[SentRequest]) -> ChecklistAnswer:
    """What must be agreed beyond the documents: still to ask, or under which ticket."""
    lines = [
        line
        for assessment in pack.live or pack.assessments
        for standing in assessment.standings
        for line in _standing(assessment, standing)
    ]
    return said(*dict.fromkeys(lines)) if lines else said("no")


def _standing(assessment: Assessment, standing: Standing) -> Iterator[str]:
    words, grant = standing.arrangement.words, standing.grant
    is_test = assessment.context.environment_class == "sandbox"
    where = f"{words}, for {standing.url}{' (for tests)' if is_test else ''}"
    if grant is not None:
        yield f"agreed: {where}, under {grant.ticket} of {grant.date}, by {grant.by}"
    else:
        asks = f". {standing.arrangement.asks}" if standing.arrangement.asks else ""
        yield f"please set up: {where}{asks}"
    secrets = signing_secrets(assessment, standing)
    if secrets:
        yield f"the signature of {standing.url} needs {', '.join(secrets)}, which we give you apart"


def compliance(pack: Pack, _sent: list[SentRequest]) -> ChecklistAnswer:
    """Whether whoever receives the card complies with PCI DSS, and who says so."""
    pci = pack.destination.pci
    if pack.destination.own_vault:
        return _own_evidence(pack)
    if pci is not None and pci.status == "confirmed":
        return said(f"yes: confirmed by {pci.confirmed_by} on {pci.date}", *_evidence(pack))
    line = "pci: {status: confirmed, confirmed_by: WHO, date: YYYY-MM-DD}"
    asked = f"asked for on {pci.date}, not answered yet" if pci and pci.status == "asked" else ""
    lines = (*([asked] if asked else []), *_evidence(pack))
    return ChecklistAnswer(lines, missing(line, file_of(pack)).missing)


def _own_evidence(pack: Pack) -> ChecklistAnswer:
    evidence = _evidence(pack)
    line = "pci: {level: 1, attestation: FILE, expires: YYYY-MM-DD}"
    return said(*evidence) if evidence else missing(line, file_of(pack))


def _evidence(pack: Pack) -> tuple[str, ...]:
    pci = pack.destination.pci
    if pci is None:
        return ()
    parts = [
        f"level {pci.level}" if pci.level else "",
        f"attestation of compliance {pci.attestation}" if pci.attestation else "",
        f"valid until {pci.expires}" if pci.expires else "",
    ]
    line = ", ".join(filter(None, parts))
    return (f"PCI DSS: {line}",) if line else ()


def own_vault(pack: Pack, sent: list[SentRequest]) -> ChecklistAnswer:
    """What a vault asks of a merchant's own token vault, each with what is so here."""
    if not pack.destination.own_vault:
        return said("no: it belongs to another company")
    bodies = dict.fromkeys(line for request in sent for line in _unfit(request))
    headers = dict.fromkeys(line for request in sent for line in _credential_headers(request))
    count = len({address(pack, request) for request in sent})
    evidence = _own_evidence(pack)
    lines = (
        "yes, without client certificates",
        *(bodies or ("HTTPS, with JSON in the request and in the answer",)),
        "one fixed address" if count == 1 else f"{count} addresses, where one is asked for",
        *(headers or ("no header with a credential, where a bearer key is asked for",)),
    )
    return ChecklistAnswer((*lines, *evidence.lines), evidence.missing)


def _unfit(request: SentRequest) -> Iterator[str]:
    """What a step's bodies are where they are not JSON, which is asked for."""
    body = request.step.request.body
    kinds = (body.encoding if body else "none", request.step.answer)
    if kinds != ("json", "json"):
        words = f"{kinds[0]} in the request and {kinds[1]} in the answer"
        yield f"{request.place} has {words}, where JSON is asked for"


def _credential_headers(request: SentRequest) -> Iterator[str]:
    for pair in request.step.request.headers:
        if secrets_in(pair.value):
            is_bearer = pair.name.lower() == "authorization" and scheme_of(pair.value) == "bearer"
            also = "" if is_bearer else ", where only a bearer key is asked for"
            yield f"a credential in the header {pair.name}{also}"


def url_for_tests(pack: Pack, _sent: list[SentRequest]) -> ChecklistAnswer:
    """The endpoint's addresses for tests, and that the vault is asked to let them."""
    if not pack.test_urls:
        return missing("environments: {sandbox: {base_url: https://...}}", file_of(pack))
    if pack.destination.own_vault or "destinations" not in pack.vault.facts.data:
        ask = "please say whether its host must be allowed for the tests"
    else:
        ask = "the list has live addresses only: please say whether this one needs onboarding"
    return said(*(f"{url}: {ask}" for url in dict.fromkeys(pack.test_urls)))


OF_ENDPOINT: Final[Mapping[str, OfLetter]] = {
    "endpoint": endpoint,
    "formats": formats,
    "arranged": arranged,
    "compliance": compliance,
    "own_vault": own_vault,
    "test_url": url_for_tests,
}
