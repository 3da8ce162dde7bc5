"""What a vault's own clients need of an account and `forwardc.yaml` does not give: FC0634.

Calls work without it for now, so that nothing is refused: it is asked for, with the line to write.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from forwardc.compile.language import access
from forwardc.compile.language.project import Project
from forwardc.compile.vaults.assess import Assessment
from forwardc.compile.vaults.contract import Vault
from forwardc.compile.vaults.encode import Json
from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.environment import Environment

CODE = "FC0634"


@dataclass(frozen=True, slots=True)
class MissingAccountKey:
    """One key that an account lacks, in one place; `line` is what to write in `forwardc.yaml`."""

    vault: str
    where: Environment
    key: str
    why: str
    line: str

    def to_json(self) -> Json:
        """The same for `build/coverage.json` and a setup file."""
        return {
            "vault": self.vault,
            "environment": self.where.place,
            "key": self.key,
            "why": self.why,
            "line": self.line,
        }


def missing_account_keys(assessments: Sequence[Assessment]) -> list[MissingAccountKey]:
    """What is asked for, each once for a vault and a place that a plan is built for."""
    needs: dict[tuple[str, str, str], MissingAccountKey] = {}
    for assessment in assessments:
        if assessment.emission is not None and assessment.has_account:
            for asked in _of(
                assessment.vault, assessment.context.program.where, assessment.context.account
            ):
                needs.setdefault((asked.vault, asked.where.place, asked.key), asked)
    return list(needs.values())


def _of(
    vault: Vault, where: Environment, account: Mapping[str, str]
) -> Iterator[MissingAccountKey]:
    for key, why in vault.asked_keys.items():
        if key not in account:
            yield MissingAccountKey(vault.name, where, key, why, _line(vault.name, where, key))


def _line(vault: str, where: Environment, key: str) -> str:
    below = f"vaults: {{{vault}: {{{key}: ...}}}}"
    if where.account:
        below = f"accounts: {{{where.account}: {{{below}}}}}"
    return f"environments: {{{where.name}: {{{below}}}}}"


def check_account_keys(project: Project, assessments: Sequence[Assessment], sink: Sink) -> None:
    """FC0634 for each, at the vault's account in `forwardc.yaml` or, inherited, at the place."""
    for asked in missing_account_keys(assessments):
        values = project.environments[asked.where.place]
        node = access.get(project.root, "environments")
        for part in (asked.where.name, *_account(asked.where), "vaults", asked.vault):
            node = access.get(node, part)
        sink.warning(
            CODE,
            f"{asked.vault} in {asked.where.place}: no {asked.key}: {asked.why}",
            node.span if node else values.span,
            pointer=f"{values.pointer}/vaults/{asked.vault}" if node else values.pointer,
            hint=asked.line,
        )


def _account(where: Environment) -> tuple[str, ...]:
    return ("accounts", where.account) if where.account else ()
