"""Writes `submission.md`: the letters to a vault's support, filled in, for each stage.

Knows packs and Markdown; what a vendor asks for stands in the vault's facts.
"""

from collections.abc import Iterator
from typing import Any

from forwardc.language.destination import Pci
from forwardc.plan.analysis import atoms_used
from forwardc.plan.program import Operation, Step
from forwardc.review.not_done import not_done
from forwardc.review.pack import Pack
from forwardc.review.production_config import accounts, config_name, keys_of, reviewed
from forwardc.review.sample import sample_url
from forwardc.review.templates import template
from forwardc.vaults.assess import Assessment
from forwardc.vaults.model import Json
from forwardc.vaults.steps import content_type

_STAGES = ("access", "test", "production")


def submissions(pack: Pack) -> dict[str, str]:
    """The letters by their path below `build/`; none for a vault that nobody writes to."""
    if not pack.leads or "submission" not in pack.vault.facts.data:
        return {}
    return {
        pack.path("submission", "md"): template("forwardc.review", "submission.md.j2").render(
            _words(pack)
        )
    }


def _words(pack: Pack) -> dict[str, Any]:
    facts, destination = pack.vault.facts, pack.destination
    setup = pack.setup
    built = [one for one in pack.assessments if one.emitted is not None]
    own_vault = facts.section("submission").get("own_vault") if destination.own_vault else None
    return {
        "vault": facts.title,
        "folder": pack.folder,
        "destination": destination,
        "merchant": pack.merchant.name,
        "contact": facts.value("submission", "contact"),
        "product": facts.value("submission", "product"),
        "account": facts.value("submission", "account"),
        "asks": {stage: facts.value("submission", stage) for stage in _STAGES},
        "own_vault": own_vault["value"] if own_vault else "",
        "accounts": accounts(pack),
        "hosts": pack.hosts,
        "operations": [_operation(one) for one in built],
        "countries": destination.countries,
        "pci": destination.pci,
        "pci_words": _pci(destination.pci),
        "steps": list(_steps(pack, built)),
        "stored": [secret for secret in setup["secrets"] if "vault" in secret["held"]],
        "not_done": not_done(facts),
        "names": _names(built),
        "demo_ids": pack.demo_ids,
        "asked": setup.get("asked", []),
        **{
            name: setup[name]
            for name in ("permissions", "network_tokens", "onboarding", "unconfirmed", "stand_ins")
        },
    }


def _operation(assessment: Assessment) -> Json:
    operation = assessment.context.operation
    return {
        "name": operation.name,
        "title": operation.title,
        "initiator": operation.initiator,
        "atoms": atoms_used(operation),
        "level": str(assessment.level),
    }


def _steps(pack: Pack, built: list[Assessment]) -> Iterator[Json]:
    """Every forwarded step; one that the vault reviews names its file."""
    reviews = {
        (one.context.operation.name, step.name): review for one, step, review in reviewed(pack)
    }
    for one in built:
        operation = one.context.operation
        for step in one.context.vault_steps:
            review = reviews.get((operation.name, step.name))
            yield {
                "operation": operation.name,
                "name": step.name,
                "url": sample_url(step, pack.program, pack.destination),
                "method": step.request.method,
                "headers": [pair.name for pair in content_type(step.request)],
                "fields": atoms_used(operation),
                "config": None,
                **(_reviewed(pack, operation, step, review) if review else {}),
            }


def _reviewed(pack: Pack, operation: Operation, step: Step, review: Json) -> Json:
    return {
        "fields": [f"{found['at'].value} ({found['replacement']})" for found in review["fields"]],
        "encryption": [key["key"] for key in keys_of(pack, step, review)],
        "config": config_name(pack, operation.name, step.name),
    }


def _names(built: list[Assessment]) -> str:
    """What to know of names: a vault sends them as they were typed."""
    used = [
        one.context.operation.name
        for one in built
        if "card.holder_name" in atoms_used(one.context.operation)
    ]
    if not used:
        return "No operation sends the name of a cardholder."
    return (
        f"The cardholder's name goes out as it was typed, in {' and '.join(used)}. Where the "
        "destination does not take its characters, leave it out: "
        "`forwardc run --without card.holder_name`."
    )


def _pci(pci: Pci | None) -> str:
    if pci is None:
        return ""
    said = [
        f"level {pci.level}" if pci.level else "",
        f"attestation {pci.attestation}" if pci.attestation else "",
        f"valid until {pci.expires}" if pci.expires else "",
    ]
    return ", ".join(filter(None, said))
