"""Whether the lookup can tell all that the plans must be told, before anybody asks for a payment.

Compares names, and asks for no payment. What can never be told is a fault of the set-up: each call
would be refused for ever.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.model import PresentByInput, SourceKind, ValueSpec
from forwardc.server.directory.payment_directory import DirectoryColumns
from forwardc.server.payment_sharing.forwarder import ServedPlan, ServedPlans, params_of

CODE: Final = "FC0849"
STRANGE: Final = "FC0853"
_BILLING: Final = "billing."
# A billing address goes only where the vault has none.
_ASKED: Final = ("param.", "input.")


@dataclass(frozen=True, slots=True)
class MissingColumn:
    """What a way is never told. `title` is the column that the lookup would need.

    `needed`: nothing is forwarded without it. `kind` names the sources for which that holds; None
    for all.
    """

    title: str
    needed: bool
    kind: str | None = None


def missing_columns(served: ServedPlan, supplied: frozenset[str]) -> tuple[MissingColumn, ...]:
    """What a way is never told by a lookup that supplies these columns, the needed first."""
    columns = [*_params(served, supplied), *_inputs(served, supplied), *_by_kind(served, supplied)]
    return tuple(sorted(columns, key=lambda lack: (not lack.needed, lack.title, lack.kind or "")))


def report_missing_columns(
    plans: ServedPlans, supply: DirectoryColumns | None, tell: Callable[..., None]
) -> None:
    """Tell, as FC0849, of every way that can never forward. `tell` is a sink's error or warning.

    A vault that no row of the data names is nobody's.
    """
    for (name, vault), served in _asked_for(plans, supply):
        for lack in missing_columns(served, supply.titles) if supply else ():
            if not lack.needed:
                continue
            with_ = f" with a source {lack.kind}..." if lack.kind else ""
            subject = f"{served.plan.destination}.{served.operation} through {vault}{with_}"
            tell(
                CODE,
                f"destinations.{name}: the lookup never tells {lack.title}, which {subject} needs",
                hint=f"give the lookup a column {lack.title}{_or(lack)}",
            )


def report_unused_columns(
    plans: ServedPlans, supply: DirectoryColumns | None, tell: Callable[..., None]
) -> None:
    """Tell, as FC0853, of every column that nothing of what is served takes."""
    taken = {f"param.{name}" for name in params_of(plans.values())}
    taken |= {_title(name) for served in plans.values() for name in _all_inputs(served)}
    for title in sorted(supply.titles - taken) if supply else ():
        if title.startswith(_ASKED):
            tell(
                STRANGE,
                f"the lookup tells {title}, which nothing that is served takes",
                hint="a payment with a value there is refused: mend the name, or leave it out",
            )


def _all_inputs(served: ServedPlan) -> set[str]:
    kinds = (name for kind in _kinds(served).values() for name in kind.inputs)
    return {*served.plan.operations[served.operation].inputs, *kinds}


def blocked_plans(
    plans: ServedPlans, supply: DirectoryColumns | None
) -> dict[tuple[str, str], str]:
    """The ways that can forward nothing, with the reason; none where nobody knows."""
    blocked: dict[tuple[str, str], str] = {}
    for key, served in _asked_for(plans, supply):
        sink = Sink()
        report_missing_columns({key: served}, supply, sink.error)
        if supply and any(
            lack.needed and lack.kind is None for lack in missing_columns(served, supply.titles)
        ):
            blocked[key] = "; ".join(f"{lack.code} {lack.message}" for lack in sink.sorted())
    return blocked


def missing_optional_columns(served: ServedPlan, supply: DirectoryColumns | None) -> list[str]:
    """The columns of optional values that the lookup does not have: what is sent without them."""
    return (
        [lack.title for lack in missing_columns(served, supply.titles) if not lack.needed]
        if supply
        else []
    )


def _asked_for(
    plans: ServedPlans, supply: DirectoryColumns | None
) -> list[tuple[tuple[str, str], ServedPlan]]:
    vaults = supply.vaults if supply else None
    return [item for item in sorted(plans.items()) if vaults is None or item[0][1] in vaults]


def _or(lack: MissingColumn) -> str:
    if lack.title.startswith("param."):
        return "; where it is the payment reference, say so with reference_param"
    return ""


def _params(served: ServedPlan, supplied: frozenset[str]) -> Iterator[MissingColumn]:
    for name in served.plan.operations[served.operation].params:
        spec = served.plan.params[name]
        if name != served.reference_param and f"param.{name}" not in supplied:
            yield MissingColumn(f"param.{name}", _is_needed(spec))


def _inputs(served: ServedPlan, supplied: frozenset[str]) -> Iterator[MissingColumn]:
    for name, spec in served.plan.operations[served.operation].inputs.items():
        title = _title(name)
        if title not in supplied:
            yield MissingColumn(title, _is_needed(spec))


def _by_kind(served: ServedPlan, supplied: frozenset[str]) -> Iterator[MissingColumn]:
    """The inputs that bring a value of the card, by kind of source; of all kinds where all do."""
    kinds = _kinds(served)
    by_kind = {kind: set(_of_kind(served, spec, supplied)) for kind, spec in kinds.items()}
    everywhere = set.intersection(*by_kind.values()) if by_kind else set()
    yield from everywhere
    for kind, lacking in by_kind.items():
        for lack in lacking - everywhere:
            yield MissingColumn(lack.title, lack.needed, kind)


def _of_kind(
    served: ServedPlan, kind: SourceKind, supplied: frozenset[str]
) -> Iterator[MissingColumn]:
    operation = served.plan.operations[served.operation]
    for atom in (*operation.requires, *operation.may_lack):
        presence = kind.has.get(atom)
        if isinstance(presence, PresentByInput) and _title(presence.input) not in supplied:
            yield MissingColumn(_title(presence.input), atom in operation.requires)


def _kinds(served: ServedPlan) -> Mapping[str, SourceKind]:
    fitting = served.plan.operations[served.operation].source_kinds
    return {
        name: kind
        for name, kind in served.plan.sources.items()
        if fitting is None or name in fitting
    }


def _title(name: str) -> str:
    """The column that an input comes from."""
    return name if name.startswith(_BILLING) else f"input.{name}"


def _is_needed(spec: ValueSpec) -> bool:
    return not spec.optional and spec.default is None
