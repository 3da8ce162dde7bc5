"""Forwards one instrument: the compiled plan of its vault, and one recorded run of it.

A served plan is one destination through one vault; the merchant's instrument says which. The run
begins where its claim is won, and what it comes to is recorded by whoever asked for it.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import field
from pathlib import Path
from typing import Final, TypeAlias
from uuid import UUID

from forwardc.core.dataclass import dataclass, replace
from forwardc.core.diagnostics.diagnostic import Diagnostic, Severity
from forwardc.core.diagnostics.render.clean import clean
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.files.checkout import CheckoutPath
from forwardc.plan.build_folder import plan_in, read_manifest
from forwardc.plan.environment import place_in_words
from forwardc.plan.model import Plan
from forwardc.runtime.run.context import RunDependencies
from forwardc.runtime.run.prepare import find_operation
from forwardc.runtime.run.request import ClockAndIds, RunRequest
from forwardc.runtime.run.result import RunResult
from forwardc.runtime.run.run import run
from forwardc.runtime.run.source import may_be_left_out
from forwardc.runtime.secret_providers.plan_secrets import SecretResolver
from forwardc.server.directory.payment_directory import Instrument
from forwardc.server.payment_sharing.batched_journal import BatchedJournal, RunClaim
from forwardc.server.settings import DestinationSettings

PATIENCE_S: Final = 10.0
"""Seconds that a call waits while a pending payment is asked for; then it is answered pending."""
_OF_THE_VAULT: Final = "billing."
# What ends by itself, or what somebody has begun and means to end: the history is away or is
# another one's, something is paused, a source of secrets or a vault gives nothing just now, a lock
# is being written, another call is under way, and a mistake of ours, of which nobody knows.
_PASSING: Final = frozenset(
    {"FC0705", "FC0818", "FC0819", "FC0822", "FC0823", "FC0825", "FC0835", "FC0846", "FC9901"}
)
_OF_THE_LOCK: Final = frozenset({"FC0814"})


@dataclass(frozen=True, slots=True)
class ServedPlan:
    """One destination through one vault. `reference_param` takes the payment reference."""

    plan: Plan
    operation: str
    resolver: SecretResolver = field(repr=False)
    reference_param: str | None = None


ServedPlans: TypeAlias = Mapping[tuple[str, str], ServedPlan]
"""By the destination's name in requests, and the vault's name."""


def read_served_plans(
    build: Path | CheckoutPath,
    place: str,
    mapped: Mapping[str, DestinationSettings],
    resolver: Callable[[Plan], SecretResolver],
    sink: Sink,
) -> dict[tuple[str, str], ServedPlan]:
    """The ways of every mapped destination, by its name in requests and the vault's name.

    Problems are in the sink: FC0702 to FC0704 for `build/`, FC0813 for an operation, FC0805 for a
    `reference_param` that the destination does not have.
    """
    manifest = read_manifest(build, sink)
    if manifest is None:
        return {}
    served: dict[tuple[str, str], ServedPlan] = {}
    for name, mapped_to in mapped.items():
        destination, _, operation = mapped_to.run.partition(".")
        vaults = [
            vault
            for vault, built, where in manifest.plans()
            if (built, where) == (destination, place)
        ]
        if not vaults:
            reason = f"{destination} is built for no vault in {place_in_words(place)}"
            sink.error("FC0704", reason, hint="run `forwardc build`")
        for vault in vaults:
            plan = plan_in(build, manifest, vault, destination, place, sink)
            chosen = find_operation(plan, operation or None, sink) if plan else None
            if plan and chosen and _takes(plan, chosen, mapped_to.reference_param, sink):
                served[name, vault] = ServedPlan(
                    plan, chosen, resolver(plan), mapped_to.reference_param
                )
    return served


def is_production(plans: Mapping[tuple[str, str], ServedPlan]) -> bool:
    """Whether the rules of production count: all ways are of one environment."""
    return any(served.plan.environment_class == "production" for served in plans.values())


def _takes(plan: Plan, operation: str, param: str | None, sink: Sink) -> bool:
    params = plan.operations[operation].params
    if param is None or param in params:
        return True
    hint = f"the params are: {', '.join(params) or 'none'}"
    sink.error("FC0805", f"{plan.destination}.{operation} has no such reference_param", hint=hint)
    return False


@dataclass(frozen=True, slots=True)
class ForwardResult:
    """What a run gave, None where nothing was sent; its end is still to be recorded.

    `codes` are those of what went wrong before or beside it. `lasting`: something of it stays
    until somebody mends it, whatever `result` says.
    """

    result: RunResult | None
    journal: BatchedJournal = field(repr=False)
    codes: tuple[str, ...] = ()
    lasting: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _RowUse:
    """What a run takes of a row, which may serve other destinations, too."""

    foreign_params: frozenset[str]
    atoms: frozenset[str]


def _row_use(served: ServedPlan, all_params: frozenset[str]) -> _RowUse:
    return _RowUse(all_params - params_of([served]), _known_atoms(served))


@dataclass(frozen=True, slots=True)
class Forwarder:
    """Runs the ways that it has, each with the same means.

    `in_force` gives the clock and the approvals of a run that begins; without it, `means` do.
    `not_card`: references that look like card numbers are none. `unreadable` says that nobody can
    read just now what is approved.
    """

    plans: Mapping[tuple[str, str], ServedPlan]
    means: RunDependencies = field(repr=False)
    in_force: Callable[[], Awaitable[ClockAndIds]] | None = field(default=None, repr=False)
    not_card: bool = False
    unreadable: Callable[[], bool] | None = None
    _rows: Mapping[tuple[str, str], _RowUse] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # Once: the plans of a server are many, and do not change.
        all_params = params_of(self.plans.values())
        uses = {key: _row_use(served, all_params) for key, served in self.plans.items()}
        object.__setattr__(self, "_rows", uses)

    def has(self, destination: str, vault: str) -> bool:
        """Whether a destination can be reached through a vault."""
        return (destination, vault) in self.plans

    def asks_first(self, destination: str, vault: str) -> bool:
        """Whether a run asks the vault before its first intent: then it needs its claim before."""
        served = self.plans[destination, vault]
        return served.plan.operations[served.operation].fallback is not None

    async def forward(
        self, destination: str, instrument: Instrument, reference: str, claim: RunClaim
    ) -> ForwardResult:
        """Run a forward, which begins where its claim is won.

        Raises `KeyError` where no plan is served for it.
        """
        served = self.plans[destination, instrument.vault]
        sink = Sink()
        journal = BatchedJournal(self.means.journal, self.means.ambient.now, claim)
        ambient = await self.in_force() if self.in_force else self.means.ambient
        means = replace(self.means, journal=journal, ambient=ambient, patience_s=PATIENCE_S)
        use = self._rows[destination, instrument.vault]
        named = {served.reference_param: reference} if served.reference_param else {}
        request = RunRequest(
            source=instrument.source,
            inputs=dict(_taken(served, instrument.inputs)),
            texts={**_without(instrument.params, use.foreign_params), **named},
            reference=reference,
            run_id=UUID(claim.run_id),
            without=instrument.without & use.atoms,
            not_card=self.not_card,
        )
        result = await run(served.plan, served.operation, request, served.resolver, means, sink)
        problems = sink.sorted()
        codes = tuple(sorted({problem.code for problem in problems}))
        passing = _OF_THE_LOCK if self.unreadable is not None and self.unreadable() else frozenset()
        return ForwardResult(result, journal, codes, tuple(lasting(problems, passing)))


def lasting(problems: Iterable[Diagnostic], passing: frozenset[str] = frozenset()) -> Iterable[str]:
    """What of the problems of a run that was not sent no waiting mends, as code and message."""
    for problem in problems:
        if problem.severity is Severity.ERROR and problem.code not in _PASSING | passing:
            yield f"{problem.code} {clean(problem).message}"


def params_of(plans: Iterable[ServedPlan]) -> frozenset[str]:
    """The params that operations take, those of their fallbacks included."""
    names: set[str] = set()
    for served in plans:
        operation = served.plan.operations[served.operation]
        names.update(operation.params)
        if operation.fallback is not None:
            names.update(served.plan.operations[operation.fallback.operation].params)
    return frozenset(names)


def _without(params: Mapping[str, str], names: frozenset[str]) -> dict[str, str]:
    """A row may serve other destinations, too; what nobody takes is left to the run to refuse."""
    return {name: value for name, value in params.items() if name not in names}


def _known_atoms(served: ServedPlan) -> frozenset[str]:
    """The values of a card that a run may use: a row may serve other destinations, too."""
    operation = served.plan.operations[served.operation]
    names = (*operation.requires, *operation.inputs, *may_be_left_out(operation))
    if operation.fallback is None:
        return frozenset(names)
    return frozenset(
        (*names, *may_be_left_out(served.plan.operations[operation.fallback.operation]))
    )


def _taken(served: ServedPlan, inputs: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """The inputs without a billing address that the vault has itself."""
    declared = served.plan.operations[served.operation].inputs
    for name, value in inputs.items():
        if name in declared or not name.startswith(_OF_THE_VAULT):
            yield name, value
