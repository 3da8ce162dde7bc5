"""What the vault must agree to beyond its documents: what it is about, and whether it did.

Knows assessments and grants; asks for no day, so that a grant that ended still stands here.
"""

from collections.abc import Iterable
from typing import Any

from forwardc.compile.review.agreed import signing_secrets
from forwardc.compile.vaults.arranged import Standing
from forwardc.compile.vaults.arranged_words import to_record
from forwardc.compile.vaults.assess import Assessment


def agreements(assessments: Iterable[Assessment]) -> list[dict[str, Any]]:
    """One row for each arrangement and step, also of operations that are refused without it."""
    return [
        _row(assessment, standing)
        for assessment in assessments
        for standing in assessment.standings
    ]


def _row(assessment: Assessment, standing: Standing) -> dict[str, Any]:
    arrangement, grant = standing.arrangement, standing.grant
    signature = arrangement.signature
    return {
        "id": standing.id,
        "operation": assessment.context.operation.name,
        "step": standing.step,
        "needs": arrangement.words,
        "asks": arrangement.asks,
        "url": standing.url,
        "listed": standing.listed,
        "state": _state(standing),
        "grant": grant,
        "signature": signature,
        "secrets": signing_secrets(assessment, standing) if signature else [],
        "record": to_record(assessment.vault.name, assessment.context.program, standing),
    }


def _state(standing: Standing) -> str:
    """`agreed`, `another URL` where the grant is of one, `as if agreed`, or `to ask`."""
    if standing.grant is not None:
        return "agreed" if standing.counts else "another URL"
    return "as if agreed" if standing.counts else "to ask"
