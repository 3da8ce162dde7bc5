"""Looks up what an operation uses in a vault's table. Knows no vault."""

from collections.abc import Iterator, Mapping

from forwardc.plan.features import uses
from forwardc.vaults.model import Context, Finding, Support, Verdict

_NAMED = frozenset({"atom", "optional", "function", "sign"})
_SILENT = frozenset({Verdict.NATIVE, Verdict.LOWERED})


def from_table(context: Context, table: Mapping[str, Support]) -> Iterator[Finding]:
    """One finding for each use that the table does not carry without a word."""
    for step in context.operation.steps:
        for use in uses(step, context.operation, context.stored):
            support = table[use.feature]
            if support.verdict not in _SILENT:
                kind, _, name = use.feature.partition(".")
                reason = f"`{name}`: {support.reason}" if kind in _NAMED else support.reason
                yield Finding(support.verdict, support.code, reason, use.span, step.name)
