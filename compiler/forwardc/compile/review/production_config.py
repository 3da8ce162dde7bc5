"""`<operation>.<step>.production.config.json`: what a PSP's reviewer asks of a forwarded request.

One file for each step that the vault reviews. What is missing is null here, and a diagnostic where
it is checked.
"""

from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter

from forwardc.compile.ir.analysis import refs_in
from forwardc.compile.ir.program import ProgramPair, ProgramStep
from forwardc.compile.language import access
from forwardc.compile.language.destination import Destination, Pci
from forwardc.compile.language.project import Merchant
from forwardc.compile.review.arrangements import agreed, signed_headers
from forwardc.compile.review.checklist.of_step import REDACTED
from forwardc.compile.review.packet import ReviewPacket, sealed_in
from forwardc.compile.review.sample import header_sample, sample_answer, sample_request
from forwardc.compile.vaults.assess import NEEDS_ONBOARDING, Assessment
from forwardc.compile.vaults.emission import EmittedReview
from forwardc.compile.vaults.encode import Json
from forwardc.compile.vaults.findings import Finding, Verdict
from forwardc.compile.vaults.plan_json import field_json
from forwardc.compile.vaults.steps import content_type
from forwardc.core.dataclass import dataclass
from forwardc.core.terms.terms import Lit, Ref
from forwardc.plan.sealed_headers import file_name

_ABOUT = "The details of one request, in a format of forwardc's own:"


def production_configs(pack: ReviewPacket) -> dict[str, Json]:
    """Paths below `build/` with a structure each.

    None outside production: a reviewer must not get the address of a test environment.
    """
    if pack.program.environment_class != "production":
        return {}
    said = {
        assessment.context.operation.name: _StepIndex.of(assessment)
        for assessment in pack.assessments
    }
    files: dict[str, Json] = {}
    for assessment, step, review in reviewed(pack):
        operation = assessment.context.operation.name
        path = f"{pack.folder}/{config_name(pack, operation, step.name)}"
        files[path] = _config(pack, assessment, said[operation], step, review)
    return files


@dataclass(frozen=True, slots=True)
class _StepIndex:
    """The steps of an operation as written, and what was found of each, by its name."""

    authored: Mapping[str, ProgramStep]
    findings: Mapping[str, Sequence[tuple[int, Finding]]]
    """With their numbers among all; under no name those of the whole operation."""

    @classmethod
    def of(cls, assessment: Assessment) -> "_StepIndex":
        findings: dict[str, list[tuple[int, Finding]]] = {}
        for number, finding in enumerate(assessment.findings):
            findings.setdefault(finding.step, []).append((number, finding))
        return cls({step.name: step for step in assessment.context.authored.steps}, findings)

    def needs_onboarding(self, step: str) -> bool:
        """Whether the vault must be asked before it forwards to the step's URL."""
        return any(finding.code == NEEDS_ONBOARDING for _, finding in self.findings.get(step, ()))

    def unconfirmed(self, step: ProgramStep) -> list[str]:
        """Why a part is not confirmed: by the vault's documents, and by its author's word."""
        numbered = sorted(
            (*self.findings.get("", ()), *self.findings.get(step.name, ())), key=itemgetter(0)
        )
        doubts = [
            finding.reason for _, finding in numbered if finding.verdict is Verdict.UNCONFIRMED
        ]
        return list(dict.fromkeys((*doubts, *step.unconfirmed)))


def config_name(pack: ReviewPacket, operation: str, step: str) -> str:
    """The name of a step's file; `production` without an account is in no name."""
    return f"{operation}.{step}{pack.infix}.production.config.json"


def reviewed(pack: ReviewPacket) -> Iterator[tuple[Assessment, ProgramStep, EmittedReview]]:
    """Every step that the vault reviews, with what its reviewers accept of it."""
    for assessment in pack.assessments:
        steps = assessment.context.operation.steps
        for step, emitted in zip(steps, assessment.emitted_steps, strict=False):
            if emitted.review:
                yield assessment, step, emitted.review


