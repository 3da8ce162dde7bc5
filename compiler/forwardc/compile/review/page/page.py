"""Writes `review.html`: self-contained, without scripts, readable on a telephone and on A4.

A pack and the lock become the values of one template. Dates are those of records.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeAlias

from forwardc.compile.ir.program import ProgramStep
from forwardc.compile.review.amounts import counting
from forwardc.compile.review.checklist.of_step import REDACTED
from forwardc.compile.review.coverage import rows as coverage_rows
from forwardc.compile.review.coverage import why
from forwardc.compile.review.packet import ReviewPacket, not_done, sealed_of
from forwardc.compile.review.page.markup import broken, named, row
from forwardc.compile.review.page.operation_state import agreements, approvals, reasons
from forwardc.compile.review.page.protection import (
    EncryptedPart,
    RequestSignature,
    on_the_way,
    protections,
    with_signatures,
)
from forwardc.compile.review.page.request_values import values_of
from forwardc.compile.review.page.sequence import diagram, messages
from forwardc.compile.review.page.summary import card_data, summary, vendor_names
from forwardc.compile.review.page.values import RequestValue, values
from forwardc.compile.review.page.wording import AS_KEY, glossary, url_of
from forwardc.compile.review.production_config import body_keys
from forwardc.compile.review.sample import sample_answer, sample_inside, sample_request
from forwardc.compile.review.templates import template
from forwardc.compile.vaults.assess import Assessment
from forwardc.compile.vaults.emission import EmittedStep
from forwardc.compile.vaults.encode import text_of, to_bytes
from forwardc.compile.vaults.plan_file import runtime_secrets
from forwardc.compile.vaults.steps import content_type
from forwardc.core.files.digest import file_digest
from forwardc.core.resources import package_file
from forwardc.core.terms.terms import Encoding
from forwardc.plan.lock import Lock
from forwardc.plan.model import Plan
from forwardc.plan.separation import needs_approval, why_needed
from forwardc.plan.unwritten import plan_of

_BODIES = {
    Encoding.JSON: "JSON",
    Encoding.FORM: "form (application/x-www-form-urlencoded)",
    Encoding.XML: "XML",
    Encoding.PLAIN: "text",
}

Leaving: TypeAlias = Mapping[tuple[str, str], list[RequestValue]]
"""The values that leave, by operation and step."""
Protected: TypeAlias = Mapping[tuple[str, str], tuple[list[EncryptedPart], list[RequestSignature]]]
"""What protects a step: its encrypted parts and its signatures."""


def review_page(pack: ReviewPacket, lock: Lock) -> dict[str, str]:
    """The page's path below `build/` with its text; none where another pack leads."""
    if not pack.leads:
        return {}
    plan = plan_of(pack.plan)
    built = [assessment for assessment in pack.assessments if assessment.emission is not None]
    leave, protected = _leaving(pack, built), _protected(pack, built)
    rows = agreements(pack.assessments)
    filters = (("pretty", text_of), ("broken", broken), ("named", named), ("row", row))
    operations = [_operation(pack, plan, each, lock, leave, protected) for each in built]
    page = template("forwardc.compile.review.page", "review.html.j2", *filters).render(
        pack=pack,
        style=style(),
        vault=pack.vault.facts.title,
        summary=summary(built, protected),
        agreements=rows,
        operations=operations,
        news=_news(operations),
        refused=[
            _refusal(row) for row in coverage_rows(pack.assessments) if row.level == "refused"
        ],
        secrets=_secrets(pack, built, leave),
        sealing=_sealing(pack, built),
        is_production=pack.program.environment_class == "production",
        needed=why_needed(plan) if needs_approval(plan) else None,
        not_done=not_done(pack.vault.facts),
        pci=pack.destination.pci,
        counting=counting(pack.destination, plan),
        accounts=pack.accounts,
        countries=pack.destination.countries,
        redacted=REDACTED,
        digest=file_digest(to_bytes(pack.plan)),
    )
    return {pack.path("review", "html"): page}


def _news(operations: list[dict[str, Any]]) -> dict[str, bool]:
    """What the top says of approvals: whether one was withdrawn, is of something else, or lacks."""
    approvals = [approval for operation in operations for approval in operation["approvals"]]
    return {
        "withdrawn": any(approval["withdrawn"] for approval in approvals),
        "changed": any(approval["changes"] for approval in approvals),
        "lacking": any(approval["record"] is None for approval in approvals),
    }


def _leaving(pack: ReviewPacket, built: list[Assessment]) -> Leaving:
    names, vault = vendor_names(pack), pack.vault.facts.title
    return {
        (assessment.context.operation.name, step.name): values(
            step, assessment.context, names, None if emitted.is_direct else vault
        )
        for assessment in built
        for step, emitted in zip(
            assessment.context.operation.steps, assessment.emitted_steps, strict=True
        )
    }


def _protected(pack: ReviewPacket, built: list[Assessment]) -> Protected:
    names = vendor_names(pack)
    return {
        (assessment.context.operation.name, step.name): protection
        for assessment in built
        for step, protection in zip(
            assessment.context.operation.steps, protections(assessment, names), strict=True
        )
    }


