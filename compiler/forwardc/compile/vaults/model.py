"""What a vault is to the compiler: facts, a total support table, and an emitter.

Shared by all vaults; a vault's own folder is never imported by another.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from forwardc.compile.ir.program import Operation, Program, Request, Step
from forwardc.compile.vaults.facts import Facts
from forwardc.core.diagnostics.span import Span
from forwardc.plan.environment import EnvironmentClass

Json = dict[str, Any]


class Verdict(StrEnum):
    """How a vault carries one feature."""

    NATIVE = "native"
    LOWERED = "lowered"
    """Carried by other means with the same result."""
    ARRANGED = "arranged"
    """Works because the vault agreed to it, or in a sandbox as if it had."""
    DEGRADED = "degraded"
    """Works, with a loss that is named."""
    UNCONFIRMED = "unconfirmed"
    """Works after a source that the vendor's own reference does not confirm."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Support:
    """The answer for one feature; `code` and `reason` say why it is not plainly native.

    `doubts` says why the facts that it was made from are not confirmed.
    """

    verdict: Verdict
    code: str = ""
    reason: str = ""
    doubts: tuple[str, ...] = ()


NATIVE = Support(Verdict.NATIVE)
LOWERED = Support(Verdict.LOWERED)


def resting(facts: Facts, answer: Callable[[Facts], Support]) -> Support:
    """An answer with the doubts of all facts that were read for it."""
    read = facts.recording()
    found = answer(read)
    return replace(found, doubts=tuple(dict.fromkeys(reason for _, reason in read.doubts or ())))


def native_by(section: str, name: str, facts: Facts) -> Support:
    """Native, because a fact names it."""

    def answer(read: Facts) -> Support:
        read.value(section, name)
        return NATIVE

    return resting(facts, answer)


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason why an operation is degraded, unconfirmed or refused, at its place."""

    verdict: Verdict
    code: str
    reason: str
    span: Span | None = None
    step: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """Everything that a vault may look at. `account` is the merchant's, from `forwardc.yaml`.

    `operation` is as the vault is asked for it, by what was agreed, and `written` as the author
    has it.
    """

    program: Program
    operation: Operation
    account: Mapping[str, str]
    stored: frozenset[str] = frozenset()
    """References like `secrets.x` that the vault keeps."""
    shares_live_host: bool = False
    """Whether the host of a sandbox serves live accounts of this project or of a vault, too."""
    written: Operation | None = None
    """The operation before arrangements; None where it is the same."""

    @property
    def authored(self) -> Operation:
        """The operation as the author wrote it."""
        return self.written or self.operation

    @property
    def reaches_live(self) -> bool:
        """Whether the address is one of live accounts, so that lists of live addresses count."""
        apart = self.program.separated_by == "host" and not self.shares_live_host
        return self.environment_class == "production" or not apart

    @property
    def environment_class(self) -> EnvironmentClass:
        """Whether the rules and hosts of production count, or those of a sandbox."""
        return self.program.environment_class

    @property
    def vault_steps(self) -> tuple[Step, ...]:
        """The steps that go through the vault."""
        return tuple(step for step in self.operation.steps if not step.direct)


@dataclass(frozen=True, slots=True)
class Emitted:
    """What an emitter adds to an operation's plan, and what it found on the way."""

    steps: tuple[Json, ...]
    findings: tuple[Finding, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)


def _no_list(_request: Request) -> tuple[str, bool]:
    return "", False


@dataclass(frozen=True, slots=True)
class Vault:
    """One vault. `head` gives the parts of a plan that all its operations share.

    The three that read facts are given them, so that who calls them sees what was read.
    """

    name: str
    facts: Facts
    support: Mapping[str, Support]
    stored_secrets: Callable[[Program, Operation], frozenset[str]]
    examine: Callable[[Context, Facts], tuple[Finding, ...]]
    emit: Callable[[Context, Facts], Emitted]
    head: Callable[[Program, Mapping[str, str], Facts], Json]
    account_keys: tuple[str, ...] = ()
    """What `forwardc.yaml` must give for the vault before a plan can be built."""
    address: Callable[[Request], tuple[str, bool]] = _no_list
    """A request's URL, empty where a run fills it, and whether the vault's list has it."""
    asked_keys: Mapping[str, str] = field(default_factory=dict)
    """What the vendor's own clients need as well, by key, with the reason."""
