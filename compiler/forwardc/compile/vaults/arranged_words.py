"""Arrangements in words: what must be asked and recorded, what is agreed, what is played as if.

Knows a vault by its title and its list of URLs only.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from forwardc.compile.ir.arrangements import Kind
from forwardc.compile.ir.program import Program
from forwardc.compile.vaults.arranged import Standing, kinds
from forwardc.compile.vaults.model import Context, Finding, Vault, Verdict

_IN_HEADER = "the documents say that the vault fills a body, and of a signature in a header nothing"


def needed(vault: Vault, program: Program, one: Standing) -> Finding:
    """FC0625: what must be agreed before the step can leave, with the lines to write."""
    listed = "lists this URL; it needs" if one.listed else "must onboard this URL, with"
    reason = (
        f"{vault.facts.title} {listed} {one.arrangement.words}: ask its support,"
        f" and record the ticket: {to_record(vault.name, program, one)}"
    )
    return Finding(Verdict.REFUSED, "FC0625", reason, one.arrangement.span, one.step)


def to_record(vault: str, program: Program, one: Standing) -> str:
    """The lines of `forwardc.yaml` that record what the vault agreed to, as one flow mapping."""
    url = f", url: {one.url}" if one.url else ""
    grant = f"{{ticket: ..., date: YYYY-MM-DD, by: ...{url}}}"
    inner = f"{{vaults: {{{vault}: {{arrangements: {{{one.id}: {grant}}}}}}}}}"
    if program.where.account:
        inner = f"{{accounts: {{{program.where.account}: {inner}}}}}"
    return f"environments: {{{program.environment}: {inner}}}"


def counted(one: Standing, doubts: Collection[str] = ()) -> Iterator[Finding]:
    """FC0626 for what was agreed, FC0627 for what a sandbox plays; what neither confirms.

    `doubts` says why the facts of such an arrangement are not confirmed.
    """
    span, step, what = one.arrangement.span, one.step, one.arrangement.words
    if one.grant is None:
        reason = f"as if agreed ({one.id}): {what}"
        yield Finding(Verdict.ARRANGED, "FC0627", reason, span, step)
        # A ticket says more than the documents: what they leave open is open without one only.
        yield from (Finding(Verdict.UNCONFIRMED, "FC0616", why, span, step) for why in doubts)
    else:
        reason = f"by arrangement ({one.grant.ticket}, {one.grant.date}): {what}"
        yield Finding(Verdict.ARRANGED, "FC0626", reason, span, step)
    signature = one.arrangement.signature
    if signature is not None and signature.header and not (one.grant and one.grant.says):
        yield Finding(Verdict.UNCONFIRMED, "FC0616", _IN_HEADER, signature.span, step)


def possible(
    vault: Vault, context: Context, findings: Sequence[Finding], named: Collection[str]
) -> Iterator[Finding]:
    """FC0628: the vault lists the URL of a step that it refuses, and nobody said what it needs."""
    known = kinds(vault)
    codes = {code for kind in (Kind.FILLS, Kind.METHOD) for code in _lifts(known, kind)} | {
        "FC0607" for kind in known if kind == Kind.SIGNATURE
    }
    for step in context.vault_steps:
        refused = [
            one
            for one in findings
            if one.step == step.name and one.verdict is Verdict.REFUSED and one.code in codes
        ]
        if refused and step.name not in named and vault.address(step.request)[1]:
            reason = (
                f"{vault.facts.title} lists this URL, so that its support can agree to such a"
                " thing: declare it under `arrangements:`"
            )
            yield Finding(Verdict.REFUSED, "FC0628", reason, step.request.span, step.name)


def _lifts(known: Mapping[str, Any], kind: Kind) -> list[str]:
    return list(known[kind]["lifts"]) if kind in known else []