def _operation(
    pack: ReviewPacket,
    plan: Plan,
    assessment: Assessment,
    lock: Lock,
    leave: Leaving,
    protected: Protected,
) -> dict[str, Any]:
    operation, name = assessment.context.operation, assessment.context.operation.name
    return {
        "name": name,
        "title": operation.title or name,
        "initiator": operation.initiator,
        "level": str(assessment.level),
        "agreed": _agreed(assessment),
        "status": str(assessment.status),
        "card": card_data(assessment),
        "reasons": reasons(assessment, vendor_names(pack)),
        "diagram": diagram(assessment),
        "messages": messages(assessment),
        "steps": [
            {
                **_step(step, emitted),
                **_protection(pack, step, written, *protected[name, step.name]),
                "values": leave[name, step.name],
                "answer": sample_answer(pack.destination, name, step.name),
            }
            for step, written, emitted in zip(
                operation.steps,
                assessment.context.authored.steps,
                assessment.emitted_steps,
                strict=True,
            )
        ],
        "approvals": approvals(plan, name, lock),
        "unconfirmed": [reason for step in operation.steps for reason in step.unconfirmed],
    }


def _step(step: ProgramStep, emitted: EmittedStep) -> dict[str, Any]:
    return {
        "name": step.name,
        "method": step.request.method,
        "url": url_of(step.request.url),
        "query": [pair.name for pair in step.request.query],
        "body": _BODIES[step.request.body.encoding] if step.request.body else "none",
        "direct": emitted.is_direct,
        "private": emitted.private,
        "on_the_way": on_the_way(emitted),
        "glossary": glossary(value.term for value in values_of(step.request).every),
        "redact": [out.at for out in step.outputs if out.sensitive],
        "stand_in": step.stand_in,
    }


def _agreed(assessment: Assessment) -> str:
    """Under which tickets an operation is carried; empty where nothing had to be agreed."""
    grants = [standing.grant for standing in assessment.standings if standing.counts]
    tickets = dict.fromkeys(grant.ticket for grant in grants if grant)
    tickets_text = ", ".join(tickets) or "as if agreed"
    return f"by arrangement ({tickets_text})" if grants else ""


def _protection(
    pack: ReviewPacket,
    step: ProgramStep,
    written: ProgramStep,
    sealed: list[EncryptedPart],
    signed: list[RequestSignature],
) -> dict[str, Any]:
    """What protects a step, and its sample: of the step as its author wrote it."""
    request = sample_request(written, pack.program, pack.destination)
    names = [pair.name for pair in content_type(step.request)]
    return {
        "sealed": [_sealed(pack, each) for each in sealed],
        "signed": signed,
        "headers": [*names, *(name for each in signed for name, _ in each.headers)],
        "request": with_signatures(request, signed),
    }


def _sealed(pack: ReviewPacket, sealed: EncryptedPart) -> dict[str, Any]:
    sample = sample_inside(sealed.call.args[0], pack.program, pack.destination)
    return {"of": sealed, "sample": sample}


def _refusal(row: Any) -> tuple[str, list[tuple[str, str]]]:
    return row.operation, [(finding.reason, finding.code) for finding in why(row)]


def _secrets(pack: ReviewPacket, built: list[Assessment], leave: Leaving) -> list[dict[str, Any]]:
    """Every key and credential by name: what it is for, where it goes and who holds it."""
    leaving = [value for of_step in leave.values() for value in of_step]
    stored = {name for assessment in built for name in assessment.context.stored}
    held = {name for assessment in built for name in runtime_secrets(assessment)}
    return [
        {
            "name": name,
            "description": secret.description,
            "as_key": AS_KEY[secret.as_key] if secret.as_key else None,
            "owner": secret.owner,
            "places": _places(name, leaving),
            "holders": [pack.vault.facts.title] * (f"secrets.{name}" in stored)
            + ["our runtime"] * (name in held),
        }
        for name, secret in pack.program.secrets.items()
        if name in pack.plan["secrets"]
    ]


def _places(secret: str, leaving: list[RequestValue]) -> list[str]:
    name = f"secrets.{secret}"
    return list(dict.fromkeys(value.place for value in leaving if name in value.names))


def _sealing(pack: ReviewPacket, built: list[Assessment]) -> list[dict[str, str]]:
    """The destination's keys that protect a part of a body, and what the vault gets a hash of."""
    rows = [
        {
            "name": key["key"],
            "kind": "encryption key",
            "for": key["encrypts"],
            "held": "the destination",
        }
        for assessment in built
        for emitted in assessment.emitted_steps
        if emitted.review
        for key in body_keys(emitted.review)
    ]
    rows += [
        {
            "name": f"header {sealed_header.header}",
            "kind": "what the vault compares a request with",
            "for": f"SHA-256 of {sealed_header.description.replace('`', '')}"
            + (
                f"; not confirmed: {sealed_header.doubt.replace('`', '')}"
                if sealed_header.doubt
                else ""
            ),
            "held": f"{pack.vault.facts.title}, as a hash that was submitted encrypted",
        }
        for sealed_header in sealed_of(pack)
    ]
    return [key for index, key in enumerate(rows) if key not in rows[:index]]


# What the template needs beside text


@cache
def style() -> str:
    """The style sheet of the page, a file of ours."""
    return package_file("compile", "review", "page", "review.css").read_text("utf-8")
