"""Whether the lookup can tell all that the plans must be told, before anybody asks for a payment.

Compares names, and asks for no payment. What can never be told is a fault of the set-up: each call
would be refused for ever.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

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


def missing_columns(way: ServedPlan, supplied: frozenset[str]) -> tuple[MissingColumn, ...]:
    """What a way is never told by a lookup that supplies these columns, the needed first."""
    found = [*_params(way, supplied), *_inputs(way, supplied), *_by_kind(way, supplied)]
    return tuple(sorted(found, key=lambda lack: (not lack.needed, lack.title, lack.kind or "")))


def report_missing_columns(
    ways: ServedPlans, supply: DirectoryColumns | None, tell: Callable[..., None]
) -> None:
    """Tell, as FC0849, of every way that can never forward. `tell` is a sink's error or warning.

    A vault that no row of the data names is nobody's.
    """
    for (name, vault), way in _asked_for(ways, supply):
        for lack in missing_columns(way, supply.titles) if supply else ():
            if not lack.needed:
                continue
            with_ = f" with a source {lack.kind}..." if lack.kind else ""
            what = f"{way.plan.destination}.{way.operation} through {vault}{with_}"
            tell(
                CODE,
                f"destinations.{name}: the lookup never tells {lack.title}, which {what} needs",
                hint=f"give the lookup a column {lack.title}{_or(lack)}",
            )


def report_unused_columns(
    ways: ServedPlans, supply: DirectoryColumns | None, tell: Callable[..., None]
) -> None:
    """Tell, as FC0853, of every column that nothing of what is served takes."""
    taken = {f"param.{name}" for name in params_of(ways.values())}
    taken |= {_title(name) for way in ways.values() for name in _all_inputs(way)}
    for title in sorted(supply.titles - taken) if supply else ():
        if title.startswith(_ASKED):
            tell(
                STRANGE,
                f"the lookup tells {title}, which nothing that is served takes",
                hint="a payment with a value there is refused: mend the name, or leave it out",
            )


def _all_inputs(way: ServedPlan) -> set[str]:
    kinds = (name for kind in _kinds(way).values() for name in kind.inputs)
    return {*way.plan.operations[way.operation].inputs, *kinds}


def blocked_plans(ways: ServedPlans, supply: DirectoryColumns | None) -> dict[tuple[str, str], str]:
    """The ways that can forward nothing, with the reason; none where nobody knows."""
    found: dict[tuple[str, str], str] = {}
    for key, way in _asked_for(ways, supply):
        sink = Sink()
        report_missing_columns({key: way}, supply, sink.error)
        if supply and any(
            one.needed and one.kind is None for one in missing_columns(way, supply.titles)
        ):
            found[key] = "; ".join(f"{one.code} {one.message}" for one in sink.sorted())
    return found


def missing_optional_columns(way: ServedPlan, supply: DirectoryColumns | None) -> list[str]:
    """The columns of optional values that the lookup does not have: what is sent without them."""
    return (
        [one.title for one in missing_columns(way, supply.titles) if not one.needed]
        if supply
        else []
    )


def _asked_for(
    ways: ServedPlans, supply: DirectoryColumns | None
) -> list[tuple[tuple[str, str], ServedPlan]]:
    vaults = supply.vaults if supply else None
    return [one for one in sorted(ways.items()) if vaults is None or one[0][1] in vaults]


def _or(lack: MissingColumn) -> str:
    if lack.title.startswith("param."):
        return "; where it is the payment reference, say so with reference_param"
    return ""


def _params(way: ServedPlan, supplied: frozenset[str]) -> Iterator[MissingColumn]:
    for name in way.plan.operations[way.operation].params:
        spec = way.plan.params[name]
        if name != way.reference_param and f"param.{name}" not in supplied:
            yield MissingColumn(f"param.{name}", _is_needed(spec))


def _inputs(way: ServedPlan, supplied: frozenset[str]) -> Iterator[MissingColumn]:
    for name, spec in way.plan.operations[way.operation].inputs.items():
        title = _title(name)
        if title not in supplied:
            yield MissingColumn(title, _is_needed(spec))


def _by_kind(way: ServedPlan, supplied: frozenset[str]) -> Iterator[MissingColumn]:
    """The inputs that bring a value of the card, by kind of source; of all kinds where all do."""
    kinds = _kinds(way)
    found = {kind: set(_of_kind(way, spec, supplied)) for kind, spec in kinds.items()}
    everywhere = set.intersection(*found.values()) if found else set()
    yield from everywhere
    for kind, lacking in found.items():
        for lack in lacking - everywhere:
            yield MissingColumn(lack.title, lack.needed, kind)


def _of_kind(
    way: ServedPlan, kind: SourceKind, supplied: frozenset[str]
) -> Iterator[MissingColumn]:
    operation = way.plan.operations[way.operation]
    for atom in (*operation.requires, *operation.may_lack):
        presence = kind.has.get(atom)
        if isinstance(presence, PresentByInput) and _title(presence.input) not in supplied:
            yield MissingColumn(_title(presence.input), atom in operation.requires)


def _kinds(way: ServedPlan) -> Mapping[str, SourceKind]:
    fitting = way.plan.operations[way.operation].source_kinds
    return {
        name: kind for name, kind in way.plan.sources.items() if fitting is None or name in fitting
    }


def _title(name: str) -> str:
    """The column that an input comes from."""
    return name if name.startswith(_BILLING) else f"input.{name}"


def _is_needed(spec: ValueSpec) -> bool:
    return not spec.optional and spec.default is None
