"""What a vault's own clients need of an account and `forwardc.yaml` does not give: FC0634.

Calls work without it for now, so that nothing is refused: it is asked for, with the line to write.
"""

from collections.abc import Iterable, Iterator, Mapping

from forwardc.compile.ir.summary import AssessmentSummary
from forwardc.compile.language import access
from forwardc.compile.language.project import Project
from forwardc.compile.vaults.contract import Vault
from forwardc.compile.vaults.encode import Json
from forwardc.compile.vaults.registry import vaults
from forwardc.core.dataclass import dataclass
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


def account_of(project: Project | None, vault: str, place: str) -> Mapping[str, str]:
    """What `forwardc.yaml` says of the merchant's account at a vault; nothing where it does not."""
    values = project.environments.get(place) if project else None
    return values.vaults.get(vault, {}) if values else {}


def has_account(project: Project | None, vault: Vault, place: str) -> bool:
    """Whether `forwardc.yaml` gives all that a plan at the vault needs of the account."""
    account = account_of(project, vault.name, place)
    return all(key in account for key in vault.account_keys)


def missing_account_keys(
    project: Project | None, assessments: Iterable[AssessmentSummary]
) -> list[MissingAccountKey]:
    """What is asked for, each once for a vault and a place that a plan is built for."""
    by_name = {vault.name: vault for vault in vaults()}
    built = dict.fromkeys(
        (assessment.vault, assessment.where) for assessment in assessments if assessment.is_emitted
    )
    return [
        asked
        for name, where in built
        if has_account(project, by_name[name], where.place)
        for asked in asked_keys(by_name[name], where, account_of(project, name, where.place))
    ]


def asked_keys(
    vault: Vault, where: Environment, account: Mapping[str, str]
) -> Iterator[MissingAccountKey]:
    """What a vault asks of an account and is not told."""
    for key, why in vault.asked_keys.items():
        if key not in account:
            yield MissingAccountKey(vault.name, where, key, why, _line(vault.name, where, key))


def _line(vault: str, where: Environment, key: str) -> str:
    below = f"vaults: {{{vault}: {{{key}: ...}}}}"
    if where.account:
        below = f"accounts: {{{where.account}: {{{below}}}}}"
    return f"environments: {{{where.name}: {{{below}}}}}"


def check_account_keys(
    project: Project, assessments: Iterable[AssessmentSummary], sink: Sink
) -> None:
    """FC0634 for each, at the vault's account in `forwardc.yaml` or, inherited, at the place."""
    for asked in missing_account_keys(project, assessments):
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
