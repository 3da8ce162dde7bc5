"""A pack: all that the files about one program at one vault may say. Knows none of the files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from forwardc.language.destination import Destination
from forwardc.language.project import Project
from forwardc.plan.program import Program
from forwardc.review.setup import setup_file
from forwardc.vaults.assess import Assessment
from forwardc.vaults.model import Json, Vault
from forwardc.vaults.plan_file import plan_file


@dataclass(frozen=True, slots=True)
class Pack:
    """One program at one vault: everything that a writer may look at."""

    vault: Vault
    program: Program
    account: Mapping[str, str]
    assessments: tuple[Assessment, ...]
    plan: Json
    setup: Json
    """What must exist at the vault before the first run."""
    destination: Destination
    """What the author wrote, for a reviewer: documentation, examples, attestation."""
    accounts: Mapping[str, Mapping[str, str]]
    """The merchant's account at the vault in each environment that has one."""
    leads: bool = False
    """Whether this pack writes the files that are not for one environment."""
    hosts: Mapping[str, str] = field(default_factory=dict)
    """The destination's host in each environment that the vault carries."""
    merchant: str = ""
    """The merchant's name; empty where `forwardc.yaml` gives none."""

    @property
    def folder(self) -> str:
        """The folder of the destination at the vault."""
        return f"{self.vault.name}/{self.program.destination}"


def packs(
    assessments: Sequence[Assessment], destination: Destination, project: Project | None
) -> tuple[list[Pack], list[Json]]:
    """A pack for each program of a destination that a vault carries, and what has no account.

    A program of which a vault refuses every operation has no pack: coverage says why.
    """
    found: list[Pack] = []
    lacking: list[Json] = []
    for group in _groups(assessments):
        vault, context = group[0].vault, group[0].context
        program, account = context.program, dict(context.account)
        plan = plan_file(vault, program, account, group)
        missing = [key for key in vault.account_keys if key not in account]
        if plan is not None and missing:
            lacking.append(_lacking(vault, program, missing))
        elif plan is not None:
            accounts = _accounts(project, vault)
            setup = setup_file(vault, program, account, plan, group)
            found.append(
                Pack(vault, program, account, tuple(group), plan, setup, destination, accounts)
            )
    return _together(found, project.merchant if project else ""), lacking


def _accounts(project: Project | None, vault: Vault) -> dict[str, Mapping[str, str]]:
    environments = project.environments if project else {}
    return {
        name: values.vaults[vault.name]
        for name, values in environments.items()
        if vault.name in values.vaults
    }


def _together(found: list[Pack], merchant: str) -> list[Pack]:
    """What packs of one folder know of each other: the last one, production, leads."""
    folders: dict[str, list[Pack]] = {}
    for pack in found:
        folders.setdefault(pack.folder, []).append(pack)
    return [
        replace(
            pack,
            leads=pack is folders[pack.folder][-1],
            hosts={one.program.environment: one.program.host for one in folders[pack.folder]},
            merchant=merchant,
        )
        for pack in found
    ]


def _groups(assessments: Sequence[Assessment]) -> list[list[Assessment]]:
    grouped: dict[tuple[str, str, str], list[Assessment]] = {}
    for one in assessments:
        program = one.context.program
        key = (one.vault.name, program.destination, program.environment)
        grouped.setdefault(key, []).append(one)
    return list(grouped.values())


def _lacking(vault: Vault, program: Program, missing: list[str]) -> Json:
    return {
        "destination": program.destination,
        "environment": program.environment,
        "vault": vault.name,
        "why": f"forwardc.yaml gives no {', '.join(missing)}",
    }
