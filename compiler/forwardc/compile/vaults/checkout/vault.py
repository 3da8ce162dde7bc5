"""Checkout.com as a vault: its parts put together."""

from collections.abc import Iterator
from functools import partial

from forwardc.compile.ir.analysis import tainted
from forwardc.compile.vaults import facts as facts_reader
from forwardc.compile.vaults.checkout import emit, requirements, secrets, support
from forwardc.compile.vaults.facts import Facts
from forwardc.compile.vaults.model import Context, Finding, Vault
from forwardc.compile.vaults.verdicts import bodies_that_may_be_absent, from_table, kept_values


def vault() -> Vault:
    """Checkout.com's facts, table and emitter."""
    facts = facts_reader.load("checkout")
    table = support.table(facts)

    def examine(context: Context, facts: Facts) -> tuple[Finding, ...]:
        def all_findings() -> Iterator[Finding]:
            yield from from_table(context, table)
            masked = tainted(context.program, context.operation)
            yield from secrets.findings(context, facts, masked)
            yield from requirements.findings(context, facts)
            yield from bodies_that_may_be_absent(context)
            days = facts.counted("retention", "request_text", "days")
            yield from kept_values(context, days, partial(secrets.readable, context))

        return tuple(all_findings())

    return Vault(
        name="checkout",
        facts=facts,
        support=table,
        stored_secrets=secrets.stored,
        examine=examine,
        emit=emit.emit,
        head=emit.head,
        account_keys=facts.account_keys("required"),
        asked_keys={
            key: facts.section("account")[key]["reason"] for key in facts.account_keys("asked")
        },
    )
