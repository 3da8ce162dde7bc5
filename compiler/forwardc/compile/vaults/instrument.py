"""What a vault is asked of a card before anything is sent, where an operation reads `instrument.*`.

Which of the values its API tells, where each stands and how it is spelled there say its facts, in
the section `instrument`; how it is asked says the vault's emitter. A source that it cannot be asked
about has none of the values: it fits only where each of them may be absent.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from forwardc.compile.ir.analysis import instrument_uses
from forwardc.compile.ir.program import ProgramOperation
from forwardc.compile.vaults.contract import Context, EmissionContext
from forwardc.compile.vaults.emission import EmittedCall, EmittedInstrument, EmittedInstrumentValue
from forwardc.compile.vaults.facts import Facts
from forwardc.compile.vaults.findings import NATIVE, Finding, Support, Verdict, with_doubts
from forwardc.core.instrument import INSTRUMENT, ROOT, folded

_REFUSED: Final = "refused"


def instrument_support(facts: Facts) -> dict[str, Support]:
    """The verdict on each `instrument.*`, from the facts of what the vault's API tells."""
    return {
        f"{ROOT}.{name}": with_doubts(facts, lambda read, name=name: _told(name, read))  # type: ignore[misc]
        for name in INSTRUMENT
    }


def _told(name: str, facts: Facts) -> Support:
    fact = facts.section("instrument").get(name)
    if fact is None or fact["value"] == _REFUSED:
        reason = fact["reason"] if fact else "the vault does not document that it tells this"
        return Support(Verdict.REFUSED, "FC0635", str(reason))
    return NATIVE


def instrument_of(
    operation: ProgramOperation,
    facts: Facts,
    call: EmittedCall,
    kinds: Iterable[str],
    scopes: tuple[str, ...] = (),
) -> EmittedInstrument | None:
    """The question and what is read of its answer; None where the operation reads nothing.

    `kinds` are the sources that the vault can be asked about.
    """
    uses = instrument_uses(operation)
    if not uses:
        return None
    # What is doubtful of them, the table says at the place where each is used.
    section = facts.unrecorded().section("instrument")
    return EmittedInstrument(
        call=call,
        kinds=tuple(kinds),
        scopes=scopes,
        tells={name: fact["value"] for name, fact in facts.section("tells").items()},
        values={
            name: EmittedInstrumentValue(
                at=section[name]["value"]["at"],
                words={
                    folded(spelling): word
                    for word, spellings in section[name]["value"].get("words", {}).items()
                    for spelling in spellings
                },
                required=needed,
            )
            for name, needed in uses.items()
        },
    )


def needs_asking(context: EmissionContext | Context) -> bool:
    """Whether a run cannot do without an answer about the instrument."""
    return any(instrument_uses(context.operation).values())


def fitting_sources(
    context: Context, asked: Iterable[str], others: Iterable[str]
) -> Iterator[Finding]:
    """The loss where a value is needed and some sources cannot be asked about."""
    left_out = tuple(others)
    needed = [name for name, is_needed in instrument_uses(context.operation).items() if is_needed]
    if left_out and needed and context.vault_steps:
        reason = (
            f"`{ROOT}.{needed[0]}` is told of {', '.join(asked)} only: "
            f"{', '.join(left_out)} cannot be the source"
        )
        first = context.vault_steps[0]
        yield Finding(Verdict.DEGRADED, "FC0636", reason, first.span, first.name)
