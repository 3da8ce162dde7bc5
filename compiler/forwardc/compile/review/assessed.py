"""What rules over the project need of an assessment, when its trees are gone."""

from forwardc.compile.ir.summary import AssessmentSummary, StandingSummary
from forwardc.compile.vaults.assess import Assessment


def assessment_summary(assessment: Assessment) -> AssessmentSummary:
    """The summary of what a vault made of one operation in one place."""
    vault, destination, operation = assessment.place
    reviews = [step.review for step in assessment.emitted_steps if step.review]
    return AssessmentSummary(
        vault,
        destination,
        operation,
        assessment.context.program.where,
        assessment.refusal,
        is_emitted=assessment.emission is not None,
        is_reviewed=bool(reviews),
        span=assessment.context.operation.span,
        standings=tuple(
            StandingSummary(standing.id, standing.url) for standing in assessment.standings
        ),
    )
