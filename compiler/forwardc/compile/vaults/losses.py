"""What a run of a step may miss, and how that is known: one rule for all vaults.

Knows presence as every vault's facts have it, and no vault. What a vault tells beyond that, an
echo or the answer to a question, its own emitter says.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, NamedTuple

from forwardc.compile.ir.program import Request, Step
from forwardc.compile.vaults.model import Json
from forwardc.core.atoms import ATOMS
from forwardc.core.terms.terms import If


def known_losses(
    request: Request,
    kinds: Mapping[str, Mapping[str, Any]],
    *,
    given: Iterable[str] = (),
    echoed: Mapping[str, Collection[str]] | None = None,
    asked: Mapping[str, Collection[str]] | None = None,
) -> Json:
    """What a step may miss: by kind of source, each atom with how that is known.

    `kinds` has the presence of atoms as a plan's `sources` do, of the kinds that fit. `given` are
    atoms that the caller may supply and need not, `echoed` where the vault's echo has which atoms,
    `asked` those that an answer about the instrument tells, by kind of source.
    """
    optional = {node.present for node in request.nodes if isinstance(node, If)}
    used = list(dict.fromkeys(atom.name for atom in request.atoms))
    by_caller = {name: {"by": "inputs", "input": name} for name in given if name in optional}
    losses: Json = {}
    for kind, has in kinds.items():
        found = dict(by_caller)
        for name in used:
            where = _Where((echoed or {}).get(name, ()), name in (asked or {}).get(kind, ()))
            known = _known(has.get(name), where, optional=name in optional)
            if known is not None:
                found[name] = known
        if found:
            losses[kind] = {name: found[name] for name in ATOMS if name in found}
    return losses


def by_step(steps: Iterable[Step], of_step: Callable[[Step], Json]) -> Json:
    """`losses` of an operation, by its steps through the vault; {} where nothing may be missing."""
    found = {step.name: losses for step in steps if (losses := of_step(step))}
    return {"losses": found} if found else {}


class _Where(NamedTuple):
    """What tells whether the vault had an atom: places in its echo, or an answer before."""

    echo: Collection[str]
    asked: bool


def _known(presence: Any, where: _Where, *, optional: bool) -> Json | None:
    """How it is known whether an atom was there; None where it always is, or the run is refused."""
    if isinstance(presence, Mapping):
        return {"by": "inputs", "input": presence["input"]} if optional else None
    match presence:
        case "vault" if where.echo:
            return {"by": "echo", "at": list(where.echo)}
        case "vault":
            return {"by": "asked" if where.asked else "untold"}
        case "never" if optional:
            return {"by": "inputs"}
        case _:
            return None
