"""Writes `review.html`: self-contained, without scripts, and printable on A4.

Knows packs and the lock; asks nobody else. Prints dates of records, and never a day of its own.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

from forwardc.plan.approvals import Lock, place, withdrawn
from forwardc.plan.changes import changes
from forwardc.plan.covers import covers, digests
from forwardc.plan.digest import canonical, file_digest, review_surface
from forwardc.plan.model import Plan, load_plan
from forwardc.plan.separation import needs_approval, why_needed
from forwardc.review.amounts import counting
from forwardc.review.coverage import rows as coverage_rows
from forwardc.review.coverage import why
from forwardc.review.diff.compare import own_changes
from forwardc.review.not_done import not_done
from forwardc.review.pack import Pack
from forwardc.review.page.flow import diagram, url_of
from forwardc.review.page.values import Value, counted, values
from forwardc.review.production_config import keys_of
from forwardc.review.sample import sample_answer, sample_request
from forwardc.review.templates import template
from forwardc.vaults.assess import Assessment
from forwardc.vaults.encode import text_of
from forwardc.vaults.plan_file import runtime_secrets, to_bytes

_MOST_CHANGES = 12

Leaving: TypeAlias = Mapping[tuple[str, str], list[Value]]
"""The values that leave, by operation and step."""


def review_page(pack: Pack, lock: Lock) -> dict[str, str]:
    """The page's path below `build/` with its text; none where another pack leads."""
    if not pack.leads:
        return {}
    data = to_bytes(pack.plan)
    plan = load_plan(data)
    built = [one for one in pack.assessments if one.emitted is not None]
    leave = {
        (one.context.operation.name, step.name): values(step, one.context)
        for one in built
        for step in one.context.operation.steps
    }
    page = template("forwardc.review.page", "review.html.j2", ("pretty", text_of)).render(
        pack=pack,
        vault=pack.vault.facts.title,
        operations=[_operation(pack, plan, one, lock, leave) for one in built],
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
        digest=file_digest(data),
    )
    return {pack.path("review", "html"): page}


def _operation(
    pack: Pack, plan: Plan, one: Assessment, lock: Lock, leave: Leaving
) -> dict[str, Any]:
    operation, name = one.context.operation, one.context.operation.name
    return {
        "name": name,
        "title": operation.title or name,
        "initiator": operation.initiator,
        "level": str(one.level),
        "status": str(one.status),
        "reasons": [(found.code, found.step, found.reason) for found in one.findings],
        "diagram": diagram(one),
        "steps": [
            {
                "name": step.name,
                "method": step.request.method,
                "url": url_of(step.request.url),
                "through": "our runtime" if emitted["deliver"] == "direct" else None,
                "private": bool(emitted.get("private")),
                "values": leave[name, step.name],
                "kinds": counted(leave[name, step.name]),
                "request": sample_request(step, pack.program, pack.destination),
                "answer": sample_answer(pack.destination, name, step.name),
                "review": emitted.get("review"),
                "stand_in": step.stand_in,
            }
            for step, emitted in zip(operation.steps, one.emitted_steps, strict=True)
        ],
        "approvals": _approvals(plan, name, lock),
        "unconfirmed": [one for step in operation.steps for one in step.unconfirmed],
    }


def _approvals(plan: Plan, name: str, lock: Lock) -> list[dict[str, Any]]:
    """The records for an operation with what has changed since: pointers, never values.

    None where no approval is needed and none was given. A PSP's reviewers look at production only.
    """
    key, live = place(plan, name), plan.environment_class == "production"
    if not needs_approval(plan) and key not in lock.own:
        return []
    surface = review_surface(plan, name) if live else None
    own, psp = lock.own.get(key), lock.psp.get(key)
    now = covers(plan, name)
    since = list(own_changes(own.covers.model_dump(), now)) if own else []
    found = [_record("own", own, since, list(digests(plan, name).values()))]
    if surface is not None:
        since = [str(change) for change in changes(psp.covers, surface)] if psp else []
        found.append(_record("PSP", psp, since, [file_digest(canonical(surface))]))
    return found


def _record(which: str, record: Any, since: list[str], digest: list[str]) -> dict[str, Any]:
    state = "never approved" if record is None else "changed" if since else "approved"
    revoked = None if record is None else record.revoked
    return {
        "which": which,
        "state": state if revoked is None else "withdrawn",
        # Both are red: nothing runs.
        "tag": state.split()[0] if revoked is None else "never",
        "withdrawn": None if revoked is None else withdrawn(revoked),
        "digests": digest,
        "record": record,
        "ticket": getattr(record, "ticket", None),
        "changes": since[:_MOST_CHANGES],
        "more": max(0, len(since) - _MOST_CHANGES),
    }


def _refusal(row: Any) -> tuple[str, list[str]]:
    return row.operation, [f"{found.code} {found.reason}" for found in why(row)]


def _secrets(pack: Pack, built: list[Assessment], leave: Leaving) -> list[dict[str, Any]]:
    """Every key and credential by name: what it is for, where it goes and who holds it."""
    found = [one for of_step in leave.values() for one in of_step]
    stored = {name for one in built for name in one.context.stored}
    held = {name for one in built for name in runtime_secrets(one)}
    return [
        {
            "name": name,
            "description": secret.description,
            "as_key": secret.as_key,
            "owner": secret.owner,
            "places": _places(name, found),
            "holders": ["the vault"] * (f"secrets.{name}" in stored)
            + ["our runtime"] * (name in held),
        }
        for name, secret in pack.program.secrets.items()
        if name in pack.plan["secrets"]
    ]


def _places(secret: str, found: list[Value]) -> list[str]:
    name = f"secrets.{secret}"
    return list(dict.fromkeys(one.place for one in found if name in one.source.split(", ")))


def _sealing(pack: Pack, built: list[Assessment]) -> list[dict[str, Any]]:
    """Keys that protect a part of a body, or the credentials that are submitted to the vault."""
    found = [
        key
        for one in built
        for step, emitted in zip(one.context.operation.steps, one.emitted_steps, strict=True)
        if emitted.get("review")
        for key in keys_of(pack, step, emitted["review"])
    ]
    return [key for index, key in enumerate(found) if key not in found[:index]]
