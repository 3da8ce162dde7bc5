"""What of a pack's headers is sealed for its vault. Knows packs, and no value of a secret."""

from forwardc.compile.review.pack import Pack
from forwardc.plan.sealed_headers import SealedHeader, sealed_headers


def sealed_of(pack: Pack) -> list[SealedHeader]:
    """The headers with credentials, one for each file; none at a vault that asks for no hash."""
    if "key_sealing" not in pack.vault.facts.data:
        return []
    places = [
        (f"{assessment.context.operation.name}.{step.name}", pair.name, pair.value)
        for assessment in pack.assessments
        if assessment.emitted is not None
        for step in assessment.context.vault_steps
        for pair in step.request.headers
    ]
    documented: list[str] = pack.vault.facts.value("key_sealing", "schemes")
    return sealed_headers(places, documented)