def _config(
    pack: ReviewPacket,
    assessment: Assessment,
    said: _StepIndex,
    step: ProgramStep,
    review: EmittedReview,
) -> Json:
    operation, destination = assessment.context.operation, pack.destination
    written = said.authored[step.name]
    signed = signed_headers(step)
    return {
        **_not_for_sending(pack),
        "about": f"{_ABOUT} {pack.vault.facts.title} publishes none.",
        "forwardc": 1,
        "vault": pack.vault.name,
        "destination": destination.name,
        "operation": operation.name,
        "step": step.name,
        "purpose": operation.title or destination.title,
        "url": review.url,
        "http_method": Lit(step.request.method, span=step.request.span),
        "documentation": _documentation(destination),
        "test_urls": list(dict.fromkeys(pack.test_urls)),
        "merchant": _merchant(pack.merchant),
        "accounts": accounts(pack),
        "fields": [field_json(field) for field in review.fields],
        "request_headers": [_header(pack, pair, signed) for pair in content_type(step.request)],
        "encryption_keys": body_keys(review),
        "redact": [
            {"at": out.at, "name": out.name, "where": REDACTED}
            for out in step.outputs
            if out.sensitive
        ],
        "countries": list(destination.countries) or None,
        "pci": _pci(destination.pci),
        "own_vault": destination.own_vault,
        "needs_onboarding": said.needs_onboarding(step.name),
        "stand_in": step.stand_in,
        "unconfirmed": said.unconfirmed(step),
        **agreed(assessment, step),
        "sample_request": sample_request(written, pack.program, destination),
        "sample_response": sample_answer(destination, operation.name, step.name),
    }


def _not_for_sending(pack: ReviewPacket) -> Json:
    if not pack.demo_ids:
        return {}
    return {"not_for_sending": f"NOT FOR SENDING: ids for trying out stand here: {pack.demo_ids}"}


def _documentation(destination: Destination) -> Lit | None:
    return access.literal(destination.root, "docs")


def _merchant(merchant: Merchant) -> Json:
    """Who asks; null where `forwardc.yaml` says nothing."""
    names = ("name", "country", "contact", "volume")
    return {name: getattr(merchant, name) or None for name in names}


def accounts(pack: ReviewPacket) -> Json:
    """The merchant's ids at the vault: `test` and `live`, null where `forwardc.yaml` has none."""
    key = pack.vault.account_keys[0]
    return {name: pack.accounts.get(name, {}).get(key) for name in ("test", "live")}


def _header(pack: ReviewPacket, pair: ProgramPair, signed: frozenset[str]) -> Json:
    secrets = secrets_of(pair)
    kind, purpose = _purpose(pack, pair, secrets)
    if pair.name.lower() in signed:
        kind, purpose = "signature", "signature over the request, computed by the vault"
    return {
        "name": Lit(pair.name, span=pair.span),
        "kind": kind,
        "purpose": purpose,
        "value": header_sample(pair.value, pack.program, pack.destination)
        if kind != "run"
        else None,
        "secrets": secrets,
        "sealed": _sealed(pack, pair) if kind == "secret" else None,
    }


def _sealed(pack: ReviewPacket, pair: ProgramPair) -> Json | None:
    """What of a header is sealed for the vault, and in which file."""
    for sealed_header in sealed_in(pack, pair.name):
        if sealed_header.term == pair.value:
            return {
                "what": sealed_header.description,
                "file": file_name(pack.destination.name, sealed_header.file),
                "confirmed": not sealed_header.doubt,
            }
    return None


def secrets_of(pair: ProgramPair) -> list[str]:
    """Names of the secrets that a header holds."""
    refs = refs_in(pair.value, "secrets")
    return list(dict.fromkeys(ref.name.removeprefix("secrets.") for ref in refs))


def _purpose(pack: ReviewPacket, pair: ProgramPair, secrets: list[str]) -> tuple[str, str]:
    """`secret`, `literal` or `run`, and in words what the header is for."""
    if secrets:
        described = [pack.program.secrets[name].description for name in secrets]
        return "secret", "; ".join(filter(None, described)) or "credential of the destination"
    if isinstance(pair.value, Ref) and pair.value.name == "run.idempotency_key":
        return "run", "idempotency key of the destination, another one for each run"
    if pair.name.lower() == "content-type":
        return "literal", "kind of the body; the vault writes it"
    if isinstance(pair.value, Lit):
        return "literal", "the same on every request"
    return "run", "given on each run"


def body_keys(review: EmittedReview) -> list[Json]:
    """The keys under which a part of the body is encrypted: the destination's own."""
    return [{"encrypts": "part of the body", "key": name} for name in review.keys]


def _pci(pci: Pci | None) -> Json | None:
    if pci is None:
        return None
    return {
        "level": pci.level,
        "attestation": pci.attestation or None,
        "expires": Lit(pci.expires, span=pci.span) if pci.expires else None,
        **({"status": pci.status} if pci.status else {}),
        **({"confirmed_by": pci.confirmed_by} if pci.confirmed_by else {}),
        **({"date": Lit(pci.date, span=pci.status_span)} if pci.date else {}),
    }
