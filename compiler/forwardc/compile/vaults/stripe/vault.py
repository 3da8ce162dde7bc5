"""Stripe as a vault: its parts put together."""

from forwardc.compile.ir.program import Operation, Program, Step
from forwardc.compile.vaults import facts as facts_reader
from forwardc.compile.vaults.facts import Facts
from forwardc.compile.vaults.model import Context, Finding, Vault
from forwardc.compile.vaults.stripe import emit, requirements, support
from forwardc.compile.vaults.verdicts import bodies_that_may_be_absent, from_table, kept_values
from forwardc.core.terms.terms import Term


def _none_stored(_program: Program, _operation: Operation) -> frozenset[str]:
    """The vault keeps no secrets: it asks for the destination's key on every call."""
    return frozenset()


def _body(step: Step) -> list[Term]:
    """What its object of a request shows for as long as it is there."""
    return [step.request.body.tree] if step.request.body else []


def vault() -> Vault:
    """Stripe's facts, table and emitter."""
    facts = facts_reader.load("stripe")
    table = support.table(facts)

    def examine(context: Context, facts: Facts) -> tuple[Finding, ...]:
        return (
            *from_table(context, table, lambda step: support.agreed(step, facts)),
            *requirements.findings(context, facts),
            *bodies_that_may_be_absent(context),
            *kept_values(context, facts.counted("retention", "request", "days"), _body),
        )

    return Vault(
        name="stripe",
        facts=facts,
        support=table,
        stored_secrets=_none_stored,
        examine=examine,
        emit=emit.emit,
        head=emit.head,
        address=lambda request: requirements.address(request, facts),
        account_keys=facts.account_keys("required"),
    )
