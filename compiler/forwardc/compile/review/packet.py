"""A pack: all that the files about one program at one vault may say.

Assessments are grouped by vault, destination and place. Packs of one folder then learn of each
other: which one leads, and so writes what a reviewer gets.
"""

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Final

from forwardc.compile.ir.program import Program
from forwardc.compile.ir.summary import NotBuilt
from forwardc.compile.language.destination import Destination
from forwardc.compile.language.project import Merchant, Project
from forwardc.compile.review.lowered import LoweredRule, lowered_rules
from forwardc.compile.review.sample import sample_url
from forwardc.compile.review.setup import setup_file
from forwardc.compile.vaults.assess import Assessment
from forwardc.compile.vaults.contract import Vault
from forwardc.compile.vaults.encode import Document, Json
from forwardc.compile.vaults.facts import Facts, demo_ids
from forwardc.compile.vaults.plan_file import plan_file
from forwardc.core.dataclass import dataclass, replace
from forwardc.core.identity_cache import IdentityCache
from forwardc.plan.approvals import ids_in_words
from forwardc.plan.environment import Environment
from forwardc.plan.sealed_headers import SealedHeader, sealed_headers
from forwardc.plan.separation import KnownHosts


@dataclass(frozen=True, slots=True, weakref_slot=True)
class ReviewPacket:
    """One program at one vault: everything that a writer may look at."""

    vault: Vault
    program: Program
    account: Mapping[str, str]
    assessments: tuple[Assessment, ...]
    plan: Document
    setup: Json
    """What must exist at the vault before the first run."""
    destination: Destination
    """What the author wrote, for a reviewer: documentation, examples, attestation."""
    accounts: Mapping[str, Mapping[str, str]]
    """The merchant's account at the vault: `test` and `live`, where `forwardc.yaml` has them."""
    leads: bool = False
    """Whether this pack writes the files that a reviewer gets: of each account its own."""
    hosts: Mapping[str, str] = field(default_factory=dict)
    """The destination's host, `test` and `live`, where the vault carries it."""
    merchant: Merchant = field(default_factory=Merchant)
    live: tuple[Assessment, ...] = ()
    """Of a pack of a sandbox, the same operations in production, where no plan was built of them:
    a vault must first agree to something, or refuses them."""
    test_urls: tuple[str, ...] = ()
    """What the vault calls in the place where an account is tried, by the steps in their order."""
    demo: Mapping[str, list[str]] = field(default_factory=dict)
    """Names of the ids for trying out in `accounts`, by place."""
    lowered: tuple[LoweredRule, ...] = ()
    """What of forwardc's own rules says less here than by itself."""

    @property
    def folder(self) -> str:
        """The folder of the destination at the vault."""
        return f"{self.vault.name}/{self.program.destination}"

    @property
    def infix(self) -> str:
        """What tells a reviewer's files of one place from those of another, empty or `.eu@us`.

        `production` without an account has the plain names; so has a sandbox, which writes
        such files only where there is no production.
        """
        where = self.program.where
        is_plain = where.class_ == "sandbox" or where.place == "production"
        return "" if is_plain else f".{where.place}"

    @property
    def demo_ids(self) -> str:
        """The ids for trying out that stand in a reviewer's files, in words; empty for none."""
        return "; ".join(ids_in_words(place, tuple(names)) for place, names in self.demo.items())

    def path(self, name: str, suffix: str) -> str:
        """The path below `build/` of a file that a reviewer gets."""
        return f"{self.folder}/{name}{self.infix}.{suffix}"


def review_packets(
    assessments: Sequence[Assessment],
    destination: Destination,
    project: Project | None,
    live: KnownHosts,
) -> tuple[list[ReviewPacket], list[NotBuilt]]:
    """A pack for each program of a destination that a vault carries, and what has no account.

    A program of which a vault refuses every operation has no pack: coverage says why.
    """
    built: list[ReviewPacket] = []
    lacking: list[NotBuilt] = []
    for group in _groups(assessments):
        vault, context = group[0].vault, group[0].context
        program, account = context.program, dict(context.account)
        plan = plan_file(vault, program, group, live)
        missing = [key for key in vault.account_keys if key not in account]
        if plan is not None and missing:
            lacking.append(_lacking(vault, program, missing))
        elif plan is not None:
            accounts = _accounts(project, vault, program.where)
            setup = setup_file(vault, program, account, plan, group)
            demo = _demo(vault, program.where, project, accounts)
            if demo and program.environment_class == "production":
                plan["demo_ids"] = demo
            pack = ReviewPacket(
                *(vault, program, account, tuple(group)),
                *(Document(plan), setup, destination, accounts),
            )
            built.append(replace(pack, demo=demo))
    refused = [
        assessment
        for assessment in assessments
        if assessment.context.environment_class == "production"
    ]
    return [replace(pack, live=_live(pack, refused)) for pack in _together(built, project)], lacking


def _live(pack: ReviewPacket, production: Sequence[Assessment]) -> tuple[Assessment, ...]:
    if pack.program.environment_class == "production":
        return ()
    return tuple(
        assessment for assessment in production if assessment.vault.name == pack.vault.name
    )


