"""The files about one program at one vault, before they are written: JSON structures and texts.

Each kind of file is a writer in `WRITERS`; a writer sees a pack and no other writer.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from forwardc.plan.program import Program
from forwardc.review.setup import setup_file
from forwardc.vaults.assess import Assessment
from forwardc.vaults.model import Json, Vault
from forwardc.vaults.plan_file import plan_file

Files: TypeAlias = dict[str, Any]
"""Paths below `build/` with a text, or a structure that may hold terms."""


@dataclass(frozen=True, slots=True)
class Pack:
    """One program at one vault: everything that a writer may look at."""

    vault: Vault
    program: Program
    account: Mapping[str, str]
    assessments: tuple[Assessment, ...]
    plan: Json

    @property
    def folder(self) -> str:
        """The folder of the destination at the vault."""
        return f"{self.vault.name}/{self.program.destination}"


def packs(assessments: Sequence[Assessment]) -> tuple[list[Pack], list[Json]]:
    """A pack for each program that a vault carries, and what is not built for want of an account.

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
            found.append(Pack(vault, program, account, tuple(group), plan))
    return found, lacking


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


def _plan(pack: Pack) -> Files:
    return {f"{pack.folder}/{pack.program.environment}.plan.json": pack.plan}


def _setup(pack: Pack) -> Files:
    setup = setup_file(pack.vault, pack.program, pack.account, pack.plan, pack.assessments)
    return {f"{pack.folder}/{pack.program.environment}.setup.json": setup}


WRITERS: tuple[Callable[[Pack], Files], ...] = (_plan, _setup)


def files_of(pack: Pack) -> Files:
    """Everything that is written about a pack."""
    return {path: content for writer in WRITERS for path, content in writer(pack).items()}
