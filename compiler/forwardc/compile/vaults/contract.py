"""The contract of a vault: a folder's `vault()` returns one `Vault`, and a registry line names it.

A vault answers in three stages, and each sees only what it may depend on:

| stage | asked | sees | gives |
|---|---|---|---|
| `examine` | in each environment | `Context`: the operation with its values | findings |
| `emit` | once for an operation | `EmissionContext`: the same with holes | an `Emission` |
| `values`, `head` | in each environment | its class, the account | what fills holes; shared parts |

So a list of URLs, a limit or a size, which values decide, is judged for each environment, and a
request is written once. All of them read facts through the `Facts` that they are given: what rests
on a fact that nobody confirms is told by what was read.
"""

from collections.abc import Callable, Mapping
from dataclasses import field

from forwardc.compile.ir.program import Program, ProgramOperation, ProgramRequest, ProgramStep
from forwardc.compile.vaults.emission import Emission, EmittedHead
from forwardc.compile.vaults.facts import Facts
from forwardc.compile.vaults.findings import Finding, Support
from forwardc.core.dataclass import dataclass
from forwardc.core.terms.terms import Lit
from forwardc.plan.environment import EnvironmentClass


@dataclass(frozen=True, slots=True)
class Context:
    """Everything that an examination may look at. `account` is the one of `forwardc.yaml`.

    `operation` is as the vault is asked for it, by what was agreed, and `written` as the author
    has it.
    """

    program: Program
    operation: ProgramOperation
    account: Mapping[str, str]
    stored: frozenset[str] = frozenset()
    """References like `secrets.x` that the vault keeps."""
    shares_live_host: bool = False
    """Whether the host of a sandbox serves live accounts of this project or of a vault, too."""
    written: ProgramOperation | None = None
    """The operation before arrangements; None where it is the same."""

    @property
    def authored(self) -> ProgramOperation:
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
    def vault_steps(self) -> tuple[ProgramStep, ...]:
        """The steps that go through the vault."""
        return _through_vault(self.operation)


@dataclass(frozen=True, slots=True)
class EmissionContext:
    """What an emitter may look at: an operation that holds for all environments and accounts.

    Values of an environment are references in it: those of `settings.*` and of the base URL stand
    there already, an emitter adds those that its vault's `values` names.
    """

    operation: ProgramOperation
    """As the vault is asked for it, by what was agreed."""
    siblings: tuple[ProgramOperation, ...]
    """All operations of the destination, this one included: a fallback is one of them."""
    stored: frozenset[str]
    """References like `secrets.x` that the vault keeps."""
    masked: frozenset[str]
    """References whose values are shown nowhere."""

    @property
    def vault_steps(self) -> tuple[ProgramStep, ...]:
        """The steps that go through the vault."""
        return _through_vault(self.operation)


def _through_vault(operation: ProgramOperation) -> tuple[ProgramStep, ...]:
    return tuple(step for step in operation.steps if not step.direct)


def _no_list(_request: ProgramRequest) -> tuple[str, bool]:
    return "", False


def _no_values(
    _class: EnvironmentClass, _account: Mapping[str, str], _facts: Facts
) -> Mapping[str, Lit]:
    return {}


@dataclass(frozen=True, slots=True)
class Vault:
    """One vault. None of its functions raises for what an author wrote: that is a finding."""

    name: str
    facts: Facts
    support: Mapping[str, Support]
    """The verdict on every feature of `compile/ir/features.py`: a missing one fails a test."""
    stored_secrets: Callable[[Program, ProgramOperation], frozenset[str]]
    """References of the secrets that the vault keeps, by how an operation uses them."""
    examine: Callable[[Context, Facts], tuple[Finding, ...]]
    """What is refused, lost or doubtful of an operation in one environment."""
    emit: Callable[[EmissionContext, Facts], Emission]
    """An operation that was not refused, for all environments."""
    head: Callable[[Program, Mapping[str, str], Facts], EmittedHead]
    """The parts of a plan that its operations share, for one environment and account."""
    values: Callable[[EnvironmentClass, Mapping[str, str], Facts], Mapping[str, Lit]] = _no_values
    """What stands in the holes that the emitter made: names below `account.` and `host.`."""
    account_keys: tuple[str, ...] = ()
    """What `forwardc.yaml` must give for the vault before a plan can be built."""
    address: Callable[[ProgramRequest], tuple[str, bool]] = _no_list
    """A request's URL, empty where a run fills it, and whether the vault's list has it."""
    asked_keys: Mapping[str, str] = field(default_factory=dict)
    """What the vendor's own clients need as well, by key, with the reason."""
