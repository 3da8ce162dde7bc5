"""What a vault is asked where a destination wants a client certificate of whoever calls it."""

from collections.abc import Iterator, Sequence

from forwardc.compile.language.destination import Destination
from forwardc.compile.review.sample import sample_url
from forwardc.compile.vaults.assess import Assessment
from forwardc.compile.vaults.client_certificate import CODE
from forwardc.compile.vaults.encode import Json


def certificates_to_present(
    assessments: Sequence[Assessment], destination: Destination
) -> Iterator[str]:
    """A line of the letter for each address at which the vault has to present one."""
    for assessment in assessments:
        steps = {step.name: step for step in assessment.context.operation.steps}
        for finding in assessment.findings:
            if finding.code == CODE:
                url = sample_url(steps[finding.step], assessment.context.program, destination)
                yield (
                    f"please say whether you can present a client certificate (mutual TLS) to {url}"
                    ": the destination asks for one, and we give you certificate and key apart"
                )


def certificates_to_hold(built: Sequence[Assessment]) -> Json:
    """The steps of a set-up for which the vault has to hold the certificate."""
    needs = [
        {
            "operation": assessment.context.operation.name,
            "step": finding.step,
            "why": finding.reason,
        }
        for assessment in built
        for finding in assessment.findings
        if finding.code == CODE
    ]
    return {"client_certificates": needs} if needs else {}
