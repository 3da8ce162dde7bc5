"""The direct vault: it holds no card, so it carries everything that needs none."""

from collections.abc import Mapping

from forwardc.compile.ir.features import FEATURES
from forwardc.compile.ir.program import Program, ProgramOperation
from forwardc.compile.vaults import facts as facts_reader
from forwardc.compile.vaults.common_findings import from_table
from forwardc.compile.vaults.contract import EmissionContext, Vault
from forwardc.compile.vaults.emission import Emission, EmittedHead
from forwardc.compile.vaults.facts import Facts
from forwardc.compile.vaults.findings import NATIVE, Support, Verdict
from forwardc.compile.vaults.steps import direct_step
from forwardc.core.atoms import ATOMS
from forwardc.core.instrument import NAMES

_NO_CARD = Support(Verdict.REFUSED, "FC0608", "without a vault there is no card to send")

_NOBODY_TO_ASK = Support(
    Verdict.REFUSED, "FC0635", "without a vault there is nobody to ask about the card"
)


def _table() -> Mapping[str, Support]:
    """Native, but for what only a vault can know."""
    needs_card = {f"atom.{name}" for name in ATOMS} | {"network-token"}
    return {
        **{feature: _NO_CARD if feature in needs_card else NATIVE for feature in FEATURES},
        **dict.fromkeys(NAMES, _NOBODY_TO_ASK),
    }


def _none_stored(_program: Program, _operation: ProgramOperation) -> frozenset[str]:
    return frozenset()


def _head(program: Program, _account: Mapping[str, str], _facts: Facts) -> EmittedHead:
    return EmittedHead(vault_hosts=(), destination_host=program.host)


def _emit(context: EmissionContext, _facts: Facts) -> Emission:
    return Emission(tuple(direct_step(step) for step in context.operation.steps))


def vault() -> Vault:
    """The direct vault."""
    table = _table()
    return Vault(
        name="direct",
        facts=facts_reader.load("direct"),
        support=table,
        stored_secrets=_none_stored,
        examine=lambda context, _facts: tuple(from_table(context, table)),
        emit=_emit,
        head=_head,
    )
