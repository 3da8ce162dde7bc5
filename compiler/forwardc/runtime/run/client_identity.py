"""The client certificate of a step: put together from a run's secrets, and looked at before it.

The sandbox makes pairs up that are good, so that a rehearsal there is one of this, too.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from forwardc.core.diagnostics.sink import Sink
from forwardc.core.terms.values import Secret
from forwardc.plan.model import Plan, PlanOperation, PlanStep
from forwardc.plan.secret_names import secret_id
from forwardc.runtime.http.client_certificate import ClientIdentity, pair_problem


def client_identity(step: PlanStep, values: Mapping[str, Any]) -> ClientIdentity | None:
    """What a step presents, of the values of its run; None where it presents nothing."""
    if step.client_certificate is None:
        return None
    names = (step.client_certificate.certificate, step.client_certificate.key)
    parts = [values.get(f"secrets.{name}") for name in names]
    certificate, key = (part.reveal() if isinstance(part, Secret) else None for part in parts)
    return None if certificate is None or key is None else ClientIdentity(certificate, key)


def check_client_certificates(
    plan: Plan, operation: PlanOperation, secrets: Mapping[str, Secret], now: datetime, sink: Sink
) -> None:
    """Report each pair that cannot be used as FC0852. A missing secret is told already."""
    problems: dict[str, str] = {}
    for step in operation.steps:
        identity = client_identity(step, secrets)
        problem = pair_problem(identity, now) if identity else None
        if problem is not None and step.client_certificate is not None:
            pair = (step.client_certificate.certificate, step.client_certificate.key)
            named = " and ".join(dict.fromkeys(secret_id(plan, name).variable for name in pair))
            problems[problem] = f"{named} hold the client certificate and its key as PEM"
    for problem, hint in problems.items():
        sink.error("FC0852", f"the client certificate of {plan.destination}: {problem}", hint=hint)
