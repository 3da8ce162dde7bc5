"""Acorn as a vault: its total table over the features of a program, and its parts."""

from collections.abc import Mapping

from forwardc.compile.vaults.acorn import emit

from forwardc.compile.ir.features import FEATURES
from forwardc.compile.ir.program import Program, ProgramOperation
from forwardc.compile.vaults import facts as facts_reader
from forwardc.compile.vaults.common_findings import bodies_that_may_be_absent, from_table
from forwardc.compile.vaults.contract import Vault
from forwardc.compile.vaults.facts import Facts
from forwardc.compile.vaults.findings import NATIVE, Support, Verdict

_UNDOCUMENTED = Support(Verdict.REFUSED, "FC0608", "the vault does not document this")


def vault() -> Vault:
    """Acorn's facts, table and emitter."""
    facts = facts_reader.load("acorn")
    table = _table(facts)
    return Vault(
        name="acorn",
        facts=facts,
        support=table,
        stored_secrets=_none_stored,
        examine=lambda context, _facts: (
            *from_table(context, table),
            *bodies_that_may_be_absent(context),
        ),
        emit=emit.emit,
        head=emit.head,
        values=emit.values,
        account_keys=facts.account_keys("required"),
    )


def _none_stored(_program: Program, _operation: ProgramOperation) -> frozenset[str]:
    return frozenset()


def _table(facts: Facts) -> Mapping[str, Support]:
    native = {
        *("method.POST", "body.json", "step.direct", "header.literal", "header.run"),
        *(f"atom.{atom}" for atom in facts.section("atoms")),
    }
    return {feature: NATIVE if feature in native else _UNDOCUMENTED for feature in FEATURES}