def _accounts(
    project: Project | None, vault: Vault, where: Environment
) -> dict[str, Mapping[str, str]]:
    if project is None:
        return {}
    live = where.place if where.class_ == "production" else "production"
    places = {"test": project.test_place(where), "live": live}
    values = {name: project.environments.get(place) for name, place in places.items()}
    return {
        name: values.vaults[vault.name]
        for name, values in values.items()
        if values is not None and vault.name in values.vaults
    }


def _demo(
    vault: Vault,
    where: Environment,
    project: Project | None,
    accounts: Mapping[str, Mapping[str, str]],
) -> dict[str, list[str]]:
    places = {
        "test": project.test_place(where) if project else "sandbox",
        "live": where.place if where.class_ == "production" else "production",
    }
    ids = {places[name]: demo_ids(vault.facts, account) for name, account in accounts.items()}
    return {place: names for place, names in ids.items() if names}


def _together(built: list[ReviewPacket], project: Project | None) -> list[ReviewPacket]:
    """What packs of one folder know of each other: each of production leads, else the last."""
    folders: dict[str, dict[str, ReviewPacket]] = {}
    for pack in built:
        folders.setdefault(pack.folder, {})[pack.program.place] = pack
    leading = {folder: _leading(packs) for folder, packs in folders.items()}
    return [
        replace(
            pack,
            leads=pack.program.place in leading[pack.folder],
            hosts=_hosts(pack, folders[pack.folder], project),
            merchant=project.merchant if project else Merchant(),
            test_urls=_test_urls(_tried(pack, folders[pack.folder], project)),
            lowered=lowered_rules(pack.destination, project),
        )
        for pack in built
    ]


def _leading(folder: Mapping[str, ReviewPacket]) -> frozenset[str]:
    """The places whose packs write what a reviewer gets."""
    live = [
        place for place, pack in folder.items() if pack.program.environment_class == "production"
    ]
    return frozenset(live or list(folder)[-1:])


def _tried(
    pack: ReviewPacket, folder: Mapping[str, ReviewPacket], project: Project | None
) -> ReviewPacket | None:
    """The pack of the place where this one's account is tried."""
    where = pack.program.where
    if where.class_ == "sandbox":
        return pack
    return folder.get(project.test_place(where) if project else "sandbox")


def _test_urls(pack: ReviewPacket | None) -> tuple[str, ...]:
    if pack is None:
        return ()
    return tuple(
        sample_url(step, pack.program, pack.destination).partition("?")[0]
        for assessment in pack.assessments
        if assessment.emission is not None
        for step in assessment.context.vault_steps
    )


def _hosts(
    pack: ReviewPacket, folder: Mapping[str, ReviewPacket], project: Project | None
) -> dict[str, str]:
    where = pack.program.where
    if where.class_ == "sandbox":
        return {"test": pack.program.host}
    test = _tried(pack, folder, project)
    return {**({"test": test.program.host} if test else {}), "live": pack.program.host}


def _groups(assessments: Sequence[Assessment]) -> list[list[Assessment]]:
    grouped: dict[tuple[str, str, str], list[Assessment]] = {}
    for assessment in assessments:
        program = assessment.context.program
        key = (assessment.vault.name, program.destination, program.place)
        grouped.setdefault(key, []).append(assessment)
    return list(grouped.values())


def _lacking(vault: Vault, program: Program, missing: list[str]) -> NotBuilt:
    why = f"forwardc.yaml gives no {', '.join(missing)}"
    return NotBuilt(program.destination, program.place, why, vault.name)


# Headers that are sealed for the vault


_SEALED: Final = IdentityCache[Sequence[SealedHeader]]()
_BY_HEADER: Final = IdentityCache[Mapping[str, Sequence[SealedHeader]]]()


def sealed_of(pack: ReviewPacket) -> Sequence[SealedHeader]:
    """The headers with credentials, one for each file; none at a vault that asks for no hash."""
    return _SEALED.get(pack, None, lambda: _sealed(pack))


def sealed_in(pack: ReviewPacket, header: str) -> Sequence[SealedHeader]:
    """Those of one header: of it, several values may be sealed apart."""
    by_header = _BY_HEADER.get(pack, None, lambda: _by_header(sealed_of(pack)))
    return by_header.get(header.lower(), ())


def _by_header(headers: Sequence[SealedHeader]) -> Mapping[str, Sequence[SealedHeader]]:
    by_header: dict[str, list[SealedHeader]] = {}
    for sealed in headers:
        by_header.setdefault(sealed.header.lower(), []).append(sealed)
    return by_header


def _sealed(pack: ReviewPacket) -> list[SealedHeader]:
    if "key_sealing" not in pack.vault.facts.data:
        return []
    places = [
        (f"{assessment.context.operation.name}.{step.name}", pair.name, pair.value)
        for assessment in pack.assessments
        if assessment.emission is not None
        for step in assessment.context.vault_steps
        for pair in step.request.headers
    ]
    documented: list[str] = pack.vault.facts.value("key_sealing", "schemes")
    return sealed_headers(places, documented)


# What forwardc does not do at a vault


def not_done(facts: Facts) -> list[str]:
    """One sentence each; what the vendor's documents do not say is marked with its reason."""
    if "not_done" not in facts.data:
        return []
    return [
        f"{fact['value']} (Our assumption: {doubt}.)" if doubt else str(fact["value"])
        for fact in facts.section("not_done").values()
        for doubt in (facts.doubt(fact),)
    ]
